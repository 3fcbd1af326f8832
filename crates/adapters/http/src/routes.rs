//! The table of routes: what is not in it is not served.
//!
//! A row is made from a handler and its documentation, and a handler's first argument is a
//! [`Guard`]: a route without access, or without documentation, does not compile. What
//! serving, rate limits, the `OpenAPI` document and the tests know of a route is its row.

use std::panic::AssertUnwindSafe;
use std::sync::LazyLock;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, HeaderValue};
use actix_web::{Handler, HttpRequest, HttpResponse, Responder, ResponseError as _};
use bytes::{Bytes, BytesMut};
use futures::future::{FutureExt as _, LocalBoxFuture};
use futures::stream::StreamExt as _;
use keelway_access::RateClass;
use keelway_platform::Platform;
use tracing::Instrument as _;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{RefOr, Schema};

use crate::args::{Arg, Call, refuse_query};
use crate::context::{Caller, Context, Shared};
use crate::credentials::require_same_origin;
use crate::form;
use crate::guard::{Access, Guard, caller_of};
use crate::problem::{Code, Problem};

/// Every route of the API.
pub(crate) static TABLE: LazyLock<Routes> = LazyLock::new(|| {
    let mut routes = Routes::default();
    crate::auth::routes(&mut routes);
    crate::tenants::routes(&mut routes);
    crate::estimates::routes(&mut routes);
    crate::builds::routes(&mut routes);
    crate::events::routes(&mut routes);
    crate::costs::routes(&mut routes);
    crate::download::routes(&mut routes);
    crate::projects::routes(&mut routes);
    crate::snapshots::routes(&mut routes);
    crate::credits::routes(&mut routes);
    crate::legacy::routes(&mut routes);
    crate::probes::routes(&mut routes);
    crate::docs::routes(&mut routes);
    routes
});

/// Every route of the API, for documents, tests and whoever serves them.
pub fn table() -> &'static Routes {
    &TABLE
}

type Serve = Box<
    dyn Fn(&'static Row, HttpRequest, Payload) -> LocalBoxFuture<'static, HttpResponse>
        + Send
        + Sync,
>;

/// What a route does with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryUse {
    /// Reads it, and refuses parameters it does not know.
    Read,
    /// Refuses it.
    Refused,
    /// Takes no notice of it.
    Ignored,
}

/// Who sends what is posted to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Posts {
    /// People, by forms.
    Forms,
    /// Browsers, by themselves.
    Reports,
}

/// One route.
pub struct Row {
    /// The method; GET also answers HEAD.
    pub method: Method,
    /// The path, with `{names}`; a last `{path}` stands for all that is left.
    pub path: String,
    /// Method and path: the route's name in logs, metrics and idempotency records.
    pub name: String,
    /// Who may call it.
    pub access: Access,
    /// By which limit it is counted, if by any.
    pub rate: Option<RateClass>,
    /// Whether it takes idempotency keys.
    pub keyed: bool,
    /// Whether it reads a JSON body.
    pub body: bool,
    /// Whether it does without that body.
    pub may_lack_body: bool,
    /// What it does with a query.
    pub query: QueryUse,
    /// What it may refuse with, beyond what follows from the other columns.
    pub refusals: Vec<Code>,
    pub(crate) operation: Option<Operation>,
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
    body_limit: Option<usize>,
    posts: Posts,
    serve: Serve,
}

impl Row {
    /// The path as the router reads it.
    pub(crate) fn pattern(&self) -> String {
        match self.path.strip_suffix("/{path}") {
            Some(rest) => format!("{rest}/{{path:.*}}"),
            None => self.path.clone(),
        }
    }

    /// Counts the call by this row's limit.
    pub fn rate(&mut self, class: RateClass) -> &mut Self {
        self.rate = Some(class);
        self
    }

    /// Does not count the call: for probes.
    pub fn unlimited(&mut self) -> &mut Self {
        self.rate = None;
        self
    }

    /// Takes no notice of a query: for what browsers and probes open, and add to.
    pub fn ignores_query(&mut self) -> &mut Self {
        self.query = QueryUse::Ignored;
        self
    }

    /// Takes bodies of at most `bytes` instead of what is set for all.
    pub fn body_limit(&mut self, bytes: usize) -> &mut Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Takes what browsers send by themselves, which is no form: the body is read and left to
    /// the handler.
    pub fn takes_reports(&mut self) -> &mut Self {
        self.posts = Posts::Reports;
        self
    }

    /// Whether it is a page: it has no documentation, takes forms, and is refused in HTML.
    pub const fn is_page(&self) -> bool {
        self.operation.is_none()
    }

