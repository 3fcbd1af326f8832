//! Asking for builds, claiming what a guest parked, following and calling off.

mod view;
mod wish;

use actix_web::http::StatusCode;
use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use keelway_access::RateClass;
use keelway_builds::cancel::{CancelPreview, Cancelling};
use keelway_builds::guest::ClaimError;
use keelway_builds::ports::BuildFilter;
use keelway_builds::submit::{SubmitError, Submitted};
use keelway_builds::{Build, BuildRequest, BuildState, GuestEntry, ProjectName};
use keelway_estimate::Estimate;
use keelway_kernel::{BuildId, Credits, Failure, ProjectId, QueueId, Reply, Timestamp};
use keelway_platform::Permit;
use keelway_platform::builds::ForProject;
use keelway_platform::permit::right::{CancelBuild, SubmitBuild, ViewBuilds};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::args::{Id, Json, Query, UseCases, Wait, page_request};
use crate::check::Check;
use crate::estimates::{EstimateView, PreviewView};
use crate::guard::{Allowed, AllowedOrGuest, SignedIn};
use crate::problem::{Code, Problem};
use crate::reply::{Keying, Listing, View, reply, reply_at, respond};
use crate::routes::Routes;
use crate::stream;
pub(crate) use view::{AcceptedView, BuildRow, BuildView, CreditsView, TokensView};
pub(crate) use view::{build_url, stream_url};
pub(crate) use wish::BuildBody;

/// What a submission may be refused with.
pub(crate) const SUBMISSION: [Code; 5] = [
    Code::InsufficientCredits,
    Code::DailyCapReached,
    Code::FeatureNotInTier,
    Code::PlanLimitExceeded,
    Code::NotFound,
];

/// What only a claim may be refused with.
pub(crate) const CLAIM: [Code; 5] = [
    Code::NoTenant,
    Code::TenantRequired,
    Code::NotPermitted,
    Code::AlreadyClaimed,
    Code::QueueExpired,
];

pub(crate) fn routes(routes: &mut Routes) {
    routes
        .at(__path_submit, submit)
        .rate(RateClass::BuildSubmit)
        .refuses(&SUBMISSION)
        .refuses(&[Code::AuthRequired, Code::ProjectLocked]);
    routes
        .at(__path_claim, claim)
        .rate(RateClass::BuildSubmit)
        .refuses(&SUBMISSION)
        .refuses(&CLAIM);
    routes.at(__path_list, list);
    routes.at(__path_find, find).refuses(&[Code::TooManyStreams]);
    routes.at(__path_cancel, cancel).refuses(&[Code::InvalidTransition]);
}

/// Whether to do it, or only to say what would come of it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Rehearse {
    /// Answers what would come of the request, and changes nothing.
    #[serde(default)]
    dry_run: bool,
}

/// A guest's request, kept for an hour.
#[derive(Serialize, ToSchema)]
#[schema(as = ParkedBuild)]
pub(crate) struct ParkedView {
    queued: bool,
    /// For `POST /v1/builds/claim`; whoever has it may claim the request.
    #[schema(value_type = String)]
    queue_id: QueueId,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    preview: PreviewView,
    signup_url: String,
}

/// What is kept of a parked request for replays.
#[derive(Serialize, Deserialize)]
struct ParkedKey {
    queue_id: QueueId,
    expires_at: Timestamp,
}

impl ParkedView {
    fn of(key: &ParkedKey, estimate: &Estimate) -> Self {
        Self {
            queued: true,
            queue_id: key.queue_id,
            expires_at: key.expires_at,
            preview: PreviewView::of(estimate),
            signup_url: format!("/signup?queue={}", key.queue_id),
        }
    }
}

/// What would come of a request for a build.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildRehearsal)]
struct RehearsalView {
    dry_run: bool,
    estimate: EstimateView,
    credits: RehearsedCreditsView,
}

