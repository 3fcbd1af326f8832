//! Signing up, perhaps with an app described before.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use keelway_access::{DisplayName, Email, Password, RateClass, WorkspaceName};
use keelway_http::args::{Query, UseCases};
use keelway_http::check::Check;
use keelway_http::form::Form;
use keelway_http::guard::{Anyone, Public};
use keelway_http::routes::Routes;
use keelway_http::{Code, Problem};
use keelway_platform::Person;
use keelway_platform::auth::SignUpRequest;
use serde::Deserialize;

use super::{Parked, entered, onward, parked};
use crate::fields::Mistakes;
use crate::page::{Page, go};
use crate::shell::Shell;

pub(super) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/signup", form);
    routes.page(Method::POST, "/signup", sign_up).rate(RateClass::Auth);
}

/// What was parked, and where to go on to.
#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    queue: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "account/signup.html")]
struct SignUpPage {
    shell: Shell,
    fields: Fields,
    parked: Option<Parked>,
    /// A number was given, and what it stood for cannot be claimed any more.
    is_lost: bool,
    mistakes: Mistakes,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    email: String,
    password: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    workspace: String,
    #[serde(default)]
    queue: String,
    #[serde(default)]
    next: String,
}

async fn form(
    _anyone: Anyone,
    app: UseCases,
    page: Page,
    Query(wish): Query<Wish>,
) -> Result<HttpResponse, Problem> {
    if let Some(profile) = &page.visitor.profile {
        return Ok(go(onward(&profile.memberships, &wish.queue, &wish.next)));
    }
    let fields = Fields { queue: wish.queue, next: wish.next, ..Fields::default() };
    shown(&app, &page, StatusCode::OK, fields, Mistakes::default()).await
}

async fn shown(
    app: &UseCases,
    page: &Page,
    status: StatusCode,
    fields: Fields,
    mistakes: Mistakes,
) -> Result<HttpResponse, Problem> {
    let parked = parked(app, &fields.queue).await?;
    let is_lost = parked.is_none() && !fields.queue.is_empty();
    let shell = page.shell("Sign up", "");
    Ok(page.show_as(status, &SignUpPage { shell, fields, parked, is_lost, mistakes }))
}

/// Anybody may, also with a session, which then ends.
async fn sign_up(
    caller: Public,
    app: UseCases,
    page: Page,
    Form(fields): Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let problem = match tried(&caller, &app, &page, &fields).await {
        Ok(response) => return Ok(response),
        Err(problem) => problem,
    };
    let (status, mistakes) = match problem.code {
        Code::EmailTaken => (
            problem.code.status(),
            Mistakes::one("email", "this address has an account; sign in instead"),
        ),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, Mistakes::from(problem)?),
    };
    shown(&app, &page, status, fields, mistakes).await
}

async fn tried(
    caller: &Public,
    app: &UseCases,
    page: &Page,
    fields: &Fields,
) -> Result<HttpResponse, Problem> {
    let filled = |text| Some(text).filter(|text: &&str| !text.trim().is_empty());
    let mut check = Check::default();
    let email = check.field("/email", Email::parse(&fields.email));
    // A password can be too short whatever the address.
    let address = email.clone().or_else(|| Email::parse("nobody@invalid").ok());
    let password = address
        .and_then(|address| check.field("/password", Password::choose(&fields.password, &address)));
    let name = check.optional("/name", filled(&*fields.name), DisplayName::parse);
    let workspace = check.optional("/workspace", filled(&*fields.workspace), WorkspaceName::parse);
    let (email, password, name, workspace) = check.all((email, password, name, workspace))?;
    let request_id = caller.request_id().to_owned();
    let now = app
        .sign_up(SignUpRequest {
            email,
            password,
            name,
            workspace,
            user_agent: page.visitor.user_agent.clone(),
            request_id: request_id.clone(),
        })
        .await?;
    if let Some(session) = caller.presented_session() {
        app.sign_out(&Person { user: now.user.id, session, request_id }).await?;
    }
    Ok(entered(app, &now, &fields.queue, &fields.next))
}
