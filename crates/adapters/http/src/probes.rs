//! What machines ask about the process, and what the API offers.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use keelway_kernel::{StoreError, UserId};
use keelway_tiers::Feature;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{self, Http};
use crate::args::UseCases;
use crate::guard::Public;
use crate::problem::{Code, Problem};
use crate::reply::{View, reply, respond};
use crate::routes::{Routes, Row, TABLE};
use crate::settings::MetricsAccess;

/// A store that takes longer is not ready.
const READY_WITHIN: Duration = Duration::from_secs(1);

/// What a process answers that serves nothing else.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

impl Http {
    /// Serves the probes alone on `listener`, until the returned server is stopped.
    pub fn serve_probes(&self, listener: TcpListener) -> io::Result<Server> {
        let (http, (_, settings)) = (self.clone(), self.parts());
        let is_probe = |row: &&Row| PROBES.contains(&&*row.path);
        let rows = move || TABLE.rows().iter().filter(is_probe).collect();
        app::serve!(move || http.app(rows()), listener, settings)
    }
}

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_index, index);
    routes.at(__path_alive, alive).unlimited().ignores_query();
    routes
        .at(__path_ready, ready)
        .unlimited()
        .ignores_query()
        .refuses(&[Code::Draining, Code::StoreUnavailable]);
    routes.at(__path_metrics, metrics).unlimited().ignores_query().refuses(&[Code::NotFound]);
}

/// What there is.
#[derive(Serialize, ToSchema)]
#[schema(as = Index)]
pub(crate) struct IndexView {
    #[schema(example = "keelway")]
    name: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Which features are switched on for everybody.
    features: BTreeMap<&'static str, bool>,
    endpoints: Vec<EndpointView>,
}

/// One operation.
#[derive(Serialize, ToSchema)]
#[schema(as = Endpoint)]
pub(crate) struct EndpointView {
    #[schema(example = "GET")]
    method: &'static str,
    #[schema(example = "/v1")]
    path: &'static str,
    /// Who may call it.
    #[schema(example = "public")]
    access: String,
}

/// Lists features and endpoints
#[utoipa::path(
    get, path = "/v1", tag = "about", operation_id = "index",
    responses((status = 200, body = IndexView, description = "What is switched on, and what can be called")),
)]
async fn index(_: Public, app: UseCases) -> View<IndexView> {
    let flags = app.flags().await;
    let is_on = |feature: Feature| (feature.as_str(), flags.evaluate(feature, None).value);
    View(IndexView {
        name: "keelway",
        version: env!("CARGO_PKG_VERSION"),
        features: Feature::ALL.into_iter().map(is_on).collect(),
        endpoints: TABLE
            .rows()
            .iter()
            .map(|row| EndpointView {
                method: row.method.as_str(),
                path: &row.path,
                access: row.access.to_string(),
            })
            .collect(),
    })
}

/// Whether the process runs
#[utoipa::path(
    get, path = "/healthz", tag = "about", operation_id = "healthz",
    responses((status = 200, body = String, content_type = "text/plain", description = "It does")),
)]
async fn alive(_: Public) -> HttpResponse {
    plain("ok\n".to_owned())
}

/// How ready the process is.
#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
pub(crate) struct ReadinessView {
    /// `ready`, or `degraded`: requests are served all the same.
    #[schema(example = "ready")]
    status: &'static str,
    /// What the process has to do without for now.
    #[schema(example = json!([]))]
    degraded: Vec<&'static str>,
}