/// What would be set aside, and whether it is there.
#[derive(Serialize, ToSchema)]
#[schema(as = RehearsedCredits)]
struct RehearsedCreditsView {
    #[schema(value_type = i64)]
    required: Credits,
    /// Unknown of a guest.
    #[schema(value_type = Option<i64>)]
    available: Option<Credits>,
    sufficient: Option<bool>,
}

/// Starts a build
///
/// The estimated credits are set aside at once; what is not used is given back when the build
/// ends. Without a session the request is parked for an hour and answered with a preview.
#[utoipa::path(
    post, path = "/v1/builds", tag = "builds", operation_id = "submit_build",
    params(Rehearse), request_body = BuildBody,
    responses(
        (status = 202, body = AcceptedView, description = "Accepted and queued; a guest gets `ParkedBuild` instead", headers(("location" = String, description = "The build"))),
        (status = 200, body = RehearsalView, description = "With `dry_run`: what would come of it"),
    ),
)]
async fn submit(
    caller: AllowedOrGuest<SubmitBuild>,
    app: UseCases,
    Query(rehearse): Query<Rehearse>,
    keying: Keying,
    Json(body): Json<BuildBody>,
) -> Result<HttpResponse, Problem> {
    let (request, project) = body.wish(app.platform_settings().mode)?;
    if rehearse.dry_run {
        let permit = match &caller {
            AllowedOrGuest::Allowed(permit) => Some(permit),
            AllowedOrGuest::Newcomer(_) | AllowedOrGuest::Guest => None,
        };
        return rehearsed(&app, permit, request, project).await;
    }
    let view = |parked: ParkedView| reply(StatusCode::ACCEPTED, &parked);
    submitted(caller, &app, keying, (request, project), (accepted, view)).await
}

/// Takes a build, or keeps a guest's request.
pub(crate) async fn submitted(
    caller: AllowedOrGuest<SubmitBuild>,
    app: &UseCases,
    keying: Keying,
    (request, project): (BuildRequest, ForProject),
    (accepted, parked): (fn(&Submitted) -> Reply, impl FnOnce(ParkedView) -> Reply),
) -> Result<HttpResponse, Problem> {
    let (permit, keying) = match caller {
        AllowedOrGuest::Guest => return park(app, keying, request, parked).await,
        AllowedOrGuest::Allowed(permit) => (permit, keying),
        AllowedOrGuest::Newcomer(person) => {
            let principal = app.in_a_workspace(&person, &person.principal).await?;
            let permit = Permit::of(&principal, &person.request_id)?;
            let keying = keying.in_tenant(permit.scope().tenant(), person.user);
            (permit, keying)
        }
    };
    keying.once(accepted, |keyed| app.submit_build(&permit, request, project, keyed)).await
}

fn accepted(submitted: &Submitted) -> Reply {
    let location = build_url(submitted.build.id);
    reply_at(StatusCode::ACCEPTED, location, &AcceptedView::of(submitted))
}

/// Keeps a guest's request, and shows what would become of it.
async fn park(
    app: &UseCases,
    keying: Keying,
    request: BuildRequest,
    view: impl FnOnce(ParkedView) -> Reply,
) -> Result<HttpResponse, Problem> {
    let description = request.description.as_str();
    let estimate = app.platform_settings().estimator.estimate(description, request.tier);
    // What is kept for replays names the entry alone: the preview follows from the request.
    let complete = |kept: Reply| match serde_json::from_slice::<ParkedKey>(&kept.body) {
        Ok(key) => view(ParkedView::of(&key, &estimate)),
        Err(_) => kept,
    };
    keying.once_with(parked, complete, |keyed| app.park_build(request, keyed)).await
}

fn parked(entry: &GuestEntry) -> Reply {
    let key = ParkedKey { queue_id: entry.id, expires_at: entry.expires_at };
    reply(StatusCode::ACCEPTED, &key)
}

