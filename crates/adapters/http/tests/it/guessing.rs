//! Made-up sessions and tickets, and what they cost the store.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use keelway_access::ports::{
    NewTicket, RateLimiter, Sessions, SignIn, StaleCredentials, Ticket, Tickets,
};
use keelway_access::{
    RateClass, RateLimit, RateLimits, Session, SessionPolicy, SessionToken, TicketToken, TokenHash,
    User,
};
use keelway_kernel::{Actor, Failure, StoreError, TenantScope, UserId};
use keelway_local::{CachedSessions, Keep, LocalLimiter};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::app::{Answer, Call, Setup, TestApp};

const LIMIT: u32 = 50;

/// A store whose look-ups are counted, and can be held up.
#[derive(Clone)]
struct Watched<S: ?Sized> {
    inner: Arc<S>,
    asked: Arc<AtomicUsize>,
    gate: Option<Arc<Semaphore>>,
}

#[async_trait]
impl Sessions for Watched<dyn Sessions> {
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, Failure<StaleCredentials>> {
        self.inner.sign_in(cmd).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        self.inner.find(token).await
    }

    async fn touch(
        &self,
        token: &TokenHash,
        policy: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError> {
        self.inner.touch(token, policy).await
    }

    async fn sign_out(&self, token: &TokenHash, actor: &Actor) -> Result<(), StoreError> {
        self.inner.sign_out(token, actor).await
    }

    async fn revoke_all(&self, user: UserId, actor: &Actor) -> Result<u64, StoreError> {
        self.inner.revoke_all(user, actor).await
    }

    async fn sweep_expired(&self) -> Result<u64, StoreError> {
        self.inner.sweep_expired().await
    }
}

#[async_trait]
impl Tickets for Watched<dyn Tickets> {
    async fn issue(&self, scope: TenantScope, ticket: NewTicket) -> Result<(), StoreError> {
        self.inner.issue(scope, ticket).await
    }

    async fn redeem(&self, token: &TokenHash) -> Result<Option<Ticket>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.redeem(token).await
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        self.inner.sweep().await
    }
}

/// Sessions in memory before a store that is watched, and as few guesses as [`LIMIT`] a day.
struct Guessed {
    app: TestApp,
    sessions: Arc<AtomicUsize>,
    tickets: Arc<AtomicUsize>,
    limiter: Arc<LocalLimiter>,
}