    /// Whether what it takes is sent by a form on a page.
    pub fn takes_forms(&self) -> bool {
        self.is_page() && !self.method.is_safe() && self.posts == Posts::Forms
    }

    /// Declares what the route may refuse with.
    pub fn refuses(&mut self, codes: &[Code]) -> &mut Self {
        self.refusals.extend_from_slice(codes);
        self
    }

    pub(crate) async fn serve(&'static self, req: HttpRequest, payload: Payload) -> HttpResponse {
        (self.serve)(self, req, payload).await
    }

    /// Guests have a limit of their own where they may do what tenants do.
    fn class_for(&self, caller: &Caller) -> Option<RateClass> {
        match self.rate {
            Some(RateClass::BuildSubmit) if caller.user.is_none() => Some(RateClass::Guest),
            class => class,
        }
    }
}

/// The rows, in the order in which they were added.
#[derive(Default)]
pub struct Routes {
    rows: Vec<Row>,
}

impl Routes {
    /// Adds a route: `routes.at(__path_list, list)`, where `#[utoipa::path]` on `list` made
    /// `__path_list`, from which method and path are taken.
    ///
    /// Reads are counted as reads and all else as writes, unless the row says otherwise.
    pub fn at<D, H, A>(&mut self, _documentation: D, handler: H) -> &mut Row
    where
        D: utoipa::Path + SchemaReferences + Tags<'static>,
        H: Handler<A> + Send + Sync,
        H::Output: Responder,
        A: Arguments,
    {
        let method = match D::methods().first() {
            Some(HttpMethod::Get) | None => Method::GET,
            Some(HttpMethod::Post) => Method::POST,
            Some(HttpMethod::Put) => Method::PUT,
            Some(HttpMethod::Delete) => Method::DELETE,
            Some(HttpMethod::Patch) => Method::PATCH,
            Some(_) => unreachable!("no route takes another method"),
        };
        let mut schemas = Vec::new();
        D::schemas(&mut schemas);
        let mut operation = D::operation();
        operation.tags = Some(D::tags().into_iter().map(str::to_owned).collect());
        let row = self.add(method, D::path(), handler);
        row.operation = Some(operation);
        row.schemas = schemas;
        row
    }

    /// Adds a page: `routes.page(Method::GET, "/signin", form)`. It is served as any route of
    /// the API, and documented nowhere.
    ///
    /// A `{workspace}` in the path is the slug of the tenant acted in. Pages take no notice of
    /// a query they do not read.
    pub fn page<H, A>(&mut self, method: Method, path: &str, handler: H) -> &mut Row
    where
        H: Handler<A> + Send + Sync,
        H::Output: Responder,
        A: Arguments,
    {
        let row = self.add(method, path.to_owned(), handler);
        if row.query == QueryUse::Refused {
            row.query = QueryUse::Ignored;
        }
        row
    }

