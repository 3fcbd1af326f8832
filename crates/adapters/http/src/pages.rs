//! What a crate of pages hands in to be served beside the API, and what its handlers take of
//! the visitor.
//!
//! Pages are rows of a table of their own: guards, limits, the request id, the log and the way
//! a panic is caught are the API's. What differs is how they are refused, and that they take
//! forms.

use actix_web::cookie::Cookie;
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keelway_access::{Membership, Principal, SessionToken, UserAgent};
use keelway_kernel::Reply;
use keelway_platform::auth::Profile;
use keelway_platform::{Permit, Right};

use crate::args::{Arg, Call, UseCases};
use crate::context::{Context, user_agent};
use crate::credentials::{no_cookie, session_cookie, wanted_tenant};
use crate::problem::Problem;
use crate::routes::{Routes, Row};
use crate::{download, events, snapshots};

/// The pages of another crate.
#[derive(Clone, Copy)]
pub struct Pages {
    /// Their table.
    pub routes: &'static Routes,
    /// Renders what a visitor is refused with; only for pages, and for paths that nothing has.
    pub refused: fn(&Refused<'_>) -> HttpResponse,
}

impl Pages {
    /// Whether a page has the path that matched `pattern`.
    pub(crate) fn has(&self, pattern: Option<&str>) -> bool {
        self.routes.rows().iter().any(|row| Some(&*row.pattern()) == pattern)
    }
}

/// A refusal on its way to a visitor.
pub struct Refused<'a> {
    /// Why.
    pub problem: &'a Problem,
    /// What was asked for.
    pub request: &'a HttpRequest,
    /// Who asked.
    pub visitor: Visitor,
    /// The use cases, for their settings.
    pub app: UseCases,
}

/// Who looks at a page, as far as its guard asked.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Names the request in answers, logs and audit entries.
    pub request_id: String,
    /// The person and where they belong; none for guests.
    pub profile: Option<Profile>,
    /// The membership of the workspace in the path.
    pub workspace: Option<Membership>,
    /// What forms carry in the field `csrf`; empty for guests.
    pub csrf: String,
    /// The browser as it named itself.
    pub user_agent: Option<UserAgent>,
}

impl Visitor {
    /// What is known once the guard has asked, also if it let nobody in.
    pub fn of(req: &HttpRequest) -> Self {
        let context = Context::of(req);
        let profile = context.known.get().map(|known| known.profile.clone());
        let slug = req.match_info().get("workspace");
        let member = |profile: &Profile| {
            let mut all = profile.memberships.iter();
            all.find(|one| Some(one.tenant.slug.as_str()) == slug).cloned()
        };
        let csrf = context.cookie.get().filter(|_| profile.is_some());
        Self {
            request_id: context.request_id.clone(),
            workspace: profile.as_ref().and_then(member),
            profile,
            csrf: csrf.map(SessionToken::csrf_token).unwrap_or_default(),
            user_agent: user_agent(req.headers()),
        }
    }
}

impl Arg for Visitor {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        Ok(Self::of(call.request()))
    }
}

/// What the visitor may do in the workspace of the path, beside what the guard asked for: pages
/// show more than one thing, and offer only what may be done.
pub struct Rights {
    principal: Principal,
    request_id: String,
}

impl Rights {
    /// The right to `R`, or the refusal that goes with its lack.
    pub fn permit<R: Right>(&self) -> Result<Permit<R>, Problem> {
        Ok(Permit::of(&self.principal, &self.request_id)?)
    }
}

impl Arg for Rights {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        let context = Context::of(call.request());
        let principal = match context.known.get() {
            Some(known) => {
                let wanted = wanted_tenant(call.request())?;
                known.acting_in(wanted.as_ref()).map_err(|_| Problem::not_found())?
            }
            None => Principal::Anonymous,
        };
        Ok(Self { principal, request_id: context.request_id.clone() })
    }
}

impl UseCases {
    /// The cookie that hands a session to a browser.
    pub fn session_cookie(&self, token: &SessionToken) -> Cookie<'static> {
        session_cookie(self.settings(), token, self.platform_settings().sessions.absolute_s)
    }

    /// The cookie that takes it back.
    pub fn no_session_cookie(&self) -> Cookie<'static> {
        no_cookie(self.settings())
    }
}

impl Routes {
    /// Adds the stream of a build's events under a path with the build's `{id}`.
    pub fn build_stream(&mut self, path: &str) -> &mut Row {
        self.page(Method::GET, path, events::follow)
    }

    /// Adds the archive of what a build made under a path with the build's `{id}`.
    pub fn build_download(&mut self, path: &str) -> &mut Row {
        self.page(Method::GET, path, download::download)
    }

    /// Adds a snapshot's files, each to be saved and never to be run, under a path with the
    /// snapshot's `{id}` and the file's `{path}`.
    pub fn snapshot_file(&mut self, path: &str) -> &mut Row {
        self.page(Method::GET, path, snapshots::file)
    }
}

/// Sends the browser on to `location` with a GET; kept for replays like any other answer.
pub fn see_other(location: impl Into<String>) -> Reply {
    let headers = vec![("location".to_owned(), location.into())];
    Reply { status: StatusCode::SEE_OTHER.as_u16(), headers, body: Vec::new() }
}
