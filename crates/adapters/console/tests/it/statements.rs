//! How many statements each page sends to the store, whatever it shows.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::app::{Someone, TestApp};

/// Statements by the id of the request that sent them. The store tells of each statement in
/// the span of its request, on whichever thread it runs.
static SENT: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(|| {
    let counting = Counting.with_filter(tracing_subscriber::filter::filter_fn(|about| {
        about.is_span() || (about.target() == "sqlx::query" && *about.level() <= Level::DEBUG)
    }));
    tracing_subscriber::registry().with(counting).init();
    Mutex::default()
});

struct Counting;

/// What is kept in the span of a request.
struct RequestId(String);

#[derive(Default)]
struct FindId(Option<String>);

impl Visit for FindId {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "request_id" {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// The first words of a statement.
#[derive(Default)]
struct Summary(String);

impl Visit for Summary {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counting {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = FindId::default();
        attributes.record(&mut found);
        if let Some(request) = found.0 {
            context.span(id).unwrap().extensions_mut().insert(RequestId(request));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(scope) = context.event_scope(event) else { return };
        for span in scope {
            if let Some(RequestId(request)) = span.extensions().get() {
                let mut said = Summary::default();
                event.record(&mut said);
                // A connection that has just been opened is set up first, and what begins and
                // ends a transaction asks nothing.
                if ["PRAGMA", "BEGIN", "ROLLBACK"].iter().any(|word| said.0.starts_with(word)) {
                    return;
                }
                SENT.lock().unwrap().entry(request.clone()).or_default().push(said.0);
            }
        }
    }
}

/// The beginning of each statement that a GET of `path` sends.
pub(crate) async fn statements(app: &TestApp, who: &Someone, path: &str) -> Vec<String> {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    LazyLock::force(&SENT);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let request = format!("req_counted_{number}");
    let answer = app.get(path).header("x-request-id", &request).by(who).send().await;
    assert_eq!(answer.verdict(), "200", "{path}");
    SENT.lock().unwrap().remove(&request).unwrap_or_default()
}

/// Pages and their statements; `{slug}` is the workspace. Two are who asks and where they
/// belong, both of which the server keeps for a second; one is what a workspace can spend.
const PAGES: [(&str, usize); 6] = [
    ("/style", 2),
    ("/w/{slug}/projects", 4),
    ("/settings/profile", 2),
    ("/settings/sessions", 3),
    ("/w/{slug}/settings", 10),
    ("/w/{slug}/settings/members", 5),
];

#[tokio::test]
async fn statements_per_page() {
    let app = TestApp::spawn().await;
    let few = app.owner("few@example.com").await;
    let many = app.owner("many@example.com").await;
    app.projects(&few, 1).await;
    app.projects(&many, 20).await;
    for (page, expected) in PAGES {
        for who in [&few, &many] {
            let path = page.replace("{slug}", &who.slug);
            let sent = statements(&app, who, &path).await;
            assert_eq!(sent.len(), expected, "{path} sends {sent:#?}");
        }
    }
}

impl TestApp {
    /// Gives somebody's workspace this many projects.
    pub(crate) async fn projects(&self, who: &Someone, count: usize) {
        for number in 0..count {
            self.post("/v1/projects")
                .header("authorization", &format!("Bearer {}", who.token.expose()))
                .body("application/json", &format!(r#"{{"name":"Project {number}"}}"#))
                .send()
                .await;
        }
    }
}
