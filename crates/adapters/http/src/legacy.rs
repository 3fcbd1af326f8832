//! Paths of earlier clients, kept alive: the same use cases, other words.
//!
//! Bodies are in camelCase: `{success: true, data}`, or `{success: false, error: {code,
//! message}}` beside the members of the problem. Nothing is decided here.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keelway_access::RateClass;
use keelway_builds::submit::Submitted;
use keelway_kernel::{BuildId, Reply};
use keelway_platform::permit::right::{SubmitBuild, ViewBuildEvents, ViewBuilds};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::args::{Id, Json, Query, UseCases};
use crate::builds::{self, AcceptedView, BuildBody, BuildView, ClaimBody, ParkedView, build_url};
use crate::events::{self, Opening};
use crate::guard::{Allowed, AllowedOnBuild, AllowedOrGuest, SignedIn};
use crate::problem::{Code, Problem};
use crate::reply::{Keying, View, reply, reply_at};
use crate::routes::Routes;

/// What these paths begin with.
pub(crate) const PREFIX: &str = "/api/v1/";

pub(crate) fn routes(routes: &mut Routes) {
    let submission = builds::SUBMISSION;
    routes
        .at(__path_submit, submit)
        .rate(RateClass::BuildSubmit)
        .refuses(&submission)
        .refuses(&[Code::AuthRequired, Code::ProjectLocked]);
    routes
        .at(__path_claim, claim)
        .rate(RateClass::BuildSubmit)
        .refuses(&submission)
        .refuses(&builds::CLAIM);
    routes.at(__path_find, find);
    routes.at(__path_follow, follow).refuses(&[Code::TooManyStreams]);
}

/// Asks for a build.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "description": "A landing page for a bakery", "projectName": "Bakery" }))]
pub(crate) struct OldBuildBody {
    description: String,
    project_id: Option<String>,
    project_name: Option<String>,
    tier: Option<String>,
    target_users: Option<String>,
    tech_constraints: Option<String>,
    use_conductor: Option<bool>,
}

/// Turns a parked request into a build.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "queueId": "que_2kq7h5e0r8s4t9v1w3x6y8z0a2" }))]
pub(crate) struct OldClaimBody {
    queue_id: String,
    project_name: Option<String>,
}

/// An answer of these paths.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "success": true, "data": { "buildId": "bld_01h455vb4pex5vsknk084sn02q", "status": "queued" } }))]
struct OldAnswer {
    success: bool,
    /// What the path of today answers, in camelCase, and `buildId`.
    #[schema(value_type = Object)]
    data: Value,
}

impl OldAnswer {
    fn of(view: &impl Serialize) -> Self {
        let mut data = camel_case(serde_json::to_value(view).unwrap_or_default());
        if let Some(id) = data.get("id").cloned() {
            data["buildId"] = id;
        }
        Self { success: true, data }
    }
}

fn camel_case(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(camel_case).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (camel(&key), camel_case(value))).collect()
        }
        other => other,
    }
}

fn camel(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut key, word| {
        let mut chars = word.chars();
        key.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        key.push_str(chars.as_str());
        key
    })
}

/// What these paths say beside a problem.
pub(crate) fn write_error(body: &mut Value, problem: &Problem, path: &str) {
    body["success"] = json!(false);
    body["error"] = json!({ "code": old_code(problem.code, path), "message": problem.detail });
}

fn old_code(code: Code, path: &str) -> &'static str {
    match code {
        Code::AuthRequired => "AUTH_300",
        Code::NoTenant | Code::TenantRequired => "NO_TENANT",
        Code::ValidationFailed
        | Code::MalformedJson
        | Code::NulCharacter
        | Code::UnsupportedMediaType
        | Code::PayloadTooLarge => "INVALID_INPUT",
        code if code.status().is_server_error() => "INTERNAL_ERROR",
        _ if path.ends_with("/claim") => "CLAIM_FAILED",
        Code::ProjectLocked => "START_FAILED",
        Code::RateLimited => "QUEUE_FAILED",
        Code::NotFound if !path.ends_with("/build") => "INVALID_INPUT",
        _ => "CREATE_FAILED",
    }
}

