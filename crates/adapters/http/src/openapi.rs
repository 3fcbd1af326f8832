//! The `OpenAPI` document, made from the table: what is served is described, and nothing else.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use keelway_access::RateClass;
use serde_json::{Map, Value, json};

use crate::examples::answers;
use crate::guard::Access;
use crate::problem::{Code, Problem, Surroundings};
use crate::routes::{QueryUse, Routes, Row, TABLE};

/// What any request can meet before it reaches a route.
pub const ANYWHERE: [Code; 5] = [
    Code::MethodNotAllowed,
    Code::UriTooLong,
    Code::UnknownHost,
    Code::HeadersTooLarge,
    Code::Internal,
];

const DESCRIPTION: &str = "From a description to a running app. Ids are prefixed and sortable, \
times are RFC 3339 in UTC, money is counted in integers with the unit in the name. Errors are \
RFC 9457 problems with a stable `code`. Lists are pages: pass `next_cursor` as `cursor`. Reads \
have an `ETag`. A change that is sent again with the same `Idempotency-Key` takes effect once.";

/// The groups of operations: the way from signing in to a served app first.
pub(crate) const TAGS: [(&str, &str); 10] = [
    ("auth", "Signing up, in and out."),
    ("tenants", "Workspaces: what people belong to, and whose credits pay."),
    ("estimate", "What an app will take."),
    ("builds", "Asking for an app, and what became of it."),
    ("events", "Following a build."),
    ("projects", "What builds belong to."),
    ("snapshots", "What builds made."),
    ("credits", "What builds are paid with."),
    ("earlier clients", "Paths that are kept alive."),
    ("about", "This service itself."),
];

/// The document as it stands in the repository: pretty, ending in a newline.
pub fn openapi_json() -> String {
    format!("{:#}\n", *DOCUMENT)
}

/// The document.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(&TABLE));

fn document(table: &Routes) -> Value {
    let mut paths = Map::new();
    let mut schemas = BTreeMap::new();
    for row in table.rows() {
        let method = row.method.as_str().to_ascii_lowercase();
        let path = paths.entry(&row.path).or_insert_with(|| json!({}));
        path[method] = operation(row);
        schemas.extend(row.schemas.iter().map(|(name, schema)| (name.clone(), json!(schema))));
    }
    schemas.insert("Problem".to_owned(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Keelway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {
                    "type": "http", "scheme": "bearer",
                    "description": "The session_token of signing up or in.",
                },
                "cookie": {
                    "type": "apiKey", "in": "cookie", "name": "__Host-keelway",
                    "description": "What browsers hold; keelway_session over loopback http. \
                                    Changes need X-CSRF-Token as well.",
                },
                "viewer": {
                    "type": "http", "scheme": "bearer",
                    "description": "A viewer token, for the events of one build.",
                },
                "ticket": {
                    "type": "apiKey", "in": "query", "name": "ticket",
                    "description": "A single-use ticket, good for a minute.",
                },
            },
        },
    })
}

fn operation(row: &Row) -> Value {
    let mut operation = json!(row.operation);
    operation["security"] = security(row);
    if row.may_lack_body {
        operation["requestBody"]["required"] = false.into();
    }
    operation["x-access"] = row.access.to_string().into();
    operation["x-rate-class"] = row.rate.map(RateClass::as_str).into();
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    parameters.extend(headers(row));
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    for (status, example) in answers(&id) {
        operation["responses"][status]["content"]["application/json"]["example"] = example;
    }
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in refusals(row) {
        by_status.entry(code.status().as_str().to_owned()).or_default().push(code);
    }
    for (status, codes) in by_status {
        operation["responses"][status] = problem_response(&codes);
    }
    operation
}

/// An empty requirement stands for "or nothing at all".
fn security(row: &Row) -> Value {
    match row.access {
        Access::Public => json!([]),
        Access::SessionOptional | Access::TenantOrGuest(_) => {
            json!([{}, { "session": [] }, { "cookie": [] }])
        }
        Access::Session | Access::Tenant(_) | Access::Operator => {
            json!([{ "session": [] }, { "cookie": [] }])
        }
        Access::Build(_) if !row.method.is_safe() => {
            json!([{ "session": [] }, { "cookie": [] }, { "viewer": [] }])
        }
        Access::Build(_) => {
            json!([{ "session": [] }, { "cookie": [] }, { "viewer": [] }, { "ticket": [] }])
        }
    }
}

