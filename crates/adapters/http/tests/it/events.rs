//! Following a build: pages, streams, tokens and tickets.

use std::sync::Arc;
use std::time::Duration;

use keelway_access::{Accept, InvitationToken, Invite, RemoveMember, Role};
use keelway_kernel::id::InvitationId;
use keelway_kernel::{Clock as _, Tier};
use keelway_local::LocalSignals;
use keelway_signing::{KeyId, SharedKey, ViewerClaims};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::{Someone, TestApp, redact};
use crate::stream::Reader;

fn ids(count: i64) -> Vec<String> {
    (1..=count).map(|seq| seq.to_string()).collect()
}

/// All events of a build, page by page.
async fn history(app: &TestApp, who: &Someone, build: &str) -> Vec<Value> {
    let mut events = Vec::new();
    let mut after = "0".to_owned();
    loop {
        let path = format!("/v1/builds/{build}/events?after={after}&limit=7");
        let page = app.get(&path).by(who).send().await.json();
        events.extend(page["data"].as_array().unwrap().iter().cloned());
        page["next_cursor"].as_str().unwrap().clone_into(&mut after);
        if page["has_more"] == json!(false) {
            assert_eq!(page["is_over"], json!(true));
            return events;
        }
    }
}

fn stream(app: &TestApp, build: &str) -> crate::app::Call {
    app.get(&format!("/v1/builds/{build}/events/stream"))
}

#[tokio::test]
async fn pages_and_streams_tell_the_same_without_gaps() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let history = history(&app, &ada, &build).await;
    let count = i64::try_from(history.len()).unwrap();
    let frames = Reader::of(stream(&app, &build).by(&ada).stream().await).rest().await;
    assert_eq!(frames.iter().map(|frame| frame.id.clone()).collect::<Vec<_>>(), ids(count));
    let streamed: Vec<Value> = frames.iter().map(crate::stream::Frame::json).collect();
    assert_eq!(streamed, history);
    for (frame, event) in frames.iter().zip(&history) {
        assert_eq!(event["type"], frame.event);
    }
    assert_eq!(history.last().unwrap()["type"], "build.completed");
    insta::assert_json_snapshot!(redact(history[0].clone()));
    let kinds: Vec<&str> = history.iter().map(|event| event["type"].as_str().unwrap()).collect();
    insta::assert_snapshot!("kinds", kinds.join("\n"));
    let agent = history.iter().find(|event| event["type"] == "agent.completed").unwrap();
    let keys: Vec<&String> = agent["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["cost_micro_usd", "files", "model", "provider", "tokens_in", "tokens_out"]);
}

#[tokio::test]
async fn a_stream_goes_on_live_and_ends_with_the_build() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.queued(&ada).await;
    let response = stream(&app, &build).by(&ada).stream().await;
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("cache-control"), header("x-accel-buffering")),
        ("no-store".into(), "no".into())
    );
    assert!(!response.headers().contains_key("content-encoding"));
    let mut reader = Reader::of(response);
    assert_eq!(reader.next().await.unwrap().retry.as_deref(), Some("2000"));
    assert_eq!(reader.event().await.unwrap().event, "build.queued");
    let (frames, ()) = tokio::join!(reader.rest(), app.work(&ada, &build));
    assert_eq!(frames.first().unwrap().id, "2");
    assert_eq!(frames.last().unwrap().event, "build.completed");
    let seqs: Vec<i64> = frames.iter().map(|frame| frame.id.parse().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{seqs:?}");
}

#[tokio::test]
async fn whoever_comes_back_gets_the_rest_once() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let all = Reader::of(stream(&app, &build).by(&ada).stream().await).rest().await;
    let last = all.len();
    let since = |id: &str| {
        let call = stream(&app, &build).by(&ada).header("last-event-id", id);
        async { Reader::of(call.stream().await).rest().await }
    };
    assert_eq!(since("3").await, all[3..]);
    assert_eq!(since(&(last - 1).to_string()).await, all[last - 1..]);
    for absent in ["", "x", "-1", "3.0", "000000000000000000003", "99999999999999999999"] {
        assert_eq!(since(absent).await, all, "{absent:?}");
    }
    let over = stream(&app, &build).by(&ada).header("last-event-id", &last.to_string());
    assert_eq!(over.send().await.verdict(), "204");
    let beyond = stream(&app, &build).by(&ada).header("last-event-id", "18446744073709551615");
    assert_eq!(beyond.send().await.verdict(), "400 VALIDATION_FAILED");
    let path = format!("/v1/builds/{build}/events/stream?after=5");
    assert_eq!(Reader::of(app.get(&path).by(&ada).stream().await).rest().await, all[5..]);
    let head = app.call(reqwest::Method::HEAD, &path).by(&ada).send().await;
    assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0));
}

