//! What handlers take besides their guard. There is no other way to a request's content, so
//! limits and refusals are the same on every route.

use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use keelway_kernel::{Cursor, PageRequest};
use keelway_platform::Platform;
use serde::de::DeserializeOwned;

use crate::context::{Caller, Context, Shared};
use crate::json;
use crate::problem::Problem;
use crate::routes::Row;
use crate::settings::HttpSettings;

/// One request that was let in, with its whole body.
pub struct Call<'a> {
    pub(crate) req: &'a HttpRequest,
    pub(crate) row: &'static Row,
    pub(crate) caller: &'a Caller,
    pub(crate) body: &'a Bytes,
}

impl Call<'_> {
    /// The head of the request.
    pub const fn request(&self) -> &HttpRequest {
        self.req
    }
}

/// What a handler can take as its second and further arguments.
pub trait Arg: Sized + 'static {
    /// Whether it reads a JSON body.
    const BODY: bool = false;
    /// Whether the route does without that body.
    const MAY_LACK_BODY: bool = false;
    /// Whether it reads the query.
    const QUERY: bool = false;
    /// Whether it makes the route take idempotency keys.
    const KEYED: bool = false;

    /// Takes it from the request, or refuses the request.
    fn take(call: &Call<'_>) -> Result<Self, Problem>;
}

/// The use cases.
pub struct UseCases(pub(crate) actix_web::web::Data<Shared>);

impl UseCases {
    /// How HTTP is set up.
    pub fn settings(&self) -> &HttpSettings {
        &self.0.settings
    }

    /// How the use cases are set up.
    pub fn platform_settings(&self) -> &keelway_platform::Settings {
        self.0.platform.settings()
    }
}

impl Deref for UseCases {
    type Target = Platform;
    fn deref(&self) -> &Platform {
        &self.0.platform
    }
}

impl Arg for UseCases {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        Ok(Self(Shared::of(call.req)))
    }
}

/// The head of the request, for what no other argument reads.
impl Arg for HttpRequest {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        Ok(call.req.clone())
    }
}

/// The body, read strictly: see [`json`].
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> Arg for Json<T> {
    const BODY: bool = true;

    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        json::require_json(call.req.headers())?;
        json::read(call.body).map(Self)
    }
}

/// The body if there is one; an empty one stands for none, whatever it is declared as.
impl<T: DeserializeOwned + 'static> Arg for Option<Json<T>> {
    const BODY: bool = true;
    const MAY_LACK_BODY: bool = true;

    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        if call.body.is_empty() {
            return Ok(None);
        }
        Json::take(call).map(Some)
    }
}

/// The body as it came, for rows that take reports.
pub struct Body(pub Bytes);

impl Arg for Body {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        Ok(Self(call.body.clone()))
    }
}

/// The id in the path, under `{id}`; what cannot be one is as unknown as one that is not there.
pub struct Id<T>(pub T);

impl<T: FromStr + 'static> Arg for Id<T> {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        id_in_path(call.req, "id").map(Self)
    }
}

pub(crate) fn id_in_path<T: FromStr>(req: &HttpRequest, name: &str) -> Result<T, Problem> {
    let text = req.match_info().get(name);
    text.and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// The rest of the path, under `{path}`, percent-decoded.
pub struct Tail(pub String);

impl Arg for Tail {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        let path = call.req.match_info().get("path").unwrap_or_default();
        // The router leaves encoded what would change the path's structure.
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8();
        decoded.map(|path| Self(path.into_owned())).map_err(|_| Problem::not_found())
    }
}

/// The query, with unknown and repeated parameters refused by the type it is read into.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> Arg for Query<T> {
    const QUERY: bool = true;

    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        let text = call.req.query_string();
        if let Some((name, _)) = form_urlencoded::parse(text.as_bytes())
            .find(|(name, value)| name.contains('\0') || value.contains('\0'))
        {
            return Err(json::nul(&format!("?{}", name.replace('\0', ""))));
        }
        let parts = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(parts).map(Self).map_err(|error| {
            let path = error.path().to_string();
            let name = if path == "." { "?".to_owned() } else { format!("?{path}") };
            Problem::invalid_field(name, "INVALID", error.into_inner().to_string())
        })
    }
}

/// Refuses a query where none is read: whoever sends one expects something of it.
pub(crate) fn refuse_query(req: &HttpRequest) -> Result<(), Problem> {
    let mut names = form_urlencoded::parse(req.query_string().as_bytes()).map(|(name, _)| name);
    match names.next() {
        None => Ok(()),
        Some(name) => {
            let pointer = format!("?{}", name.replace('\0', ""));
            let message = "is no parameter of this route, which takes none";
            Err(Problem::invalid_field(pointer, "UNKNOWN_FIELD", message))
        }
    }
}

/// Where a list goes on, for lists without other parameters.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows on the page: 1 to 100, 20 if absent.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl Paging {
    /// The page asked for.
    pub fn request(&self) -> Result<PageRequest, Problem> {
        page_request(self.limit, self.cursor.as_deref())
    }
}

/// The page asked for by a query's `limit` and `cursor`.
pub fn page_request(limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(PageRequest::DEFAULT_LIMIT);
    if !(1..=PageRequest::MAX_LIMIT).contains(&limit) {
        return Err(Problem::invalid_field("?limit", "OUT_OF_RANGE", "must be 1 to 100"));
    }
    let after = match cursor {
        None => None,
        Some(text) => Some(Cursor::decode(text).ok_or_else(|| {
            Problem::invalid_field("?cursor", "INVALID", "must be a next_cursor of this list")
        })?),
    };
    Ok(PageRequest::new(limit, after))
}

/// How long the caller is willing to wait, from `Prefer: wait=N`; at most 30 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub Option<Duration>);

impl Wait {
    const LONGEST_S: u64 = 30;

    /// Says on the answer that the preference was honoured, and to what extent.
    pub fn applied(self, mut response: HttpResponse) -> HttpResponse {
        if let Some(patience) = self.0
            && let Ok(applied) = HeaderValue::from_str(&format!("wait={}", patience.as_secs()))
        {
            let name = HeaderName::from_static("preference-applied");
            response.headers_mut().insert(name, applied);
        }
        response
    }
}

impl Arg for Wait {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        let lines = call.req.headers().get_all(HeaderName::from_static("prefer"));
        let text: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let mut preferences = text.iter().flat_map(|line| line.split([',', ';'])).map(str::trim);
        // A preference that cannot be honoured is ignored, as RFC 7240 has it.
        let seconds = preferences
            .find_map(|one| one.strip_prefix("wait="))
            .and_then(|seconds| seconds.trim_matches('"').parse::<u64>().ok());
        Ok(Self(seconds.map(|seconds| Duration::from_secs(seconds.min(Self::LONGEST_S)))))
    }
}

/// The request's id, for handlers whose guard does not carry it.
pub struct RequestId(pub String);

impl Arg for RequestId {
    fn take(call: &Call<'_>) -> Result<Self, Problem> {
        Ok(Self(Context::of(call.req).request_id.clone()))
    }
}
