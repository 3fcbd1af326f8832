//! Every code in the catalogue is an answer that somebody can get. A new code does not compile
//! here before it is provoked.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keelway_access::Role;
use keelway_builds::GuestEntry;
use keelway_builds::cancel::{Cancel, CancelError, CancelPreview, Cancelling};
use keelway_builds::ports::Submissions;
use keelway_builds::submit::{Park, ParkError, Submit, SubmitError, SubmitPreview, Submitted};
use keelway_credits::{CapScope, ReserveError};
use keelway_http::Code;
use keelway_kernel::{Clock, Credits, Failure, Once, QueueId, StoreError, Tier};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Call, Setup, Someone, TestApp};
use crate::broken;
use crate::limits::at_most;

fn bakery() -> Value {
    json!({ "description": "A landing page for a bakery", "project_name": "Bakery" })
}

fn build(app: &TestApp, who: &Someone) -> Call {
    app.post("/v1/builds").by(who).json(&bakery())
}

async fn parked(app: &TestApp) -> String {
    let answer = app.post("/v1/builds").json(&bakery()).send().await;
    answer.json()["queue_id"].as_str().unwrap().to_owned()
}

fn claim(app: &TestApp, who: &Someone, queue: &str) -> Call {
    app.post("/v1/builds/claim").by(who).json(&json!({ "queue_id": queue }))
}

fn sign_in(app: &TestApp) -> Call {
    let body = json!({ "email": "ada@example.com", "password": "wrong and long" });
    app.post("/v1/auth/sign-in").json(&body)
}

async fn broken_store(error: fn() -> StoreError) -> Answer {
    let app = TestApp::spawn_with(|setup| broken::sessions(setup, error)).await;
    let ada = app.person("ada@example.com").await;
    app.get("/v1/me").by(&ada).send().await
}

#[expect(clippy::too_many_lines, reason = "one arm per code, and the compiler counts them")]
async fn provoke(code: Code) -> Answer {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    match code {
        Code::ValidationFailed => app.get("/v1/builds?limit=101").by(&ada).send().await,
        Code::MalformedJson => app.post("/v1/auth/sign-in").body("{").send().await,
        Code::TenantRequired => {
            let second = app.post("/v1/tenants").by(&ada).json(&json!({ "name": "Two" }));
            second.send().await;
            app.get("/v1/builds").by(&ada).send().await
        }
        Code::AuthRequired => app.get("/v1/me").send().await,
        Code::WrongCredentials => sign_in(&app).send().await,
        Code::InsufficientCredits => {
            let poor = app.owner_of("poor@example.com", Tier::Free, 10).await;
            build(&app, &poor).send().await
        }
        Code::NoTenant => {
            let homeless = app.person("homeless@example.com").await;
            app.get("/v1/builds").by(&homeless).send().await
        }
        Code::NotPermitted => {
            let app = TestApp::spawn_with(|setup| broken::everybody_is(setup, Role::Viewer)).await;
            let ada = app.owner("ada@example.com").await;
            build(&app, &ada).send().await
        }
        Code::FeatureNotInTier => {
            let mut large = bakery();
            large["tier"] = json!("enterprise");
            app.post("/v1/builds").by(&ada).json(&large).send().await
        }
        Code::CsrfRejected => app.post("/v1/auth/sign-out").with_cookie(&ada).send().await,
        Code::NotFound => app.get("/nowhere").send().await,
        Code::MethodNotAllowed => app.call(Method::DELETE, "/v1/me").send().await,
        Code::RequestTimeout => {
            let slow = |setup: &mut Setup| setup.http.body_timeout = Duration::from_millis(20);
            let app = TestApp::spawn_with(slow).await;
            let endless = futures::stream::pending::<std::io::Result<Vec<u8>>>();
            let body = reqwest::Body::wrap_stream(endless);
            app.post("/v1/auth/sign-in").body(body).send().await
        }
        Code::EmailTaken => {
            let body = json!({ "email": ada.email, "password": "not the one it has" });
            app.post("/v1/auth/sign-up").json(&body).send().await
        }
        Code::ProjectLocked => {
            let first = build(&app, &ada).send().await.json();
            let description = &bakery()["description"];
            let again = json!({ "description": description, "project_id": first["project_id"] });
            app.post("/v1/builds").by(&ada).json(&again).send().await
        }
        Code::AlreadyClaimed => {
            let queue = parked(&app).await;
            assert_eq!(claim(&app, &ada, &queue).send().await.verdict(), "202");
            claim(&app, &ada, &queue).send().await
        }
        Code::QueueExpired => {
            let queue = parked(&app).await;
            app.clock.advance(60 * 60);
            claim(&app, &ada, &queue).send().await
        }
        Code::InvalidTransition => {
            let fixture = app.fixture();
            fixture.submitted(ada.owned()).await;
            let lease = fixture.taken().await.lease;
            let id = fixture.deployed(&lease, 10_000).await.id;
            app.post(&format!("/v1/builds/{id}/cancel")).by(&ada).send().await
        }
        Code::BuildNotFinished => {
            let id = build(&app, &ada).send().await.json()["id"].as_str().unwrap().to_owned();
            app.get(&format!("/v1/builds/{id}/download")).by(&ada).send().await
        }
        Code::PayloadTooLarge => {
            app.post("/v1/auth/sign-in").body(vec![b' '; 1024 * 1024 + 1]).send().await
        }
        Code::UriTooLong => app.get(&format!("/v1?{}", "x".repeat(9 * 1024))).send().await,
        Code::UnsupportedMediaType => app.post("/v1/auth/sign-in").text("{}").send().await,
        Code::IdempotencyKeyReused => {
            let create = |name: &str| {
                let call = app.post("/v1/tenants").by(&ada).header("idempotency-key", "k");
                call.json(&json!({ "name": name })).send()
            };
            create("One").await;
            create("Two").await
        }
        Code::NulCharacter => {
            app.post("/v1/tenants").by(&ada).json(&json!({ "name": "a\0b" })).send().await
        }
        Code::RateLimited => {
            let app = TestApp::spawn_with(at_most(1)).await;
            sign_in(&app).send().await;
            sign_in(&app).send().await
        }
        Code::TooManyAttempts => {
            for _ in 0..6 {
                sign_in(&app).send().await;
            }
            sign_in(&app).send().await
        }
        Code::TooManyStreams => {
            let id = app.fixture().submitted(ada.owned()).await.build.id;
            let path = format!("/v1/builds/{id}/events/stream");
            let mut open = Vec::new();
            for _ in 0..10 {
                open.push(app.get(&path).by(&ada).stream().await);
            }
            let refused = app.get(&path).by(&ada).send().await;
            drop(open);
            refused
        }
        Code::PlanLimitExceeded => {
            for name in ["One", "Two", "Three", "Four"] {
                let call = app.post("/v1/projects").by(&ada).json(&json!({ "name": name }));
                if call.send().await.status == 429 {
                    break;
                }
            }
            app.post("/v1/projects").by(&ada).json(&json!({ "name": "Five" })).send().await
        }
        Code::DailyCapReached => {
            let app = TestApp::spawn_with(|setup| {
                setup.ports.submissions = Arc::new(Capped(setup.ports.clock.clone()));
            })
            .await;
            let ada = app.owner("ada@example.com").await;
            build(&app, &ada).send().await
        }
        Code::UnknownHost => app.get("/v1").header("host", "evil.example").send().await,
        Code::HeadersTooLarge => {
            app.get("/v1").header("x-heavy", &"x".repeat(17 * 1024)).send().await
        }
        Code::Internal => broken_store(|| StoreError::corrupt("session", "1")).await,
        Code::Busy => {
            let app = TestApp::spawn_with(at_most(1_000)).await;
            let all = (0..60).map(|n| {
                let body =
                    json!({ "email": format!("{n}@example.com"), "password": "long enough" });
                app.post("/v1/auth/sign-in").json(&body).send()
            });
            let answers = futures::future::join_all(all).await;
            answers.into_iter().find(|answer| answer.status == 503).unwrap()
        }
        Code::StoreUnavailable => broken_store(|| StoreError::Unavailable("gone".into())).await,
        Code::StoreContended => broken_store(|| StoreError::Contended).await,
        Code::Draining => {
            app.drain.begin();
            app.get("/readyz").send().await
        }
    }
}

