//! The first page: describe an app, and see what it would take.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;
use keelway_access::RateClass;
use keelway_builds::{BuildRequest, Description};
use keelway_estimate::Estimate;
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::check::Check;
use keelway_http::form::Form;
use keelway_http::guard::Anyone;
use keelway_http::routes::Routes;
use keelway_kernel::{BuildTier, Failure, Once};
use keelway_platform::builds::GuestError;
use serde::Deserialize;

use crate::account::onward;
use crate::fields::Mistakes;
use crate::page::{Page, go};
use crate::shell::Shell;
use crate::text::signed;

/// The free tier's size: what somebody new can build.
const SIZE: BuildTier = BuildTier::Starter;

/// Where guests' builds are not kept, what was typed stays where it was typed.
const GUESTS_WAIT: &str = "only people with an account start builds here: copy what you wrote, \
                           sign in, and describe it there";

const TITLE: &str = "Describe an app, get it built";

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/", landing);
    // It changes nothing; it is a POST because descriptions are long.
    routes.page(Method::POST, "/preview", preview).rate(RateClass::Read);
    routes.page(Method::POST, "/start", start).rate(RateClass::BuildSubmit);
}

#[derive(Template)]
#[template(path = "landing/index.html")]
struct Landing {
    shell: Shell,
    description: String,
    preview: Option<Preview>,
    mistakes: Mistakes,
}

/// The part of the page that changes while somebody types.
#[derive(Template)]
#[template(path = "landing/preview.html")]
struct Part {
    preview: Option<Preview>,
    mistakes: Mistakes,
}

/// What is shown of an estimate before anybody signs up.
struct Preview {
    agents: u32,
    cost: String,
    credits: String,
    duration: String,
    features: Vec<String>,
    range: Option<Range>,
}

/// What eight of ten similar builds took.
struct Range {
    builds: usize,
    minutes: (u32, u32),
}

impl Preview {
    fn of(estimate: &Estimate, app: &UseCases) -> Self {
        let range = estimate.range.as_ref();
        Self {
            agents: estimate.agents,
            cost: format!("{} USD", estimate.cost_usd_text()),
            credits: signed(app.credits_of(estimate).get()),
            duration: estimate.duration_text(),
            features: estimate.feature_labels().into_iter().map(str::to_owned).collect(),
            range: range.map(|range| Range {
                builds: range.builds,
                minutes: (range.minutes.p10, range.minutes.p90),
            }),
        }
    }
}

async fn landing(_anyone: Anyone, page: Page) -> HttpResponse {
    if let Some(profile) = &page.visitor.profile {
        return go(onward(&profile.memberships, "", ""));
    }
    page.show(&Landing {
        shell: page.shell(TITLE, ""),
        description: String::new(),
        preview: None,
        mistakes: Mistakes::default(),
    })
}

/// The whole page, or the part of it that changes, if a script asked.
fn shown(
    page: &Page,
    status: StatusCode,
    description: String,
    found: Result<Preview, Mistakes>,
) -> HttpResponse {
    let (preview, mistakes) = match found {
        Ok(preview) => (Some(preview), Mistakes::default()),
        Err(mistakes) => (None, mistakes),
    };
    if page.is_fragment() {
        return page.show_as(status, &Part { preview, mistakes });
    }
    let shell = page.shell(TITLE, "");
    page.show_as(status, &Landing { shell, description, preview, mistakes })
}

/// What the form on the first page carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    description: String,
}

impl Described {
    fn parsed(&self) -> Result<Description, Problem> {
        let mut check = Check::default();
        let description = check.field("/description", Description::parse(&self.description));
        check.all((description,)).map(|(description,)| description)
    }
}

async fn preview(
    _anyone: Anyone,
    app: UseCases,
    page: Page,
    Form(form): Form<Described>,
) -> Result<HttpResponse, Problem> {
    let description = match form.parsed() {
        Ok(description) => description,
        Err(problem) => return mistaken(&page, form, problem),
    };
    let estimate = app.estimate(None, &description, SIZE).await?;
    let preview = Preview::of(&estimate, &app);
    Ok(shown(&page, StatusCode::OK, form.description, Ok(preview)))
}

fn mistaken(page: &Page, form: Described, problem: Problem) -> Result<HttpResponse, Problem> {
    let mistakes = Mistakes::from(problem)?;
    Ok(shown(page, StatusCode::UNPROCESSABLE_ENTITY, form.description, Err(mistakes)))
}

/// Keeps what was described for an hour and goes on with it: a guest signs up first.
///
/// The number goes into the next page's address, so the text need not.
async fn start(
    _anyone: Anyone,
    app: UseCases,
    page: Page,
    Form(form): Form<Described>,
) -> Result<HttpResponse, Problem> {
    let description = match form.parsed() {
        Ok(description) => description,
        Err(problem) => return mistaken(&page, form, problem),
    };
    let request = BuildRequest {
        description,
        tier: SIZE,
        target_users: None,
        tech_constraints: None,
        use_conductor: true,
        max_credits: None,
        script: None,
    };
    let entry = match app.park_build(request, None).await {
        Ok(Once::Fresh(entry)) => entry,
        Ok(Once::Replayed { .. }) => unreachable!("without a key nothing is replayed"),
        Err(Failure::Rejected(GuestError::SignInFirst)) => {
            let mistakes = Mistakes::one("description", GUESTS_WAIT);
            return Ok(shown(&page, StatusCode::FORBIDDEN, form.description, Err(mistakes)));
        }
        Err(failure) => return Err(failure.into()),
    };
    let queue = entry.id.to_string();
    Ok(go(match &page.visitor.profile {
        Some(profile) => onward(&profile.memberships, &queue, ""),
        None => format!("/signup?queue={queue}"),
    }))
}
