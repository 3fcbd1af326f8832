//! Signing up, in and out, and who one is.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keelway_access::{
    DisplayName, Email, Password, Permission, Principal, RateClass, WorkspaceName,
};
use keelway_kernel::{QueueId, TenantId, Timestamp, UserId};
use keelway_platform::Person;
use keelway_platform::auth::{SignUpRequest, SignedInNow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::args::{Json, UseCases};
use crate::check::Check;
use crate::context::user_agent;
use crate::credentials::{Presented, no_cookie, session_cookie};
use crate::guard::{Public, SignedIn};
use crate::problem::{Code, Problem};
use crate::reply::View;
use crate::routes::Routes;
use crate::tenants::{MembershipView, TenantView};

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_sign_up, sign_up).rate(RateClass::Auth).refuses(&[
        Code::EmailTaken,
        Code::TooManyAttempts,
        Code::Busy,
    ]);
    routes.at(__path_sign_in, sign_in).rate(RateClass::Auth).refuses(&[
        Code::WrongCredentials,
        Code::TooManyAttempts,
        Code::Busy,
    ]);
    routes.at(__path_sign_out, sign_out);
    routes.at(__path_me, me);
}

/// Asks for an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "ada@example.com",
    "password": "a long and quiet river",
    "name": "Ada",
    "workspace": "Analytical Bakery",
}))]
pub(crate) struct SignUpBody {
    /// An e-mail address; case does not matter.
    #[schema(max_length = 254)]
    email: String,
    /// At least 8 characters, at most 1,024 bytes, not a common one.
    password: String,
    /// What to call the person.
    #[schema(max_length = 120)]
    name: Option<String>,
    /// Makes a workspace of this name with the caller as owner.
    #[schema(max_length = 80)]
    workspace: Option<String>,
    /// A request parked as a guest, to learn whether it can still be claimed.
    queue_id: Option<String>,
}

/// A session, and whose it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    user: UserView,
    /// The workspace, if the person has exactly one.
    tenant: Option<TenantView>,
    /// Works as `Authorization: Bearer`; shown once.
    #[schema(example = "kws_2Kq7H5e0R8s4T9v1W3x6Y8z0A2b4C6d8E0f2G4h6J8k")]
    session_token: String,
    #[schema(value_type = String, format = DateTime, example = "2026-02-14T10:30:00.000000Z")]
    expires_at: Timestamp,
    /// The parked request that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<QueueView>,
}

/// A parked request as its holder sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = ParkedRequest)]
pub(crate) struct QueueView {
    #[schema(value_type = String)]
    queue_id: QueueId,
    /// Whether `POST /v1/builds/claim` would take it now.
    claimable: bool,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// A person.
#[derive(Serialize, ToSchema)]
#[schema(as = User, example = json!({
    "id": "usr_01kfm2v6h8e2tb3q1t7x5z9c4d",
    "email": "ada@example.com",
    "name": "Ada",
    "created_at": "2026-01-15T10:30:00.000000Z",
}))]
pub(crate) struct UserView {
    #[schema(value_type = String)]
    id: UserId,
    email: String,
    name: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl UserView {
    fn of(user: &keelway_access::User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_str().to_owned(),
            name: user.name.as_ref().map(ToString::to_string),
            created_at: user.created_at,
        }
    }
}

/// Creates an account and signs it in
///
/// With `workspace`, also makes a workspace and gives it its first month's credits. Signing up
/// again with the same address and password signs in, so a lost answer costs nothing. A session
/// that the request carries ends.
#[utoipa::path(
    post, path = "/v1/auth/sign-up", tag = "auth", operation_id = "sign_up",
    request_body = SignUpBody,
    responses((status = 201, body = SessionView, description = "Signed up and in; a browser also gets the session cookie")),
)]
async fn sign_up(
    caller: Public,
    app: UseCases,
    req: HttpRequest,
    Json(body): Json<SignUpBody>,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let email = check.field("/email", Email::parse(&body.email));
    // A password can be too short whatever the address.
    let address = email.clone().or_else(|| Email::parse("nobody@invalid").ok());
    let password = address
        .and_then(|address| check.field("/password", Password::choose(&body.password, &address)));
    let name = check.optional("/name", body.name.as_deref(), DisplayName::parse);
    let workspace = check.optional("/workspace", body.workspace.as_deref(), WorkspaceName::parse);
    let queue = check.optional("/queue_id", body.queue_id.as_deref(), str::parse::<QueueId>);
    let (email, password, name, workspace, queue) =
        check.all((email, password, name, workspace, queue))?;
    let request = SignUpRequest {
        email,
        password,
        name,
        workspace,
        user_agent: user_agent(req.headers()),
        request_id: caller.request_id().to_owned(),
    };
    let request_id = request.request_id.clone();
    let signed_in = app.sign_up(request).await?;
    if let Some(session) = caller.presented_session() {
        app.sign_out(&Person { user: signed_in.user.id, session, request_id }).await?;
    }
    let queue = parked(&app, queue).await?;
    Ok(session(&app, StatusCode::CREATED, &signed_in, queue))
}

/// Signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "ada@example.com", "password": "a long and quiet river" }))]
pub(crate) struct SignInBody {
    email: String,
    password: String,
}

/// Signs in
///
/// The answer takes the same time whether the address has an account or not. A session that
/// the request carries ends.
#[utoipa::path(
    post, path = "/v1/auth/sign-in", tag = "auth", operation_id = "sign_in",
    request_body = SignInBody,
    responses((status = 200, body = SessionView, description = "Signed in; a browser also gets the session cookie")),
)]
async fn sign_in(
    caller: Public,
    app: UseCases,
    req: HttpRequest,
    Json(body): Json<SignInBody>,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let email = check.field("/email", Email::parse(&body.email));
    let password = check.field("/password", Password::presented(&body.password));
    let (email, password) = check.all((email, password))?;
    let (agent, replaces) = (user_agent(req.headers()), caller.presented_session());
    let signed_in = app.sign_in(&email, password, agent, replaces, caller.request_id()).await?;
    Ok(session(&app, StatusCode::OK, &signed_in, None))
}

/// Signs out
///
/// Ends the session at once, everywhere.
#[utoipa::path(
    post, path = "/v1/auth/sign-out", tag = "auth", operation_id = "sign_out",
    responses((status = 204, description = "Signed out; a browser's cookie is cleared")),
)]
async fn sign_out(person: SignedIn, app: UseCases) -> Result<HttpResponse, Problem> {
    app.sign_out(&person).await?;
    Ok(HttpResponse::NoContent().cookie(no_cookie(app.settings())).finish())
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeView {
    user: UserView,
    /// Where the person belongs, oldest first.
    memberships: Vec<MembershipView>,
    /// The workspace that requests act in: the only one, or the one `X-Tenant` names.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// What the person may do there.
    #[schema(example = json!(["view_projects", "submit_build"]))]
    permissions: Vec<&'static str>,
    /// To be sent as `X-CSRF-Token` with every change; only for sessions held in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

/// Who is signed in
#[utoipa::path(
    get, path = "/v1/me", tag = "auth", operation_id = "me",
    responses((status = 200, body = MeView, description = "The person, where they belong and what they may do")),
)]
async fn me(person: SignedIn, app: UseCases, req: HttpRequest) -> Result<View<MeView>, Problem> {
    let profile = app.profile(&person).await?.ok_or_else(Problem::not_found)?;
    let (tenant, permissions) = match &person.principal {
        Principal::Member { tenant, role, .. } => {
            (Some(*tenant), role.permissions().map(Permission::as_str).collect())
        }
        _ => (None, Vec::new()),
    };
    let csrf_token = match Presented::by(&req, app.settings()) {
        Presented::Cookie(token) => Some(token.csrf_token()),
        _ => None,
    };
    Ok(View(MeView {
        user: UserView::of(&profile.user),
        memberships: profile.memberships.iter().map(MembershipView::of).collect(),
        tenant,
        permissions,
        csrf_token,
    }))
}

/// What became of the parked request that somebody signs up with; an unknown one is silently
/// nothing, for it must not keep anybody from signing up.
async fn parked(app: &UseCases, queue: Option<QueueId>) -> Result<Option<QueueView>, Problem> {
    let Some(queue_id) = queue else { return Ok(None) };
    let parked = app.parked(queue_id).await?;
    Ok(parked.map(|parked| QueueView {
        queue_id,
        claimable: parked.refused.is_none(),
        expires_at: parked.entry.expires_at,
    }))
}

fn session(
    app: &UseCases,
    status: StatusCode,
    signed_in: &SignedInNow,
    queue: Option<QueueView>,
) -> HttpResponse {
    let lifetime_s = app.platform_settings().sessions.absolute_s;
    let cookie = session_cookie(app.settings(), &signed_in.token, lifetime_s);
    let tenant = match signed_in.memberships.as_slice() {
        [only] => Some(TenantView::of(&only.tenant)),
        _ => None,
    };
    HttpResponse::build(status).cookie(cookie).json(SessionView {
        user: UserView::of(&signed_in.user),
        tenant,
        session_token: signed_in.token.expose().to_owned(),
        expires_at: signed_in.session.expires_at,
        queue,
    })
}
