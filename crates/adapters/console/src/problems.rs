//! Refusals as pages: what happened, what to do about it, the request's id, and a way on.

use actix_web::HttpResponse;
use actix_web::http::Method;
use askama::Template;
use keelway_http::{Code, Problem, Refused};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::fields::sentence;
use crate::page::{Page, go};
use crate::shell::Shell;

/// What stays as it is in a query: a path is easier to read so.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    shell: Shell,
    status: u16,
    code: &'static str,
    advice: Advice,
    detail: String,
    errors: Vec<String>,
    retry_after_s: Option<u32>,
}

/// What is said of a code to people, who cannot mend a request by hand.
struct Advice {
    happened: &'static str,
    to_do: &'static str,
    way: Way,
}

/// A link that leads out of it.
struct Way {
    href: String,
    label: &'static str,
}

/// What `http` calls for a page that is refused.
pub(crate) fn refused(refused: &Refused<'_>) -> HttpResponse {
    let (problem, request) = (refused.problem, refused.request);
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    match problem.code {
        Code::AuthRequired if is_read => {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            return go(format!("/signin?next={}", utf8_percent_encode(path, QUERY)));
        }
        Code::AuthRequired => return go("/signin"),
        Code::NoTenant => return go("/onboarding"),
        _ => {}
    }
    let page = Page::of(request, refused.visitor.clone(), &refused.app);
    let advice = advice(problem, &page);
    page.show_as(
        problem.code.status(),
        &ProblemPage {
            shell: page.shell(problem.code.title(), ""),
            status: problem.code.status().as_u16(),
            code: problem.code.as_str(),
            advice,
            detail: sentence(&problem.detail),
            errors: problem
                .errors
                .iter()
                .map(|error| format!("{} {}", error.pointer.trim_start_matches('/'), error.message))
                .collect(),
            retry_after_s: problem.retry_after_s,
        },
    )
}

fn advice(problem: &Problem, page: &Page) -> Advice {
    let home = || match page.slug() {
        "" => Way { href: "/".to_owned(), label: "Go to the start page" },
        slug => Way { href: format!("/w/{slug}/projects"), label: "Go to your projects" },
    };
    let (happened, to_do) = match problem.code {
        Code::NotFound => (
            "There is nothing at this address.",
            "Check the address. What you are looking for may be in another workspace, or you \
             may no longer be a member of it.",
        ),
        Code::CsrfRejected => (
            "The form did not come from this console.",
            "Nothing was changed. Open the page again and send the form from there. Signing in \
             again in between also causes this.",
        ),
        Code::UnknownHost => (
            "This server does not answer to the name in the address.",
            "Open it as localhost, or under the address that it says when it starts.",
        ),
        Code::NotPermitted => (
            "Your role does not allow this.",
            "Ask an admin or owner of the workspace to do it, or to change your role.",
        ),
        Code::FeatureNotInTier => (
            "Your workspace's tier does not include this.",
            "Do without it: the owner of this platform sets the tiers of workspaces.",
        ),
        Code::InsufficientCredits => (
            "There are not enough credits.",
            "Nothing was charged. Ask for less, or wait until running builds end: what they hold and \
             do not use comes back. The owner of this platform sets credits.",
        ),
        Code::ProjectLocked => {
            ("Another build of this project is going on.", "Wait until it ends, or cancel it.")
        }
        Code::AlreadyClaimed => {
            ("This app was claimed already.", "If it was you, it is among your projects.")
        }
        Code::QueueExpired => (
            "What you described waited for more than an hour.",
            "Describe it again; nothing was charged.",
        ),
        Code::InvalidTransition => {
            ("That is no longer possible.", "Open the page again to see what has happened since.")
        }
        Code::BuildNotFinished => {
            ("The build is still running.", "Its files can be downloaded once it has ended.")
        }
        Code::RateLimited | Code::TooManyAttempts | Code::TooManyStreams => {
            ("That was too much at once.", "Wait a little, then try again.")
        }
        Code::PlanLimitExceeded | Code::DailyCapReached => (
            "Your workspace has used up what its tier allows.",
            "Wait until the next period begins. The owner of this platform sets the tiers of \
             workspaces.",
        ),
        Code::Busy | Code::StoreContended => (
            "The server cannot answer at the moment.",
            "Nothing was changed. Try again in a few seconds.",
        ),
        Code::StoreUnavailable => (
            "The server cannot answer at the moment.",
            "Try again in a few seconds. If you changed something, first look whether it is done: \
             it may be.",
        ),
        Code::Internal => (
            "Something went wrong on our side.",
            "Try again. If it keeps happening, give the request id to whoever runs this platform.",
        ),
        _ => ("The request could not be understood.", "Open the page again and try once more."),
    };
    Advice { happened, to_do, way: home() }
}
