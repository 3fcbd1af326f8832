//! What every request passes on its way in and every answer on its way out, whatever the route.

use std::rc::Rc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, STRICT_TRANSPORT_SECURITY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError as _, web};
use keelway_kernel::QueueId;
use serde_json::json;
use tracing::Instrument as _;

use crate::args::UseCases;
use crate::client::client_of;
use crate::context::{Context, Shared};
use crate::credentials::{no_cookie, refuse_unknown_host};
use crate::legacy;
use crate::pages::{Refused, Visitor};
use crate::problem::{Code, Problem, Surroundings};

const MOST_HEADERS: usize = 64;
const MOST_HEADER_BYTES: usize = 16 * 1024;
const LONGEST_URI: usize = 8 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For answers that no page is made of.
const API_CSP: &str = "default-src 'none'; frame-ancestors 'none'";

/// The middleware around every route.
pub(crate) async fn edge(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = tokio::time::Instant::now();
    let shared = Shared::of(req.request());
    let context = introduce(&req, &shared);
    let span = tracing::info_span!(
        "request",
        request_id = context.request_id,
        traceparent = text(req.headers(), "traceparent").filter(|text| is_traceparent(text)),
    );
    let method = req.method().clone();
    let answer = async {
        let refusal = refuse_oversized(&req);
        match refusal.or_else(|| refuse_unknown_host(req.request()).err()) {
            Some(problem) => Ok(req.into_response(problem.error_response())),
            // No service behind this one fails: refusals are answers.
            None => next.call(req).await.map(ServiceResponse::map_into_boxed_body),
        }
    };
    let mut response = answer.instrument(span.clone()).await?;
    write_problem(&mut response, &context, &shared);
    write_headers(&mut response, &context, &shared);
    span.in_scope(|| record(&response, &method, &context, started.elapsed()));
    Ok(response)
}

/// Gives the request its name and finds out where it comes from.
fn introduce(req: &ServiceRequest, shared: &Shared) -> Rc<Context> {
    let given = text(req.headers(), REQUEST_ID.as_str()).filter(|id| is_request_id(id));
    let request_id = given.map_or_else(|| new_request_id(shared), str::to_owned);
    let client = client_of(req.peer_addr(), req.headers(), &shared.settings.trusted_proxies);
    let context = Context::new(request_id, client);
    req.extensions_mut().insert(Rc::clone(&context));
    context
}

fn is_request_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(plain)
}

/// `00-<32 hex>-<16 hex>-<2 hex>`: anything else is not passed on to the log.
fn is_traceparent(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([2, 32, 16, 2])
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn new_request_id(shared: &Shared) -> String {
    let ports = shared.platform.ports();
    let id = QueueId::generate(ports.clock.now(), &*ports.entropy).to_string();
    format!("req_{}", id.rsplit('_').next().unwrap_or_default())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn refuse_oversized(req: &ServiceRequest) -> Option<Problem> {
    let headers = req.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        let detail = format!("more than {MOST_HEADERS} header fields or {MOST_HEADER_BYTES} bytes");
        return Some(Problem::new(Code::HeadersTooLarge, detail));
    }
    (req.uri().to_string().len() > LONGEST_URI)
        .then(|| Problem::new(Code::UriTooLong, format!("longer than {LONGEST_URI} bytes")))
}

/// Writes the body that a problem stands for.
fn write_problem(
    response: &mut ServiceResponse<BoxBody>,
    context: &Context,
    shared: &web::Data<Shared>,
) {
    let found = response.response_mut().extensions_mut().remove::<Problem>();
    let Some(mut problem) = found.or_else(|| foreign_problem(response)) else { return };
    if let Some(gap) = problem.missing
        && let Some(package) = shared.platform.recommendation(gap)
    {
        let data = problem.data.get_or_insert_with(|| json!({}));
        data["recommendation"] = json!({
            "package": package.key, "credits": package.credits, "cost_usd": package.price_usd(),
        });
    }
    let mut written = match page_of(response, &problem, context, shared) {
        Some(page) => page,
        None => body_of(response, &problem, context, shared),
    };
    let headers = written.headers_mut();
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = response.headers().get(ALLOW) {
        headers.insert(ALLOW, allow.clone());
    }
    if problem.clears_cookie {
        // A cookie of this crate always fits into a header.
        let _ = written.add_cookie(&no_cookie(&shared.settings));
    }
    *response.response_mut() = written;
}

/// The problem as a page, where one was asked for.
fn page_of(
    response: &ServiceResponse<BoxBody>,
    problem: &Problem,
    context: &Context,
    shared: &web::Data<Shared>,
) -> Option<HttpResponse> {
    let request = response.request();
    let is_unknown = request.match_pattern().is_none() && prefers_html(request.headers());
    let pages = shared.pages.filter(|pages| {
        context.is_page.get() || is_unknown || pages.has(request.match_pattern().as_deref())
    })?;
    Some((pages.refused)(&Refused {
        problem,
        request,
        visitor: Visitor::of(request),
        app: UseCases(shared.clone()),
    }))
}

/// Whether HTML is named, and before JSON: browsers do so, programs do not.
fn prefers_html(headers: &HeaderMap) -> bool {
    let accept = text(headers, "accept").unwrap_or_default();
    let place = |name| accept.find(name);
    place("text/html").is_some_and(|html| place("json").is_none_or(|json| html < json))
}

/// The problem as programs read it.
fn body_of(
    response: &ServiceResponse<BoxBody>,
    problem: &Problem,
    context: &Context,
    shared: &Shared,
) -> HttpResponse {
    let mut body = problem.body(&Surroundings {
        base: &shared.settings.problem_base,
        request_id: &context.request_id,
        now: shared.platform.ports().clock.now(),
    });
    let path = response.request().path();
    if path.starts_with(legacy::PREFIX) {
        legacy::write_error(&mut body, problem, path);
    }
    let mut written = HttpResponse::build(problem.code.status());
    written.insert_header((CONTENT_TYPE, "application/problem+json"));
    if problem.code.status() == StatusCode::UNAUTHORIZED {
        written.insert_header((WWW_AUTHENTICATE, "Bearer"));
    }
    written.body(body.to_string())
}

/// What a refusal that did not come from this crate is called.
fn foreign_problem(response: &ServiceResponse<BoxBody>) -> Option<Problem> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.headers().contains_key(CONTENT_TYPE)
    {
        return None;
    }
    let code = Code::ALL.into_iter().find(|code| code.status() == status);
    Some(Problem::new(code.unwrap_or(Code::Internal), "the request could not be served"))
}

