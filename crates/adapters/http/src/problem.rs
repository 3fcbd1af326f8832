//! Every error a caller can meet: one table, one body.
//!
//! A code is stable and means one thing; `docs/errors/<CODE>.md` says what causes it and what
//! the caller does about it. A test fails on a code without a page.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use keelway_kernel::{Credits, Timestamp};
use serde_json::{Value, json};

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// What went wrong, as a word that programs can rely on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every code, in the table's order.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$name),+];

            /// The word on the wire, also the name of its page.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The status it is always answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// The same few words each time, for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// The page that explains it, in Markdown.
            pub const fn page(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../../../../docs/errors/", $code, ".md")),)+
                }
            }
        }
    };
}

catalogue! {
    /// Fields, parameters or headers that cannot be what they stand for; all of them are named.
    ValidationFailed = "VALIDATION_FAILED", BAD_REQUEST, "Invalid request";
    /// The body is not JSON, or is JSON that no two readers would agree on.
    MalformedJson = "MALFORMED_JSON", BAD_REQUEST, "Malformed JSON";
    /// The caller belongs to several workspaces and named none.
    TenantRequired = "TENANT_REQUIRED", BAD_REQUEST, "Workspace required";
    /// Nobody is signed in, or the session is over.
    AuthRequired = "AUTH_REQUIRED", UNAUTHORIZED, "Sign-in required";
    /// The address or the password is wrong.
    WrongCredentials = "WRONG_CREDENTIALS", UNAUTHORIZED, "Wrong credentials";
    /// There are fewer credits than the build is estimated to take.
    InsufficientCredits = "INSUFFICIENT_CREDITS", PAYMENT_REQUIRED, "Insufficient credits";
    /// The caller belongs to no workspace yet.
    NoTenant = "NO_TENANT", FORBIDDEN, "No workspace";
    /// The caller's role does not reach that far.
    NotPermitted = "NOT_PERMITTED", FORBIDDEN, "Not permitted";
    /// The workspace's tier does not include it.
    FeatureNotInTier = "FEATURE_NOT_IN_TIER", FORBIDDEN, "Not in this tier";
    /// A browser sent the request from elsewhere, or without the session's CSRF token.
    CsrfRejected = "CSRF_REJECTED", FORBIDDEN, "Cross-site request rejected";
    /// There is no such thing, or it is none of the caller's.
    NotFound = "NOT_FOUND", NOT_FOUND, "Not found";
    /// The path exists and does not take this method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The body did not arrive in time.
    RequestTimeout = "REQUEST_TIMEOUT", REQUEST_TIMEOUT, "Request timed out";
    /// The address has an account with another password.
    EmailTaken = "EMAIL_TAKEN", CONFLICT, "E-mail address taken";
    /// Another build of the project is active.
    ProjectLocked = "PROJECT_LOCKED", CONFLICT, "Project locked";
    /// Somebody claimed the parked request before.
    AlreadyClaimed = "ALREADY_CLAIMED", CONFLICT, "Already claimed";
    /// The build is in a state that allows no such step.
    InvalidTransition = "INVALID_TRANSITION", CONFLICT, "Invalid transition";
    /// The build goes on, and what is asked for comes with its end.
    BuildNotFinished = "BUILD_NOT_FINISHED", CONFLICT, "Build not finished";
    /// The parked request waited longer than an hour.
    QueueExpired = "QUEUE_EXPIRED", GONE, "Parked request expired";
    /// The body is larger than the route takes.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", PAYLOAD_TOO_LARGE, "Payload too large";
    /// The address is longer than any of ours.
    UriTooLong = "URI_TOO_LONG", URI_TOO_LONG, "Address too long";
    /// The body is not `application/json`, or is compressed.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
    /// A server that only its own machine reaches is asked for under another name.
    UnknownHost = "UNKNOWN_HOST", MISDIRECTED_REQUEST, "Unknown host";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", UNPROCESSABLE_ENTITY, "Idempotency key reused";
    /// A text contains U+0000, which not every store can keep.
    NulCharacter = "NUL_CHARACTER", UNPROCESSABLE_ENTITY, "NUL character";
    /// Too many requests in too little time.
    RateLimited = "RATE_LIMITED", TOO_MANY_REQUESTS, "Too many requests";
    /// The person has as many event streams open as one may have.
    TooManyStreams = "TOO_MANY_STREAMS", TOO_MANY_REQUESTS, "Too many streams";
    /// Too many wrong passwords for one address.
    TooManyAttempts = "TOO_MANY_ATTEMPTS", TOO_MANY_REQUESTS, "Too many attempts";
    /// What the tier allows in a month, or in all, is used up.
    PlanLimitExceeded = "PLAN_LIMIT_EXCEEDED", TOO_MANY_REQUESTS, "Plan limit exceeded";
    /// The day's allowance of credits is used up.
    DailyCapReached = "DAILY_CAP_REACHED", TOO_MANY_REQUESTS, "Daily cap reached";
    /// More header fields or bytes than are read.
    HeadersTooLarge = "HEADERS_TOO_LARGE", REQUEST_HEADER_FIELDS_TOO_LARGE, "Headers too large";
    /// A mistake of ours; the request id finds it in the log.
    Internal = "INTERNAL", INTERNAL_SERVER_ERROR, "Internal error";
    /// More is being done at once than the machine can take.
    Busy = "BUSY", SERVICE_UNAVAILABLE, "Busy";
    /// The store cannot be reached, is full, or did not answer in time.
    StoreUnavailable = "STORE_UNAVAILABLE", SERVICE_UNAVAILABLE, "Store unavailable";
    /// Too many concurrent changes to the same thing.
    StoreContended = "STORE_CONTENDED", SERVICE_UNAVAILABLE, "Store contended";
    /// The process is about to stop. `/readyz` alone says so: requests are served meanwhile.
    Draining = "DRAINING", SERVICE_UNAVAILABLE, "Shutting down";
}

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an error code")]
pub struct UnknownCode;

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where: a JSON pointer into the body, `?name` for a query parameter, or a header's name.
    pub pointer: String,
    /// What, for programs.
    pub code: &'static str,
    /// What, for people.
    pub message: String,
}

