//! A build's events: read page by page, followed as a stream, told again.

use actix_web::{HttpRequest, HttpResponse, Responder as _};
use keelway_access::Ticket;
use keelway_builds::{Event, EventBody};
use keelway_kernel::{BuildId, Timestamp};
use keelway_platform::events::Reach;
use keelway_platform::permit::right::{IssueViewerToken, ViewBuildEvents};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::args::{Id, Json, Query, UseCases, Wait, page_request};
use crate::builds::stream_url;
use crate::guard::{Allowed, AllowedOnBuild};
use crate::problem::{Code, Problem};
use crate::reply::View;
use crate::routes::Routes;
use crate::stream;

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_list, list).refuses(&[Code::TooManyStreams]);
    routes.at(__path_follow, follow).refuses(&[Code::TooManyStreams]);
    routes.at(__path_replay, replay).refuses(&[Code::TooManyStreams]);
    routes.at(__path_viewer_token, viewer_token);
}

/// One thing that happened to a build; the same in pages and streams.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventView {
    /// Unique among all events: the build's id and `seq`.
    id: String,
    #[schema(value_type = String)]
    build_id: BuildId,
    /// Its place in the build's history: 1, 2, 3 without gaps.
    seq: i64,
    /// What happened, such as `phase.started`.
    r#type: &'static str,
    phase: Option<&'static str>,
    agent: Option<String>,
    /// One sentence for people.
    message: String,
    /// What goes with the type.
    #[schema(value_type = Object)]
    data: Value,
    user_visible: bool,
    #[schema(value_type = String, format = DateTime)]
    time: Timestamp,
    /// The request that caused it.
    request_id: String,
    /// The same for all that follows from one request for a build.
    #[schema(value_type = String)]
    correlation_id: BuildId,
}

impl EventView {
    pub(crate) fn of(event: Event) -> Self {
        Self {
            id: format!("{}:{}", event.build, event.seq),
            build_id: event.build,
            seq: event.seq,
            r#type: event.body.kind(),
            phase: event.body.phase().map(keelway_builds::Phase::as_str),
            agent: event.body.agent().map(str::to_owned),
            message: event.body.message(),
            data: data(&event.body),
            user_visible: event.body.user_visible(),
            time: event.at,
            request_id: event.request_id,
            correlation_id: event.build,
        }
    }
}

/// What goes with an event, beyond what the envelope says already.
fn data(body: &EventBody) -> Value {
    match body {
        EventBody::Queued { held } => json!({ "credits_held": held }),
        EventBody::Started { attempt } => json!({ "attempt": attempt }),
        EventBody::PhaseCompleted { duration_ms, .. } => json!({ "duration_ms": duration_ms }),
        EventBody::AgentCompleted { usage, files, .. } => json!({
            "provider": usage.provider,
            "model": usage.model,
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
            "cost_micro_usd": usage.cost,
            "files": files,
        }),
        EventBody::SnapshotCreated { snapshot, files, bytes } => {
            json!({ "snapshot_id": snapshot, "files": files, "bytes": bytes })
        }
        EventBody::DeploymentSucceeded { target, url } => json!({ "target": target, "url": url }),
        EventBody::Retrying { reason, delay_ms } => {
            json!({ "reason": reason.as_str(), "delay_ms": delay_ms })
        }
        EventBody::Completed { charged, cost } => {
            json!({ "credits_charged": charged, "cost_micro_usd": cost })
        }
        EventBody::Failed { reason, charged, .. } => {
            json!({ "reason": reason.as_str(), "credits_charged": charged })
        }
        EventBody::Cancelled { charged } => json!({ "credits_charged": charged }),
        EventBody::Engine { .. }
        | EventBody::PhaseStarted { .. }
        | EventBody::AgentStarted { .. }
        | EventBody::HandedBack
        | EventBody::CancelRequested
        | EventBody::Expired => json!({}),
    }
}