#[tokio::test]
async fn every_code_is_an_answer_that_somebody_can_get() {
    let mut bodies = Vec::new();
    for code in Code::ALL {
        let answer = provoke(code).await;
        let expected = format!("{} {}", code.status().as_u16(), code.as_str());
        assert_eq!(answer.verdict(), expected, "{}", answer.shown());
        assert_eq!(answer.header("content-type"), "application/problem+json", "{expected}");
        let may_retry = [429, 503].contains(&answer.status.as_u16());
        let waits = !answer.header("retry-after").is_empty();
        assert!(!waits || may_retry, "{expected}: Retry-After");
        bodies.push(answer.shown());
    }
    insta::assert_snapshot!(bodies.join("\n\n"));
}

/// Submissions of a tenant whose day is spent: no setting of this version makes a cap, but the
/// ledger that refuses by one has to be understood.
struct Capped(Arc<dyn Clock>);

#[async_trait]
impl Submissions for Capped {
    async fn submit(&self, _: Submit) -> Result<Once<Submitted>, Failure<SubmitError>> {
        Err(Failure::Rejected(SubmitError::Credits(ReserveError::DailyCap {
            scope: CapScope::Tenant,
            cap: Credits::new(100),
            spent: Credits::new(90),
            needed: Credits::new(75),
            resets_at: self.0.now().plus_seconds(3_600),
        })))
    }

    async fn rehearse(&self, _: Submit) -> Result<SubmitPreview, Failure<SubmitError>> {
        Err(StoreError::Contended.into())
    }

    async fn park(&self, _: Park) -> Result<Once<GuestEntry>, Failure<ParkError>> {
        Err(StoreError::Contended.into())
    }

    async fn find_parked(&self, _: QueueId) -> Result<Option<GuestEntry>, StoreError> {
        Ok(None)
    }

    async fn cancel(&self, _: Cancel) -> Result<Once<Cancelling>, Failure<CancelError>> {
        Err(Failure::Rejected(CancelError::Unknown))
    }
    async fn rehearse_cancel(&self, _: Cancel) -> Result<CancelPreview, Failure<CancelError>> {
        Err(Failure::Rejected(CancelError::Unknown))
    }
}