/// An answer that says no, on its way out; the request's id and the time are added there.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What it is.
    pub code: Code,
    /// What it is this time, for people.
    pub detail: String,
    /// What programs need to mend it.
    pub data: Option<Value>,
    /// What is wrong with the request, if it is the request.
    pub errors: Vec<FieldError>,
    /// Seconds after which to try again.
    pub retry_after_s: Option<u32>,
    /// Credits that are missing; the edge, which knows the price list, recommends a package.
    pub missing: Option<Credits>,
    /// Whether the caller's cookie is worth nothing any more and should go.
    pub clears_cookie: bool,
}

/// What only the edge knows when a problem is written down.
pub(crate) struct Surroundings<'a> {
    pub(crate) base: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) now: Timestamp,
}

impl Problem {
    /// A problem in one sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            data: None,
            errors: Vec::new(),
            retry_after_s: None,
            missing: None,
            clears_cookie: false,
        }
    }

    /// What every unknown or foreign id is answered with: nothing tells the two apart.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "there is no such resource")
    }

    /// Whoever asks too often, for so many seconds more.
    pub(crate) fn rate_limited(seconds: u32) -> Self {
        let detail = format!("too many requests; try again in {seconds} seconds");
        Self::new(Code::RateLimited, detail).retry_after(seconds)
    }

    /// A request with these mistakes.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.pointer.is_empty() => format!("the body {}", only.message),
            [only] => format!("{} {}", only.pointer, only.message),
            many => format!("{} fields are not valid", many.len()),
        };
        Self { errors, ..Self::new(Code::ValidationFailed, detail) }
    }

    /// A request with one mistake.
    pub fn invalid_field(
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::invalid(vec![FieldError { pointer: pointer.into(), code, message: message.into() }])
    }

    /// Adds what programs need to mend it.
    pub fn with(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Adds when to try again.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    pub(crate) fn body(&self, around: &Surroundings<'_>) -> Value {
        let mut body = json!({
            "type": format!("{}{}", around.base, self.code.as_str()),
            "title": self.code.title(),
            "status": self.code.status().as_u16(),
            "code": self.code.as_str(),
            "detail": self.detail,
        });
        if let Some(data) = &self.data {
            body["data"] = data.clone();
        }
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|error| {
                json!({ "pointer": error.pointer, "code": error.code, "message": error.message })
            });
            body["errors"] = errors.collect();
        }
        body["request_id"] = around.request_id.into();
        body["timestamp"] = around.now.to_string().into();
        body
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// The status alone: the edge finds the problem in the response and writes its body.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self.clone());
        response
    }
}
