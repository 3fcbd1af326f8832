//! What a request presents to prove who sends it, and whether a browser was tricked into it.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::Uri;
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use actix_web::http::uri::Authority;
use keelway_access::{SessionToken, Slug, TicketToken, Wanted};

use crate::context::{Context, Shared};
use crate::problem::{Code, Problem};
use crate::settings::HttpSettings;

/// Presented with mutations that a cookie authenticates.
pub(crate) const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// Names the tenant to act in, for requests to the API.
pub(crate) const TENANT_HEADER: HeaderName = HeaderName::from_static("x-tenant");

/// `__Host-` binds the cookie to this very host, and needs TLS.
const SECURE_COOKIE: &str = "__Host-keelway";
const LOOPBACK_COOKIE: &str = "keelway_session";

/// What a request presents.
pub(crate) enum Presented {
    Nothing,
    Cookie(SessionToken),
    Bearer(String),
    /// Something that cannot be any of ours.
    Unusable,
}

impl Presented {
    /// The header counts before the cookie: whoever sets one means it.
    pub(crate) fn by(req: &HttpRequest, settings: &HttpSettings) -> Self {
        if let Some(header) = req.headers().get(AUTHORIZATION) {
            let text = header.to_str().unwrap_or_default();
            let bearer =
                text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            return bearer
                .map_or(Self::Unusable, |(_, token)| Self::Bearer(token.trim().to_owned()));
        }
        match req.cookie(cookie_name(settings)) {
            Some(cookie) => {
                SessionToken::parse(cookie.value()).map_or(Self::Unusable, Self::Cookie)
            }
            None => Self::Nothing,
        }
    }
}

pub(crate) fn cookie_name(settings: &HttpSettings) -> &'static str {
    if settings.is_secure() { SECURE_COOKIE } else { LOOPBACK_COOKIE }
}

/// Hands the session to a browser, for as long as it may last at most; the store ends it
/// earlier.
pub(crate) fn session_cookie(
    settings: &HttpSettings,
    token: &SessionToken,
    lifetime_s: i64,
) -> Cookie<'static> {
    Cookie::build(cookie_name(settings), token.expose().to_owned())
        .path("/")
        .http_only(true)
        .secure(settings.is_secure())
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(lifetime_s))
        .finish()
}

/// Takes the session back from a browser.
pub(crate) fn no_cookie(settings: &HttpSettings) -> Cookie<'static> {
    Cookie::build(cookie_name(settings), "")
        .path("/")
        .http_only(true)
        .secure(settings.is_secure())
        .same_site(SameSite::Lax)
        .max_age(Duration::ZERO)
        .finish()
}

/// The tenant that the request names: a page in its path, all else in a header. What cannot be
/// one is unknown.
pub(crate) fn wanted_tenant(req: &HttpRequest) -> Result<Option<Wanted>, Problem> {
    if Context::of(req).is_page.get() {
        let Some(slug) = req.match_info().get("workspace") else { return Ok(None) };
        let slug = Slug::parse(slug).map_err(|_| Problem::not_found())?;
        return Ok(Some(Wanted::Slug(slug)));
    }
    let Some(header) = req.headers().get(TENANT_HEADER) else { return Ok(None) };
    let id = header.to_str().ok().and_then(|text| text.parse().ok());
    id.map(|id| Some(Wanted::Id(id))).ok_or_else(Problem::not_found)
}

/// The ticket in the query of an event stream; the query is never logged.
pub(crate) fn ticket(req: &HttpRequest) -> Option<TicketToken> {
    let mut pairs = form_urlencoded::parse(req.query_string().as_bytes());
    let (_, value) = pairs.find(|(name, _)| name == "ticket")?;
    TicketToken::parse(&value).ok()
}

/// Whether a browser says that the request comes from another site.
///
/// Browsers say so with every unsafe request; programs say nothing and carry no cookies
/// they were not given on purpose.
pub(crate) fn refuse_cross_site(req: &HttpRequest) -> Result<(), Problem> {
    match origin(req, &Shared::of(req).settings) {
        Origin::Same | Origin::Silent => Ok(()),
        Origin::Other => Err(cross_site()),
    }
}

/// What a form must show whoever sends it: the browser's word that it stood on a page of ours.
pub(crate) fn require_same_origin(req: &HttpRequest) -> Result<(), Problem> {
    match origin(req, &Shared::of(req).settings) {
        Origin::Same => Ok(()),
        Origin::Silent | Origin::Other => Err(cross_site()),
    }
}

/// What a mutation that only a cookie authenticates must show: the browser's word that it
/// comes from here, and the session's CSRF token.
pub(crate) fn require_csrf(req: &HttpRequest, session: &SessionToken) -> Result<(), Problem> {
    let token = req.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    match (origin(req, &Shared::of(req).settings), token) {
        (Origin::Same, Some(token)) if session.accepts_csrf(token) => Ok(()),
        (Origin::Same, _) => Err(Problem::new(
            Code::CsrfRejected,
            "send the csrf_token of GET /v1/me in the X-CSRF-Token header",
        )),
        (Origin::Silent | Origin::Other, _) => Err(cross_site()),
    }
}

fn cross_site() -> Problem {
    Problem::new(Code::CsrfRejected, "the request does not come from this site")
}

enum Origin {
    Same,
    Other,
    Silent,
}