#[tokio::test]
async fn a_build_is_told_again_from_any_point() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let all = Reader::of(stream(&app, &build).by(&ada).stream().await).rest().await;
    let replay = |body: Value| app.post(&format!("/v1/builds/{build}/replay")).by(&ada).json(&body);
    assert_eq!(Reader::of(replay(json!({})).stream().await).rest().await, all);
    let bare = app.post(&format!("/v1/builds/{build}/replay")).by(&ada).stream().await;
    assert_eq!(Reader::of(bare).rest().await, all);
    assert_eq!(Reader::of(replay(json!({ "after": 4 })).stream().await).rest().await, all[4..]);
    let nothing_more = replay(json!({ "after": all.len() })).send().await;
    assert_eq!(nothing_more.status.as_u16(), 204);
    let beyond = replay(json!({ "after": u64::MAX })).send().await;
    insta::assert_snapshot!(beyond.shown());
}

#[tokio::test]
async fn places_outside_the_history_are_refused() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.queued(&ada).await;
    let verdict = |query: &str| {
        let path = format!("/v1/builds/{build}/events?{query}");
        let call = app.get(&path).by(&ada).send();
        async { call.await.verdict() }
    };
    for query in ["after=0", "after=1", "after=1&limit=100"] {
        assert_eq!(verdict(query).await, "200", "{query}");
    }
    for query in ["after=2", "after=-1", "after=x", "after=", "limit=0", "limit=101", "before=1"] {
        assert_eq!(verdict(query).await, "400 VALIDATION_FAILED", "{query}");
    }
}

#[tokio::test]
async fn whoever_waits_is_answered_with_the_next_event() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.queued(&ada).await;
    let path = format!("/v1/builds/{build}/events?after=1");
    let waiting = app.get(&path).by(&ada).header("prefer", "wait=30").send();
    let cancelling = app.post(&format!("/v1/builds/{build}/cancel")).by(&ada).send();
    let (page, _) = tokio::join!(waiting, cancelling);
    let page = page.json();
    assert_eq!(page["data"][0]["type"], "build.cancelled");
    assert_eq!(page["is_over"], json!(true));
    // Nothing more will come, so nobody waits for it.
    let path = format!("/v1/builds/{build}/events?after=2");
    let over = app.get(&path).by(&ada).header("prefer", "wait=30").send().await.json();
    assert_eq!(over["data"], json!([]));
}

#[tokio::test]
async fn tokens_and_tickets_open_one_builds_events_and_nothing_else() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let other = app.queued(&ada).await;
    let pass = app.post(&format!("/v1/builds/{build}/viewer-token")).by(&ada).send().await;
    assert_eq!((pass.verdict().as_str(), pass.header("cache-control")), ("200", "no-store"));
    let pass = pass.json();
    let text = |name: &str| pass[name].as_str().unwrap().to_owned();
    assert_eq!(text("expires_at"), "2026-06-15T12:10:00.000000Z");
    assert_eq!(text("ticket_expires_at"), "2026-06-15T12:01:00.000000Z");
    assert!(text("stream_url").ends_with(&format!("?ticket={}", text("ticket"))));

    let bearer = format!("Bearer {}", text("token"));
    let with_token = |path: &str| app.get(path).header("authorization", &bearer);
    let events = format!("/v1/builds/{build}/events");
    assert_eq!(with_token(&events).send().await.verdict(), "200");
    let streamed = with_token(&format!("{events}/stream")).stream().await;
    assert_eq!(Reader::of(streamed).rest().await.last().unwrap().event, "build.completed");
    for (path, verdict) in [
        (format!("/v1/builds/{other}/events"), "404 NOT_FOUND"),
        (format!("/v1/builds/{build}"), "401 AUTH_REQUIRED"),
        ("/v1/credits".to_owned(), "401 AUTH_REQUIRED"),
    ] {
        assert_eq!(with_token(&path).send().await.verdict(), verdict, "{path}");
    }
    let elsewhere = with_token("/v1/credits").send().await.json();
    assert_eq!(
        elsewhere["detail"],
        "a viewer token opens the events of its build and nothing else, and ends with the session \
         that asked for it"
    );
    app.clock.advance(10 * 60);
    assert_eq!(with_token(&events).send().await.verdict(), "401 AUTH_REQUIRED");

    let issue = || async {
        let pass = app.post(&format!("/v1/builds/{build}/viewer-token")).by(&ada).send().await;
        pass.json()["stream_url"].as_str().unwrap().to_owned()
    };
    let once = issue().await;
    assert!(!Reader::of(app.get(&once).stream().await).rest().await.is_empty());
    let used = app.get(&once).send().await;
    assert_eq!(used.verdict(), "401 AUTH_REQUIRED");
    assert!(used.json()["detail"].as_str().unwrap().starts_with("the ticket was used"));
    let elsewhere = issue().await.replace(&build, &other);
    assert_eq!(app.get(&elsewhere).send().await.verdict(), "404 NOT_FOUND");
    let late = issue().await;
    app.clock.advance(60);
    assert_eq!(app.get(&late).send().await.verdict(), "401 AUTH_REQUIRED");
}

