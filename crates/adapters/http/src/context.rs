//! What is known of a request besides its head and body.

use std::cell::{Cell, OnceCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::header::{HeaderMap, USER_AGENT};
use actix_web::{HttpMessage as _, HttpRequest, web};
use keelway_access::{Principal, RateClass, RateDecision, SessionToken, UserAgent, Viewer};
use keelway_kernel::{TenantId, UserId};
use keelway_platform::Platform;
use keelway_platform::auth::Recognised;

use crate::client::counted_as;
use crate::foreign::ForeignKeys;
use crate::guard::Access;
use crate::pages::Pages;
use crate::places::Places;
use crate::readiness::Readiness;
use crate::settings::HttpSettings;

/// What every worker thread shares.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) platform: Platform,
    pub(crate) settings: HttpSettings,
    /// Streams and waiting requests that are open, by reader.
    pub(crate) streams: Places<UserId>,
    /// Tokens of strangers that are being looked up, by address.
    pub(crate) look_ups: Places<String>,
    pub(crate) foreign_keys: Arc<ForeignKeys>,
    pub(crate) pages: Option<Pages>,
    pub(crate) readiness: Arc<Readiness>,
}

impl Shared {
    /// The one that the app was made with.
    pub(crate) fn of(req: &HttpRequest) -> web::Data<Self> {
        match req.app_data::<web::Data<Self>>() {
            Some(shared) => shared.clone(),
            None => unreachable!("every app of this crate is made with it"),
        }
    }
}

/// One request: what the edge learned before routing, and what it wants to know afterwards.
#[derive(Debug)]
pub struct Context {
    /// Names the request in answers, logs and audit entries.
    pub request_id: String,
    /// Where it came from.
    pub client: IpAddr,
    pub(crate) caller: OnceCell<Caller>,
    /// Whether a page was asked for.
    pub(crate) is_page: Cell<bool>,
    /// Whose session the request came with.
    pub(crate) known: OnceCell<Recognised>,
    /// The session's token, if a cookie brought it.
    pub(crate) cookie: OnceCell<SessionToken>,
    pub(crate) rate: OnceCell<(RateClass, RateDecision)>,
}

impl Context {
    pub(crate) fn new(request_id: String, client: IpAddr) -> Rc<Self> {
        Rc::new(Self {
            request_id,
            client,
            caller: OnceCell::new(),
            is_page: Cell::new(false),
            known: OnceCell::new(),
            cookie: OnceCell::new(),
            rate: OnceCell::new(),
        })
    }

    /// The one that the edge made for `req`.
    pub(crate) fn of(req: &HttpRequest) -> Rc<Self> {
        match req.extensions().get::<Rc<Self>>() {
            Some(context) => Rc::clone(context),
            None => unreachable!("the edge wraps every route"),
        }
    }
}

/// Whom a request is counted and remembered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person, unless it is a guest.
    pub user: Option<UserId>,
    /// The tenant acted in, if one is.
    pub tenant: Option<TenantId>,
    /// Where the request came from.
    pub client: IpAddr,
}

impl Caller {
    pub(crate) fn new(principal: &Principal, client: IpAddr) -> Self {
        let tenant = match principal {
            Principal::Anonymous | Principal::User { .. } => None,
            Principal::Member { tenant, .. }
            | Principal::Viewer(Viewer { tenant, .. })
            | Principal::ApiKey { tenant, .. }
            | Principal::Staff { tenant, .. } => Some(*tenant),
        };
        Self { user: principal.user(), tenant, client }
    }

    /// Under which key a request of `class` is counted.
    pub(crate) fn rate_key(&self, class: RateClass) -> String {
        match (class, self.user, self.tenant) {
            (RateClass::Guest | RateClass::Auth | RateClass::UnknownToken, _, _) | (_, None, _) => {
                counted_as(self.client)
            }
            (RateClass::BuildSubmit, _, Some(tenant)) => tenant.to_string(),
            (_, Some(user), _) => user.to_string(),
        }
    }

    /// Whose idempotency keys these are: keys of different owners never meet.
    ///
    /// What concerns the person and no tenant is the person's, wherever they belong by then.
    pub(crate) fn owner(&self, access: Access) -> String {
        match (self.user, self.tenant) {
            (Some(user), Some(tenant)) if access != Access::Session => format!("{tenant}/{user}"),
            (Some(user), _) => user.to_string(),
            (None, _) => format!("guest/{}", counted_as(self.client)),
        }
    }
}

/// The browser or program as it named itself.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<UserAgent> {
    headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).and_then(UserAgent::trimmed)
}