/// Some of a build's events.
#[derive(Serialize, ToSchema)]
#[schema(as = Events)]
struct EventsView {
    data: Vec<EventView>,
    /// Whether there are more already.
    has_more: bool,
    /// The `after` of the next page: the last `seq` given; there may be none yet.
    next_cursor: String,
    /// Whether the last event given is the build's last.
    is_over: bool,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Selection {
    /// A ticket from `POST /v1/builds/{id}/viewer-token`, good once.
    #[serde(rename = "ticket")]
    _ticket: Option<String>,
    /// Only events behind this `seq`; all if absent.
    after: Option<String>,
    /// Events on the page: 1 to 100, 20 if absent.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// Lists a build's events
///
/// In order and without gaps. With `Prefer: wait=N` an empty answer waits up to N seconds, at
/// most 30, for an event.
#[utoipa::path(
    get, path = "/v1/builds/{id}/events", tag = "events", operation_id = "list_events",
    params(
        ("id" = String, Path, description = "The build"),
        ("prefer" = Option<String>, Header, description = "wait=N"),
        Selection,
    ),
    responses((status = 200, body = EventsView, description = "Oldest first")),
)]
async fn list(
    permit: AllowedOnBuild<ViewBuildEvents>,
    app: UseCases,
    Query(query): Query<Selection>,
    wait: Wait,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let limit = page_request(query.limit, None)?.limit();
    let build = permit.build();
    let reach = app.reach(&permit, build).await?.ok_or_else(Problem::not_found)?;
    let after = query.after.as_deref().map_or(Ok(0), |text| within(seq(text), reach, "?after"))?;
    let mut events = app.events(&permit, build, after, limit + 1).await?.unwrap_or_default();
    if let (true, Some(patience)) = (events.is_empty() && !reach.is_over, wait.0) {
        let _place = stream::place(&req, permit.user())?;
        let mut feed = app.follow(&permit, build, after);
        if let Ok(found) = tokio::time::timeout(patience, feed.next()).await {
            events = found?;
        }
    }
    let has_more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let last = events.last();
    let is_over = last.map_or(reach.is_over, |event| event.body.is_terminal());
    let next_cursor = last.map_or(after, |event| event.seq).to_string();
    let data = events.into_iter().map(EventView::of).collect();
    let view = View(EventsView { data, has_more, next_cursor, is_over });
    Ok(wait.applied(view.respond_to(&req)))
}

/// Reads a `seq`: decimal digits and not too many of them.
fn seq(text: &str) -> Option<i64> {
    let is_seq = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = text.parse().ok().filter(|_| is_seq)?;
    // Whatever does not fit lies beyond every history.
    Some(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A place in the history: nobody can have seen what has not happened.
fn within(after: Option<i64>, reach: Reach, pointer: &str) -> Result<i64, Problem> {
    match after {
        Some(after) if after <= reach.last_seq => Ok(after),
        Some(_) => {
            let message = format!("is beyond the last event, {}", reach.last_seq);
            Err(Problem::invalid_field(pointer, "OUT_OF_RANGE", message))
        }
        None => Err(Problem::invalid_field(pointer, "INVALID", "must be a seq")),
    }
}

/// How a stream is opened by clients that cannot set headers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Opening {
    /// A ticket from `POST /v1/builds/{id}/viewer-token`, good once.
    #[serde(rename = "ticket")]
    _ticket: Option<String>,
    /// Only events behind this `seq`; `Last-Event-ID` counts before it.
    after: Option<String>,
}

/// Follows a build's events
///
/// Server-sent events: first what happened, then what happens. `id` is the `seq`, `event` the
/// type and `data` the event as one line of JSON. A comment comes every 15 seconds of silence,
/// and the stream ends after the build's last event; whoever has that one already is answered
/// 204, which stops an `EventSource`. A stream ends within a minute after what opened it has: the
/// session, or the viewer token.
#[utoipa::path(
    get, path = "/v1/builds/{id}/events/stream", tag = "events", operation_id = "follow_events",
    params(
        ("id" = String, Path, description = "The build"),
        ("last-event-id" = Option<String>, Header, description = "The last event received"),
        Opening,
    ),
    responses(
        (status = 200, content_type = "text/event-stream", body = String, description = "Events until the build ends"),
        (status = 204, description = "There is nothing more to come"),
    ),
)]
pub(crate) async fn follow(
    permit: AllowedOnBuild<ViewBuildEvents>,
    app: UseCases,
    Query(query): Query<Opening>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    followed(&permit, &app, &query, &req).await
}

