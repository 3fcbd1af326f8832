//! The documentation as pages: no script, no other host.

use std::fmt::Write as _;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use crate::args::Id;
use crate::guard::Public;
use crate::openapi::{DOCUMENT, TAGS, example_of_media, openapi_json};
use crate::problem::Code;
use crate::reply::tagged;
use crate::routes::Routes;

const CSP: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                   frame-ancestors 'none'";

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_openapi, openapi);
    routes.at(__path_docs, docs).ignores_query();
    routes.at(__path_error_page, error_page).ignores_query();
    routes.at(__path_style, style).ignores_query();
}

/// This document
#[utoipa::path(
    get, path = "/v1/openapi.json", tag = "about", operation_id = "openapi",
    responses((status = 200, body = Object, description = "OpenAPI 3.1", example = json!({ "openapi": "3.1.0" }))),
)]
async fn openapi(_: Public, req: HttpRequest) -> HttpResponse {
    tagged(&req, "application/json", openapi_json().into_bytes())
}

/// The documentation
#[utoipa::path(
    get, path = "/docs", tag = "about", operation_id = "docs",
    responses((status = 200, body = String, content_type = "text/html", description = "A page")),
)]
async fn docs(_: Public) -> HttpResponse {
    page("Keelway API", &operations(&DOCUMENT))
}

/// What an error code means and what to do about it
#[utoipa::path(
    get, path = "/docs/errors/{id}", tag = "about", operation_id = "error_page",
    params(("id" = String, Path, description = "The code", example = "PROJECT_LOCKED")),
    responses((status = 200, body = String, content_type = "text/html", description = "A page")),
)]
async fn error_page(_: Public, Id(code): Id<Code>) -> HttpResponse {
    page(code.as_str(), &markdown(code.page()))
}

/// How the pages look
#[utoipa::path(
    get, path = "/docs/style.css", tag = "about", operation_id = "docs_style",
    responses((status = 200, body = String, content_type = "text/css", description = "A style sheet")),
)]
async fn style(_: Public) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(include_str!("docs.css"))
}

fn page(title: &str, body: &str) -> HttpResponse {
    let title = escape(title);
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, CSP))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n\
             <body>\n<main>\n{body}</main>\n</body>\n</html>\n"
        ))
}

/// Every operation of `document`, under its tag.
fn operations(document: &Value) -> String {
    let mut tags: Vec<(&str, String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            let at = tags.iter().position(|(name, ..)| *name == tag).unwrap_or_else(|| {
                tags.push((tag, String::new(), String::new()));
                tags.len() - 1
            });
            let (_, index, details) = &mut tags[at];
            write_index(index, method, path, operation);
            write_operation(details, (method, path), operation, document);
        }
    }
    tags.sort_by_key(|(tag, ..)| TAGS.iter().position(|(name, _)| name == tag));
    let intro = document["info"]["description"].as_str().unwrap_or_default();
    let mut page = format!(
        "<h1>Keelway API</h1>\n<p>{}</p>\n<p><a href=\"/v1/openapi.json\">OpenAPI document</a></p>\n",
        inline(intro)
    );
    page.push_str("<nav aria-label=\"Operations\">\n");
    for (tag, index, _) in &tags {
        let _ = write!(page, "<h2>{}</h2>\n<ul>\n{index}</ul>\n", escape(tag));
    }
    page.push_str("</nav>\n");
    for (tag, _, details) in &tags {
        let _ = write!(page, "<h2>{}</h2>\n{details}", escape(tag));
    }
    page.push_str("<h2>Errors</h2>\n<ul>\n");
    for code in Code::ALL {
        let (name, status) = (code.as_str(), code.status().as_u16());
        let _ = writeln!(
            page,
            "<li>{status} <a href=\"/docs/errors/{name}\">{name}</a>: {}</li>",
            escape(code.title())
        );
    }
    page.push_str("</ul>\n");
    page
}

fn write_index(index: &mut String, method: &str, path: &str, operation: &Value) {
    let _ = writeln!(
        index,
        "<li><a href=\"#{}\"><code>{} {}</code></a> {}</li>",
        escape(text(operation, "operationId")),
        method.to_uppercase(),
        escape(path),
        escape(text(operation, "summary")),
    );
}

fn write_operation(out: &mut String, at: (&str, &str), operation: &Value, document: &Value) {
    let (method, path) = at;
    let _ = write!(
        out,
        "<section id=\"{}\">\n<h3><code>{} {}</code></h3>\n<p>{}</p>\n<p>{}</p>\n\
         <p>Who may call it: {}</p>\n",
        escape(text(operation, "operationId")),
        method.to_uppercase(),
        escape(path),
        inline(text(operation, "summary")),
        inline(text(operation, "description")),
        escape(text(operation, "x-access")),
    );
    write_parameters(out, operation);
    write_example(out, "Body", &operation["requestBody"]["content"], document);
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let description = text(response, "description");
        if response["content"]["application/problem+json"].is_object() {
            let links = description
                .split(", ")
                .map(|code| format!("<a href=\"/docs/errors/{0}\">{0}</a>", escape(code)));
            let links = links.collect::<Vec<_>>().join(", ");
            let _ = writeln!(out, "<p>{status}: {links}</p>");
        } else {
            let _ = writeln!(out, "<p><strong>{status}</strong> {}</p>", inline(description));
            write_example(out, "Answer", &response["content"], document);
        }
    }
    out.push_str("</section>\n");
}

fn write_parameters(out: &mut String, operation: &Value) {
    let Some(parameters) = operation["parameters"].as_array() else { return };
    out.push_str("<table>\n<tr><th>Parameter</th><th>In</th><th>What it is</th></tr>\n");
    for parameter in parameters {
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escape(text(parameter, "name")),
            escape(text(parameter, "in")),
            inline(text(parameter, "description")),
        );
    }
    out.push_str("</table>\n");
}

fn write_example(out: &mut String, title: &str, content: &Value, document: &Value) {
    let example = example_of_media(&content["application/json"], document);
    if !example.is_null() {
        let _ = write!(
            out,
            "<p>{}</p>\n<pre>{}</pre>\n",
            escape(title),
            escape(&format!("{example:#}"))
        );
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The little Markdown that error pages are written in: headings and paragraphs.
fn markdown(source: &str) -> String {
    let mut html = String::new();
    for block in source.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        let _ = match block.strip_prefix("## ") {
            Some(heading) => writeln!(html, "<h2>{}</h2>", inline(heading)),
            None => match block.strip_prefix("# ") {
                Some(title) => writeln!(html, "<h1>{}</h1>", inline(title)),
                None => writeln!(html, "<p>{}</p>", inline(block)),
            },
        };
    }
    html
}

/// Text with `code` in it.
fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = escape(part);
        if index % 2 == 1 { format!("<code>{part}</code>") } else { part }
    });
    parts.collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_escaped() {
        assert_eq!(
            markdown("# A <b>\n\nUse `a & \"b\"`.\n\n## What"),
            "<h1>A &lt;b&gt;</h1>\n<p>Use <code>a &amp; &quot;b&quot;</code>.</p>\n<h2>What</h2>\n"
        );
    }
}
