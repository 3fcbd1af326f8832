//! What a file is served as.

use crate::FilePath;

/// Extensions in lower case with the media types that browsers expect.
const TABLE: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("htm", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("webmanifest", "application/manifest+json"),
    ("xml", "application/xml; charset=utf-8"),
    ("txt", "text/plain; charset=utf-8"),
    ("md", "text/markdown; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("ics", "text/calendar; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("ico", "image/x-icon"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("ttf", "font/ttf"),
    ("otf", "font/otf"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("pdf", "application/pdf"),
    ("wasm", "application/wasm"),
    ("zip", "application/zip"),
];

/// The `Content-Type` of a file by its extension, whatever the case.
///
/// `application/octet-stream` if the extension is unknown: a browser then shows nothing,
/// provided the server also forbids sniffing.
pub fn media_type(path: &FilePath) -> &'static str {
    let extension = path.extension().unwrap_or_default();
    TABLE
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(extension))
        .map_or("application/octet-stream", |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_whatever_its_case() {
        let of = |text| media_type(&FilePath::parse(text).expect("a path"));
        assert_eq!(of("a/INDEX.HTML"), "text/html; charset=utf-8");
        assert_eq!(of("assets/site.js"), "text/javascript; charset=utf-8");
        assert_eq!(of("favicon.svg"), "image/svg+xml");
        assert_eq!(of("html"), "application/octet-stream");
        assert_eq!(of("a.html.exe"), "application/octet-stream");
    }
}