pub(crate) async fn followed(
    permit: &AllowedOnBuild<ViewBuildEvents>,
    app: &UseCases,
    query: &Opening,
    req: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let reach = app.reach(permit, permit.build()).await?.ok_or_else(Problem::not_found)?;
    let header = req.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    // What is no `seq` comes from another stream of the same client: it has seen nothing here.
    let after = match (header.and_then(seq), query.after.as_deref()) {
        (Some(seen), _) => within(Some(seen), reach, "Last-Event-ID")?,
        (None, Some(text)) => within(seq(text), reach, "?after")?,
        (None, None) => 0,
    };
    told(permit, app, (after, reach), req)
}

/// The events behind `after`, or that none will ever come.
fn told(
    permit: &AllowedOnBuild<ViewBuildEvents>,
    app: &UseCases,
    (after, reach): (i64, Reach),
    req: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    if reach.is_over && after == reach.last_seq {
        return Ok(HttpResponse::NoContent().finish());
    }
    stream::open(permit, app, after, req)
}

/// Where to begin again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "after": 12 }))]
pub(crate) struct ReplayBody {
    /// Only events behind this `seq`; all if absent.
    after: Option<u64>,
}

/// Tells a build's events again
///
/// A stream as `GET /v1/builds/{id}/events/stream` gives it, from any point; without a body,
/// from the beginning.
#[utoipa::path(
    post, path = "/v1/builds/{id}/replay", tag = "events", operation_id = "replay_events",
    params(("id" = String, Path, description = "The build")), request_body = ReplayBody,
    responses(
        (status = 200, content_type = "text/event-stream", body = String, description = "Events until the build ends"),
        (status = 204, description = "There is nothing more to come"),
    ),
)]
async fn replay(
    permit: AllowedOnBuild<ViewBuildEvents>,
    app: UseCases,
    req: HttpRequest,
    body: Option<Json<ReplayBody>>,
) -> Result<HttpResponse, Problem> {
    let reach = app.reach(&permit, permit.build()).await?.ok_or_else(Problem::not_found)?;
    let after = body.and_then(|Json(body)| body.after);
    let after = after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
    let after = within(Some(after), reach, "/after")?;
    told(&permit, &app, (after, reach), &req)
}

/// The right to follow one build, for clients that hold no session.
#[derive(Serialize, ToSchema)]
#[schema(as = ViewerPass)]
struct ViewerPassView {
    /// For `Authorization: Bearer`, on this build's events only.
    token: String,
    /// When the token is over, if its session is not before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// For `?ticket=`, once.
    ticket: String,
    #[schema(value_type = String, format = DateTime)]
    ticket_expires_at: Timestamp,
    /// The stream's address with the ticket in it.
    stream_url: String,
}

/// Hands out the right to follow a build
///
/// A token for ten minutes, and a ticket that opens one stream within a minute. Both end with the
/// session that asks for them: when it signs out, is ended, or gets a new token with a new
/// password, neither opens anything any more, and a stream they opened ends within a minute. So
/// does a stream opened with a token when the token's ten minutes are over: come back with another
/// one and `Last-Event-ID`. One that a ticket opened goes on with the build.
#[utoipa::path(
    post, path = "/v1/builds/{id}/viewer-token", tag = "events", operation_id = "issue_viewer_token",
    params(("id" = String, Path, description = "The build")),
    responses((status = 200, body = ViewerPassView, description = "Shown once")),
)]
async fn viewer_token(
    permit: Allowed<IssueViewerToken>,
    app: UseCases,
    Id(build): Id<BuildId>,
) -> Result<HttpResponse, Problem> {
    let now = app.ports().clock.now();
    let pass = app.issue_viewer_pass(&permit, build).await?.ok_or_else(Problem::not_found)?;
    let ticket = pass.ticket.expose().to_owned();
    Ok(HttpResponse::Ok().json(ViewerPassView {
        token: pass.token,
        expires_at: pass.expires_at,
        stream_url: format!("{}?ticket={ticket}", stream_url(build)),
        ticket,
        ticket_expires_at: now.plus_seconds(Ticket::LIFETIME_S),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seq_is_a_decimal_number_of_at_most_twenty_digits() {
        for (text, read) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(i64::MAX)),
            ("18446744073709551616", None),
            ("000000000000000000001", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1 ", None),
            ("0x1", None),
            ("٣", None),
        ] {
            assert_eq!(seq(text), read, "{text:?}");
        }
    }
}
