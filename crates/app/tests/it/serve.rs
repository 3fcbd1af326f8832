//! The server as a process: what it says, refuses and leaves behind.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::{answer, keelway};

/// Two addresses that nobody uses.
pub(crate) fn free_addresses() -> [SocketAddr; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}

/// A running server; dropping it ends it.
pub(crate) struct Server {
    child: Child,
    pub(crate) api: SocketAddr,
}

impl Server {
    fn start(data_dir: &Path, args: &[&str]) -> Self {
        Self::of(keelway(data_dir, args))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let [api, sites] = free_addresses();
        let mut child = command
            .args(["--listen", &api.to_string(), "--preview-listen", &sites.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let server = Self { child, api };
        assert_eq!(ready, format!("Keelway is ready at http://{api}\n"));
        server
    }

    /// Status line and body of a GET.
    fn get(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.api).unwrap();
        let host = self.api;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }

    fn stop(mut self, name: &str) -> ExitStatus {
        signal(&self.child, name);
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to one process, by its id.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn one_command_serves_and_sigterm_ends_it_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("made/by/it");
    let server = Server::start(dir.path(), &["--data-dir", data.to_str().unwrap()]);
    assert_eq!(server.get("/healthz").0, "HTTP/1.1 200 OK");
    assert_eq!(server.get("/readyz").0, "HTTP/1.1 200 OK");
    assert!(data.join("keelway.db").exists());
    for secret in ["viewer.key", "keelway.db", "keelway.db-wal"] {
        let mode = std::fs::metadata(data.join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    assert_eq!(server.stop("TERM").code(), Some(0));
    let dir = data.to_str().unwrap();
    let (code, out, _) = answer(&data, &["doctor", "--data-dir", dir]);
    assert_eq!(code, 0, "{out}");
}

/// What a server says until it is stopped: standard output, and its log.
fn said_by_a_server(data_dir: &Path) -> (String, String) {
    let [api, sites] = free_addresses().map(|address| address.to_string());
    let args = ["--listen", &api, "--preview-listen", &sites, "--no-worker"];
    let mut child =
        keelway(data_dir, &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (mut out, mut log) = (String::new(), String::new());
    lines.read_line(&mut out).unwrap();
    assert_eq!(out, format!("Keelway is ready at http://{api}\n"));
    signal(&child, "TERM");
    lines.read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
    (out.replace(&api, "API"), log)
}

/// The token in a line with an owner link.
fn owner_token(line: &str, url: &str) -> String {
    let token = line.strip_prefix(&format!("Owner  {url}/welcome/")).unwrap().trim_end();
    assert!(token.starts_with("kwo_") && token.len() == 4 + 43, "{line}");
    token.to_owned()
}

#[test]
fn an_owner_link_is_printed_at_each_start_until_there_is_an_owner_and_is_never_logged() {
    let dir = tempfile::tempdir().unwrap();
    let started = || {
        let (out, log) = said_by_a_server(dir.path());
        let lines: Vec<_> = out.lines().collect();
        let [_, line] = lines[..] else { panic!("{out}") };
        let token = owner_token(line, "http://API");
        assert!(!log.contains(&token), "{log}");
        let lines =
            log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let ready = lines.into_iter().find(|line| line["message"] == "ready").unwrap();
        assert_eq!((&ready["database"], &ready["redis"]), (&"sqlite".into(), &false.into()));
        assert!(ready["sites"].as_str().unwrap().ends_with("/{label}/"), "{ready}");
        token
    };
    assert_ne!(started(), started());
    let kept = std::fs::read(dir.path().join("keelway.db")).unwrap();
    assert!(!kept.windows(4).any(|four| four == b"kwo_"), "only its hash is kept");
    crate::tamper(
        dir.path(),
        "INSERT INTO users (id, email, email_key, password_hash, created_at, staff_since)
         VALUES (zeroblob(16), 'a@example.com', 'a@example.com', '', 0, 0)",
    );
    let (out, _) = said_by_a_server(dir.path());
    assert_eq!(out, "Keelway is ready at http://API\n");

    let (code, out, err) = answer(dir.path(), &["admin", "owner-link"]);
    assert_eq!((code, err.as_str()), (0, ""));
    owner_token(&out, "http://127.0.0.1:8080");
}

#[test]
fn an_owner_link_needs_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, err) = answer(dir.path(), &["admin", "owner-link"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("there is no database at"), "{err}");
    assert!(!dir.path().join("keelway.db").exists());
}

#[test]
fn a_server_on_a_damaged_database_takes_no_requests() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(answer(dir.path(), &["migrate", "up"]).0, 0);
    crate::damage(dir.path(), "users");
    crate::damage(dir.path(), "sqlite_autoindex_users_1");
    let server = Server::start(dir.path(), &["serve", "--no-worker"]);
    assert_eq!(server.get("/readyz").0, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(server.stop("TERM").code(), Some(0));
}

#[test]
fn an_address_in_use_is_named_and_nothing_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let [free, _] = free_addresses().map(|address| address.to_string());
    for (args, flag) in [
        (["--listen", &address, "--preview-listen", &free], "--listen"),
        (["--listen", &free, "--preview-listen", &address], "--preview-listen"),
    ] {
        let (code, out, err) = answer(dir.path(), &args);
        assert_eq!((code, out.as_str()), (2, ""));
        let expected = format!(
            "keelway: {address} is in use: stop what listens there, or choose another address \
             with {flag}\n"
        );
        assert_eq!(err, expected);
    }
    assert!(!dir.path().join("keelway.db").exists());
}

#[test]
fn a_worker_alone_stops_on_ctrl_c() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = keelway(dir.path(), &["worker"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = lines.by_ref().any(|line| line.unwrap().contains("the worker is ready"));
    assert!(ready);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_log_is_json_where_nobody_watches() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut child = keelway(dir.path(), &["worker"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    signal(&child, "TERM");
    child.wait().unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "INFO");
    assert!(line["timestamp"].is_string());
}
