//! What the log tells, and what it never does.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use keelway_kernel::Clock as _;
use keelway_signing::{KeyId, SharedKey, ViewerClaims};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::TestApp;

#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

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

/// What this process logs from now on; one process has one log, so tests that share it look for
/// what they add.
pub(crate) fn log() -> Lines {
    static LINES: LazyLock<Lines> = LazyLock::new(|| {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(lines.clone());
        tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
        lines
    });
    LINES.clone()
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn parsed(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_key_that_servers_do_not_share_is_named_once_a_minute() {
    let (lines, app) = (log(), TestApp::spawn().await);
    let ada = app.owner("ada@example.com").await;
    let claims = ViewerClaims {
        user: ada.user,
        tenant: ada.tenant.unwrap(),
        build: "bld_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
        session: None,
    };
    let ask = async |key: &str| {
        let key = SharedKey::new(KeyId::parse(key).unwrap(), &[9; 32]).unwrap();
        let (token, _) = claims.issue(&key, app.clock.now());
        let path = format!("/v1/builds/{}/events", claims.build);
        let answer = app.get(&path).header("authorization", &format!("Bearer {token}")).send();
        assert_eq!(answer.await.verdict(), "401 AUTH_REQUIRED");
    };
    let named = || -> Vec<String> {
        let lines = lines.parsed().into_iter().filter(|line| line["level"] == "WARN");
        let named = lines.filter(|line| line["fields"]["key"] == "test");
        named.map(|line| line["fields"]["unknown_key"].as_str().unwrap().to_owned()).collect()
    };
    ask("test").await;
    assert!(named().is_empty(), "a key of that name is there");
    for key in ["one", "one", "two"] {
        ask(key).await;
    }
    assert_eq!(named(), ["one"]);
    app.clock.advance(60);
    ask("two").await;
    assert_eq!(named(), ["one", "two"]);
}

#[tokio::test]
async fn a_line_says_who_asked_for_what_and_holds_no_secret() {
    let lines = log();
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

    let text = lines.text();
    for secret in ["kwt_secret", ada.token.expose(), "open sesame now", "ada@example.com"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    let line = lines
        .parsed()
        .into_iter()
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
