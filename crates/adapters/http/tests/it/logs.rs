//! What the log tells, and what it never does.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::TestApp;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// One process, one log: this test is alone in its process or shares only what it adds.
#[tokio::test]
async fn a_line_says_who_asked_for_what_and_holds_no_secret() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    app.get("/v1/me?ticket=kwt_secret").by(&ada).send().await;
    let call = app.get("/v1/me").by(&ada).header("x-request-id", "req_mine");
    call.header("traceparent", trace).send().await;
    app.post("/v1/auth/sign-in")
        .json(&serde_json::json!({ "email": "ada@example.com", "password": "open sesame now" }))
        .send()
        .await;

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for secret in ["kwt_secret", ada.token.expose(), "open sesame now", "ada@example.com"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    let line = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| {
            line["span"]["request_id"] == "req_mine" && line["fields"]["route"] == "/v1/me"
        })
        .expect("a line about the request");
    assert_eq!(line["span"]["traceparent"], trace);
    let fields = &line["fields"];
    assert_eq!((&fields["method"], &fields["status"]), (&"GET".into(), &200.into()));
    assert_eq!(fields["user"], ada.user.to_string());
    assert_eq!(fields["tenant"], ada.tenant.unwrap().to_string());
    assert!(fields["duration_us"].is_u64() && fields["client"] == "127.0.0.1", "{fields}");
}
