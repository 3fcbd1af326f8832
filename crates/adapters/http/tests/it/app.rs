//! One server per test, on a store of its own, with a clock that stands still until it is told.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use async_trait::async_trait;
use keelway_access::ports::{NewTenant, SignUp};
use keelway_access::{
    AuditEntry, Email, NewSession, RateLimits, SessionPolicy, SessionToken, Slug, WorkspaceName,
};
use keelway_blobs::LocalBlobs;
use keelway_builds::Rules;
use keelway_contract::{
    AuditTrail, Fixture, ManualClock, Owned, SeededEntropy, Store, password, scope,
};
use keelway_credits::DEFAULT_PACKAGES;
use keelway_estimate::{EstimateTable, Estimator};
use keelway_http::settings::{Drain, HttpSettings};
use keelway_http::{Http, http};
use keelway_kernel::{Clock, Credits, GrantId, TenantId, Tier, TimeZoneName, Timestamp, UserId};
use keelway_local::{LocalLimiter, LocalSignals};
use keelway_platform::{Mode, Platform, Ports, Settings};
use keelway_signing::{KeyId, KeyRing, SharedKey};
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tiers::{Gate, LimitTable};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A running server and all that stands behind it.
pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) platform: Platform,
    pub(crate) store: SqliteStore,
    pub(crate) drain: Drain,
    client: reqwest::Client,
    server: ServerHandle,
    folder: tempfile::TempDir,
}

/// What a test may change before the server starts.
pub(crate) struct Setup {
    pub(crate) ports: Ports,
    pub(crate) platform: Settings,
    pub(crate) http: HttpSettings,
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub(crate) struct Someone {
    pub(crate) user: UserId,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) token: SessionToken,
    pub(crate) email: String,
}

impl Someone {
    /// The person and their workspace, for the store.
    pub(crate) fn owned(&self) -> Owned {
        Owned { scope: scope(self.tenant.unwrap()), user: self.user }
    }
}

impl TestApp {
    pub(crate) async fn spawn() -> Self {
        Self::spawn_with(|_| {}).await
    }

    pub(crate) async fn spawn_with(change: impl FnOnce(&mut Setup)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        let entropy = Arc::new(SeededEntropy::new(7));
        let limits = LimitTable::default();
        let store = SqliteStore::open(
            SqliteSettings::new(folder.path().join("keelway.db")),
            clock.clone(),
            entropy.clone(),
            Arc::new(Rules::new(limits)),
        )
        .await
        .unwrap();
        store.migrate().await.unwrap();
        let port = Arc::new(store.clone());
        let mut setup = Setup {
            ports: Ports {
                accounts: port.clone(),
                sessions: port.clone(),
                people: port.clone(),
                members: port.clone(),
                invitations: port.clone(),
                staff: port.clone(),
                tickets: port.clone(),
                limiter: Arc::new(LocalLimiter::new(RateLimits::default(), clock.clone(), 1_000)),
                submissions: port.clone(),
                builds: port.clone(),
                projects: port.clone(),
                overviews: port.clone(),
                operations: port.clone(),
                flag_overrides: port.clone(),
                sites: port.clone(),
                blobs: Arc::new(LocalBlobs::open(folder.path().join("blobs")).unwrap()),
                ledger: port.clone(),
                books: port.clone(),
                inspector: port.clone(),
                signals: Arc::new(LocalSignals::default()),
                clock: clock.clone(),
                entropy: entropy.clone(),
            },
            platform: Settings {
                gate: Gate::default(),
                limits,
                estimator: Estimator::new(EstimateTable::default()).unwrap(),
                packages: DEFAULT_PACKAGES.to_vec(),
                micro_usd_per_credit: NonZeroU32::new(10_000).unwrap(),
                sessions: SessionPolicy::default(),
                new_tenant_tier: Tier::Free,
                viewer_keys: KeyRing::of(viewer_key()),
                mode: Mode::Development,
            },
            http: HttpSettings::new(
                "http://127.0.0.1",
                Arc::new(|label| format!("http://{}.sites.test/", label.as_str())),
            ),
        };
        setup.http.workers = NonZeroU32::new(1);
        change(&mut setup);
        let drain = setup.http.drain.clone();
        let platform = Platform::new(setup.ports, setup.platform);
        let (url, server) = start(&http(platform.clone(), setup.http));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { url, clock, entropy, platform, store, drain, client, server, folder }
    }

    /// Somebody new who belongs nowhere.
    pub(crate) async fn person(&self, email: &str) -> Someone {
        self.sign_up(email, None).await
    }

    /// Somebody new who owns a workspace of the free tier with its monthly credits.
    pub(crate) async fn owner(&self, email: &str) -> Someone {
        self.owner_of(email, Tier::Free, 300).await
    }

    /// Somebody new who owns a workspace of `tier` with `credits`.
    pub(crate) async fn owner_of(&self, email: &str, tier: Tier, credits: i64) -> Someone {
        let (now, entropy) = (self.clock.now(), &*self.entropy);
        let name = WorkspaceName::parse("Analytical Bakery").unwrap();
        let workspace = NewTenant {
            id: TenantId::generate(now, entropy),
            slug: Slug::from_name(&name),
            name,
            tier,
            time_zone: TimeZoneName::UTC,
            grant: GrantId::generate(now, entropy),
            monthly_credits: Credits::new(credits),
        };
        self.sign_up(email, Some(workspace)).await
    }

