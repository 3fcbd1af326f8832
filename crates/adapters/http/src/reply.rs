//! Answers: written once, so that the same answer is the same bytes.

use std::future::Future;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, Responder};
use keelway_kernel::{Failure, IdempotencyKey, Keyed, Once, Page, Reply, TenantId, UserId};
use ring::digest;
use serde::Serialize;

use crate::args::{Arg, Call};
use crate::context::Context;
use crate::form;
use crate::problem::Problem;

/// Says that an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// `view` as JSON; a view that cannot be written is a mistake of ours and answered as one.
fn bytes(view: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(view).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Problem::internal()
    })
}

/// An answer to a command, ready to be kept for replays.
pub fn reply(status: StatusCode, view: &impl Serialize) -> Reply {
    match bytes(view) {
        Ok(body) => Reply { status: status.as_u16(), headers: Vec::new(), body },
        Err(problem) => {
            let status = problem.code.status().as_u16();
            Reply { status, headers: Vec::new(), body: Vec::new() }
        }
    }
}

/// The same, and where to find what it speaks of.
pub fn reply_at(status: StatusCode, location: String, view: &impl Serialize) -> Reply {
    let mut reply = reply(status, view);
    reply.headers.push(("location".to_owned(), location));
    reply
}

/// Makes the response that a kept answer stands for.
pub fn respond(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in reply.headers {
        response.insert_header((name, value));
    }
    if reply.body.is_empty() {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, "application/json")).body(reply.body)
}

/// What a read answers with: JSON with a strong `ETag`, or 304 to whoever has it already.
pub struct View<T>(pub T);

impl<T: Serialize> Responder for View<T> {
    type Body = BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        match bytes(&self.0) {
            Ok(body) => tagged(req, "application/json", body),
            Err(problem) => actix_web::ResponseError::error_response(&problem),
        }
    }
}

/// A body with a strong `ETag`, or 304 to whoever has it already.
pub fn tagged(req: &HttpRequest, content_type: &str, body: Vec<u8>) -> HttpResponse {
    let tag = etag(&body);
    let is_known = is_known(req, &tag);
    let mut response =
        HttpResponse::build(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response.insert_header((ETAG, tag));
    if is_known {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, content_type)).body(body)
}

/// Whether the caller has what `tag` stands for already.
pub(crate) fn is_known(req: &HttpRequest, tag: &str) -> bool {
    let known = req.headers().get_all(IF_NONE_MATCH).filter_map(|line| line.to_str().ok());
    known
        .flat_map(|line| line.split(','))
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*")
}

fn etag(body: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, body);
    let (high, low) = hash.as_ref()[..16].split_at(8);
    let number =
        |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("\"{:016x}{:016x}\"", number(high), number(low))
}

/// A page of a list on the wire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Listing<T> {
    /// The rows, in the list's order.
    pub data: Vec<T>,
    /// Whether there are more.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// Writes a page down, row by row.
    pub fn of<R>(page: Page<R>, row: impl FnMut(R) -> T) -> Self {
        let page = page.map(row);
        let next_cursor = page.next.map(|cursor| cursor.encode());
        Self { data: page.items, has_more: next_cursor.is_some(), next_cursor }
    }

    /// A list that fits on one page.
    pub const fn whole(data: Vec<T>) -> Self {
        Self { data, has_more: false, next_cursor: None }
    }
}

/// The caller's idempotency key, if the request has one. Taking it makes a route take keys.
pub struct Keying(Option<Key>);

struct Key {
    owner: String,
    route: &'static str,
    name: IdempotencyKey,
    fingerprint: [u8; 32],
    request_id: String,
}

impl Arg for Keying {
    const KEYED: bool = true;

    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        let header = call.req.headers().get(HeaderName::from_static("idempotency-key"));
        let (pointer, text) = if call.row.is_page() {
            ("/idempotency_key", form::field(call.body, form::KEY_FIELD))
        } else {
            let text = header.map(|header| header.to_str().unwrap_or_default().into());
            ("Idempotency-Key", text)
        };
        let Some(text) = text else { return Ok(Self(None)) };
        let key = IdempotencyKey::parse(&text).map_err(|_| {
            let message = "must be 1 to 255 visible ASCII characters";
            Problem::invalid_field(pointer, "INVALID", message)
        })?;
        Ok(Self(Some(Key {
            owner: call.caller.owner(call.row.access),
            route: &call.row.name,
            name: key,
            fingerprint: fingerprint(call),
            request_id: Context::of(call.req).request_id.clone(),
        })))
    }
}

/// Each part is preceded by its length, so that no two requests run together into one.
fn fingerprint(call: &Call<'_>) -> [u8; 32] {
    let content_type = call.req.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in [
        call.req.method().as_str().as_bytes(),
        call.req.path().as_bytes(),
        call.req.query_string().as_bytes(),
        content_type,
        call.body,
    ] {
        hash.update(&part.len().to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    bytes
}

impl Keying {
    /// Keys of a command about a person, whichever workspace they act in meanwhile.
    pub fn of_person(mut self, user: UserId) -> Self {
        if let Some(key) = &mut self.0 {
            key.owner = user.to_string();
        }
        self
    }

    /// Keys of a command in a tenant that the person had not when the request came.
    pub fn in_tenant(mut self, tenant: TenantId, user: UserId) -> Self {
        if let Some(key) = &mut self.0 {
            key.owner = format!("{tenant}/{user}");
        }
        self
    }

    /// Sends a command with the caller's key and answers with `render`, now or then: a fresh
    /// answer and its replay come from the same function and are the same bytes.
    pub async fn once<T, E, F>(
        self,
        render: fn(&T) -> Reply,
        command: impl FnOnce(Option<Keyed<T>>) -> F,
    ) -> Result<HttpResponse, Problem>
    where
        E: Into<Problem>,
        F: Future<Output = Result<Once<T>, Failure<E>>>,
    {
        self.once_with(render, |reply| reply, command).await
    }

    /// The same where `render` cannot tell all: `complete` adds what follows from the request
    /// itself, to fresh answers and replays alike.
    pub async fn once_with<T, E, F>(
        self,
        render: fn(&T) -> Reply,
        complete: impl FnOnce(Reply) -> Reply,
        command: impl FnOnce(Option<Keyed<T>>) -> F,
    ) -> Result<HttpResponse, Problem>
    where
        E: Into<Problem>,
        F: Future<Output = Result<Once<T>, Failure<E>>>,
    {
        let keyed = self.0.map(|key| Keyed {
            owner: key.owner,
            route: key.route,
            key: key.name,
            fingerprint: key.fingerprint,
            request_id: key.request_id,
            reply: render,
        });
        match command(keyed).await? {
            Once::Fresh(effect) => Ok(respond(complete(render(&effect)))),
            Once::Replayed { reply, first_request_id } => {
                tracing::info!(first_request_id, "answered again by its idempotency key");
                let mut response = respond(complete(reply));
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                Ok(response)
            }
        }
    }
}
