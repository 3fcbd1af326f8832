//! One server per test, on a store of its own, with a clock that stands still until it is told.

use std::net::TcpListener;
use std::num::NonZeroU32;
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
use keelway_http::settings::HttpSettings;
use keelway_http::{Http, http};
use keelway_kernel::{Clock, Credits, GrantId, TenantId, Tier, TimeZoneName, UserId};
use keelway_local::{LocalLimiter, LocalSignals};
use keelway_platform::{Mode, Platform, Ports, Settings};
use keelway_signing::{KeyId, KeyRing, SharedKey};
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tiers::{Gate, LimitTable};
use reqwest::{Method, RequestBuilder};

/// A running server and all that stands behind it.
pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) platform: Platform,
    pub(crate) store: SqliteStore,
    client: reqwest::Client,
    server: ServerHandle,
    _folder: tempfile::TempDir,
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
    /// The workspace's name in paths; empty for somebody who has none.
    pub(crate) slug: String,
    pub(crate) token: SessionToken,
    pub(crate) email: String,
}

impl Someone {
    /// The person and their workspace, for the store.
    pub(crate) fn owned(&self) -> Owned {
        Owned { scope: scope(self.tenant.unwrap()), user: self.user }
    }

    /// `path` in their workspace, such as `/projects`.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("/w/{}{path}", self.slug)
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
        let platform = Platform::new(setup.ports, setup.platform);
        let http = http(platform.clone(), setup.http).with_pages(keelway_console::pages());
        let (url, server) = start(&http);
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { url, clock, entropy, platform, store, client, server, _folder: folder }
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
        let signed_up = self.platform.ports().accounts.sign_up(cmd).await.unwrap();
        let slug = signed_up.tenant.as_ref().map(|tenant| tenant.slug.to_string());
        Someone {
            user,
            tenant: signed_up.tenant.map(|tenant| tenant.id),
            slug: slug.unwrap_or_default(),
            token,
            email: email.to_owned(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let accept = "text/html,application/xhtml+xml,*/*;q=0.8";
        self.program(method, path).header("accept", accept)
    }

    /// A request of something that is no browser, and says nothing of what it accepts.
    pub(crate) fn program(&self, method: Method, path: &str) -> Call {
        Call(self.client.request(method, format!("{}{path}", self.url)))
    }

    /// A form sent from a page of ours by somebody signed in.
    pub(crate) fn form(&self, path: &str, who: &Someone, fields: &[(&str, &str)]) -> Call {
        let token = who.token.csrf_token();
        let fields: Vec<(&str, &str)> =
            fields.iter().copied().chain([("csrf", token.as_str())]).collect();
        self.guest_form(path, &fields).by(who)
    }

    /// A form sent from a page of ours, with just these fields.
    pub(crate) fn guest_form(&self, path: &str, fields: &[(&str, &str)]) -> Call {
        self.post(path).header("sec-fetch-site", "same-origin").fields(fields)
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
                overviews: port.clone(),
                operations: port.clone(),
                flag_overrides: port.clone(),
                sites: port.clone(),
                inspector: port,
                audit_trail: Arc::new(Unread),
                keep: Arc::new(()),
            },
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// These tests look at pages, not at the audit log.
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
    /// As their browser does it.
    pub(crate) fn by(self, who: &Someone) -> Self {
        self.header("cookie", &format!("keelway_session={}", who.token.expose()))
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// A form's body, with no word of where it comes from.
    pub(crate) fn fields(self, fields: &[(&str, &str)]) -> Self {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        self.body("application/x-www-form-urlencoded", &body.finish())
    }

    pub(crate) fn body(self, content_type: &str, body: &str) -> Self {
        Self(self.0.header("content-type", content_type).body(body.to_owned()))
    }

    pub(crate) async fn send(self) -> Answer {
        let response = self.0.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        Answer { status, headers, text }
    }
}

/// One answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status, and where it leads or what it refuses, such as `303 /signin` or
    /// `404 NOT_FOUND`.
    pub(crate) fn verdict(&self) -> String {
        let status = self.status.to_string();
        // A problem's page begins with both.
        let problem = self.between("<p class=\"status\">", "</p>").unwrap_or_default();
        match self.header("location") {
            "" if problem.starts_with(&status) => problem.to_owned(),
            "" => status,
            location => format!("{} {location}", self.status),
        }
    }

    /// The first text between `begin` and `end`.
    pub(crate) fn between(&self, begin: &str, end: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(begin)?;
        rest.split_once(end).map(|(found, _)| found)
    }

    /// What stands in the page's `<main>`.
    pub(crate) fn main(&self) -> &str {
        self.between("<main", "</main>").unwrap()
    }

    /// The value that `Set-Cookie` gives the session, if it does.
    pub(crate) fn session(&self) -> Option<&str> {
        let cookie = self.headers.get("set-cookie")?.to_str().unwrap();
        cookie.strip_prefix("keelway_session=")?.split(';').next()
    }
}