fn origin(req: &HttpRequest, settings: &HttpSettings) -> Origin {
    let text = |name| req.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return if site == "same-origin" { Origin::Same } else { Origin::Other };
    }
    let Some(origin) = text(ORIGIN) else { return Origin::Silent };
    let Some((scheme, authority)) = origin.split_once("://") else { return Origin::Other };
    let is_same = match public_origin(&settings.public_url) {
        Some((public, expected)) => {
            scheme == public && without_port(public, authority).eq_ignore_ascii_case(expected)
        }
        None => text(HOST) == Some(authority),
    };
    if is_same { Origin::Same } else { Origin::Other }
}

/// Scheme and authority of the one origin that people use. A server on loopback has none: it
/// is reached under whatever names and ports the machine has.
pub(crate) fn public_origin(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = without_port(scheme, rest.split('/').next().unwrap_or(rest));
    let is_loopback = match authority.parse::<Uri>().ok()?.host()? {
        "localhost" => true,
        host => host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback()),
    };
    (!is_loopback).then_some((scheme, authority))
}

/// Refuses what names a host that cannot be this one: a page that gives its own name the address
/// of this machine would otherwise be of the same origin as a server that nobody else reaches.
pub(crate) fn refuse_unknown_host(req: &HttpRequest) -> Result<(), Problem> {
    let listening = req.app_config().local_addr().ip();
    let host = match req.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => req.headers().get(HOST).map(|value| value.to_str().unwrap_or_default()),
    };
    // Browsers always say which.
    let Some(host) = host else { return Ok(()) };
    if is_served(&Shared::of(req).settings.public_url, listening, host) {
        return Ok(());
    }
    let detail = "this server is reached under names of this machine alone, such as localhost; to \
                  be reached under another, it needs that one as its public_url";
    Err(Problem::new(Code::UnknownHost, detail))
}

/// Whether a server that listens on `listening` answers for `host`.
fn is_served(public_url: &str, listening: IpAddr, host: &str) -> bool {
    if public_origin(public_url).is_some() || !listening.to_canonical().is_loopback() {
        return true;
    }
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Browsers leave out the port that goes without saying.
fn without_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let usual = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return authority,
    };
    authority.strip_suffix(usual).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use std::sync::Arc;

    fn is_same(public_url: &str, origin: &str, host: &str) -> bool {
        let settings = HttpSettings::new(public_url, Arc::new(|_| String::new()));
        let request = TestRequest::post().insert_header((ORIGIN, origin.to_owned()));
        let request = request.insert_header((HOST, host.to_owned())).to_http_request();
        matches!(super::origin(&request, &settings), Origin::Same)
    }

    #[test]
    fn a_server_of_this_machine_alone_answers_to_no_other_name() {
        let local = "http://127.0.0.1:8080";
        for (public_url, listening, host, expected) in [
            (local, "127.0.0.1", "127.0.0.1:8080", true),
            (local, "127.0.0.1", "LocalHost:8080", true),
            (local, "127.0.0.1", "localhost.:1", true),
            (local, "127.0.0.1", "app.localhost", true),
            (local, "127.0.0.1", "127.1.2.3", true),
            (local, "::1", "[::1]:8080", true),
            (local, "127.0.0.1", "[::ffff:127.0.0.1]:8080", true),
            (local, "127.0.0.1", "evil.example:8080", false),
            (local, "127.0.0.1", "localhost.evil.example", false),
            (local, "127.0.0.1", "notlocalhost", false),
            (local, "127.0.0.1", "localhost@evil.example", false),
            (local, "127.0.0.1", "0.0.0.0:8080", false),
            (local, "127.0.0.1", "10.0.0.7:8080", false),
            (local, "127.0.0.1", "", false),
            ("http://localhost:8080", "::1", "evil.example", false),
            (local, "0.0.0.0", "evil.example", true),
            (local, "10.0.0.7", "10.0.0.7:8080", true),
            ("https://keelway.example", "127.0.0.1", "keelway.example", true),
            ("https://keelway.example", "127.0.0.1", "10.0.0.7", true),
        ] {
            let served = is_served(public_url, listening.parse().unwrap(), host);
            assert_eq!(served, expected, "{public_url} on {listening} as {host}");
        }
    }

    #[test]
    fn the_origin_is_the_public_one_whatever_the_host_is_said_to_be() {
        let public = "https://keelway.example";
        for (public_url, origin, host, expected) in [
            (public, "https://keelway.example", "keelway.example", true),
            (public, "https://keelway.example", "10.0.0.7:8080", true),
            (public, "https://evil.example", "evil.example", false),
            (public, "http://keelway.example", "keelway.example", false),
            (public, "https://keelway.example:8443", "keelway.example:8443", false),
            (public, "null", "null", false),
            ("https://Keelway.example:443/", "https://keelway.example", "x", true),
            ("http://10.0.0.7:8080", "http://10.0.0.7:8080", "x", true),
            ("http://10.0.0.7:8080", "http://10.0.0.7", "10.0.0.7", false),
            ("http://127.0.0.1:8080", "http://localhost:8080", "localhost:8080", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "localhost:8080", false),
            ("http://[::1]:8080", "http://localhost:9", "localhost:9", true),
            ("http://localhost:8080", "http://evil.example", "localhost:8080", false),
        ] {
            assert_eq!(is_same(public_url, origin, host), expected, "{public_url} {origin} {host}");
        }
    }
}