async fn rehearsed(
    app: &UseCases,
    permit: Option<&Permit<SubmitBuild>>,
    request: BuildRequest,
    project: ForProject,
) -> Result<HttpResponse, Problem> {
    let (estimate, required, available) = if let Some(permit) = permit {
        let rehearsal = app.rehearse_build(permit, request, project).await?;
        (rehearsal.estimate, rehearsal.required, Some(rehearsal.available))
    } else {
        let estimate = app.estimate(None, &request.description, request.tier).await?;
        let required = app.credits_of(&estimate);
        (estimate, required, None)
    };
    let credits = RehearsedCreditsView {
        required,
        available,
        sufficient: available.map(|available| available >= required),
    };
    let estimate = EstimateView::of(&estimate, app.credits_of(&estimate));
    let view = RehearsalView { dry_run: true, estimate, credits };
    Ok(respond(reply(StatusCode::OK, &view)))
}

/// Turns a parked request into a build.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "queue_id": "que_2kq7h5e0r8s4t9v1w3x6y8z0a2" }))]
pub(crate) struct ClaimBody {
    pub(crate) queue_id: String,
    /// What to call the new project; without it, it is named after the description.
    #[schema(max_length = 80)]
    pub(crate) project_name: Option<String>,
}

/// Claims a build parked as a guest
///
/// A parked request becomes a build once. Where workspaces are made when they are needed,
/// somebody who has none gets one.
#[utoipa::path(
    post, path = "/v1/builds/claim", tag = "builds", operation_id = "claim_build",
    request_body = ClaimBody,
    responses((status = 202, body = AcceptedView, description = "Accepted and queued", headers(("location" = String, description = "The build")))),
)]
async fn claim(
    person: SignedIn,
    app: UseCases,
    keying: Keying,
    Json(body): Json<ClaimBody>,
) -> Result<HttpResponse, Problem> {
    claimed(&person, &app, keying, body, accepted).await
}

pub(crate) async fn claimed(
    person: &SignedIn,
    app: &UseCases,
    keying: Keying,
    body: ClaimBody,
    render: fn(&Submitted) -> Reply,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let queue = check.field("/queue_id", body.queue_id.parse::<QueueId>());
    let name = check.optional("/project_name", body.project_name.as_deref(), ProjectName::parse);
    let (queue, name) = check.all((queue, name))?;
    let principal = app.in_a_workspace(person, &person.principal).await?;
    let permit = Permit::of(&principal, &person.request_id)?;
    let keying = keying.of_person(person.user);
    let viewer = Permit::of(&principal, &person.request_id).ok();
    let claim = async |keyed| {
        let failure = match app.claim_build(&permit, queue, name, keyed).await {
            Ok(submitted) => return Ok(submitted),
            Err(failure) => failure,
        };
        let Failure::Rejected(refusal) = failure else {
            return Err(failure.map_rejected(Problem::from));
        };
        let claimed = match &refusal {
            SubmitError::Claim(ClaimError::AlreadyClaimed { build }) => Some(*build),
            _ => None,
        };
        let mut problem = Problem::from(refusal);
        // What it became is for those alone who may see it.
        if let (Some(build), Some(viewer)) = (claimed, &viewer)
            && app.find_build(viewer, build).await?.is_some()
        {
            problem = problem.with(json!({ "build_id": build }));
        }
        Err(Failure::Rejected(problem))
    };
    keying.once(render, claim).await
}

/// Which builds, and where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Builds {
    /// Only builds of this project.
    #[param(value_type = Option<String>)]
    project_id: Option<ProjectId>,
    /// Only builds in this state.
    #[param(value_type = Option<String>)]
    status: Option<BuildState>,
    /// Rows on the page: 1 to 100, 20 if absent.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists builds