    fn add<H, A>(&mut self, method: Method, path: String, handler: H) -> &mut Row
    where
        H: Handler<A> + Send + Sync,
        H::Output: Responder,
        A: Arguments,
    {
        let rate = if method.is_safe() { RateClass::Read } else { RateClass::Write };
        let index = self.rows.len();
        self.rows.push(Row {
            name: format!("{method} {path}"),
            method,
            path,
            access: A::Guard::ACCESS,
            rate: Some(rate),
            keyed: A::KEYED,
            body: A::BODY,
            may_lack_body: A::MAY_LACK_BODY,
            query: if A::QUERY { QueryUse::Read } else { QueryUse::Refused },
            refusals: Vec::new(),
            operation: None,
            schemas: Vec::new(),
            body_limit: None,
            posts: Posts::Forms,
            serve: Box::new(move |row, req, payload| {
                Box::pin(serve(row, handler.clone(), req, payload))
            }),
        });
        &mut self.rows[index]
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// What a handler can take: a guard first, then what reads the request.
pub trait Arguments: Sized + 'static {
    /// Who may call.
    type Guard: Guard;
    /// Whether one of them reads a JSON body.
    const BODY: bool;
    /// Whether that one does without it.
    const MAY_LACK_BODY: bool;
    /// Whether one of them reads the query.
    const QUERY: bool;
    /// Whether one of them takes the idempotency key.
    const KEYED: bool;

    /// Takes them all, in order.
    fn gather(guard: Self::Guard, call: &Call<'_>) -> Result<Self, Problem>;
}

macro_rules! arguments {
    ($($Arg:ident)*) => {
        impl<G: Guard, $($Arg: Arg,)*> Arguments for (G, $($Arg,)*) {
            type Guard = G;
            const BODY: bool = false $(|| $Arg::BODY)*;
            const MAY_LACK_BODY: bool = false $(|| $Arg::MAY_LACK_BODY)*;
            const QUERY: bool = false $(|| $Arg::QUERY)*;
            const KEYED: bool = false $(|| $Arg::KEYED)*;

            fn gather(guard: G, _call: &Call<'_>) -> Result<Self, Problem> {
                Ok((guard, $($Arg::take(_call)?,)*))
            }
        }
    };
}

arguments! {}
arguments! { A }
arguments! { A B }
arguments! { A B C }
arguments! { A B C D }
arguments! { A B C D E }

/// One request: guard, limit, body, arguments, handler, in this order. Nothing is read of a
/// request that is not let in.
async fn serve<H, A>(
    row: &'static Row,
    handler: H,
    req: HttpRequest,
    payload: Payload,
) -> HttpResponse
where
    H: Handler<A>,
    H::Output: Responder,
    A: Arguments,
{
    let whole = async move {
        let args = match prepare::<A>(row, &req, payload).await {
            Ok(args) => args,
            Err(problem) => return problem.error_response(),
        };
        handler.call(args).await.respond_to(&req).map_into_boxed_body()
    };
    let caught = AssertUnwindSafe(whole.in_current_span()).catch_unwind();
    let answer = if row.method.is_safe() {
        caught.await
    } else {
        // A client that hangs up drops this future, and the change must not stop half-way.
        actix_web::rt::spawn(caught).await.unwrap_or_else(|error| Err(Box::new(error)))
    };
    answer.unwrap_or_else(|_| {
        // The panic hook has logged what and where.
        tracing::error!(route = row.name, "a handler panicked");
        Problem::internal().error_response()
    })
}

async fn prepare<A: Arguments>(
    row: &'static Row,
    req: &HttpRequest,
    payload: Payload,
) -> Result<A, Problem> {
    let shared = Shared::of(req);
    Context::of(req).is_page.set(row.is_page());
    if row.takes_forms() {
        require_same_origin(req)?;
    }
    let (guard, principal) = match A::Guard::admit(req).await {
        Ok(admitted) => admitted,
        Err(problem) => {
            if problem.code == Code::AuthRequired && row.rate.is_some() {
                // Guessing tokens is counted as well.
                let context = Context::of(req);
                let guest = Caller { user: None, tenant: None, client: context.client };
                count(&shared.platform, &context, RateClass::Read, &guest).await?;
            }
            return Err(problem);
        }
    };
    let context = Context::of(req);
    let caller = caller_of(&principal, req);
    // Nothing else sets it.
    let _ = context.caller.set(caller.clone());
    if let Some(class) = row.class_for(&caller) {
        count(&shared.platform, &context, class, &caller).await?;
    }
    if row.query == QueryUse::Refused {
        refuse_query(req)?;
    }
    let body = if row.method.is_safe() {
        Bytes::new()
    } else {
        let read =
            read_body(req, payload, row.body_limit.unwrap_or(shared.settings.body_limit_bytes));
        tokio::time::timeout(shared.settings.body_timeout, read)
            .await
            .map_err(|_| Problem::new(Code::RequestTimeout, "the body did not arrive in time"))??
    };
    if row.takes_forms() {
        form::require_form(req, &body)?;
    }
    A::gather(guard, &Call { req, row, caller: &caller, body: &body })
}

async fn count(
    platform: &Platform,
    context: &Context,
    class: RateClass,
    caller: &Caller,
) -> Result<(), Problem> {
    let decision = platform.ports().limiter.hit(class, &caller.rate_key(class)).await;
    let _ = context.rate.set((class, decision));
    match decision.retry_after_s {
        None => Ok(()),
        Some(seconds) => Err(Problem::rate_limited(seconds)),
    }
}

/// Reads at most `limit` bytes: a longer body is refused before it is held.
async fn read_body(
    req: &HttpRequest,
    mut payload: Payload,
    limit: usize,
) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(Code::PayloadTooLarge, format!("the body is larger than {limit} bytes"))
            .with(serde_json::json!({ "limit_bytes": limit }))
    };
    let declared = req.headers().get(CONTENT_LENGTH).map(HeaderValue::to_str);
    if let Some(Ok(declared)) = declared
        && declared.parse::<usize>().is_ok_and(|declared| declared > limit)
    {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::new(Code::MalformedJson, format!("the body could not be read: {error}"))
        })?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
