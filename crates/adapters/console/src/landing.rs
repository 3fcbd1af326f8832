//! The first page: describe an app, and see what it would take.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use keelway_access::RateClass;
use keelway_builds::Description;
use keelway_estimate::Estimate;
use keelway_http::args::UseCases;
use keelway_http::check::Check;
use keelway_http::form::Form;
use keelway_http::guard::Anyone;
use keelway_http::routes::Routes;
use keelway_http::{Problem, Visitor};
use keelway_kernel::BuildTier;
use serde::Deserialize;

use crate::fields::Mistakes;
use crate::page::{Page, go};
use crate::shell::Shell;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/", landing);
    // It changes nothing; it is a POST because descriptions are long.
    routes.page(Method::POST, "/preview", preview).rate(RateClass::Read);
}

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing {
    shell: Shell,
    description: String,
    preview: Option<Preview>,
    mistakes: Mistakes,
}

/// What a guest is shown of an estimate.
struct Preview {
    agents: u32,
    cost: String,
    duration: String,
    features: Vec<String>,
}

impl Preview {
    fn of(estimate: &Estimate) -> Self {
        Self {
            agents: estimate.agents,
            cost: estimate.cost_usd_text(),
            duration: estimate.duration_text(),
            features: estimate.feature_labels().into_iter().map(str::to_owned).collect(),
        }
    }
}

/// Where somebody who is signed in goes on: to their first workspace, or to making one.
pub(crate) fn home(visitor: &Visitor) -> String {
    let first = visitor.profile.as_ref().and_then(|profile| profile.memberships.first());
    first.map_or_else(
        || "/onboarding".to_owned(),
        |membership| format!("/w/{}/projects", membership.tenant.slug),
    )
}

async fn landing(_anyone: Anyone, page: Page) -> HttpResponse {
    if page.visitor.profile.is_some() {
        return go(home(&page.visitor));
    }
    page.show(&Landing {
        shell: page.shell("Describe an app, get it built", ""),
        description: String::new(),
        preview: None,
        mistakes: Mistakes::default(),
    })
}

/// What the form on the first page carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    description: String,
}

async fn preview(
    _anyone: Anyone,
    app: UseCases,
    page: Page,
    Form(form): Form<Described>,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let described = check.field("/description", Description::parse(&form.description));
    let landing = |preview, mistakes| Landing {
        shell: page.shell("Describe an app, get it built", ""),
        description: form.description.clone(),
        preview,
        mistakes,
    };
    match check.all((described,)) {
        Ok((description,)) => {
            let estimate = app.estimate(None, &description, BuildTier::Starter).await?;
            Ok(page.show(&landing(Some(Preview::of(&estimate)), Mistakes::default())))
        }
        Err(problem) => {
            let mistakes = Mistakes::of(problem)?;
            Ok(page.show_as(StatusCode::UNPROCESSABLE_ENTITY, &landing(None, mistakes)))
        }
    }
}
