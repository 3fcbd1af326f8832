//! What machines ask about the process, and what the API offers.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use keelway_kernel::{StoreError, UserId};
use keelway_tiers::Feature;
use serde::Serialize;
use utoipa::ToSchema;

use crate::args::UseCases;
use crate::guard::Public;
use crate::problem::{Code, Problem};
use crate::reply::View;
use crate::routes::{Routes, TABLE};

/// A store that takes longer is not ready.
const READY_WITHIN: Duration = Duration::from_secs(1);

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_index, index);
    routes.at(__path_alive, alive).unlimited();
    routes.at(__path_ready, ready).unlimited().refuses(&[Code::Draining, Code::StoreUnavailable]);
    routes.at(__path_metrics, metrics).unlimited();
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
    let flags = &app.platform_settings().gate.flags;
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

/// Whether the process takes requests
///
/// 503 while the store does not answer, and from the moment a stop was asked for.
#[utoipa::path(
    get, path = "/readyz", tag = "about", operation_id = "readyz",
    responses((status = 200, body = String, content_type = "text/plain", description = "It does")),
)]
async fn ready(_: Public, app: UseCases) -> Result<HttpResponse, Problem> {
    if app.settings().drain.has_begun() {
        let problem = Problem::new(Code::Draining, "the process is about to stop");
        return Err(problem.retry_after(1));
    }
    // One look-up by primary key; nobody has the id that is all zeros.
    let nobody = UserId::from_uuid(uuid::Uuid::nil());
    let asked = tokio::time::timeout(READY_WITHIN, app.ports().accounts.find_user(nobody)).await;
    asked.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".to_owned())))?;
    Ok(plain("ready\n".to_owned()))
}

/// What was measured, for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "about", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain", description = "Counts and durations; no ids")),
)]
async fn metrics(_: Public, app: UseCases) -> HttpResponse {
    let handle = app.settings().metrics.as_ref();
    let text = handle.map_or_else(String::new, |handle| {
        handle.run_upkeep();
        handle.render()
    });
    plain(text)
}

fn plain(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}
