//! Probes, and what is said where a database or Redis is away.

use std::io::{BufRead as _, BufReader, Lines};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};

use crate::serve::{free_addresses, signal};
use crate::{answer, keelway};

/// Where nobody listens.
fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A worker with further variables, the line that says it is ready, and the rest of its log, to be
/// kept open.
fn worker(
    data_dir: &Path,
    variables: &[(&str, &str)],
) -> (Child, String, Lines<BufReader<ChildStderr>>) {
    let mut command = keelway(data_dir, &["worker"]);
    command.envs(variables.iter().copied());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready =
        lines.by_ref().map(Result::unwrap).find(|line| line.contains("the worker is ready"));
    (child, ready.unwrap(), lines)
}

#[test]
fn a_worker_answers_probes_where_it_is_told_to() {
    let dir = tempfile::tempdir().unwrap();
    let [address, other] = free_addresses().map(|address| address.to_string());
    let (mut child, ready, _log) = worker(dir.path(), &[("KEELWAY_WORKER_LISTEN", &address)]);
    assert!(ready.contains("\"redis\":false"), "{ready}");
    let ready = "{\"status\":\"ready\",\"degraded\":[]}\n".to_owned();
    assert_eq!(answer(dir.path(), &["probe", &address]), (0, ready, String::new()));

    // A second one there would answer for the first.
    let mut second = keelway(dir.path(), &["worker"]);
    let second = second.env("KEELWAY_WORKER_LISTEN", &address).output().unwrap();
    let (code, out, err) = crate::said(dir.path(), second);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("choose another address with `worker.listen`"), "{err}");

    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    for address in [&address, &other] {
        let (code, out, err) = answer(dir.path(), &["probe", address]);
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(err.starts_with(&format!("keelway: nothing listens at {address}: ")), "{err}");
    }
}

#[test]
fn a_redis_that_is_away_is_named_and_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let [address, _] = free_addresses().map(|address| address.to_string());
    let redis = format!("redis://:hunter2@{}", nowhere());
    let variables = [("KEELWAY_WORKER_LISTEN", &*address), ("KEELWAY_REDIS_URL", &*redis)];
    let (mut child, ready, _log) = worker(dir.path(), &variables);
    assert!(!ready.contains("hunter2"), "{ready}");
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!((&ready["database"], &ready["redis"]), (&"sqlite".into(), &true.into()));
    assert_eq!(ready["sites"], "http://127.0.0.1:8081/{label}/");
    let (code, out, err) = answer(dir.path(), &["probe", &address]);
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, "{\"status\":\"degraded\",\"degraded\":[\"redis.limits\",\"redis.hints\"]}\n");
}
