//! Who may call a route, said by the type of its first argument.

use std::ops::Deref;

use actix_web::HttpRequest;
use keelway_access::{Denied, Permission, Principal, SessionToken, TokenHash};
use keelway_kernel::{BuildId, Failure};
use keelway_platform::auth::{AuthError, Recognised};
use keelway_platform::{Operator, Permit, Person, Right};

use crate::args::id_in_path;
use crate::context::{Caller, Context, Shared};
use crate::credentials::{Presented, refuse_cross_site, require_csrf, ticket, wanted_tenant};
use crate::problem::{Code, Problem};
use crate::{foreign, look_up};

/// Who may call a route: a row's column in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody; a session, if there is one, is honoured.
    SessionOptional,
    /// A signed-in person, with or without a tenant.
    Session,
    /// Whoever may do this in a tenant.
    Tenant(Permission),
    /// Whoever may do this in a tenant, and guests.
    TenantOrGuest(Permission),
    /// Whoever may do this in a tenant, and holders of a token or ticket for the build.
    Build(Permission),
    /// The platform's own people; for everybody else it does not exist.
    Operator,
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Public => f.pad("public"),
            Self::SessionOptional => f.pad("session optional"),
            Self::Session => f.pad("session"),
            Self::Tenant(permission) => f.pad(permission.as_str()),
            Self::TenantOrGuest(permission) => f.pad(&format!("{permission} or guest")),
            Self::Build(permission) => f.pad(&format!("{permission} or viewer")),
            Self::Operator => f.pad("operator"),
        }
    }
}

/// The first argument of every handler: it exists only if the caller may call.
pub trait Guard: Sized + 'static {
    /// What it asks for.
    const ACCESS: Access;

    /// Lets the request in, or says why not. Reads no body.
    fn admit(req: &HttpRequest) -> impl Future<Output = Result<(Self, Principal), Problem>>;
}

/// Finds out who asks; a mutation that only a cookie vouches for must show that it was meant.
async fn authenticate(req: &HttpRequest) -> Result<Principal, Problem> {
    let (shared, context) = (Shared::of(req), Context::of(req));
    let presented = Presented::by(req, &shared.settings);
    let unsafe_method = !req.method().is_safe();
    let token = match presented {
        Presented::Nothing => {
            if unsafe_method {
                refuse_cross_site(req)?;
            }
            return Ok(Principal::Anonymous);
        }
        Presented::Cookie(token) => {
            // A form carries it in its body, which is read once the caller is let in.
            if unsafe_method && !context.is_page.get() {
                require_csrf(req, &token)?;
            }
            let _ = context.cookie.set(token.clone());
            token
        }
        Presented::Bearer(text) => SessionToken::parse(&text).map_err(|_| {
            let refusal = foreign::refusal(&text, &shared.platform, &shared.foreign_keys);
            refusal.unwrap_or_else(session_over)
        })?,
        Presented::Unusable => return Err(session_over()),
    };
    let known = recognise(req, token.hash()).await?.ok_or_else(session_over)?;
    // What answers the request, be it a refusal, may say who asked.
    let known = context.known.get_or_init(|| known);
    known.acting_in(wanted_tenant(req)?.as_ref()).map_err(|_| Problem::not_found())
}