#[tokio::test]
async fn tokens_and_tickets_end_with_the_membership_they_were_given_for() {
    let app = TestApp::spawn().await;
    let ada = app.owner_of("ada@example.com", Tier::Enterprise, 10_000).await;
    let bob = app.person("bob@example.com").await;
    let (owned, ports) = (ada.owned(), app.platform.ports());
    let token = InvitationToken::generate(&*app.entropy).hash();
    let invite = Invite {
        id: InvitationId::generate(app.clock.now(), &*app.entropy),
        token,
        role: Role::Viewer,
        email: None,
        by: ada.user,
        request_id: "req_invite".into(),
    };
    ports.invitations.invite(owned.scope, invite).await.unwrap();
    let accept = Accept { token, user: bob.user, request_id: "req_accept".into() };
    ports.invitations.accept(accept).await.unwrap();

    let build = app.deployed(&ada).await;
    let issue =
        async || app.post(&format!("/v1/builds/{build}/viewer-token")).by(&bob).send().await.json();
    let (spent, kept) = (issue().await, issue().await);
    let ticket = |pass: &Value| app.get(pass["stream_url"].as_str().unwrap());
    let bearer = format!("Bearer {}", kept["token"].as_str().unwrap());
    let events = format!("/v1/builds/{build}/events");
    let with_token = || app.get(&events).header("authorization", &bearer);
    assert_eq!(with_token().send().await.verdict(), "200");
    assert!(!Reader::of(ticket(&spent).stream().await).rest().await.is_empty());

    let remove = RemoveMember { by: ada.user, member: bob.user, request_id: "req".into() };
    ports.members.remove(owned.scope, remove).await.unwrap();
    assert_eq!(with_token().send().await.verdict(), "401 AUTH_REQUIRED");
    assert_eq!(ticket(&kept).send().await.verdict(), "401 AUTH_REQUIRED");
}

#[tokio::test]
async fn tokens_and_tickets_end_with_the_session_that_asked_for_them() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let issue =
        async || app.post(&format!("/v1/builds/{build}/viewer-token")).by(&ada).send().await.json();
    let (spent, kept) = (issue().await, issue().await);
    let ticket = |pass: &Value| app.get(pass["stream_url"].as_str().unwrap());
    let bearer = format!("Bearer {}", kept["token"].as_str().unwrap());
    let events = format!("/v1/builds/{build}/events");
    let with_token = |path: &str| app.get(path).header("authorization", &bearer);
    assert_eq!(with_token(&events).send().await.verdict(), "200");
    assert!(!Reader::of(ticket(&spent).stream().await).rest().await.is_empty());

    assert_eq!(app.post("/v1/auth/sign-out").by(&ada).send().await.verdict(), "204");
    for path in [events.clone(), format!("{events}/stream")] {
        let refused = with_token(&path).send().await;
        assert_eq!(refused.verdict(), "401 AUTH_REQUIRED", "{path}");
        let detail = refused.json()["detail"].to_string();
        assert!(detail.contains("ends with the session that asked for it"), "{detail}");
    }
    let refused = ticket(&kept).send().await;
    assert_eq!(refused.verdict(), "401 AUTH_REQUIRED");
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("the session that asked for it has ended"), "{detail}");
}

