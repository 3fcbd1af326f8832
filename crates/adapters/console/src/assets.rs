//! Style, scripts and pictures: in the program, named by their content, compressed once.
//!
//! An address changes with what it names, so browsers may keep what they have for ever.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use keelway_http::Problem;
use keelway_http::args::Tail;
use keelway_http::guard::Public;
use keelway_http::routes::Routes;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../assets/", $name)))),+]
    };
}

/// One style sheet, made of these in this order.
const SHEETS: [(&str, &str); 12] = files![
    "01-tokens.css",
    "02-base.css",
    "03-shell.css",
    "04-controls.css",
    "05-parts.css",
    "06-build.css",
    "07-landing.css",
    "08-money.css",
    "09-admin.css",
    "07-projects.css",
    "09-style.css",
    "10-settings.css"
];
/// Scripts; each imports only modules that stand before it, as `"./name.js"`.
const MODULES: [(&str, &str); 9] = files![
    "theme.js",
    "core.js",
    "copy.js",
    "forms.js",
    "live.js",
    "palette.js",
    "preview.js",
    "refresh.js",
    "console.js"
];

const FAVICON: &str = include_str!("../assets/favicon.svg");

const SHEET: &str = "console.css";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/assets/{path}", asset).unlimited();
    // Browsers look for it under this very name, so it cannot be kept for ever.
    routes.page(Method::GET, "/favicon.svg", favicon).unlimited();
}

/// Where the asset called `name` is, for templates: `crate::assets::url("console.css")`.
pub(crate) fn url(name: &str) -> &'static str {
    ASSETS.urls.iter().find(|(known, _)| *known == name).map_or("", |(_, url)| url)
}

struct Asset {
    content_type: &'static str,
    plain: Bytes,
    compressed: Bytes,
}

impl Asset {
    fn new(content_type: &'static str, text: String) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
        let Ok(compressed) = written else { unreachable!("memory takes all that is written") };
        Self { content_type, plain: text.into(), compressed: compressed.into() }
    }

    fn answer(&self, req: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, self.content_type));
        response.insert_header((VARY, ACCEPT_ENCODING.as_str()));
        if takes_gzip(req) {
            response.insert_header((CONTENT_ENCODING, "gzip"));
            return response.body(self.compressed.clone());
        }
        response.body(self.plain.clone())
    }
}

struct Assets {
    by_name: BTreeMap<String, Asset>,
    urls: Vec<(&'static str, String)>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let mut assets = Assets { by_name: BTreeMap::new(), urls: Vec::new() };
    assets.add(SHEET, CSS, SHEETS.iter().map(|(_, text)| *text).collect());
    for (name, text) in MODULES {
        let linked = assets.urls.iter().fold(text.to_owned(), |text, (name, url)| {
            text.replace(&format!("\"./{name}\""), &format!("\"{url}\""))
        });
        assets.add(name, JS, linked);
    }
    assets
});

static FAVICON_ASSET: LazyLock<Asset> = LazyLock::new(|| Asset::new(SVG, FAVICON.to_owned()));

impl Assets {
    /// Keeps `text` under an address with its hash in it.
    fn add(&mut self, name: &'static str, content_type: &'static str, text: String) {
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
        let hashed = format!("{stem}.{}.{kind}", &hash[..16]);
        self.urls.push((name, format!("/assets/{hashed}")));
        self.by_name.insert(hashed, Asset::new(content_type, text));
    }
}

async fn asset(
    _public: Public,
    Tail(name): Tail,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.by_name.get(&name).ok_or_else(Problem::not_found)?;
    let mut response = asset.answer(&req);
    response.headers_mut().insert(CACHE_CONTROL, header(FOR_EVER));
    Ok(response)
}

async fn favicon(_public: Public, req: HttpRequest) -> HttpResponse {
    let mut response = FAVICON_ASSET.answer(&req);
    response.headers_mut().insert(CACHE_CONTROL, header("public, max-age=86400"));
    response
}

const fn header(value: &'static str) -> actix_web::http::header::HeaderValue {
    actix_web::http::header::HeaderValue::from_static(value)
}

/// Whether `gzip` is named and not refused with a weight of nothing.
fn takes_gzip(req: &HttpRequest) -> bool {
    let accepted = req.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().trim_start_matches("q=").trim();
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse() != Ok(0.0_f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn files(kind: &str) -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
        let all = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let mut names: Vec<String> = all
            .map(|name| name.into_string().unwrap())
            .filter(|name| name.ends_with(kind))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_file_is_served() {
        let mut sheets = SHEETS.map(|(name, _)| name).to_vec();
        let mut modules = MODULES.map(|(name, _)| name).to_vec();
        sheets.sort_unstable();
        modules.sort_unstable();
        assert_eq!(
            (sheets, modules),
            (
                files(".css").iter().map(String::as_str).collect::<Vec<_>>(),
                files(".js").iter().map(String::as_str).collect::<Vec<_>>(),
            )
        );
    }

    #[test]
    fn every_import_names_what_it_imports_by_its_content() {
        for (name, asset) in &ASSETS.by_name {
            let text = std::str::from_utf8(&asset.plain).unwrap();
            assert!(!text.contains("\"./"), "{name} imports what does not stand before it");
            for (_, rest) in text.match_indices("\"/assets/").map(|(at, _)| text.split_at(at + 9)) {
                let imported = rest.split('"').next().unwrap();
                assert!(ASSETS.by_name.contains_key(imported), "{name} imports {imported}");
            }
        }
    }

    #[test]
    fn scripts_stay_small() {
        let bytes: usize = MODULES.iter().map(|(_, text)| text.len()).sum();
        assert!(bytes <= 30 * 1024, "{bytes} bytes of scripts");
    }

    #[test]
    fn compression_is_for_those_who_ask() {
        for (accepted, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, br", false),
            ("br", false),
            ("", false),
        ] {
            let req = TestRequest::get().insert_header((ACCEPT_ENCODING, accepted));
            assert_eq!(takes_gzip(&req.to_http_request()), expected, "{accepted}");
        }
    }
}
