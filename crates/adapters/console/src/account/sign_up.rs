//! Signing up, perhaps with an app described before.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use keelway_access::{Password, RateClass};
use keelway_http::args::{Query, UseCases};
use keelway_http::form::Form;
use keelway_http::guard::{Anyone, Public};
use keelway_http::routes::Routes;
use keelway_http::{Code, Problem};
use keelway_platform::Person;
use serde::Deserialize;

use super::{Newcomer, Parked, entered, onward, parked};
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
    fewest: usize,
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
    let (shell, fewest) = (page.shell("Sign up", ""), Password::MIN);
    Ok(page.show_as(status, &SignUpPage { shell, fields, parked, is_lost, fewest, mistakes }))
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
    let Fields { email, password, name, workspace, .. } = fields;
    let request = Newcomer { email, password, name, workspace }.request(page)?;
    let now = app.sign_up(request).await?;
    if let Some(session) = caller.presented_session() {
        let request_id = caller.request_id().to_owned();
        app.sign_out(&Person { user: now.user.id, session, request_id }).await?;
    }
    Ok(entered(app, &now, &fields.queue, &fields.next))
}
