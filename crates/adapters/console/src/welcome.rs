//! The one-time link that makes somebody an owner of this server. Looking at it never uses it up.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use keelway_access::{OwnerToken, Password, RateClass, RedeemError};
use keelway_http::args::UseCases;
use keelway_http::form::Form;
use keelway_http::guard::Anyone;
use keelway_http::routes::Routes;
use keelway_http::{Code, Problem};
use keelway_kernel::Failure;
use keelway_platform::Person;
use keelway_platform::owner::OwnerRefused;
use serde::Deserialize;

use crate::account::{Newcomer, onward, with_cookie};
use crate::fields::Mistakes;
use crate::page::{Page, go};
use crate::shell::Shell;
use crate::text::encoded;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/welcome/{token}", show);
    routes.page(Method::POST, "/welcome/{token}", redeem).rate(RateClass::Auth);
}

#[derive(Template)]
#[template(path = "welcome/show.html")]
struct Welcome {
    shell: Shell,
    /// This page's own address; empty for a link that is no longer good.
    here: String,
    next: String,
    fields: Fields,
    fewest: usize,
    mistakes: Mistakes,
}

/// What a newcomer fills in; somebody signed in sends none of it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    email: String,
    password: String,
    name: String,
    workspace: String,
}

/// The token in the path, if it can be one.
fn token(req: &HttpRequest) -> Option<OwnerToken> {
    OwnerToken::parse(req.match_info().get("token").unwrap_or_default()).ok()
}

fn shown(
    page: &Page,
    status: StatusCode,
    token: &OwnerToken,
    (fields, mistakes): (Fields, Mistakes),
) -> HttpResponse {
    let here = format!("/welcome/{}", token.expose());
    let shell = page.shell("Welcome", "");
    let (next, fewest) = (encoded(&here), Password::MIN);
    page.show_as(status, &Welcome { shell, here, next, fields, fewest, mistakes })
}

fn dead(page: &Page) -> HttpResponse {
    let welcome = Welcome {
        shell: page.shell("Owner link", ""),
        here: String::new(),
        next: String::new(),
        fields: Fields::default(),
        fewest: Password::MIN,
        mistakes: Mistakes::default(),
    };
    page.show_as(StatusCode::GONE, &welcome)
}

async fn show(
    _anyone: Anyone,
    app: UseCases,
    page: Page,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    match token(&req) {
        Some(token) if app.is_owner_link(&token).await? => {
            let nothing = (Fields::default(), Mistakes::default());
            Ok(shown(&page, StatusCode::OK, &token, nothing))
        }
        _ => Ok(dead(&page)),
    }
}

async fn redeem(
    anyone: Anyone,
    app: UseCases,
    page: Page,
    req: HttpRequest,
    Form(fields): Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let Some(token) = token(&req) else { return Ok(dead(&page)) };
    match &page.visitor.profile {
        Some(profile) => {
            let person = Person::of(anyone.principal(), &page.visitor.request_id)?;
            match app.own(&token, &person).await {
                Ok(renewed) => {
                    let home = go(format!("{}?done=owner", onward(&profile.memberships, "", "")));
                    Ok(with_cookie(home, &app.session_cookie(&renewed.token)))
                }
                Err(failure) => refused(&page, &token, Fields::default(), failure),
            }
        }
        None => begin(&app, &page, &token, fields).await,
    }
}

/// Makes the account of somebody who has none.
async fn begin(
    app: &UseCases,
    page: &Page,
    token: &OwnerToken,
    fields: Fields,
) -> Result<HttpResponse, Problem> {
    let Fields { email, password, name, workspace } = &fields;
    let request = match (Newcomer { email, password, name, workspace }).request(page) {
        Ok(request) => request,
        Err(problem) => {
            // Whoever holds a dead link learns that before anything else.
            if !app.is_owner_link(token).await? {
                return Ok(dead(page));
            }
            let mistakes = Mistakes::from(problem)?;
            return Ok(shown(page, StatusCode::UNPROCESSABLE_ENTITY, token, (fields, mistakes)));
        }
    };
    match app.own_with_account(token, request).await {
        Ok(now) => {
            let home = format!("{}?done=owner", onward(&now.memberships, "", ""));
            Ok(with_cookie(go(home), &app.session_cookie(&now.token)))
        }
        Err(failure) => refused(page, token, fields, failure),
    }
}

fn refused(
    page: &Page,
    token: &OwnerToken,
    fields: Fields,
    failure: Failure<OwnerRefused>,
) -> Result<HttpResponse, Problem> {
    match failure {
        Failure::Rejected(OwnerRefused::Redeem(RedeemError::LinkDead)) => Ok(dead(page)),
        Failure::Rejected(OwnerRefused::Redeem(RedeemError::EmailTaken)) => {
            let message = "this address has an account; sign in, and this page asks you there";
            let mistakes = Mistakes::one("email", message);
            Ok(shown(page, Code::EmailTaken.status(), token, (fields, mistakes)))
        }
        Failure::Rejected(OwnerRefused::Redeem(error @ RedeemError::SessionOver)) => {
            Err(Problem::new(Code::AuthRequired, error.to_string()))
        }
        Failure::Rejected(error @ OwnerRefused::Busy) => {
            Err(Problem::new(Code::Busy, error.to_string()).retry_after(1))
        }
        Failure::Store(error) => Err(error.into()),
    }
}
