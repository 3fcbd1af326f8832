//! Inviting people to a workspace, and taking invitations back.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use keelway_access::{Email, InviteError, NoSeat, Role, WithdrawError};
use keelway_http::args::{Id, UseCases};
use keelway_http::check::Check;
use keelway_http::form::Form;
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_http::{Code, Problem};
use keelway_kernel::Failure;
use keelway_kernel::id::InvitationId;
use keelway_platform::permit::right::ManageMembers;
use serde::Deserialize;

use super::roster::{Around, Made, Said};
use super::{explained, filled};
use crate::fields::Mistakes;
use crate::page::{Page, go};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offering {
    #[serde(default)]
    role: String,
    email: String,
}

impl Offering {
    fn parsed(&self) -> Result<(Role, Option<Email>), Problem> {
        let mut check = Check::default();
        let role = self.role.parse::<Role>().ok();
        if role.is_none() {
            check.note("/role", "UNKNOWN_ROLE", "choose what they become");
        }
        let email = check.optional("/email", filled(&self.email), Email::parse);
        check.all((role, email))
    }
}

/// Answers with the page itself, not with a way to it: the link is shown once and kept nowhere.
pub(super) async fn invite(
    permit: Allowed<ManageMembers>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Form(form): Form<Offering>,
) -> Result<HttpResponse, Problem> {
    let around = Around { app, page, rights };
    let (role, email) = match form.parsed() {
        Ok(offering) => offering,
        Err(problem) => {
            let said = Said {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                role: form.role.parse().ok(),
                email: form.email,
                mistakes: Mistakes::from(problem)?,
                ..Said::default()
            };
            return around.shown(said).await;
        }
    };
    let said = match around.app.invite(&permit, role, email).await {
        Ok(invited) => {
            let made = Some(Made::of(&invited, &around.app));
            Said { status: StatusCode::CREATED, made, ..Said::default() }
        }
        Err(Failure::Rejected(InviteError::NoSeat(NoSeat { .. }))) => {
            let full = "the tier has no seat left";
            Said {
                status: Code::PlanLimitExceeded.status(),
                role: Some(role),
                email: form.email,
                mistakes: Mistakes::one("role", full),
                ..Said::default()
            }
        }
        Err(Failure::Rejected(InviteError::Member(error))) => {
            let (status, notice) = (StatusCode::CONFLICT, Some(explained(error)?));
            Said { status, notice, ..Said::default() }
        }
        Err(Failure::Store(error)) => return Err(error.into()),
    };
    around.shown(said).await
}

pub(super) async fn withdraw(
    permit: Allowed<ManageMembers>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Id(invitation): Id<InvitationId>,
) -> Result<HttpResponse, Problem> {
    match app.withdraw_invitation(&permit, invitation).await {
        Ok(()) => Ok(go(format!("/w/{}/settings/members?done=withdrawn", page.slug()))),
        Err(Failure::Rejected(WithdrawError::Unknown)) => Err(Problem::not_found()),
        Err(Failure::Rejected(WithdrawError::Member(error))) => {
            let (status, notice) = (StatusCode::CONFLICT, Some(explained(error)?));
            let said = Said { status, notice, ..Said::default() };
            Around { app, page, rights }.shown(said).await
        }
        Err(Failure::Store(error)) => Err(error.into()),
    }
}