/// Starts a build, as earlier clients do
#[utoipa::path(
    post, path = "/api/v1/build", tag = "earlier clients", operation_id = "old_submit_build",
    request_body = OldBuildBody,
    responses((status = 202, body = OldAnswer, description = "As `POST /v1/builds` answers")),
)]
async fn submit(
    caller: AllowedOrGuest<SubmitBuild>,
    app: UseCases,
    keying: Keying,
    Json(body): Json<OldBuildBody>,
) -> Result<HttpResponse, Problem> {
    let body = BuildBody {
        description: body.description,
        project_id: body.project_id,
        project_name: body.project_name,
        tier: body.tier,
        target_users: body.target_users,
        tech_constraints: body.tech_constraints,
        use_conductor: body.use_conductor,
        max_credits: None,
        script: None,
    };
    let (request, project) = body.wish(app.platform_settings().mode)?;
    let view = |parked: ParkedView| reply(StatusCode::ACCEPTED, &OldAnswer::of(&parked));
    builds::submitted(caller, &app, keying, (request, project), (accepted, view)).await
}

fn accepted(submitted: &Submitted) -> Reply {
    let location = build_url(submitted.build.id);
    reply_at(StatusCode::ACCEPTED, location, &OldAnswer::of(&AcceptedView::of(submitted)))
}

/// Claims a parked build, as earlier clients do
#[utoipa::path(
    post, path = "/api/v1/build/claim", tag = "earlier clients", operation_id = "old_claim_build",
    request_body = OldClaimBody,
    responses((status = 202, body = OldAnswer, description = "As `POST /v1/builds/claim` answers")),
)]
async fn claim(
    person: SignedIn,
    app: UseCases,
    keying: Keying,
    Json(body): Json<OldClaimBody>,
) -> Result<HttpResponse, Problem> {
    let body = ClaimBody { queue_id: body.queue_id, project_name: body.project_name };
    builds::claimed(&person, &app, keying, body, accepted).await
}

/// Shows a build, as earlier clients see it
#[utoipa::path(
    get, path = "/api/v1/build/{id}", tag = "earlier clients", operation_id = "old_get_build",
    params(("id" = String, Path, description = "The build")),
    responses((status = 200, body = OldAnswer, description = "As `GET /v1/builds/{id}` answers")),
)]
async fn find(
    permit: Allowed<ViewBuilds>,
    app: UseCases,
    Id(id): Id<BuildId>,
) -> Result<View<OldAnswer>, Problem> {
    let report = app.report(&permit, id).await?.ok_or_else(Problem::not_found)?;
    Ok(View(OldAnswer::of(&BuildView::of(report, &*app.settings().site_address))))
}

/// Follows a build's events, as earlier clients do
#[utoipa::path(
    get, path = "/api/v1/build/{id}/stream", tag = "earlier clients", operation_id = "old_follow_events",
    params(("id" = String, Path, description = "The build"), Opening),
    responses(
        (status = 200, content_type = "text/event-stream", body = String, description = "As `GET /v1/builds/{id}/events/stream` answers"),
        (status = 204, description = "There is nothing more to come"),
    ),
)]
async fn follow(
    permit: AllowedOnBuild<ViewBuildEvents>,
    app: UseCases,
    Query(query): Query<Opening>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    events::followed(&permit, &app, &query, &req).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_change_and_values_do_not() {
        let view = json!({ "queue_id": "que_a_b", "a": [{ "cost_micro_usd": 1 }], "b": null });
        let expected = json!({ "queueId": "que_a_b", "a": [{ "costMicroUsd": 1 }], "b": null });
        assert_eq!(camel_case(view), expected);
    }
}
