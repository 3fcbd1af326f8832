//! Signing in and out.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use keelway_access::{Email, Password, RateClass};
use keelway_http::args::{Query, UseCases};
use keelway_http::check::Check;
use keelway_http::form::Form;
use keelway_http::guard::{Anyone, Public, SignedIn};
use keelway_http::routes::Routes;
use keelway_http::{Code, Problem};
use serde::Deserialize;

use super::{entered, onward, with_cookie};
use crate::fields::Mistakes;
use crate::page::{Page, go};
use crate::shell::Shell;

pub(super) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/signin", form);
    routes.page(Method::POST, "/signin", sign_in).rate(RateClass::Auth);
    routes.page(Method::POST, "/signout", sign_out);
}

/// Where to go on to.
#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    queue: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "account/signin.html")]
struct SignInPage {
    shell: Shell,
    email: String,
    queue: String,
    next: String,
    mistakes: Mistakes,
}

async fn form(_anyone: Anyone, page: Page, Query(wish): Query<Wish>) -> HttpResponse {
    if let Some(profile) = &page.visitor.profile {
        return go(onward(&profile.memberships, &wish.queue, &wish.next));
    }
    page.show(&SignInPage {
        shell: page.shell("Sign in", ""),
        email: String::new(),
        queue: wish.queue,
        next: wish.next,
        mistakes: Mistakes::default(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    email: String,
    password: String,
    #[serde(default)]
    queue: String,
    #[serde(default)]
    next: String,
}

/// Anybody may try, also with a session, which then ends.
async fn sign_in(
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
        // Which of the two is wrong is not said.
        Code::WrongCredentials => (
            problem.code.status(),
            Mistakes::one("password", "the email address or the password is wrong"),
        ),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, Mistakes::from(problem)?),
    };
    Ok(page.show_as(
        status,
        &SignInPage {
            shell: page.shell("Sign in", ""),
            email: fields.email,
            queue: fields.queue,
            next: fields.next,
            mistakes,
        },
    ))
}

async fn tried(
    caller: &Public,
    app: &UseCases,
    page: &Page,
    fields: &Fields,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let email = check.field("/email", Email::parse(&fields.email));
    let password = check.field("/password", Password::presented(&fields.password));
    let (email, password) = check.all((email, password))?;
    let (agent, replaces) = (page.visitor.user_agent.clone(), caller.presented_session());
    let now = app.sign_in(&email, password, agent, replaces, caller.request_id()).await?;
    Ok(entered(app, &now, &fields.queue, &fields.next))
}

async fn sign_out(person: SignedIn, app: UseCases) -> Result<HttpResponse, Problem> {
    app.sign_out(&person).await?;
    Ok(with_cookie(go("/signin?done=signed-out"), &app.no_session_cookie()))
}