    /// Through the port and with a cheap hash: hashing passwords is what takes time.
    async fn sign_up(&self, email: &str, workspace: Option<NewTenant>) -> Someone {
        let token = SessionToken::generate(&*self.entropy);
        let user = UserId::generate(self.clock.now(), &*self.entropy);
        let tenant = workspace.as_ref().map(|workspace| workspace.id);
        let cmd = SignUp {
            user,
            email: Email::parse(email).unwrap(),
            password: password(),
            name: None,
            workspace,
            session: NewSession {
                hash: token.hash(),
                user_agent: None,
                policy: SessionPolicy::default(),
            },
            request_id: "req_test".into(),
        };
        self.platform.ports().accounts.sign_up(cmd).await.unwrap();
        Someone { user, tenant, token, email: email.to_owned() }
    }

    /// Where stored bytes are.
    pub(crate) fn blob(&self, digest: &str) -> PathBuf {
        self.folder.path().join("blobs").join(&digest[..2]).join(digest)
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        Call(self.client.request(method, format!("{}{path}", self.url)))
    }

    /// Sends bytes as they are and gives all that comes back until the server hangs up.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut socket = TcpStream::connect(self.authority()).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A server that refuses a request in mid-air may also reset the connection.
        let _ = socket.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// The store with everything that makes cases of it.
    pub(crate) fn fixture(&self) -> Fixture {
        let port = Arc::new(self.store.clone());
        Fixture {
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            store: Store {
                ledger: port.clone(),
                books: port.clone(),
                accounts: port.clone(),
                sessions: port.clone(),
                people: port.clone(),
                members: port.clone(),
                invitations: port.clone(),
                staff: port.clone(),
                tickets: port.clone(),
                replay_guard: port.clone(),
                submissions: port.clone(),
                queue: port.clone(),
                builds: port.clone(),
                projects: port.clone(),
                sites: port.clone(),
                overviews: port.clone(),
                operations: port.clone(),
                flag_overrides: port.clone(),
                inspector: port,
                audit_trail: Arc::new(Unread),
                keep: Arc::new(()),
            },
        }
    }

    /// `host:port` of the server.
    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// These tests look at answers, not at the audit log.
struct Unread;

#[async_trait]
impl AuditTrail for Unread {
    async fn entries(&self, _: Option<TenantId>) -> Vec<AuditEntry> {
        Vec::new()
    }
}

fn viewer_key() -> SharedKey {
    SharedKey::new(KeyId::parse("test").unwrap(), &[7; 32]).unwrap()
}

fn start(http: &Http) -> (String, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = http.serve(listener).unwrap();
    let handle = server.handle();
    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    tokio::spawn(server);
    (url, handle)
}

/// One request, about to be sent.
pub(crate) struct Call(RequestBuilder);

impl Call {
    /// As a program does it.
    pub(crate) fn by(self, who: &Someone) -> Self {
        self.header("authorization", &format!("Bearer {}", who.token.expose()))
    }

    /// As a browser does it, without the CSRF token.
    pub(crate) fn with_cookie(self, who: &Someone) -> Self {
        self.header("cookie", &format!("keelway_session={}", who.token.expose()))
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// Anything, declared as JSON.
    pub(crate) fn body(self, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", "application/json").body(body))
    }

    /// Anything, declared as nothing.
    pub(crate) fn text(self, body: &'static str) -> Self {
        Self(self.0.body(body))
    }

    /// For what the server may hang up on.
    pub(crate) async fn try_send(self) -> reqwest::Result<Answer> {
        let response = self.0.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, bytes: response.bytes().await?.to_vec() })
    }

    /// For what has no end.
    pub(crate) async fn stream(self) -> reqwest::Response {
        self.0.send().await.unwrap()
    }

    pub(crate) async fn send(self) -> Answer {
        self.try_send().await.unwrap()
    }
}

/// One answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The problem's code, or nothing if it is no problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and code in one word, such as `404 NOT_FOUND`.
    pub(crate) fn verdict(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.code()).trim_end().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, location and body with everything that differs from run to run taken out.
    pub(crate) fn shown(&self) -> String {
        let mut text = self.status.as_u16().to_string();
        for name in ["location", "retry-after", "idempotency-replayed"] {
            if self.headers.contains_key(name) {
                let _ = write!(text, "\n{name}: {}", redact_text(self.header(name)));
            }
        }
        if !self.bytes.is_empty() {
            let body = serde_json::to_string_pretty(&redact(self.json())).unwrap();
            let _ = write!(text, "\n{body}");
        }
        text
    }
}

/// Replaces ids, times and tokens by what they are.
pub(crate) fn redact(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact_text(&text)),
        Value::Array(items) => items.into_iter().map(redact).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, redact(value))).collect(),
        other => other,
    }
}

fn redact_text(text: &str) -> String {
    if Timestamp::parse(text).is_some() {
        return "[time]".to_owned();
    }
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex {
        return "[hex]".to_owned();
    }
    let (mut shown, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let word =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, behind) = rest.split_at(word.max(1).min(rest.len()));
        shown.push_str(&redact_word(word));
        rest = behind;
    }
    shown
}

/// Ids and tokens of the form `abc_…`, and the labels of sites.
fn redact_word(word: &str) -> String {
    match word.split_once('_') {
        Some((prefix, rest)) if prefix.len() == 3 && rest.len() >= 26 => format!("[{prefix}]"),
        None if word.len() == 26 && word.starts_with(|c: char| c.is_ascii_digit()) => {
            "[label]".to_owned()
        }
        _ => word.to_owned(),
    }
}
