//! What of a request is signed.

use crate::headers::Nonce;
use crate::hex;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use ring::digest;

/// A part that cannot stand in a request line, and so is never signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRequest {
    /// Not 1 to 32 upper-case letters, hyphens or underscores.
    #[error("not a method")]
    Method,
    /// Not a slash followed by visible ASCII without `?` and `#`.
    #[error("not a path as it stands in a request line")]
    Path,
    /// Not visible ASCII without `#`.
    #[error("not a query as it stands in a request line")]
    Query,
}

/// Method, path, query and body of a request, as they go over the wire.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    body: &'a [u8],
}

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl<'a> RequestParts<'a> {
    /// Takes the parts raw: `path` and `query` percent-encoded as sent, `query` without its `?`
    /// and empty if there is none, `body` to the byte and never re-serialised.
    pub fn new(
        method: &'a str,
        path: &'a str,
        query: &'a str,
        body: &'a [u8],
    ) -> Result<Self, MalformedRequest> {
        let is_method = |byte: u8| byte.is_ascii_uppercase() || b"-_".contains(&byte);
        if !(1..=32).contains(&method.len()) || !method.bytes().all(is_method) {
            return Err(MalformedRequest::Method);
        }
        let is_visible = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if !path.starts_with('/') || !path.bytes().all(|byte| is_visible(byte) && byte != b'?') {
            return Err(MalformedRequest::Path);
        }
        if !query.bytes().all(is_visible) {
            return Err(MalformedRequest::Query);
        }
        Ok(Self { method, path, query, body })
    }

    /// The string that version 2 signs: METHOD, path, query, hex SHA-256 of the body, nonce and
    /// timestamp, joined by `\n`.
    ///
    /// No part can hold a `\n`: method, path and query are checked above, the query is encoded
    /// again, the hash is hex, and nonce and timestamp have alphabets of their own. So two
    /// requests that differ in any part never share a string, without lengths before the parts.
    pub fn canonical_v2(&self, nonce: &Nonce, timestamp_s: i64) -> String {
        let body = hex::encode(digest::digest(&digest::SHA256, self.body).as_ref());
        format!(
            "{}\n{}\n{}\n{body}\n{}\n{timestamp_s}",
            self.method,
            self.path,
            self.canonical_query(),
            nonce.as_str(),
        )
    }

    /// The string that version 1 signs: timestamp and body, nothing between them.
    ///
    /// A digit can move between the two only where the timestamp gets another length, which
    /// puts it centuries off: the window is checked first.
    pub(crate) fn canonical_v1(&self, timestamp_s: i64) -> Vec<u8> {
        [timestamp_s.to_string().as_bytes(), self.body].concat()
    }

    /// The query's pairs, decoded as forms are (`+` is a space), sorted by key and then by value
    /// as bytes, and encoded again: two that read the same are the same.
    ///
    /// The order among repeated keys is not signed, so nothing may depend on it.
    fn canonical_query(&self) -> String {
        let decode =
            |text: &str| -> Vec<u8> { percent_decode_str(&text.replace('+', "%20")).collect() };
        let mut pairs: Vec<_> = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (decode(key), decode(value)))
            .collect();
        pairs.sort();
        let encode = |bytes: &[u8]| percent_encode(bytes, RESERVED).to_string();
        let pairs: Vec<_> =
            pairs.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        pairs.join("&")
    }
}