#[utoipa::path(
    get, path = "/v1/builds", tag = "builds", operation_id = "list_builds",
    params(Builds),
    responses((status = 200, body = Listing<BuildRow>, description = "Newest first")),
)]
async fn list(
    permit: Allowed<ViewBuilds>,
    app: UseCases,
    Query(query): Query<Builds>,
) -> Result<View<Listing<BuildRow>>, Problem> {
    let filter = BuildFilter { project: query.project_id, state: query.status };
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = app.list_builds(&permit, filter, page).await?;
    let (sites, address) =
        (app.sites_of(&permit, &found.items).await?, &app.settings().site_address);
    let row = |build: Build| {
        let site = sites.get(&build.project);
        BuildRow::of(build).served(site, &**address)
    };
    Ok(View(Listing::of(found, row)))
}

/// Shows a build
///
/// With `Prefer: wait=N` the answer waits up to N seconds, at most 30, until the build changes
/// or ends; with `If-None-Match` too, a build that changed before is answered at once.
#[utoipa::path(
    get, path = "/v1/builds/{id}", tag = "builds", operation_id = "get_build",
    params(
        ("id" = String, Path, description = "The build"),
        ("prefer" = Option<String>, Header, description = "wait=N"),
    ),
    responses((status = 200, body = BuildView, description = "The build")),
)]
async fn find(
    permit: Allowed<ViewBuilds>,
    app: UseCases,
    Id(id): Id<BuildId>,
    wait: Wait,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (response, version) = shown(&permit, &app, id, &req).await?;
    let is_new =
        req.headers().contains_key(IF_NONE_MATCH) && response.status() != StatusCode::NOT_MODIFIED;
    let (Some(patience), false) = (wait.0, is_new) else { return Ok(wait.applied(response)) };
    let place = stream::place(&req, permit.user())?;
    app.await_change(&permit, id, version, patience).await?;
    drop(place);
    Ok(wait.applied(shown(&permit, &app, id, &req).await?.0))
}

async fn shown(
    permit: &Permit<ViewBuilds>,
    app: &UseCases,
    id: BuildId,
    req: &HttpRequest,
) -> Result<(HttpResponse, i64), Problem> {
    let report = app.report(permit, id).await?.ok_or_else(Problem::not_found)?;
    let version = report.build.version;
    let view = View(BuildView::of(report, &*app.settings().site_address));
    Ok((view.respond_to(req), version))
}

/// What would come of calling a build off.
#[derive(Serialize, ToSchema)]
#[schema(as = CancelRehearsal)]
struct CancelRehearsalView {
    dry_run: bool,
    #[schema(value_type = String)]
    id: BuildId,
    /// What it would be right after the call: one that is being built ends a little later.
    #[schema(value_type = String)]
    status: BuildState,
    /// What would become of its credits if no more work were done.
    credits: CreditsView,
}

impl CancelRehearsalView {
    fn of(preview: &CancelPreview) -> Self {
        let (id, credits) = (preview.ended.id, CreditsView::of(&preview.ended));
        Self { dry_run: true, id, status: preview.state, credits }
    }
}

/// Calls a build off
///
/// One that waits ends at once, one that is being built within a heartbeat; work done until
/// then is charged. Calling it off again answers the same.
#[utoipa::path(
    post, path = "/v1/builds/{id}/cancel", tag = "builds", operation_id = "cancel_build",
    params(("id" = String, Path, description = "The build"), Rehearse),
    responses(
        (status = 202, body = BuildRow, description = "Cancelled, or about to be"),
        (status = 200, body = CancelRehearsalView, description = "With `dry_run`: what would come of it"),
    ),
)]
async fn cancel(
    permit: Allowed<CancelBuild>,
    app: UseCases,
    Id(id): Id<BuildId>,
    Query(rehearse): Query<Rehearse>,
    keying: Keying,
) -> Result<HttpResponse, Problem> {
    if rehearse.dry_run {
        let preview = app.rehearse_cancel(&permit, id).await?;
        return Ok(respond(reply(StatusCode::OK, &CancelRehearsalView::of(&preview))));
    }
    keying.once(cancelling, |keyed| app.cancel_build(&permit, id, keyed)).await
}

fn cancelling(cancelling: &Cancelling) -> Reply {
    reply(StatusCode::ACCEPTED, &BuildRow::of(cancelling.build.clone()))
}
