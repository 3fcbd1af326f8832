//! The address of a site, with a place for its label.

use std::fmt;

use keelway_builds::SiteLabel;

/// Where the label goes.
const LABEL: &str = "{label}";

/// Addresses of sites, such as `https://{label}.sites.example/`.
///
/// The label is the first name of the host, which gives every project an origin of its own,
/// or one whole component of the path, which serves a single machine without DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteUrl {
    before: String,
    after: String,
}

/// The rule that a text breaks, so that it is no [`SiteUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SiteUrlError {
    /// Browsers open these two.
    #[error("the site address begins with neither http:// nor https://")]
    Scheme,
    /// Without it all sites would have one address.
    #[error("the site address does not contain {{label}} exactly once")]
    Label,
    /// A label that is glued to other text could be confused with another.
    #[error("{{label}} is neither the first name of the host nor a whole component of the path")]
    Place,
    /// Relative links of a page at the root of the site need it.
    #[error("the site address does not end with a slash")]
    Slash,
    /// The part between the scheme and the path.
    #[error("the site address has no valid host")]
    Host,
    /// Anything that would need escaping, a query, a fragment.
    #[error("the site address contains the character {character:?}")]
    Character {
        /// The first one found.
        character: char,
    },
}

impl SiteUrl {
    /// Takes `text` as it is, or names the first rule it breaks.
    pub fn parse(text: &str) -> Result<Self, SiteUrlError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let rest = rest.ok_or(SiteUrlError::Scheme)?;
        let (before, after) = text.split_once(LABEL).ok_or(SiteUrlError::Label)?;
        if after.contains(LABEL) {
            return Err(SiteUrlError::Label);
        }
        if let Some(character) = before.chars().chain(after.chars()).find(|c| !is_plain(*c)) {
            return Err(SiteUrlError::Character { character });
        }
        let (host, path) = rest.split_once('/').ok_or(SiteUrlError::Slash)?;
        if !path.is_empty() && !path.ends_with('/') {
            return Err(SiteUrlError::Slash);
        }
        let named = host.strip_prefix(LABEL).and_then(|parent| parent.strip_prefix('.'));
        let in_path = path.split('/').any(|component| component == LABEL);
        if named.is_none() && !in_path {
            return Err(SiteUrlError::Place);
        }
        if !is_host(named.unwrap_or(host)) {
            return Err(SiteUrlError::Host);
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// The address of the site under `label`.
    pub fn address(&self, label: &SiteLabel) -> String {
        format!("{}{}{}", self.before, label.as_str(), self.after)
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{LABEL}{}", self.before, self.after)
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | ':' | '/' | '[' | ']')
}

/// A name or an address, and perhaps a port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => return address.parse::<std::net::Ipv6Addr>().is_ok(),
        Some((address, port)) => {
            let Some(port) = port.strip_prefix(':') else {
                return false;
            };
            return address.parse::<std::net::Ipv6Addr>().is_ok() && is_port(port);
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let name = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    host.split('.').all(name) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port != 0 && text == port.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_stands_in_the_host_or_in_the_path() {
        let label = SiteLabel::parse("01h455vb4pex5vsknk084sn02q").unwrap();
        for (template, address) in [
            ("http://127.0.0.1:8081/{label}/", "http://127.0.0.1:8081/01h455vb4pex5vsknk084sn02q/"),
            ("https://{label}.sites.example/", "https://01h455vb4pex5vsknk084sn02q.sites.example/"),
            ("http://{label}.localhost:8081/", "http://01h455vb4pex5vsknk084sn02q.localhost:8081/"),
            ("http://[::1]:80/a/{label}/b/", "http://[::1]:80/a/01h455vb4pex5vsknk084sn02q/b/"),
        ] {
            let url = SiteUrl::parse(template).unwrap();
            assert_eq!(url.address(&label), address);
            assert_eq!(url.to_string(), template);
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        use SiteUrlError::{Character, Host, Label, Place, Scheme, Slash};
        for (template, refusal) in [
            ("", Scheme),
            ("ftp://{label}.example/", Scheme),
            ("javascript:{label}/", Scheme),
            ("https://sites.example/", Label),
            ("https://{label}.example/{label}/", Label),
            ("https://x{label}.example/", Place),
            ("https://{label}x.example/", Place),
            ("https://a.{label}.example/", Place),
            ("https://example/x{label}/", Place),
            ("https://{label}/", Place),
            ("https://{label}.example", Slash),
            ("https://example/{label}", Slash),
            ("https:///{label}/", Host),
            ("https://a..b/{label}/", Host),
            ("https://-a/{label}/", Host),
            ("https://a:0/{label}/", Host),
            ("https://a:65536/{label}/", Host),
            ("https://a:/{label}/", Host),
            ("https://[::g]/{label}/", Host),
            ("https://{label}.:80/", Host),
            ("https://me@a/{label}/", Character { character: '@' }),
            ("https://a/{label}/?q", Character { character: '?' }),
            ("https://a/{label}/#f", Character { character: '#' }),
            ("https://a/{label}/ ", Character { character: ' ' }),
            ("https://\u{e4}/{label}/", Character { character: '\u{e4}' }),
        ] {
            assert_eq!(SiteUrl::parse(template), Err(refusal), "{template}");
        }
    }
}
