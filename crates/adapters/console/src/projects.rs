//! Projects: the list, a new one, and everything about one.

mod cancel;
mod feed;
mod files;
mod highlight;
mod history;
mod list;
mod new;
mod show;
mod source;
mod tree;
mod version;
mod waterfall;

use actix_web::http::Method;
use keelway_access::{MemberProfile, RateClass};
use keelway_builds::overview::BuildSummary;
use keelway_builds::ports::BuildFilter;
use keelway_builds::{BuildState, Project, SiteLabel};
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::pages::{Rights, see_other};
use keelway_http::routes::Routes;
use keelway_kernel::{PageRequest, ProjectId, Reply, Timestamp, UserId};
use keelway_platform::permit::right::{SubmitBuild, ViewBuilds};

use crate::page::Page;
use crate::text::signed;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/w/{workspace}", list::to_list);
    routes.page(Method::GET, "/w/{workspace}/projects", list::list);
    routes.page(Method::GET, "/w/{workspace}/new", new::form);
    routes.page(Method::POST, "/w/{workspace}/new", new::confirm).rate(RateClass::BuildSubmit);
    // It changes nothing; it is a POST because descriptions are long.
    let estimate = routes.page(Method::POST, "/w/{workspace}/new/estimate", new::estimate);
    estimate.rate(RateClass::Read);
    routes.page(Method::GET, "/w/{workspace}/projects/{id}", show::show);
    routes.page(Method::GET, "/w/{workspace}/projects/{id}/files", files::files);
    routes.page(Method::GET, "/w/{workspace}/projects/{id}/history", history::history);
    routes.page(Method::GET, "/w/{workspace}/projects/{id}/history/{snapshot}", version::version);
    routes.snapshot_file("/w/{workspace}/snapshots/{id}/files/{path}");
    routes.page(Method::POST, "/w/{workspace}/builds/{id}/cancel", cancel::cancel);
    routes.build_stream("/w/{workspace}/builds/{id}/stream");
    routes.build_download("/w/{workspace}/builds/{id}/download");
}

/// What stands over every page of one project.
struct Head {
    id: String,
    name: String,
    /// The project's own page.
    href: String,
    /// The list it stands in.
    list: String,
    /// Where it is served; empty while it is not.
    site: String,
    /// Which of its pages this is: `overview`, `files` or `history`.
    tab: &'static str,
    /// Where a next version is asked for; empty for those who may not.
    change: String,
}

impl Head {
    fn of(project: &Project, tab: &'static str, around: &Around<'_>) -> Self {
        let slug = around.page.slug();
        let may_build = around.rights.permit::<SubmitBuild>().is_ok();
        let address = &around.app.settings().site_address;
        Self {
            id: project.id.to_string(),
            name: project.name.to_string(),
            href: format!("/w/{slug}/projects/{}", project.id),
            list: format!("/w/{slug}/projects"),
            site: project.live.map(|_| address(&project.site)).unwrap_or_default(),
            tab,
            change: if may_build {
                format!("/w/{slug}/new?project={}", project.id)
            } else {
                String::new()
            },
        }
    }
}

/// What every page of a project is made with.
struct Around<'a> {
    app: &'a UseCases,
    page: &'a Page,
    rights: &'a Rights,
}

impl Around<'_> {
    fn now(&self) -> Timestamp {
        now(self.app)
    }
}

fn now(app: &UseCases) -> Timestamp {
    app.ports().clock.now()
}

/// Where a build is served: what the platform serves itself moves with the address of its
/// sites; what others serve stays where they said, if that is an address at all.
fn served_at(app: &UseCases, site: &SiteLabel, url: &str) -> String {
    if url.contains(site.as_str()) {
        return (app.settings().site_address)(site);
    }
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if is_web { url.to_owned() } else { String::new() }
}

/// What a build was charged, or what is held for it while it goes on.
fn charged(build: &BuildSummary) -> String {
    if build.state.is_terminal() {
        signed(build.captured.get())
    } else {
        format!("{} held", signed(build.held.get()))
    }
}

/// What there is to say of a project without a version.
struct Nothing {
    title: &'static str,
    text: &'static str,
    href: String,
    label: &'static str,
}

impl Around<'_> {
    /// Why a project has no version, and the way on.
    async fn nothing(&self, head: &Head, project: ProjectId) -> Result<Nothing, Problem> {
        let permit = self.rights.permit::<ViewBuilds>()?;
        let only = BuildFilter { project: Some(project), state: None };
        let builds = self.app.build_summaries(&permit, only, PageRequest::new(1, None)).await?;
        let last = builds.items.first();
        let (title, text) = match last.map(|last| last.state) {
            None => ("Nothing is built yet", "Versions and their files come from builds."),
            Some(BuildState::Failed) => {
                ("The build failed", "It made no version. The overview says what happened.")
            }
            Some(BuildState::Cancelled) => {
                ("The build was cancelled", "It ended before there was a version.")
            }
            Some(BuildState::Expired) => {
                ("The build expired", "It waited too long without being started.")
            }
            Some(BuildState::Queued | BuildState::Building | BuildState::Deployed) => {
                ("No version yet", "The first one appears once the build is packaged.")
            }
        };
        let again = last.filter(|last| last.state.is_terminal() && !head.change.is_empty());
        let (href, label) = match again {
            Some(last) => (format!("{}&again={}", head.change, last.id), "Try again"),
            None if last.is_some_and(|last| !last.state.is_terminal()) => {
                (head.href.clone(), "See how far it is")
            }
            None => (head.href.clone(), "Go to the overview"),
        };
        Ok(Nothing { title, text, href, label })
    }
}

/// What people of the workspace are called.
struct People {
    me: Option<UserId>,
    members: Vec<MemberProfile>,
}

impl People {
    fn new(page: &Page, members: Vec<MemberProfile>) -> Self {
        let me = page.visitor.profile.as_ref().map(|profile| profile.user.id);
        Self { me, members }
    }

    fn name(&self, user: UserId) -> String {
        if self.me == Some(user) {
            return "you".to_owned();
        }
        match self.members.iter().find(|member| member.user == user) {
            Some(MemberProfile { name: Some(name), .. }) => name.to_string(),
            Some(member) => member.email.to_string(),
            None => "a former member".to_owned(),
        }
    }
}

/// Puts the workspace before a kept answer's address: a reply is made without knowing it.
fn under(slug: &str) -> impl FnOnce(Reply) -> Reply {
    let prefix = format!("/w/{slug}");
    move |reply| match reply.headers.first() {
        Some((_, path)) => see_other(format!("{prefix}{path}")),
        None => reply,
    }
}

/// The call of the API that answers the same. Whoever belongs to several workspaces has to name
/// one.
fn curl(app: &UseCases, page: &Page, path: &str) -> String {
    let tenant = page.visitor.workspace.as_ref().map(|one| one.tenant.id.to_string());
    let server = app.settings().public_url.trim_end_matches('/');
    let lines = [
        format!("curl '{server}{path}'"),
        "-H \"Authorization: Bearer $KEELWAY_TOKEN\"".to_owned(),
        format!("-H 'X-Tenant: {}'", tenant.unwrap_or_default()),
    ];
    lines.join(" \\\n  ")
}
