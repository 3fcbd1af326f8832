//! Asking over HTTP.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::sse::Events;
use crate::{LIMIT, within};

/// Somebody who asks: a guest, or a person with a session.
#[derive(Debug, Clone)]
pub struct Api {
    http: Client,
    base: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Method and path.
    pub asked: String,
    /// The status code.
    pub status: u16,
    /// All of them.
    pub headers: HeaderMap,
    /// Byte for byte.
    pub body: Vec<u8>,
}

/// A request that is being put together.
#[must_use]
pub struct Ask {
    asked: String,
    request: RequestBuilder,
}

impl Api {
    /// A guest at the server whose address begins so.
    pub fn at(base: String) -> Self {
        // A connection each: one that a killed server left behind is never used again.
        let http = Client::builder()
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .no_proxy()
            .build()
            .unwrap();
        Self { http, base, token: None }
    }

    /// The same client with another token.
    pub fn bearing(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same person at another server.
    pub fn turned_to(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// What the person's session is proven by.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// Begins a request; `path` may be a whole address too.
    pub fn ask(&self, method: &Method, path: &str) -> Ask {
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let mut request = self.http.request(method.clone(), url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Ask { asked: format!("{method} {path}"), request }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&Method::GET, path).answer().await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(&Method::POST, path).json(body).answer().await
    }

    /// A person with a workspace of this name, signed up and in.
    pub async fn sign_up(&self, name: &str) -> Self {
        let body = json!({
            "email": email(name), "password": PASSWORD, "workspace": format!("{name} & Co"),
        });
        let answer = self.post("/v1/auth/sign-up", &body).await.must(201);
        self.bearing(answer["session_token"].as_str().unwrap())
    }

    /// Asks for a build in a project of its own, which must be accepted; answers its id.
    pub async fn submit(&self, description: &str) -> String {
        let answer = self.post("/v1/builds", &json!({ "description": description })).await;
        text(&answer.must(202)["id"])
    }

    /// One page of a build's history, from behind `after`.
    pub async fn events(&self, build: &str, after: i64) -> Vec<Value> {
        let path = format!("/v1/builds/{build}/events?after={after}&limit=100");
        self.get(&path).await.must(200)["data"].as_array().unwrap().clone()
    }

    /// The whole history of a build, read page by page.
    pub async fn history(&self, build: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let page = self.events(build, i64::try_from(all.len()).unwrap()).await;
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// Follows a build from behind `after`.
    pub async fn follow(&self, build: &str, after: i64) -> Events {
        let mut ask = self.ask(&Method::GET, &format!("/v1/builds/{build}/events/stream"));
        if after > 0 {
            ask = ask.header("last-event-id", &after.to_string());
        }
        ask.stream().await
    }

    /// Follows a build to its end and answers how it stands then.
    pub async fn ended(&self, build: &str) -> Value {
        let mut events = self.follow(build, 0).await;
        let last = within("the build ends", async {
            let mut last = None;
            while let Some(frame) = events.next().await {
                last = frame.event;
            }
            last
        });
        let last = last.await.unwrap();
        assert!(is_terminal(&last), "the stream of {build} ends with {last}");
        self.get(&format!("/v1/builds/{build}")).await.must(200)
    }
}

/// What everybody here signs in with.
pub const PASSWORD: &str = "a long walk to the harbour";

/// The address of somebody of this name.
pub fn email(name: &str) -> String {
    format!("{name}@example.com")
}

/// Whether no event can follow one of this type.
pub fn is_terminal(kind: &str) -> bool {
    matches!(kind, "build.completed" | "build.failed" | "build.cancelled" | "build.expired")
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

impl Ask {
    /// Adds a header field.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// Adds an idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sends this as JSON.
    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Sends these bytes.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.body(body.into());
        self
    }

    /// Sends it; an error if nobody answered, as when the server is killed meanwhile.
    pub async fn try_answer(self) -> Result<Answer, reqwest::Error> {
        self.answer_within(LIMIT).await
    }

    /// The same, waiting no longer than this.
    pub async fn answer_within(self, patience: Duration) -> Result<Answer, reqwest::Error> {
        let response = self.request.timeout(patience).send().await?;
        Ok(Answer {
            asked: self.asked,
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    /// Sends it; somebody has to answer.
    pub async fn answer(self) -> Answer {
        let asked = self.asked.clone();
        self.try_answer().await.unwrap_or_else(|error| panic!("{asked}: {error:?}"))
    }

    /// Opens whatever it opens: what comes may come for long.
    pub async fn open(self) -> Result<reqwest::Response, reqwest::Error> {
        self.request.send().await
    }

    /// Opens a stream of events, which must be granted.
    pub async fn stream(self) -> Events {
        let response = within(&self.asked, self.request.send()).await.unwrap();
        assert_eq!(response.status(), 200, "{}", self.asked);
        assert_eq!(response.headers()["content-type"], "text/event-stream", "{}", self.asked);
        Events::of(response)
    }
}

impl Answer {
    /// A header field that must be there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.unwrap_or_else(|| panic!("no {name} in {self}")).to_str().unwrap()
    }

    /// The body as JSON, which it must be.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self}"))
    }

    /// The body of an answer that must have this status.
    pub fn must(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The body of a refusal that must be this one, and complete.
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self}");
        assert_eq!(problem["status"], status, "{self}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{self}");
        for field in ["type", "title", "detail", "timestamp"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{self}");
        }
        problem
    }

    /// What is left of a refusal once what differs each time is taken out.
    pub fn alike(&self) -> (u16, Value) {
        let mut problem = self.json();
        for field in ["request_id", "timestamp"] {
            problem.as_object_mut().unwrap().remove(field);
        }
        (self.status, problem)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.chars().take(2_000).collect();
        write!(f, "{} -> {}\n{:#?}\n{body}", self.asked, self.status, self.headers)
    }
}