/// Whose session it is, unless it is over.
async fn recognise(req: &HttpRequest, token: TokenHash) -> Result<Option<Recognised>, Problem> {
    let platform = Shared::of(req).platform.clone();
    let is_known = platform.ports().sessions.knows(&token);
    let find = async move {
        match platform.recognise(&token).await {
            Ok(recognised) => Ok(Some(recognised)),
            Err(Failure::Rejected(AuthError::SessionOver)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    };
    if is_known { find.await } else { look_up::of_stranger(req, find).await }
}

fn session_over() -> Problem {
    let problem = Problem::new(Code::AuthRequired, "the session is over");
    Problem { clears_cookie: true, ..problem }
}

/// Anybody; who they are is not asked.
#[derive(Debug)]
pub struct Public {
    request_id: String,
    session: Option<TokenHash>,
}

impl Public {
    /// Names the request in answers, logs and audit entries.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The session that the caller came with, unproven: good for ending it, for nothing else.
    pub const fn presented_session(&self) -> Option<TokenHash> {
        self.session
    }
}

impl Guard for Public {
    const ACCESS: Access = Access::Public;

    async fn admit(req: &HttpRequest) -> Result<(Self, Principal), Problem> {
        if !req.method().is_safe() {
            refuse_cross_site(req)?;
        }
        let session = match Presented::by(req, &Shared::of(req).settings) {
            Presented::Cookie(token) => Some(token.hash()),
            Presented::Bearer(text) => SessionToken::parse(&text).ok().map(|token| token.hash()),
            Presented::Nothing | Presented::Unusable => None,
        };
        let request_id = Context::of(req).request_id.clone();
        Ok((Self { request_id, session }, Principal::Anonymous))
    }
}

/// Anybody; a session that is presented must be good.
#[derive(Debug)]
pub struct MaybeSignedIn {
    principal: Principal,
    request_id: String,
}

impl MaybeSignedIn {
    /// The right to `R` in the caller's tenant, if they are signed in there and have it.
    pub fn permit<R: Right>(&self) -> Option<Permit<R>> {
        Permit::of(&self.principal, &self.request_id).ok()
    }
}

impl Guard for MaybeSignedIn {
    const ACCESS: Access = Access::SessionOptional;

    async fn admit(req: &HttpRequest) -> Result<(Self, Principal), Problem> {
        let principal = authenticate(req).await?;
        let request_id = Context::of(req).request_id.clone();
        Ok((Self { principal: principal.clone(), request_id }, principal))
    }
}

/// Anybody; a session that is over counts as none, for pages that need none. On a page to be looked
/// at so does one that may not be looked up now: it keeps nobody from the form to sign in with.
#[derive(Debug)]
pub struct Anyone(Principal);

impl Anyone {
    /// Who, as far as tenants go.
    pub const fn principal(&self) -> &Principal {
        &self.0
    }
}

impl Guard for Anyone {
    const ACCESS: Access = Access::SessionOptional;

    async fn admit(req: &HttpRequest) -> Result<(Self, Principal), Problem> {
        let principal = match authenticate(req).await {
            Err(Problem { code: Code::AuthRequired, .. }) => Principal::Anonymous,
            Err(Problem { code: Code::RateLimited, .. }) if req.method().is_safe() => {
                Principal::Anonymous
            }
            other => other?,
        };
        Ok((Self(principal.clone()), principal))
    }
}

/// A signed-in person, for what concerns the person and no tenant.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// Who, as far as tenants go.
    pub principal: Principal,
}

impl Deref for SignedIn {
    type Target = Person;
    fn deref(&self) -> &Person {
        &self.person
    }
}

impl Guard for SignedIn {
    const ACCESS: Access = Access::Session;

    async fn admit(req: &HttpRequest) -> Result<(Self, Principal), Problem> {
        let principal = authenticate(req).await?;
        let person = Person::of(&principal, &Context::of(req).request_id)?;
        Ok((Self { person, principal: principal.clone() }, principal))
    }
}

/// One of the platform's own people, for what concerns the whole platform.
#[derive(Debug)]
pub struct AsOperator(Operator);

impl Deref for AsOperator {
    type Target = Operator;
    fn deref(&self) -> &Operator {
        &self.0
    }
}

impl Guard for AsOperator {
    const ACCESS: Access = Access::Operator;

    async fn admit(req: &HttpRequest) -> Result<(Self, Principal), Problem> {
        let principal = authenticate(req).await?;
        let context = Context::of(req);
        let known = context.known.get().ok_or(Denied::SignInFirst)?;
        let operator = known.operator(&context.request_id).map_err(|_| Problem::not_found())?;
        Ok((Self(operator), principal))
    }
}

/// Somebody who may do `R` in their tenant.
#[derive(Debug)]
pub struct Allowed<R>(Permit<R>);

impl<R> Deref for Allowed<R> {
    type Target = Permit<R>;
    fn deref(&self) -> &Permit<R> {
        &self.0
    }
}

impl<R: Right> Guard for Allowed<R> {
    const ACCESS: Access = Access::Tenant(R::PERMISSION);

    async fn admit(req: &HttpRequest) -> Result<(Self, Principal), Problem> {
        let principal = authenticate(req).await?;
        let permit = Permit::of(&principal, &Context::of(req).request_id)?;
        Ok((Self(permit), principal))
    }
}

/// Somebody who may do `R` in their tenant, or a guest.
#[derive(Debug)]
pub enum AllowedOrGuest<R> {
    /// Signed in, and permitted.
    Allowed(Permit<R>),
    /// Signed in without a workspace, where one is made as soon as it is needed.
    Newcomer(SignedIn),
    /// Not signed in.
    Guest,
}

impl<R: Right> Guard for AllowedOrGuest<R> {
    const ACCESS: Access = Access::TenantOrGuest(R::PERMISSION);

    async fn admit(req: &HttpRequest) -> Result<(Self, Principal), Problem> {
        let principal = authenticate(req).await?;
        let guard = match Permit::of(&principal, &Context::of(req).request_id) {
            Ok(permit) => Self::Allowed(permit),
            Err(Denied::SignInFirst) => Self::Guest,
            Err(Denied::NoTenant) if Shared::of(req).platform.makes_tenants().await => {
                let person = Person::of(&principal, &Context::of(req).request_id)?;
                Self::Newcomer(SignedIn { person, principal: principal.clone() })
            }
            Err(denied) => return Err(denied.into()),
        };
        Ok((guard, principal))
    }
}

/// Somebody who may do `R` to the build in the path: by session, by viewer token, or, on a
/// GET, by a ticket in the query.
#[derive(Debug)]
pub struct AllowedOnBuild<R> {
    build: BuildId,
    principal: Principal,
    permit: Permit<R>,
}

impl<R> AllowedOnBuild<R> {
    /// The build in the path; whether the tenant has it is for the store to find.
    pub const fn build(&self) -> BuildId {
        self.build
    }

    /// Who it is, to be asked again while a stream is open.
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl<R> Deref for AllowedOnBuild<R> {
    type Target = Permit<R>;
    fn deref(&self) -> &Permit<R> {
        &self.permit
    }
}

impl<R: Right> Guard for AllowedOnBuild<R> {
    const ACCESS: Access = Access::Build(R::PERMISSION);

    async fn admit(req: &HttpRequest) -> Result<(Self, Principal), Problem> {
        let principal = match viewer(req).await? {
            Some(viewer) => viewer,
            None => authenticate(req).await?,
        };
        // Whoever is nobody learns nothing of ids, not even whether they could be one.
        if principal == Principal::Anonymous {
            return Err(match ticket(req).filter(|_| req.method().is_safe()) {
                Some(_) => Problem::new(
                    Code::AuthRequired,
                    "the ticket was used, is older than a minute, or the session that asked for it \
                     has ended; get another one from POST /v1/builds/{id}/viewer-token",
                ),
                None => Denied::SignInFirst.into(),
            });
        }
        let build = id_in_path(req, "id")?;
        let permit = Permit::of_build(&principal, build, &Context::of(req).request_id)?;
        Ok((Self { build, principal: principal.clone(), permit }, principal))
    }
}

/// The holder of a viewer token or ticket, if one is presented and good.
async fn viewer(req: &HttpRequest) -> Result<Option<Principal>, Problem> {
    let shared = Shared::of(req);
    if let Presented::Bearer(text) = Presented::by(req, &shared.settings) {
        return Ok(shared.platform.viewer(&text).await?);
    }
    match ticket(req).filter(|_| req.method().is_safe()) {
        Some(ticket) => {
            let platform = shared.platform.clone();
            let redeem = async move { Ok(platform.redeem_ticket(&ticket.hash()).await?) };
            look_up::of_stranger(req, redeem).await
        }
        None => Ok(None),
    }
}

/// The caller behind a principal, for counting and logging.
pub(crate) fn caller_of(principal: &Principal, req: &HttpRequest) -> Caller {
    Caller::new(principal, Context::of(req).client)
}