impl Guessed {
    async fn spawn(gate: Option<Arc<Semaphore>>) -> Self {
        let (sessions, tickets) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let mut limiter = None;
        let app = TestApp::spawn_with(|setup: &mut Setup| {
            let clock = setup.ports.clock.clone();
            let many = RateLimit { limit: number(1_000_000), window_s: number(60) };
            let few = RateLimit { limit: number(LIMIT), window_s: number(86_400) };
            let limits = RateLimits { read: many, unknown_token: few, ..RateLimits::default() };
            let counts = Arc::new(LocalLimiter::new(limits, clock.clone(), 1_000));
            limiter = Some(counts.clone());
            setup.ports.limiter = counts;
            let asked = sessions.clone();
            let store = Watched { inner: setup.ports.sessions.clone(), asked, gate };
            setup.ports.sessions = Arc::new(CachedSessions::new(store, clock, Keep::default()));
            let (inner, asked) = (setup.ports.tickets.clone(), tickets.clone());
            setup.ports.tickets = Arc::new(Watched { inner, asked, gate: None });
            setup.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        Self { app, sessions, tickets, limiter: limiter.unwrap() }
    }

    fn from(&self, address: &str, path: &str) -> Call {
        self.app.get(path).header("x-forwarded-for", address)
    }

    fn made_up(&self) -> String {
        format!("Bearer {}", SessionToken::generate(&*self.app.entropy).expose())
    }
}

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// Sends `count` requests, a hundred at a time, and counts the answers by what they say.
async fn sent(count: usize, call: impl Fn() -> Call) -> BTreeMap<String, usize> {
    let mut verdicts = BTreeMap::new();
    for _ in 0..count / 100 {
        let answers: Vec<Answer> = join_all((0..100).map(|_| call().send())).await;
        for answer in answers {
            let waits = answer.header("retry-after").parse::<u32>().is_ok_and(|wait| wait > 0);
            assert_eq!(waits, answer.status.as_u16() == 429, "{answer:?}");
            *verdicts.entry(answer.verdict()).or_default() += 1;
        }
    }
    verdicts
}

const ATTACKER: &str = "198.51.100.1";

#[tokio::test]
async fn ten_thousand_made_up_sessions_reach_the_store_as_often_as_the_limit_says() {
    let guessed = Guessed::spawn(None).await;
    let (ada, bob) = (guessed.app.person("ada@x.com").await, guessed.app.person("bob@x.com").await);
    let me = |address: &str| guessed.from(address, "/v1/me");
    assert_eq!(me(ATTACKER).by(&ada).send().await.verdict(), "200");
    let before = guessed.sessions.load(Ordering::Relaxed);

    let verdicts = sent(10_000, || me(ATTACKER).header("authorization", &guessed.made_up())).await;
    let limit = LIMIT as usize;
    assert_eq!(guessed.sessions.load(Ordering::Relaxed) - before, limit);
    let expected = [("401 AUTH_REQUIRED", limit), ("429 RATE_LIMITED", 10_000 - limit)];
    assert_eq!(verdicts, expected.map(|(verdict, count)| (verdict.to_owned(), count)).into());

    // Whoever was seen before goes on, also when the session has to be read again.
    assert_eq!(me(ATTACKER).by(&ada).send().await.verdict(), "200");
    guessed.app.clock.advance(5);
    assert_eq!(me(ATTACKER).by(&ada).send().await.verdict(), "200");
    // Whoever was not waits, at this address and no other.
    let refused = me(ATTACKER).by(&bob).send().await;
    assert_eq!(refused.verdict(), "429 RATE_LIMITED");
    assert_eq!(refused.header("ratelimit-policy"), "\"unknown_token\";q=50;w=86400");
    assert_eq!(me("198.51.100.2").by(&bob).send().await.verdict(), "200");
    // A session that ended is a stranger's at its next use.
    let out = guessed.app.post("/v1/auth/sign-out").header("x-forwarded-for", ATTACKER);
    assert_eq!(out.by(&ada).send().await.verdict(), "204");
    assert_eq!(me(ATTACKER).by(&ada).send().await.verdict(), "429 RATE_LIMITED");
}

#[tokio::test]
async fn whoever_proves_who_they_are_goes_on_at_an_address_that_is_over() {
    let guessed = Guessed::spawn(None).await;
    let app = &guessed.app;
    let bob = app.person("bob@x.com").await;
    let me = || guessed.from(ATTACKER, "/v1/me");
    sent(100, || me().header("authorization", &guessed.made_up())).await;
    assert_eq!(me().by(&bob).send().await.verdict(), "429 RATE_LIMITED");
    let body = json!({ "email": "new@x.com", "password": "a long and quiet river" });
    for (path, expected) in [("sign-up", "201"), ("sign-in", "200")] {
        let call = app.post(&format!("/v1/auth/{path}")).header("x-forwarded-for", ATTACKER);
        let answer = call.json(&body).send().await;
        assert_eq!(answer.verdict(), expected);
        let token = answer.json()["session_token"].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        assert_eq!(me().header("authorization", &bearer).send().await.verdict(), "200", "{path}");
    }
}

#[tokio::test]
async fn who_was_refused_is_looked_up_once_the_time_has_come() {
    let guessed = Guessed::spawn(None).await;
    let ada = guessed.app.person("ada@x.com").await;
    let me = || guessed.from(ATTACKER, "/v1/me");
    sent(100, || me().header("authorization", &guessed.made_up())).await;
    let refused = me().by(&ada).send().await;
    let wait = refused.header("retry-after").parse().unwrap();
    guessed.app.clock.advance(wait);
    assert_eq!(me().by(&ada).send().await.verdict(), "200");
    assert_eq!(me().by(&ada).send().await.verdict(), "200", "being found costs nothing");
}

#[tokio::test]
async fn made_up_tickets_reach_the_store_as_often_as_the_limit_says() {
    let guessed = Guessed::spawn(None).await;
    let ada = guessed.app.owner("ada@x.com").await;
    let build = guessed.app.queued(&ada).await;
    let call = || {
        let ticket = TicketToken::generate(&*guessed.app.entropy);
        let path = format!("/v1/builds/{build}/events?ticket={}", ticket.expose());
        guessed.from(ATTACKER, &path)
    };
    let verdicts = sent(1_000, call).await;
    assert_eq!(guessed.tickets.load(Ordering::Relaxed), LIMIT as usize);
    assert_eq!(verdicts["401 AUTH_REQUIRED"], LIMIT as usize);
}

#[tokio::test]
async fn who_hangs_up_while_the_store_is_asked_is_counted() {
    let gate = Arc::new(Semaphore::new(0));
    let guessed = Guessed::spawn(Some(gate.clone())).await;
    let head = format!(
        "GET /v1/me HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\n\r\n",
        guessed.app.authority(),
        guessed.made_up()
    );
    let mut socket = TcpStream::connect(guessed.app.authority()).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let turns = Duration::from_mins(1);
    let asked = async {
        while guessed.sessions.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(turns, asked).await.unwrap();
    // The server has let go of the request once it has let go of the connection.
    socket.shutdown().await.unwrap();
    let mut nothing = Vec::new();
    tokio::time::timeout(turns, socket.read_to_end(&mut nothing)).await.unwrap().unwrap();
    assert!(nothing.is_empty());
    gate.add_permits(1);
    let counted = async {
        while guessed.limiter.peek(RateClass::UnknownToken, "127.0.0.1").await.remaining == LIMIT {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(turns, counted).await.unwrap();
}