fn write_headers(response: &mut ServiceResponse<BoxBody>, context: &Context, shared: &Shared) {
    let authenticated = context.caller.get().is_some_and(|caller| caller.user.is_some())
        || response.headers().contains_key(SET_COOKIE);
    let failed = !response.status().is_success();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    let mut unless_set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    unless_set(CONTENT_SECURITY_POLICY, API_CSP);
    unless_set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_set(REFERRER_POLICY, "no-referrer");
    unless_set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    );
    unless_set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    unless_set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    unless_set(HeaderName::from_static("x-frame-options"), "DENY");
    if shared.settings.is_secure() {
        unless_set(STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    if authenticated || failed {
        unless_set(CACHE_CONTROL, "no-store");
    }
    write_rate(headers, context);
}

/// The fields of the `RateLimit` header draft, and the older one that many clients read.
fn write_rate(headers: &mut HeaderMap, context: &Context) {
    let Some((class, rate)) = context.rate.get() else { return };
    let name = class.as_str();
    let (limit, window) = (rate.limit.limit, rate.limit.window_s);
    for (header, value) in [
        ("ratelimit-policy", format!("\"{name}\";q={limit};w={window}")),
        ("ratelimit", format!("\"{name}\";r={};t={}", rate.remaining, rate.reset_after_s)),
        ("x-ratelimit-remaining", rate.remaining.to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(header), value);
        }
    }
}

/// One line in the log and one count: never the query, which may hold a ticket, and no id as
/// a label.
fn record(response: &ServiceResponse<BoxBody>, method: &Method, context: &Context, took: Duration) {
    let route = response.request().match_pattern();
    let route = route.as_deref().unwrap_or("none");
    let status = response.status().as_u16();
    let caller = context.caller.get();
    tracing::info!(
        target: "keelway_http::access",
        %method,
        route,
        status,
        duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        client = %context.client,
        user = caller.and_then(|caller| caller.user).map(tracing::field::display),
        tenant = caller.and_then(|caller| caller.tenant).map(tracing::field::display),
        "answered",
    );
    let method = if method.is_safe() || is_known(method) { method.as_str() } else { "other" };
    let labels = [
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("keelway_http_requests_total", &labels).increment(1);
    metrics::histogram!("keelway_http_request_duration_seconds", &labels[..2]).record(took);
}

fn is_known(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}

/// What every path that no route has is answered with.
pub(crate) async fn unknown_path() -> HttpResponse {
    Problem::not_found().error_response()
}

/// What a path answers to a method it does not take.
pub(crate) fn wrong_method(allowed: &str) -> HttpResponse {
    let problem = Problem::new(Code::MethodNotAllowed, format!("this path takes {allowed}"));
    let mut response = problem.error_response();
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}