fn headers(row: &Row) -> Vec<Value> {
    let header = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": false, "description": description,
            "schema": { "type": "string" },
        })
    };
    let mut headers = Vec::new();
    if acts_in_tenant(row.access) {
        headers.push(header("X-Tenant", "The workspace to act in, if you belong to several."));
    }
    if row.keyed {
        let text = "Names one intent: 1 to 255 visible ASCII characters, remembered for 24 hours.";
        headers.push(header("Idempotency-Key", text));
    }
    if !row.method.is_safe() && row.access != Access::Public {
        headers.push(header("X-CSRF-Token", "Needed when a cookie holds the session."));
    }
    headers
}

const fn acts_in_tenant(access: Access) -> bool {
    matches!(access, Access::Tenant(_) | Access::TenantOrGuest(_) | Access::Build(_))
}

/// What a route may refuse with: what its columns imply, and what its row declares.
fn refusals(row: &Row) -> Vec<Code> {
    let mut codes = vec![Code::Internal];
    let changes = !row.method.is_safe();
    let mut when = |applies: bool, more: &[Code]| {
        if applies {
            codes.extend_from_slice(more);
        }
    };
    when(changes, &[Code::CsrfRejected, Code::PayloadTooLarge, Code::RequestTimeout]);
    when(
        row.body,
        &[
            Code::ValidationFailed,
            Code::MalformedJson,
            Code::UnsupportedMediaType,
            Code::NulCharacter,
        ],
    );
    when(row.query != QueryUse::Ignored, &[Code::ValidationFailed]);
    when(row.query == QueryUse::Read, &[Code::NulCharacter]);
    when(row.keyed, &[Code::ValidationFailed, Code::IdempotencyKeyReused]);
    when(row.rate.is_some(), &[Code::RateLimited]);
    when(row.path.contains('{'), &[Code::NotFound]);
    let authenticates = row.access != Access::Public;
    when(authenticates, &[Code::AuthRequired, Code::NotFound, Code::StoreUnavailable]);
    when(authenticates && changes, &[Code::StoreContended]);
    when(acts_in_tenant(row.access), &[Code::NoTenant, Code::TenantRequired, Code::NotPermitted]);
    codes.extend_from_slice(&row.refusals);
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn problem_response(codes: &[Code]) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let examples: Map<String, Value> = codes
        .iter()
        .map(|code| (code.as_str().to_owned(), json!({ "value": example(*code) })))
        .collect();
    json!({
        "description": names.join(", "),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "examples": examples,
        } },
    })
}

fn example(code: Code) -> Value {
    let problem = Problem::new(code, code.title());
    problem.body(&Surroundings {
        base: "/docs/errors/",
        request_id: "req_01kfm2v6h8e2tb3q1t7x5z9c4d",
        now: keelway_kernel::Timestamp::from_micros(1_768_473_000_000_000),
    })
}

fn problem_schema() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "Why a request was refused (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail", "request_id", "timestamp"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "A page about the code." },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "enum": codes },
            "detail": { "type": "string", "description": "For people." },
            "data": { "type": "object", "description": "What programs need to mend it." },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": { "type": "string", "description": "A JSON pointer into the body, ?name for a query parameter, or a header's name." },
                    "code": { "type": "string" },
                    "message": { "type": "string" },
                },
            } },
            "request_id": { "type": "string" },
            "timestamp": { "type": "string", "format": "date-time" },
        },
    })
}

/// The example of a body: its own, or one put together from its schema; null if there is none.
pub fn example_of_media(media: &Value, document: &Value) -> Value {
    if let Some(example) = media.get("example") {
        return example.clone();
    }
    let first = media["examples"].as_object().and_then(|examples| examples.values().next());
    match first {
        Some(example) => example["value"].clone(),
        None => example_of(&media["schema"], document),
    }
}

/// An example of what `schema` describes, put together from the examples of its parts; null
/// if they have none.
fn example_of(schema: &Value, document: &Value) -> Value {
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return example.clone();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return example_of(&document["components"]["schemas"][name], document);
    }
    for one_of in ["oneOf", "anyOf", "allOf"] {
        let mut examples = schema[one_of].as_array().into_iter().flatten();
        if let Some(found) =
            examples.find_map(|part| Some(example_of(part, document)).filter(|e| !e.is_null()))
        {
            return found;
        }
    }
    if !schema["items"].is_null() {
        let item = example_of(&schema["items"], document);
        return if item.is_null() { item } else { json!([item]) };
    }
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields: Map<String, Value> = fields
        .map(|(name, field)| (name.clone(), example_of(field, document)))
        .filter(|(_, example)| !example.is_null())
        .collect();
    if fields.is_empty() { Value::Null } else { fields.into() }
}
