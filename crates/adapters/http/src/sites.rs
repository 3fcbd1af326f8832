//! Previews and deployments, served to everybody who knows their label, on another origin
//! than the API's.
//!
//! What is served was written by a model. So every answer sandboxes its document: it runs its
//! own scripts and nothing else, has an origin of its own that no other page shares, keeps no
//! cookies, and reaches nothing but its own files. Because that origin is opaque, fonts and
//! module scripts of the site itself count as foreign: every file may therefore be read from
//! anywhere by whoever knows its address.

use std::io;
use std::net::TcpListener;

use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HOST, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::DefaultHeaders;
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use keelway_access::RateClass;
use keelway_builds::{BlobRef, SiteLabel};
use keelway_kernel::StoreError;
use keelway_patch::{FilePath, media_type};
use keelway_platform::Platform;
use keelway_platform::sites::SiteAnswer;

use crate::app::{self, Http};
use crate::client::{client_of, counted_as};
use crate::credentials::public_origin;
use crate::refusals::STORE_RETRY_S;
use crate::reply::is_known;
use crate::settings::HttpSettings;

/// What the sites' handler needs.
struct Sites {
    platform: Platform,
    place: Place,
    settings: HttpSettings,
}

/// Where in an address the label stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The first name of the host; what follows it, and what precedes the site's paths.
    Host { parent: String, before: String },
    /// One component of the path; what surrounds it.
    Path { before: String, after: String },
}

impl Http {
    /// The sites as an actix app, for a server or a test.
    pub fn sites(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let (platform, settings) = self.parts();
        let (platform, settings) = (platform.clone(), settings.clone());
        let sites = web::Data::new(Sites { platform, place: place(&settings), settings });
        App::new().app_data(sites).default_service(web::to(serve)).wrap(headers())
    }

    /// Serves the sites on `listener` until the returned server is stopped.
    pub fn serve_sites(&self, listener: TcpListener) -> io::Result<Server> {
        let (http, (_, settings)) = (self.clone(), self.parts());
        app::serve!(move || http.sites(), listener, settings)
    }
}

/// Where the label stands, told by the address of a label.
fn place(settings: &HttpSettings) -> Place {
    const SAMPLE: &str = "00000000000000000000000000";
    let Some(sample) = SiteLabel::parse(SAMPLE) else { unreachable!("it is one") };
    let address = (settings.site_address)(&sample);
    let rest = address.split_once("://").map_or(&*address, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if let Some(parent) = host.strip_prefix(SAMPLE) {
        return Place::Host { parent: parent.to_owned(), before: format!("/{path}") };
    }
    let (before, after) = path.split_once(SAMPLE).unwrap_or((path, "/"));
    Place::Path { before: format!("/{before}"), after: after.to_owned() }
}

/// What a document of `site` may do. `'self'` stands beside the site's address: what it means
/// to a document without an origin has differed between browsers.
fn policy(site: &str, console: &str) -> String {
    let own = format!("'self' {site}");
    let framed_by = framed_by(console);
    format!(
        "sandbox allow-scripts allow-forms; default-src {own}; img-src {own} data:; \
         font-src {own} data:; style-src {own} 'unsafe-inline'; object-src 'none'; \
         base-uri 'none'; form-action {own}; frame-ancestors {framed_by}"
    )
}

/// Where the console is that shows a site: on one machine, under each of its names.
fn framed_by(console: &str) -> String {
    let (scheme, rest) = console.split_once("://").unwrap_or(("http", console));
    let authority = rest.split('/').next().unwrap_or(rest);
    let own = format!("{scheme}://{authority}");
    let mut origins = vec![own.clone()];
    if public_origin(console).is_none() {
        let port = match authority.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => format!(":{port}"),
            _ => String::new(),
        };
        let names = ["127.0.0.1", "localhost"].map(|name| format!("{scheme}://{name}{port}"));
        origins.extend(names.into_iter().filter(|name| *name != own));
    }
    origins.join(" ")
}

fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'"))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "no-referrer"))
        .add((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .add((HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"))
        .add(("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"))
        .add(("x-robots-tag", "noindex"))
}

async fn serve(sites: web::Data<Sites>, req: HttpRequest) -> HttpResponse {
    if ![Method::GET, Method::HEAD].contains(req.method()) {
        let mut refused = HttpResponse::MethodNotAllowed();
        return text(refused.insert_header((ALLOW, "GET, HEAD")), "Only GET and HEAD.");
    }
    let host = req.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let Some((label, path)) = sites.place.find(host, req.path()) else { return nothing() };
    let Some(path) = path else { return moved(&format!("{}/", req.path())) };
    if let Some(seconds) = turned_away(&sites, &req).await {
        let mut refused = HttpResponse::TooManyRequests();
        return text(refused.insert_header((RETRY_AFTER, seconds)), "Too many requests.");
    }
    let mut answer = match answer(&sites, &label, &path, &req).await {
        Ok(answer) => answer,
        Err(error) => return failed(&error, &label),
    };
    let policy = policy(&(sites.settings.site_address)(&label), &sites.settings.public_url);
    if let (true, Ok(policy)) =
        (answer.headers().contains_key(ETAG), HeaderValue::from_str(&policy))
    {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// What is damaged or missing stays so until somebody mends it; a store that is away comes back.
fn failed(error: &StoreError, label: &SiteLabel) -> HttpResponse {
    let site = label.as_str();
    match error {
        // It names the blob by its digest.
        StoreError::Corrupt { .. } => {
            tracing::error!(site, %error, "a site's file cannot be read");
            text(
                &mut HttpResponse::InternalServerError(),
                "This file is missing or damaged. Whoever runs this platform can restore it.",
            )
        }
        StoreError::Unavailable(_) | StoreError::Contended => {
            tracing::error!(site, %error, "a site cannot be served while the store is away");
            let mut away = HttpResponse::ServiceUnavailable();
            text(away.insert_header((RETRY_AFTER, STORE_RETRY_S)), "Try again in a few seconds.")
        }
    }
}

/// Counts the request with what its address reads of the API; for how many seconds the address
/// has to wait, if it asked too often. What costs no look-up is not counted.
async fn turned_away(sites: &Sites, req: &HttpRequest) -> Option<u32> {
    let client = client_of(req.peer_addr(), req.headers(), &sites.settings.trusted_proxies);
    let limiter = &sites.platform.ports().limiter;
    limiter.hit(RateClass::Read, &counted_as(client)).await.retry_after_s
}

impl Place {
    /// The site an address is of, and the path inside it, decoded; no path where the slash
    /// behind the label is missing, without which a page's own links lead astray.
    fn find(&self, host: &str, path: &str) -> Option<(SiteLabel, Option<String>)> {
        let (label, rest) = match self {
            Self::Host { parent, before } => {
                let name = |host: &str| host.split(':').next().unwrap_or_default().to_lowercase();
                let host = name(host);
                let label = host.strip_suffix(&name(parent))?.to_owned();
                (label, Some(path.strip_prefix(before.as_str())?))
            }
            Self::Path { before, after } => {
                let rest = path.strip_prefix(before.as_str())?;
                match rest.split_once('/') {
                    None => (rest.to_owned(), None),
                    Some((label, _)) => {
                        (label.to_owned(), Some(rest[label.len()..].strip_prefix(after.as_str())?))
                    }
                }
            }
        };
        let label = SiteLabel::parse(&label)?;
        let Some(rest) = rest else { return Some((label, None)) };
        let decoded = percent_encoding::percent_decode_str(rest).decode_utf8().ok()?;
        Some((label, Some(decoded.into_owned())))
    }
}

async fn answer(
    sites: &Sites,
    label: &SiteLabel,
    path: &str,
    req: &HttpRequest,
) -> Result<HttpResponse, StoreError> {
    let platform = &sites.platform;
    let found = platform.site_file(label, path).await?;
    if let SiteAnswer::Found(file, blob) = found {
        return send(platform, StatusCode::OK, (&file, blob), req).await;
    }
    // A directory's own address needs the slash, for the links of its page.
    if !path.is_empty() && !path.ends_with('/') {
        let inside = platform.site_file(label, &format!("{path}/")).await?;
        if matches!(inside, SiteAnswer::Found(..)) {
            return Ok(moved(&format!("{}/", req.path())));
        }
    }
    match found {
        // The links of the site's own page lead astray from below a folder.
        SiteAnswer::Missing(..) if path.contains('/') => {
            Ok(lost(&(sites.settings.site_address)(label)))
        }
        SiteAnswer::Found(file, blob) | SiteAnswer::Missing(file, blob) => {
            send(platform, StatusCode::NOT_FOUND, (&file, blob), req).await
        }
        SiteAnswer::Nothing => Ok(nothing()),
    }
}

async fn send(
    platform: &Platform,
    status: StatusCode,
    (file, blob): (&FilePath, BlobRef),
    req: &HttpRequest,
) -> Result<HttpResponse, StoreError> {
    let tag = format!("\"{}\"", blob.digest);
    if status == StatusCode::OK && is_known(req, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let bytes = platform.bytes(blob).await?;
    Ok(HttpResponse::build(status)
        .insert_header((ETAG, tag))
        // What a label stands for may change, so caches ask; the tag makes that cheap.
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_TYPE, media_type(file)))
        .body(bytes))
}

fn moved(to: &str) -> HttpResponse {
    // Two slashes in front would lead to another host.
    let to = format!("/{}", to.trim_start_matches('/'));
    text(HttpResponse::PermanentRedirect().insert_header((LOCATION, to)), "Moved.")
}

/// The same for unknown labels and unknown paths.
fn nothing() -> HttpResponse {
    text(&mut HttpResponse::NotFound(), "There is nothing here.")
}

/// For whoever looks for something below a folder of a site: the way to its first page.
fn lost(site: &str) -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <title>Not found</title>\n<p>There is no such page. \
             <a href=\"{site}\">Go to the first page</a></p>\n</html>\n"
        ))
}

fn text(response: &mut HttpResponseBuilder, text: &'static str) -> HttpResponse {
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const LABEL: &str = "01h455vb4pex5vsknk084sn02q";

    fn place_of(template: &'static str) -> Place {
        let address = move |label: &SiteLabel| template.replace("{label}", label.as_str());
        place(&HttpSettings::new("http://127.0.0.1:8080", Arc::new(address)))
    }

    fn found(template: &'static str, host: &str, path: &str) -> String {
        let path = path.replace("{label}", LABEL);
        match place_of(template).find(&host.replace("{label}", LABEL), &path) {
            None => "none".to_owned(),
            Some((label, path)) => {
                assert_eq!(label.as_str(), LABEL);
                path.map_or("redirect".to_owned(), |path| format!("`{path}`"))
            }
        }
    }

    #[test]
    fn the_label_is_found_where_addresses_have_it() {
        let (local, hosted) = ("http://127.0.0.1:8081/{label}/", "https://{label}.sites.example/");
        for (template, host, path, expected) in [
            (local, "x", "/{label}/", "``"),
            (local, "x", "/{label}", "redirect"),
            (local, "x", "/{label}/a%20b/caf%C3%A9.html", "`a b/café.html`"),
            (local, "x", "/{label}/%ff", "none"),
            (local, "x", "/{label}x/", "none"),
            (local, "x", "//{label}/", "none"),
            (local, "x", "/", "none"),
            ("http://a/s/{label}/v/", "x", "/s/{label}/v/i.html", "`i.html`"),
            ("http://a/s/{label}/v/", "x", "/s/{label}/w/i.html", "none"),
            (hosted, "{label}.sites.example", "/a/", "`a/`"),
            (hosted, "{label}.SITES.example:443", "/", "``"),
            (hosted, "{label}.sites.example.evil", "/", "none"),
            (hosted, "x{label}.sites.example", "/", "none"),
            (hosted, "", "/", "none"),
        ] {
            assert_eq!(found(template, host, path), expected, "{template} {host} {path}");
        }
    }

    #[test]
    fn a_site_is_framed_by_its_console_alone_under_whatever_name_a_machine_of_ones_own_has() {
        for (console, expected) in [
            ("https://app.example/x", "https://app.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080 http://localhost:8080"),
            ("http://localhost:8080/", "http://localhost:8080 http://127.0.0.1:8080"),
            ("http://[::1]", "http://[::1] http://127.0.0.1 http://localhost"),
        ] {
            assert_eq!(framed_by(console), expected, "{console}");
        }
    }

    #[test]
    fn a_document_is_sandboxed_and_reaches_only_itself() {
        insta::assert_snapshot!(
            policy("http://127.0.0.1:8081/a/", "http://127.0.0.1:8080/x").replace("; ", "\n")
        );
    }
}
