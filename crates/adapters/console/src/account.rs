//! Becoming somebody here: signing up, in and out, and making a workspace.

mod onboarding;
mod sign_in;
mod sign_up;

use actix_web::HttpResponse;
use actix_web::cookie::Cookie;
use actix_web::http::header::SET_COOKIE;
use keelway_access::{DisplayName, Email, Membership, Password, WorkspaceName};
use keelway_builds::GuestEntry;
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::check::Check;
use keelway_http::routes::Routes;
use keelway_kernel::{QueueId, StoreError};
use keelway_platform::auth::{SignUpRequest, SignedInNow};

use crate::page::{Page, go};
use crate::settings::filled;

pub(crate) fn routes(routes: &mut Routes) {
    sign_up::routes(routes);
    sign_in::routes(routes);
    onboarding::routes(routes);
}

/// Where to go on to: `path` if it stays on this site, else nowhere.
///
/// Browsers read a backslash as a slash and drop line breaks, so nothing of the kind passes.
pub(crate) fn local(path: &str) -> Option<&str> {
    let is_plain = path.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    (path.starts_with('/') && !path.starts_with("//") && is_plain).then_some(path)
}

/// What somebody fills in to have an account.
pub(crate) struct Newcomer<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: &'a str,
    pub(crate) name: &'a str,
    pub(crate) workspace: &'a str,
}

impl Newcomer<'_> {
    /// What is asked for, or every mistake at once.
    pub(crate) fn request(&self, page: &Page) -> Result<SignUpRequest, Problem> {
        let mut check = Check::default();
        let email = check.field("/email", Email::parse(self.email));
        // A password can be too short whatever the address.
        let address = email.clone().or_else(|| Email::parse("nobody@invalid").ok());
        let password = address.and_then(|address| {
            check.field("/password", Password::choose(self.password, &address))
        });
        let name = check.optional("/name", filled(self.name), DisplayName::parse);
        let workspace = check.optional("/workspace", filled(self.workspace), WorkspaceName::parse);
        let (email, password, name, workspace) = check.all((email, password, name, workspace))?;
        Ok(SignUpRequest {
            email,
            password,
            name,
            workspace,
            user_agent: page.visitor.user_agent.clone(),
            request_id: page.visitor.request_id.clone(),
        })
    }
}

/// A parked request that can be claimed.
pub(crate) struct Parked {
    pub(crate) description: String,
}

/// What was parked under `queue`, if it can be claimed. A number that nobody has is silently
/// nothing: it must not keep anybody from signing up.
pub(crate) async fn parked(app: &UseCases, queue: &str) -> Result<Option<Parked>, StoreError> {
    let description = |entry: GuestEntry| entry.request.description.as_str().to_owned();
    let entry = claimable(app, queue).await?;
    Ok(entry.map(|entry| Parked { description: description(entry) }))
}

/// The same with all that was asked for.
pub(crate) async fn claimable(
    app: &UseCases,
    queue: &str,
) -> Result<Option<GuestEntry>, StoreError> {
    let Ok(queue) = queue.parse::<QueueId>() else { return Ok(None) };
    Ok(app.parked(queue).await?.and_then(keelway_platform::builds::Parked::open))
}

/// What is open to people who have no workspace yet.
const WITHOUT_WORKSPACE: [&str; 3] = ["/join/", "/welcome/", "/settings/"];

/// Where somebody with these workspaces goes on: to what they parked, to where they wanted, or
/// home; whoever has no workspace makes one first, unless they want what needs none.
pub(crate) fn onward(memberships: &[Membership], queue: &str, next: &str) -> String {
    let queue = queue.parse::<QueueId>().ok();
    match (memberships.first(), queue) {
        (None, Some(queue)) => format!("/onboarding?queue={queue}"),
        (None, None) => {
            let is_open = |path: &&str| WITHOUT_WORKSPACE.iter().any(|one| path.starts_with(one));
            local(next).filter(is_open).unwrap_or("/onboarding").to_owned()
        }
        (Some(first), Some(queue)) => format!("/w/{}/new?queue={queue}", first.tenant.slug),
        (Some(first), None) => match local(next) {
            Some(next) => next.to_owned(),
            None => format!("/w/{}/projects", first.tenant.slug),
        },
    }
}

/// Hands the session over and sends the browser on.
fn entered(app: &UseCases, now: &SignedInNow, queue: &str, next: &str) -> HttpResponse {
    with_cookie(go(onward(&now.memberships, queue, next)), &app.session_cookie(&now.token))
}

/// Hands the browser a cookie with the answer.
pub(crate) fn with_cookie(mut response: HttpResponse, cookie: &Cookie<'static>) -> HttpResponse {
    if let Ok(value) = cookie.to_string().parse() {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nothing_leads_off_this_site() {
        for path in ["/", "/w/one/projects?q=a%20b&state=failed", "/a//b", "/@evil.example"] {
            assert_eq!(local(path), Some(path));
        }
        for path in [
            "",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil.example",
            " /",
            "/a\r\nset-cookie: a=b",
            "/é",
        ] {
            assert_eq!(local(path), None, "{path:?}");
        }
    }
}
