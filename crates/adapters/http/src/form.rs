//! Forms: `application/x-www-form-urlencoded` bodies, for pages only.
//!
//! Two fields are the edge's and never a handler's: `csrf`, which `require_form` checks before
//! any handler runs, and `idempotency_key`, which [`Keying`](crate::reply::Keying) takes.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use crate::args::{Arg, Call};
use crate::context::Context;
use crate::json;
use crate::problem::{Code, Problem};

/// The session's word that the form stood on a page made for it.
pub const CSRF_FIELD: &str = "csrf";
/// Makes sending the same form twice one command.
pub const KEY_FIELD: &str = "idempotency_key";

/// A form's fields; refusals name the field as `/name`.
///
/// `T` should have `deny_unknown_fields`. A text field that was left empty is there and empty.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> Arg for Form<T> {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        let own: Vec<_> =
            pairs(call.body).filter(|(name, _)| name != CSRF_FIELD && name != KEY_FIELD).collect();
        if let Some((name, _)) = own.iter().find(|(n, v)| n.contains('\0') || v.contains('\0')) {
            return Err(json::nul(&format!("/{}", name.replace('\0', ""))));
        }
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&own).finish();
        let parts = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(parts).map(Self).map_err(|error| {
            let path = error.path().to_string();
            let name = if path == "." { String::new() } else { format!("/{path}") };
            json::refusal(&name, error.into_inner().to_string())
        })
    }
}

fn pairs(body: &[u8]) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(body)
}

/// The first field of this name.
pub(crate) fn field<'a>(body: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    pairs(body).find(|(found, _)| found == name).map(|(_, value)| value)
}

/// Reading would put U+FFFD in the place of what is no text, and nobody would have typed it.
fn require_text(body: &[u8]) -> Result<(), Problem> {
    match percent_decode(body).decode_utf8() {
        Ok(_) => Ok(()),
        Err(_) => Err(Problem::invalid_field("", "INVALID", "is not UTF-8")),
    }
}

/// Refuses what no form of ours sends: another media type, or, where a cookie vouches for the
/// caller, a form without the session's CSRF token.
pub(crate) fn require_form(req: &HttpRequest, body: &[u8]) -> Result<(), Problem> {
    let text = |name| req.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let media_type = text(CONTENT_TYPE).and_then(|text| text.split(';').next()).unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
        || text(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity")
    {
        let detail = "the body has to be application/x-www-form-urlencoded, as forms send it";
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    require_text(body)?;
    let context = Context::of(req);
    match (context.cookie.get().filter(|_| context.known.get().is_some()), field(body, CSRF_FIELD))
    {
        (None, _) => Ok(()),
        (Some(session), Some(token)) if session.accepts_csrf(&token) => Ok(()),
        (Some(_), _) => Err(Problem::new(
            Code::CsrfRejected,
            "the form was not made for this session; load the page again and send it from there",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_text() {
        for body in ["", "a=b", "name=B%C3%A4ckerei+%26+Co.", "a=%", "a=%zz"] {
            assert!(require_text(body.as_bytes()).is_ok(), "{body}");
        }
        for body in [&b"a=%FF"[..], b"a=\xff", b"%C3=a", b"a=%C3&b=%A4", b"a=%ED%A0%80"] {
            let problem = require_text(body).unwrap_err();
            assert_eq!(problem.code, Code::ValidationFailed);
            assert_eq!(problem.detail, "the body is not UTF-8");
        }
    }
}
