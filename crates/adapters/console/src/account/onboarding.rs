//! Making a workspace: the first one, or another.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use keelway_access::{Tenant, WorkspaceName};
use keelway_http::args::{Query, UseCases};
use keelway_http::check::Check;
use keelway_http::form::Form;
use keelway_http::guard::SignedIn;
use keelway_http::pages::see_other;
use keelway_http::reply::Keying;
use keelway_http::routes::Routes;
use keelway_http::{Code, Problem};
use keelway_kernel::{QueueId, Reply};
use serde::Deserialize;

use super::{Parked, parked};
use crate::fields::Mistakes;
use crate::page::Page;
use crate::shell::Shell;

pub(super) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/onboarding", form);
    routes.page(Method::POST, "/onboarding", create);
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    queue: String,
}

#[derive(Template)]
#[template(path = "account/onboarding.html")]
struct Onboarding {
    shell: Shell,
    /// Sending the form twice makes one workspace.
    key: String,
    fields: Fields,
    parked: Option<Parked>,
    mistakes: Mistakes,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    name: String,
    #[serde(default)]
    queue: String,
}

async fn form(
    _person: SignedIn,
    app: UseCases,
    page: Page,
    Query(wish): Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let fields = Fields { queue: wish.queue, ..Fields::default() };
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
    let (shell, key) = (page.shell("New workspace", ""), page.new_key());
    Ok(page.show_as(status, &Onboarding { shell, key, fields, parked, mistakes }))
}

async fn create(
    person: SignedIn,
    app: UseCases,
    page: Page,
    keying: Keying,
    Form(fields): Form<Fields>,
) -> Result<HttpResponse, Problem> {
    let queue = fields.queue.parse::<QueueId>().ok();
    // Which workspace it was is in the kept answer; what to go on with, in the request.
    let onward = |reply: Reply| match (queue, reply.headers.first()) {
        (Some(queue), Some((_, home))) => {
            see_other(format!("{}/new?queue={queue}", home.trim_end_matches("/projects")))
        }
        _ => reply,
    };
    let mut check = Check::default();
    let name = check.field("/name", WorkspaceName::parse(&fields.name));
    let problem = match check.all((name,)) {
        Ok((name,)) => {
            let command = |keyed| app.create_tenant(&person, name, keyed);
            match keying.once_with(created, onward, command).await {
                Ok(response) => return Ok(response),
                Err(problem) => problem,
            }
        }
        Err(problem) => problem,
    };
    let (status, mistakes) = match problem.code {
        Code::PlanLimitExceeded => (problem.code.status(), Mistakes::one("name", problem.detail)),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, Mistakes::from(problem)?),
    };
    shown(&app, &page, status, fields, mistakes).await
}

fn created(tenant: &Tenant) -> Reply {
    see_other(format!("/w/{}/projects", tenant.slug))
}