/// Whether the process takes requests
///
/// 503 while the store does not answer, and from the moment a stop was asked for. What the
/// process can do without keeps it from nothing, and is named while it is away.
#[utoipa::path(
    get, path = "/readyz", tag = "about", operation_id = "readyz",
    responses((status = 200, body = ReadinessView, description = "It does")),
)]
async fn ready(_: Public, app: UseCases) -> Result<HttpResponse, Problem> {
    if app.settings().drain.has_begun() {
        let problem = Problem::new(Code::Draining, "the process is about to stop");
        return Err(problem.retry_after(1));
    }
    // Whatever is wrong with the store, others should get the requests.
    ask_store(&app).await.map_err(|error| match error {
        away @ StoreError::Unavailable(_) => away,
        other => StoreError::Unavailable(other.to_string()),
    })?;
    let helpers = app.settings().helpers.iter();
    let away = helpers.filter(|helper| !(helper.is_well)()).map(|helper| helper.name);
    let degraded: Vec<_> = away.collect();
    let status = if degraded.is_empty() { "ready" } else { "degraded" };
    let mut response = respond(reply(StatusCode::OK, &ReadinessView { status, degraded }));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// One look-up by primary key; nobody has the id that is all zeros.
async fn ask_store(app: &UseCases) -> Result<(), StoreError> {
    let nobody = UserId::from_uuid(uuid::Uuid::nil());
    let look_up = async {
        let asked = app.ports().accounts.find_user(nobody);
        let late = || Err(StoreError::Unavailable("no answer in time".into()));
        tokio::time::timeout(READY_WITHIN, asked).await.unwrap_or_else(|_| late()).map(drop)
    };
    app.0.readiness.of(&*app.ports().clock, look_up).await
}

/// What was measured, for Prometheus
///
/// 404 to whoever does not ask from the same machine, unless `http.metrics` lets anyone ask.
#[utoipa::path(
    get, path = "/metrics", tag = "about", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain", description = "Counts and durations; no ids")),
)]
async fn metrics(_: Public, app: UseCases, req: HttpRequest) -> Result<HttpResponse, Problem> {
    if !may_measure(app.settings().metrics_access, req.peer_addr(), req.headers()) {
        return Err(Problem::not_found());
    }
    let Some(handle) = &app.settings().metrics else { return Ok(plain(String::new())) };
    let up = |name, is_up| metrics::gauge!("keelway_up", "part" => name).set(f64::from(is_up));
    up("store", ask_store(&app).await.is_ok());
    for helper in &app.settings().helpers {
        up(helper.name, (helper.is_well)());
    }
    handle.run_upkeep();
    Ok(plain(handle.render()))
}

/// Says what the figures of this crate mean.
pub(crate) fn describe() {
    metrics::describe_counter!("keelway_http_requests_total", "Requests answered.");
    metrics::describe_histogram!(
        "keelway_http_request_duration_seconds",
        "From a request's head to the head of its answer."
    );
    metrics::describe_counter!(
        "keelway_http_connections_refused_total",
        "Connections closed because their address held too many."
    );
    metrics::describe_gauge!("keelway_up", "1 while the part answers, else 0.");
    // There from the start, so that its first increase is seen as one.
    metrics::counter!("keelway_http_connections_refused_total").increment(0);
}

/// What proxies add to say for whom they ask, or that they do.
const PROXIED: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

/// A proxy on this machine is a loopback peer too; it mostly says that it is one.
fn may_measure(access: MetricsAccess, peer: Option<SocketAddr>, headers: &HeaderMap) -> bool {
    match access {
        MetricsAccess::Anyone => true,
        MetricsAccess::LoopbackOnly => {
            peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback())
                && PROXIED.iter().all(|name| !headers.contains_key(*name))
        }
    }
}

fn plain(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    #[test]
    fn only_the_same_machine_reads_metrics_unless_anyone_may() {
        use MetricsAccess::{Anyone, LoopbackOnly};
        for (access, peer, header, expected) in [
            (LoopbackOnly, "127.0.0.1:9", None, true),
            (LoopbackOnly, "127.9.9.9:9", None, true),
            (LoopbackOnly, "[::1]:9", None, true),
            (LoopbackOnly, "[::ffff:127.0.0.1]:9", None, true),
            (LoopbackOnly, "10.0.0.1:9", None, false),
            (LoopbackOnly, "[2001:db8::1]:9", None, false),
            (LoopbackOnly, "10.0.0.1:9", Some("x-forwarded-for"), false),
            (LoopbackOnly, "127.0.0.1:9", Some("x-forwarded-for"), false),
            (LoopbackOnly, "127.0.0.1:9", Some("forwarded"), false),
            (LoopbackOnly, "127.0.0.1:9", Some("x-real-ip"), false),
            (LoopbackOnly, "127.0.0.1:9", Some("via"), false),
            (Anyone, "10.0.0.1:9", Some("x-forwarded-for"), true),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                let name = HeaderName::from_static(name);
                headers.insert(name, HeaderValue::from_static("127.0.0.1"));
            }
            let may = may_measure(access, peer.parse().ok(), &headers);
            assert_eq!(may, expected, "{access:?} {peer} {header:?}");
        }
        assert!(!may_measure(LoopbackOnly, None, &HeaderMap::new()));
    }
}
