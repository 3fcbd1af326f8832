//! What every handler takes to make a page of.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use keelway_http::args::{Arg, Call, UseCases};
use keelway_http::pages::{Rights, see_other};
use keelway_http::reply::respond;
use keelway_http::{Problem, Visitor};
use keelway_kernel::Entropy;

use crate::notice::{Notice, notice};
use crate::policy::policy;
use crate::shell::Shell;

/// Says that only the page's main part is wanted.
const FRAGMENT: HeaderName = HeaderName::from_static("x-fragment");

/// One page on its way to whoever asked for it.
pub(crate) struct Page {
    /// Who asked.
    pub(crate) visitor: Visitor,
    nonce: String,
    key: String,
    policy: String,
    is_fragment: bool,
    notice: Option<Notice>,
}

impl Page {
    pub(crate) fn of(req: &HttpRequest, visitor: Visitor, app: &UseCases) -> Self {
        let entropy = &*app.ports().entropy;
        let (nonce, key) = (random(entropy), random(entropy));
        Self {
            visitor,
            policy: policy(&nonce, &*app.settings().site_address),
            nonce,
            key,
            is_fragment: req.headers().contains_key(FRAGMENT),
            notice: notice(req),
        }
    }

    /// The frame of the page called `title`, under an entry of the navigation.
    pub(crate) fn shell(&self, title: impl Into<String>, section: &'static str) -> Shell {
        Shell {
            title: title.into(),
            section,
            notice: self.notice,
            ..Shell::new(&self.visitor, &self.nonce)
        }
    }

    /// The same for a page of a workspace, with what it can spend if the visitor may know.
    pub(crate) async fn workspace_shell(
        &self,
        title: impl Into<String>,
        section: &'static str,
        (app, rights): (&UseCases, &Rights),
    ) -> Result<Shell, Problem> {
        let shell = self.shell(title, section);
        match rights.permit() {
            Ok(permit) => Ok(shell.with_available(app.available(&permit).await?)),
            Err(_) => Ok(shell),
        }
    }

    /// Whether a script asked for the main part only.
    pub(crate) const fn is_fragment(&self) -> bool {
        self.is_fragment
    }

    /// A new idempotency key, for the one form of the page that needs it.
    pub(crate) fn new_key(&self) -> String {
        self.key.clone()
    }

    /// The slug of the workspace in the path; every page under `/w/{workspace}` has one.
    pub(crate) fn slug(&self) -> &str {
        self.visitor.workspace.as_ref().map_or("", |one| one.tenant.slug.as_str())
    }

    /// Answers with the page.
    pub(crate) fn show(&self, template: &impl Template) -> HttpResponse {
        self.show_as(StatusCode::OK, template)
    }

    /// The same with another status, such as 422 for a form with mistakes.
    pub(crate) fn show_as(&self, status: StatusCode, template: &impl Template) -> HttpResponse {
        let html = match template.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                return actix_web::ResponseError::error_response(&Problem::internal());
            }
        };
        let html = if self.is_fragment { main_part(&html).to_owned() } else { html };
        HttpResponse::build(status)
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((CONTENT_SECURITY_POLICY, self.policy.clone()))
            // Whatever a page shows, it is of this moment and of this person.
            .insert_header((CACHE_CONTROL, "no-store"))
            // Without it, browsers that say nothing else would hide where a form stood.
            .insert_header((REFERRER_POLICY, "same-origin"))
            .insert_header((VARY, FRAGMENT.as_str()))
            .body(html)
    }
}

impl Arg for Page {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        let app = UseCases::take(call)?;
        Ok(Self::of(call.request(), Visitor::take(call)?, &app))
    }
}

/// Sends the browser on with a GET.
pub(crate) fn go(location: impl Into<String>) -> HttpResponse {
    respond(see_other(location))
}

/// The page's one `<main>`. What people wrote is escaped, so no text can look like it.
fn main_part(html: &str) -> &str {
    let begin = html.find("<main");
    let end = html.rfind("</main>").map(|at| at + "</main>".len());
    match (begin, end) {
        (Some(begin), Some(end)) if begin < end => &html[begin..end],
        _ => html,
    }
}

/// 128 bits that nobody can guess, in hex.
fn random(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::main_part;

    #[test]
    fn a_fragment_is_the_main_part_or_all_there_is() {
        assert_eq!(main_part("<body><main id=m>a</main></body>"), "<main id=m>a</main>");
        assert_eq!(main_part("<p>part</p>"), "<p>part</p>");
    }
}
