//! A workspace: what it is called, what it may use, and leaving it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use keelway_access::{LeaveError, Member, Membership, Role, WorkspaceName, leave as may_leave};
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::check::Check;
use keelway_http::form::Form;
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_kernel::Failure;
use keelway_platform::Permit;
use keelway_platform::permit::right::{ManageTenant, ViewMembers};
use serde::Deserialize;

use super::limits::{Gauge, gauges, monthly_credits};
use super::{LAST_OWNER, my_id, my_role};
use crate::account::onward;
use crate::fields::Mistakes;
use crate::notice::Notice;
use crate::page::{Page, go};
use crate::shell::Shell;
use crate::text::date;

#[derive(Template)]
#[template(path = "settings/general.html")]
struct General {
    shell: Shell,
    slug: String,
    id: String,
    /// The name in the form.
    typed: String,
    /// The name it has.
    called: String,
    since: String,
    zone: String,
    tier: &'static str,
    credits: String,
    gauges: Vec<Gauge>,
    role: &'static str,
    may_rename: bool,
    members: usize,
    /// Whether nobody else could decide about the workspace.
    is_last_owner: bool,
    mistakes: Mistakes,
}

/// What the page says beside what is stored.
#[derive(Default)]
struct Said {
    status: StatusCode,
    typed: Option<String>,
    mistakes: Mistakes,
    notice: Option<Notice>,
}

struct Around {
    app: UseCases,
    page: Page,
    rights: Rights,
}

impl Around {
    async fn shown(&self, said: Said) -> Result<HttpResponse, Problem> {
        let Self { app, page, rights } = self;
        let permit = rights.permit::<ViewMembers>()?;
        let here = page.visitor.workspace.as_ref().ok_or_else(Problem::not_found)?;
        let Membership { tenant, role } = here;
        let members: Vec<Member> = app
            .members(&permit)
            .await?
            .iter()
            .map(|member| Member { user: member.user, role: member.role })
            .collect();
        let leaving = my_id(page).map(|me| may_leave(&members, me));
        let shell = page.workspace_shell("Settings", "settings", (app, rights)).await?;
        Ok(page.show_as(
            said.status,
            &General {
                shell: Shell { notice: said.notice.or(shell.notice), ..shell },
                slug: tenant.slug.to_string(),
                id: tenant.id.to_string(),
                typed: said.typed.unwrap_or_else(|| tenant.name.to_string()),
                called: tenant.name.to_string(),
                since: date(&tenant.created_at.to_string()),
                zone: tenant.time_zone.to_string(),
                tier: tenant.tier.as_str(),
                credits: monthly_credits(app, tenant.tier),
                gauges: gauges(app, rights, tenant.tier, members.len()).await?,
                role: role.as_str(),
                may_rename: my_role(page) == Role::Owner,
                members: members.len(),
                is_last_owner: leaving == Some(Err(LeaveError::LastOwner)),
                mistakes: said.mistakes,
            },
        ))
    }
}

pub(super) async fn show(
    _permit: Allowed<ViewMembers>,
    app: UseCases,
    page: Page,
    rights: Rights,
) -> Result<HttpResponse, Problem> {
    Around { app, page, rights }.shown(Said::default()).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Called {
    name: String,
}

pub(super) async fn rename(
    permit: Allowed<ManageTenant>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Form(form): Form<Called>,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let name = check.field("/name", WorkspaceName::parse(&form.name));
    match check.all((name,)) {
        Ok((name,)) => {
            app.rename_workspace(&permit, name).await?;
            Ok(go(format!("/w/{}/settings?done=saved", page.slug())))
        }
        Err(problem) => {
            let (status, typed) = (StatusCode::UNPROCESSABLE_ENTITY, Some(form.name));
            let mistakes = Mistakes::from(problem)?;
            let said = Said { status, typed, mistakes, notice: None };
            Around { app, page, rights }.shown(said).await
        }
    }
}

pub(super) async fn leave(
    permit: Allowed<ViewMembers>,
    app: UseCases,
    page: Page,
    rights: Rights,
) -> Result<HttpResponse, Problem> {
    let permit: &Permit<ViewMembers> = &permit;
    match app.leave(permit).await {
        Ok(()) => {
            let profile = page.visitor.profile.as_ref();
            let all = profile.map(|profile| &*profile.memberships).unwrap_or_default();
            let left: Vec<Membership> =
                all.iter().filter(|one| one.tenant.slug.as_str() != page.slug()).cloned().collect();
            Ok(go(format!("{}?done=left", onward(&left, "", ""))))
        }
        Err(Failure::Rejected(LeaveError::LastOwner)) => {
            let (status, notice) = (StatusCode::CONFLICT, Some(LAST_OWNER));
            Around { app, page, rights }.shown(Said { status, notice, ..Said::default() }).await
        }
        Err(Failure::Rejected(LeaveError::NotAMember)) => Err(Problem::not_found()),
        Err(Failure::Store(error)) => Err(error.into()),
    }
}