#[tokio::test]
async fn a_person_follows_ten_streams_at_a_time() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.queued(&ada).await;
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut reader = Reader::of(stream(&app, &build).by(&ada).stream().await);
        reader.event().await.unwrap();
        open.push(reader);
    }
    let refused = stream(&app, &build).by(&ada).send().await;
    insta::assert_snapshot!(refused.shown());
    // Whoever waits for news holds what a stream holds.
    let path = format!("/v1/builds/{build}");
    for path in [format!("{path}/events?after=1"), path] {
        let refused = app.get(&path).by(&ada).header("prefer", "wait=30").send().await;
        assert_eq!(refused.verdict(), "429 TOO_MANY_STREAMS", "{path}");
        assert_eq!(app.get(&path).by(&ada).send().await.verdict(), "200", "{path}");
    }
    app.post(&format!("/v1/builds/{build}/cancel")).by(&ada).send().await;
    for reader in open {
        assert_eq!(reader.rest().await.last().unwrap().event, "build.cancelled");
    }
    Reader::of(stream(&app, &build).by(&ada).stream().await).rest().await;
}

#[tokio::test]
async fn streams_end_when_the_process_is_about_to() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.queued(&ada).await;
    let mut reader = Reader::of(stream(&app, &build).by(&ada).stream().await);
    reader.event().await.unwrap();
    app.drain.begin();
    assert_eq!(reader.next().await.unwrap().retry.as_deref(), Some("5000"));
    assert_eq!(reader.next().await, None);
}

/// Waits until so many watch a build; whoever reads it watches it all the while.
async fn watched(signals: &LocalSignals, readers: usize) {
    let reached = async {
        while signals.watched() != readers {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached).await.unwrap();
}

#[tokio::test]
async fn what_was_sent_to_a_reader_who_is_gone_ends_and_reads_nothing_more() {
    let signals = LocalSignals::default();
    let here = Arc::new(signals.clone());
    let app = TestApp::spawn_with(|setup| setup.ports.signals = here).await;
    let ada = app.owner("ada@example.com").await;
    let build = app.queued(&ada).await;
    for path in ["events/stream", "events?after=1"] {
        let head = format!(
            "GET /v1/builds/{build}/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             prefer: wait=30\r\n\r\n",
            app.authority(),
            ada.token.expose()
        );
        let mut socket = TcpStream::connect(app.authority()).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        watched(&signals, 1).await;
        // All that a server ever sees of a client that hangs up; this one goes on taking what
        // comes, so no write will ever fail.
        socket.shutdown().await.unwrap();
        watched(&signals, 0).await;
        socket.read_to_end(&mut Vec::new()).await.unwrap();
    }
    // Their places are free again.
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(Reader::of(stream(&app, &build).by(&ada).stream().await));
    }
}

#[tokio::test]
async fn a_viewer_token_that_is_not_ours_says_what_to_do_and_tells_of_no_key() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.queued(&ada).await;
    let claims = ViewerClaims {
        user: ada.user,
        tenant: ada.tenant.unwrap(),
        build: build.parse().unwrap(),
        session: None,
    };
    let keys = &app.platform.settings().viewer_keys;
    let key = |id: &str| SharedKey::new(KeyId::parse(id).unwrap(), &[9; 32]).unwrap();
    let now = app.clock.now();
    let (good, _) = claims.issue(&keys.current, now);
    let (foreign, _) = claims.issue(&key("another"), now);
    let (namesake, _) = claims.issue(&key(keys.current.id().as_str()), now);
    let (old, _) = claims.issue(&keys.current, now.plus_seconds(-600));
    let (old_and_foreign, _) = claims.issue(&key("another"), now.plus_seconds(-600));
    let ask = async |token: &str| {
        let path = format!("/v1/builds/{build}/events");
        app.get(&path).header("authorization", &format!("Bearer {token}")).send().await
    };
    assert_eq!(ask(&good).await.verdict(), "200");
    let mut told = Vec::new();
    for refused in [&foreign, &namesake, &old, &old_and_foreign] {
        let answer = ask(refused).await;
        assert_eq!(answer.header("set-cookie"), "", "a token is no cookie to take back");
        let mut body = answer.json();
        body.as_object_mut().unwrap().retain(|name, _| name != "request_id" && name != "timestamp");
        told.push(body.to_string());
    }
    assert!(told[0].contains("open the preview again from the project"), "{}", told[0]);
    assert!(told.iter().all(|answer| *answer == told[0]), "{told:#?}");
}
