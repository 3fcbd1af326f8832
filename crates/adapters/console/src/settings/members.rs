//! Who belongs to a workspace, and as what.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use keelway_access::people::RoleError;
use keelway_access::{MemberError, Role};
use keelway_http::Problem;
use keelway_http::args::{Id, Query, UseCases};
use keelway_http::form::Form;
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_kernel::{Failure, UserId};
use keelway_platform::permit::right::{ManageMembers, ViewMembers};
use serde::Deserialize;

use super::explained;
use super::roster::{Around, Said};
use crate::page::{Page, go};

/// Which page of them.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    page: String,
}

pub(super) async fn show(
    _permit: Allowed<ViewMembers>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    // What is no number is the first page.
    let number = wanted.page.parse::<usize>().unwrap_or(1).saturating_sub(1);
    Around { app, page, rights }.shown(Said { number, ..Said::default() }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    role: String,
}

pub(super) async fn change_role(
    permit: Allowed<ManageMembers>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Id(member): Id<UserId>,
    Form(given): Form<Given>,
) -> Result<HttpResponse, Problem> {
    let role: Role = given.role.parse().map_err(|error: RoleError| {
        Problem::invalid_field("/role", "UNKNOWN_ROLE", error.to_string())
    })?;
    let done = app.change_role(&permit, member, role).await;
    answered(Around { app, page, rights }, done, "role-changed").await
}

pub(super) async fn remove(
    permit: Allowed<ManageMembers>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Id(member): Id<UserId>,
) -> Result<HttpResponse, Problem> {
    let done = app.remove_member(&permit, member).await;
    answered(Around { app, page, rights }, done, "removed").await
}

/// Back to the list, or the list with why nothing changed.
async fn answered(
    around: Around,
    done: Result<(), Failure<MemberError>>,
    key: &str,
) -> Result<HttpResponse, Problem> {
    match done {
        Ok(()) => Ok(go(format!("/w/{}/settings/members?done={key}", around.page.slug()))),
        Err(Failure::Rejected(error)) => {
            let (status, notice) = (StatusCode::CONFLICT, Some(explained(error)?));
            around.shown(Said { status, notice, ..Said::default() }).await
        }
        Err(Failure::Store(error)) => Err(error.into()),
    }
}
