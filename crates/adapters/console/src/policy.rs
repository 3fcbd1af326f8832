//! The content security policy, and what browsers report of it.

use actix_web::HttpResponse;
use actix_web::http::Method;
use keelway_builds::SiteLabel;
use keelway_http::args::Body;
use keelway_http::guard::Public;
use keelway_http::routes::Routes;
use serde_json::Value;

/// A report is a page's address and a rule; this is room enough for several.
const REPORT_LIMIT: usize = 16 * 1024;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::POST, "/csp-reports", report).takes_reports().body_limit(REPORT_LIMIT);
}

/// What a page may do: run the scripts that carry `nonce` and what those import, and show our
/// own style and pictures, and sites in frames.
pub(crate) fn policy(nonce: &str, site_address: &dyn Fn(&SiteLabel) -> String) -> String {
    let sites = sites(site_address);
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-src {sites}; \
         base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types keelway; report-uri /csp-reports"
    )
}

/// The origin of all sites: their labels stand for one another where they name the host.
fn sites(site_address: &dyn Fn(&SiteLabel) -> String) -> String {
    let label = SiteLabel::random(&Zeros);
    let address = site_address(&label).replace(label.as_str(), "*");
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    address[..end].to_owned()
}

/// Makes a label that stands for all.
struct Zeros;

impl keelway_kernel::Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// Directives that the policy has: nothing else a report says reaches log or metrics.
const DIRECTIVES: [&str; 14] = [
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "style-src",
    "style-src-elem",
    "style-src-attr",
    "img-src",
    "connect-src",
    "form-action",
    "frame-src",
    "base-uri",
    "require-trusted-types-for",
    "trusted-types",
];

/// Counts what a browser refused to do on a page; keeps nothing of it.
async fn report(caller: Public, body: Body) -> HttpResponse {
    let directive = directive(&body.0);
    tracing::warn!(directive, request_id = caller.request_id(), "a page broke its policy");
    metrics::counter!("keelway_csp_reports_total", "directive" => directive).increment(1);
    HttpResponse::NoContent().finish()
}

/// Says what the figure means.
pub(crate) fn describe() {
    metrics::describe_counter!(
        "keelway_csp_reports_total",
        "What browsers refused to do on pages of the console."
    );
}

/// The rule that was broken, in the older form of a report or the newer.
fn directive(body: &[u8]) -> &'static str {
    let report: Value = serde_json::from_slice(body).unwrap_or_default();
    let old = &report["csp-report"];
    let said = old["effective-directive"]
        .as_str()
        .or_else(|| old["violated-directive"].as_str()?.split(' ').next())
        .or_else(|| report[0]["body"]["effectiveDirective"].as_str());
    DIRECTIVES.into_iter().find(|known| Some(*known) == said).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_origin_is_that_of_every_label() {
        for (address, expected) in [
            ("https://{}.sites.example/", "https://*.sites.example"),
            ("http://{}.localhost:8788/", "http://*.localhost:8788"),
            ("http://127.0.0.1:8788/{}/", "http://127.0.0.1:8788"),
        ] {
            let sites = sites(&|label: &SiteLabel| address.replace("{}", label.as_str()));
            assert_eq!(sites, expected);
        }
    }

    #[test]
    fn a_report_says_no_more_than_a_known_rule() {
        for (body, expected) in [
            (r#"{"csp-report":{"effective-directive":"script-src-elem"}}"#, "script-src-elem"),
            (r#"{"csp-report":{"violated-directive":"img-src 'self' data:"}}"#, "img-src"),
            (
                r#"[{"type":"csp-violation","body":{"effectiveDirective":"frame-src"}}]"#,
                "frame-src",
            ),
            (r#"{"csp-report":{"effective-directive":"<b>forged</b>"}}"#, "other"),
            ("not json", "other"),
            ("[]", "other"),
        ] {
            assert_eq!(directive(body.as_bytes()), expected, "{body}");
        }
    }
}
