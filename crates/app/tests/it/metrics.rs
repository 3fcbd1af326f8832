//! What a process measures, as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::keelway;
use crate::serve::{Server, free_addresses};

/// Units that are not Prometheus' own, which are seconds, bytes and ratios.
const OTHER_UNITS: [&str; 14] = [
    "ms",
    "millis",
    "milliseconds",
    "us",
    "micros",
    "microseconds",
    "ns",
    "minutes",
    "hours",
    "kb",
    "kib",
    "mb",
    "mib",
    "percent",
];

/// What an answer of `server` to a request says.
pub(crate) fn ask(server: &Server, head: &str, body: &Value) -> String {
    let (host, body) = (server.api, body.to_string());
    let mut socket = TcpStream::connect(host).unwrap();
    write!(
        socket,
        "{head}\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// What a server measured that built something, beside a Redis that is away.
fn measured() -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut command = keelway(dir.path(), &[]);
    command.env("KEELWAY_REDIS_URL", format!("redis://{}", free_addresses()[0]));
    let server = Server::of(command);
    let json =
        |head: &str, body| -> Value { serde_json::from_str(&ask(&server, head, body)).unwrap() };
    let person =
        json!({ "email": "a@x.com", "password": "a long and quiet river", "workspace": "Bakery" });
    let signed_up = json("POST /v1/auth/sign-up HTTP/1.1", &person);
    let bearer = format!("authorization: Bearer {}", signed_up["session_token"].as_str().unwrap());
    let wish = json!({ "description": "A landing page for a bakery in Lisbon" });
    let build = json(&format!("POST /v1/builds HTTP/1.1\r\n{bearer}"), &wish);
    // The stream ends with the build.
    let stream = format!("GET /v1/builds/{}/events/stream", build["id"].as_str().unwrap());
    let events = ask(&server, &format!("{stream} HTTP/1.1\r\n{bearer}"), &Value::Null);
    assert!(events.contains("event: build.completed"), "{events}");
    ask(&server, "POST /csp-reports HTTP/1.1", &json!({ "csp-report": {} }));
    ask(&server, "GET /metrics HTTP/1.1", &Value::Null)
}

#[test]
fn everything_measured_is_called_as_prometheus_expects() {
    let text = measured();
    let told = |what: &str| -> BTreeMap<&str, &str> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(what));
        lines.filter_map(|line| line.split_once(' ')).collect()
    };
    let (kinds, meanings) = (told("# TYPE "), told("# HELP "));
    for (name, kind) in &kinds {
        let words: Vec<&str> = name.split('_').collect();
        assert_eq!(words[0], "keelway", "{name} begins as all of ours do");
        assert!(words.iter().all(|word| !OTHER_UNITS.contains(word)), "{name} is in base units");
        assert_eq!(*kind == "counter", words.ends_with(&["total"]), "{name} is a {kind}");
        if ["summary", "histogram"].contains(kind) {
            assert!(
                ["seconds", "bytes"].iter().any(|unit| name.ends_with(unit)),
                "{name}: of what"
            );
        }
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        assert!(name.bytes().all(is_plain), "{name} is one name");
        assert!(meanings.contains_key(name), "{name} is explained");
    }
    // So that nothing is judged by not having been measured.
    let expected = [
        "keelway_active_builds",
        "keelway_ai_provider_latency_seconds",
        "keelway_build_events_total",
        "keelway_build_latency_seconds",
        "keelway_csp_reports_total",
        "keelway_http_connections_refused_total",
        "keelway_http_request_duration_seconds",
        "keelway_http_requests_total",
        "keelway_lease_lost_total",
        "keelway_limiter_degraded",
        "keelway_limiter_local_decisions_total",
        "keelway_queue_unreadable_builds",
        "keelway_redis_breaker_state",
        "keelway_redis_hints_dropped_total",
        "keelway_up",
        "keelway_worker_loops",
    ];
    assert_eq!(kinds.keys().copied().collect::<BTreeSet<_>>(), expected.into());
}
