//! A new app, or the next version of one: described, estimated, confirmed.
//!
//! **Invariant:** nothing is set aside before the confirmation, and the confirmation names the
//! most that can be charged: where that is no longer what the description takes, the page asks
//! again.

mod ask;
mod quote;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use keelway_builds::guest::ClaimError;
use keelway_builds::submit::Submitted;
use keelway_http::args::{Query, UseCases};
use keelway_http::form::Form;
use keelway_http::guard::Allowed;
use keelway_http::pages::{Rights, see_other};
use keelway_http::reply::Keying;
use keelway_http::{Code, Problem};
use keelway_kernel::{BuildId, BuildTier, ProjectId, QueueId, Reply, StoreError};
use keelway_platform::Permit;
use keelway_platform::permit::right::{SubmitBuild, ViewBuilds};
use serde::Deserialize;

use self::ask::{Ask, Wish};
use self::quote::{Quote, Refusal};
use super::under;
use crate::account::claimable;
use crate::fields::Mistakes;
use crate::page::Page;
use crate::shell::Shell;

/// Where the page was come to from.
#[derive(Deserialize)]
pub(super) struct From {
    #[serde(default)]
    description: String,
    #[serde(default)]
    queue: String,
    #[serde(default)]
    project: String,
    /// A build to ask for again.
    #[serde(default)]
    again: String,
}

/// A size of build to choose.
struct Size {
    name: &'static str,
    title: &'static str,
    means: &'static str,
    /// The tier that a workspace needs for it; empty if it has that.
    needs: &'static str,
    is_chosen: bool,
}

/// The project whose next version is asked for.
struct Target {
    name: String,
    href: String,
}

#[derive(Template)]
#[template(path = "projects/new.html")]
struct New {
    shell: Shell,
    slug: String,
    ask: Ask,
    sizes: Vec<Size>,
    target: Option<Target>,
    quote: Option<Quote>,
    refusal: Option<Refusal>,
    mistakes: Mistakes,
    key: String,
}

/// The part of the page that changes while somebody types.
#[derive(Template)]
#[template(path = "projects/quote.html")]
struct Part {
    slug: String,
    quote: Option<Quote>,
    refusal: Option<Refusal>,
    mistakes: Mistakes,
}

/// What a page is made with.
struct Desk<'a> {
    permit: &'a Permit<SubmitBuild>,
    app: &'a UseCases,
    page: &'a Page,
    rights: &'a Rights,
}

/// What there is to say of a wish.
#[derive(Default)]
struct Found {
    quote: Option<Quote>,
    refusal: Option<Refusal>,
    mistakes: Mistakes,
}

pub(super) async fn form(
    permit: Allowed<SubmitBuild>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Query(from): Query<From>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk { permit: &permit, app: &app, page: &page, rights: &rights };
    let mut ask = Ask::sized(desk.own_size());
    ask.project = from.project;
    let mut found = Found::default();
    if let Some(parked) = claimable(&app, &from.queue).await? {
        ask = Ask { queue: from.queue, ..Ask::again(&parked.request, ask.project) };
    } else if let Ok(again) = from.again.parse::<BuildId>() {
        let viewer = rights.permit::<ViewBuilds>()?;
        let (build, _) = app.find_build(&viewer, again).await?.ok_or_else(Problem::not_found)?;
        ask = Ask::again(&build.request, ask.project);
    } else {
        ask.description = from.description;
        found.refusal = (!from.queue.is_empty()).then(Refusal::gone);
    }
    if !ask.description.is_empty() && found.refusal.is_none() {
        found = desk.look(&ask).await?;
        // Nobody has sent anything yet: nothing is a mistake.
        found.mistakes = Mistakes::default();
    }
    desk.show(StatusCode::OK, ask, found).await
}

/// What it would take: changes nothing.
pub(super) async fn estimate(
    permit: Allowed<SubmitBuild>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Form(ask): Form<Ask>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk { permit: &permit, app: &app, page: &page, rights: &rights };
    let found = desk.look(&ask).await?;
    let is_fine = found.mistakes.is_empty();
    let status = if is_fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    if page.is_fragment() {
        let Found { quote, refusal, mistakes } = found;
        let slug = page.slug().to_owned();
        return Ok(page.show_as(status, &Part { slug, quote, refusal, mistakes }));
    }
    desk.show(status, ask, found).await
}

/// Makes the build, once however often it is pressed.
pub(super) async fn confirm(
    permit: Allowed<SubmitBuild>,
    app: UseCases,
    page: Page,
    keying: Keying,
    rights: Rights,
    Form(ask): Form<Ask>,
) -> Result<HttpResponse, Problem> {
    let desk = Desk { permit: &permit, app: &app, page: &page, rights: &rights };
    let wish = match ask.wish() {
        Ok(wish) => wish,
        Err(problem) => {
            let mistakes = Mistakes::from(problem)?;
            let found = Found { mistakes, ..Found::default() };
            return desk.show(StatusCode::UNPROCESSABLE_ENTITY, ask, found).await;
        }
    };
    if ask.agreed() != Some(desk.needed(&wish)) {
        let mut found = desk.look(&ask).await?;
        found.refusal = found.refusal.or_else(|| Some(Refusal::changed()));
        return desk.show(StatusCode::CONFLICT, ask, found).await;
    }
    let claim = desk.claims(&ask, &wish).await?;
    let Wish { request, project, name } = wish;
    let submit = async |keyed| match claim {
        Some(queue) => app.claim_build(&permit, queue, name, keyed).await,
        None => app.submit_build(&permit, request, project, keyed).await,
    };
    let problem = match keying.once_with(accepted, under(page.slug()), submit).await {
        Ok(response) => return Ok(response),
        Err(problem) => problem,
    };
    let status = problem.code.status();
    let is_claimed = problem.code == Code::AlreadyClaimed;
    let refusal = Refusal::of(problem, &desk)?;
    // What was built already has no price any more.
    let found = if is_claimed { Found::default() } else { desk.look(&ask).await? };
    desk.show(status, ask, Found { refusal: Some(refusal), ..found }).await
}

