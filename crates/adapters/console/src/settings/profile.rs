//! What people are called, and their password.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use keelway_access::{DisplayName, Email, Password, User};
use keelway_http::args::UseCases;
use keelway_http::check::Check;
use keelway_http::form::Form;
use keelway_http::guard::SignedIn;
use keelway_http::{Code, Problem};
use keelway_kernel::Failure;
use keelway_platform::people::{NewPassword, PasswordRefused};
use serde::Deserialize;

use super::filled;
use crate::account::with_cookie;
use crate::fields::Mistakes;
use crate::page::{Page, go};
use crate::shell::Shell;
use crate::text::date;

#[derive(Template)]
#[template(path = "settings/profile.html")]
struct Profile {
    shell: Shell,
    /// The name in the form.
    typed: String,
    email: String,
    id: String,
    since: String,
    fewest: usize,
    mistakes: Mistakes,
}

fn user(page: &Page) -> Result<&User, Problem> {
    page.visitor.profile.as_ref().map(|profile| &profile.user).ok_or_else(Problem::not_found)
}

/// The page with the name as it was typed, or as it is.
fn shown(
    page: &Page,
    status: StatusCode,
    typed: Option<String>,
    mistakes: Mistakes,
) -> Result<HttpResponse, Problem> {
    let user = user(page)?;
    let name = user.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let profile = Profile {
        shell: page.shell("Profile", ""),
        typed: typed.unwrap_or(name),
        email: user.email.to_string(),
        id: user.id.to_string(),
        since: date(&user.created_at.to_string()),
        fewest: Password::MIN,
        mistakes,
    };
    Ok(page.show_as(status, &profile))
}

pub(super) async fn show(_person: SignedIn, page: Page) -> Result<HttpResponse, Problem> {
    shown(&page, StatusCode::OK, None, Mistakes::default())
}

/// Settings begin with the profile.
pub(super) async fn to_profile(_person: SignedIn) -> HttpResponse {
    go("/settings/profile")
}

/// The form stands on the page of the profile.
pub(super) async fn to_password(_person: SignedIn) -> HttpResponse {
    go("/settings/profile#password")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Called {
    name: String,
}

pub(super) async fn rename(
    person: SignedIn,
    app: UseCases,
    page: Page,
    Form(form): Form<Called>,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let name = check.optional("/name", filled(&form.name), DisplayName::parse);
    match check.all((name,)) {
        Ok((name,)) => {
            app.rename_person(&person, name).await?;
            Ok(go("/settings/profile?done=saved"))
        }
        Err(problem) => {
            let mistakes = Mistakes::from(problem)?;
            shown(&page, StatusCode::UNPROCESSABLE_ENTITY, Some(form.name), mistakes)
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Passwords {
    current: String,
    new: String,
}

impl Passwords {
    fn parsed(&self, email: &Email) -> Result<NewPassword, Problem> {
        let mut check = Check::default();
        let current = check.field("/current", Password::presented(&self.current));
        let new = check.field("/new", Password::choose(&self.new, email));
        check.all((current, new)).map(|(current, new)| NewPassword { current, new })
    }
}

pub(super) async fn change(
    person: SignedIn,
    app: UseCases,
    page: Page,
    Form(form): Form<Passwords>,
) -> Result<HttpResponse, Problem> {
    let passwords = match form.parsed(&user(&page)?.email) {
        Ok(passwords) => passwords,
        Err(problem) => {
            let mistakes = Mistakes::from(problem)?;
            return shown(&page, StatusCode::UNPROCESSABLE_ENTITY, None, mistakes);
        }
    };
    let refusal = match app.change_password(&person, passwords).await {
        Ok(renewed) => {
            let cookie = app.session_cookie(&renewed.token);
            return Ok(with_cookie(go("/settings/profile?done=password"), &cookie));
        }
        Err(Failure::Rejected(refusal)) => refusal,
        Err(Failure::Store(error)) => return Err(error.into()),
    };
    match refusal {
        PasswordRefused::WrongPassword => {
            let mistakes = Mistakes::one("current", "this is not your password");
            shown(&page, StatusCode::UNPROCESSABLE_ENTITY, None, mistakes)
        }
        PasswordRefused::TooManyAttempts(wait) => {
            let wait = wait.retry_after_s.div_ceil(60);
            let message = format!("too many wrong passwords lately; try again in {wait} min");
            let status = Code::TooManyAttempts.status();
            shown(&page, status, None, Mistakes::one("current", message))
        }
        PasswordRefused::SessionOver => Err(Problem::new(Code::AuthRequired, refusal.to_string())),
        PasswordRefused::Busy => Err(Problem::new(Code::Busy, refusal.to_string()).retry_after(1)),
    }
}