fn accepted(submitted: &Submitted) -> Reply {
    see_other(format!("/projects/{}", submitted.project.id))
}

impl Desk<'_> {
    /// The size that goes with the workspace's tier.
    fn own_size(&self) -> BuildTier {
        let workspace = self.page.visitor.workspace.as_ref();
        workspace.map_or(BuildTier::Starter, |one| one.tenant.tier.largest_build())
    }

    /// The credits that a build of this wish takes at most.
    fn needed(&self, wish: &Wish) -> i64 {
        let (estimator, request) = (&self.app.platform_settings().estimator, &wish.request);
        let estimate = estimator.estimate(request.description.as_str(), request.tier);
        wish.capped(self.app.credits_of(&estimate)).get()
    }

    /// What would come of it, with all that stands in the way.
    async fn look(&self, ask: &Ask) -> Result<Found, Problem> {
        let wish = match ask.wish() {
            Ok(wish) => wish,
            Err(problem) => {
                let mistakes = Mistakes::from(problem)?;
                return Ok(Found { mistakes, ..Found::default() });
            }
        };
        let Wish { ref request, .. } = wish;
        let (request, limit) = (request.clone(), request.max_credits);
        match self.app.rehearse_build(self.permit, wish.request, wish.project).await {
            Ok(rehearsal) => {
                let quote = Quote::of(self.app, &rehearsal, request.tier);
                Ok(Found { quote: Some(quote), ..Found::default() })
            }
            Err(failure) => {
                let refusal = Refusal::of(failure.into(), self)?;
                let scope = Some(self.permit.scope());
                let estimate = self.app.estimate(scope, &request.description, request.tier).await?;
                let quote = Some(Quote::only(self.app, &estimate, limit));
                Ok(Found { quote, refusal: Some(refusal), ..Found::default() })
            }
        }
    }

    /// The parked request that the wish still is, word for word. One that was claimed already
    /// stays one: nobody is charged twice for having two tabs open.
    async fn claims(&self, ask: &Ask, wish: &Wish) -> Result<Option<QueueId>, StoreError> {
        let Ok(queue) = ask.queue.parse::<QueueId>() else { return Ok(None) };
        let Some(parked) = self.app.parked(queue).await? else { return Ok(None) };
        let is_open = matches!(parked.refused, None | Some(ClaimError::AlreadyClaimed { .. }));
        Ok((is_open && wish.says(&parked.entry.request)).then_some(queue))
    }

    async fn target(&self, project: &str) -> Result<Option<Target>, Problem> {
        let Ok(id) = project.parse::<ProjectId>() else { return Ok(None) };
        let viewer = self.rights.permit()?;
        let found = self.app.find_project(&viewer, id).await?.ok_or_else(Problem::not_found)?;
        let href = format!("/w/{}/projects/{id}", self.page.slug());
        Ok(Some(Target { name: found.name.to_string(), href }))
    }

    async fn show(
        &self,
        status: StatusCode,
        ask: Ask,
        found: Found,
    ) -> Result<HttpResponse, Problem> {
        let target = self.target(&ask.project).await?;
        let Found { quote, refusal, mut mistakes } = found;
        if refusal.as_ref().is_some_and(|refusal| refusal.is_of_the_tier) && mistakes.is_empty() {
            mistakes = Mistakes::one("tier", "choose a size that your workspace's tier includes");
        }
        let title = if target.is_some() { "Next version" } else { "New project" };
        let shell = match quote.as_ref().and_then(|quote| quote.available) {
            Some(available) => self.page.shell(title, "new").with_available(available),
            None => self.page.workspace_shell(title, "new", (self.app, self.rights)).await?,
        };
        let sizes = sizes(self.own_size(), &ask.tier);
        let (slug, key) = (self.page.slug().to_owned(), self.page.new_key());
        let new = New { shell, slug, ask, sizes, target, quote, refusal, mistakes, key };
        Ok(self.page.show_as(status, &new))
    }
}

fn sizes(own: BuildTier, chosen: &str) -> Vec<Size> {
    let size = |tier: BuildTier| {
        let (title, means) = match tier {
            BuildTier::Starter => ("Starter", "Few agents: a site of a few pages."),
            BuildTier::Professional => ("Professional", "Half as much work again, more pages."),
            BuildTier::Ultimate => ("Ultimate", "Twice the work of a starter build."),
            BuildTier::Enterprise => ("Enterprise", "Three times the work, for large apps."),
        };
        Size {
            name: tier.as_str(),
            title,
            means,
            needs: if tier > own { tier.required_tier().as_str() } else { "" },
            is_chosen: tier.as_str() == chosen,
        }
    };
    BuildTier::ALL.into_iter().map(size).collect()
}
