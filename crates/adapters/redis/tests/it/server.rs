//! Servers of the tests' own, to be treated badly.

use std::net::TcpListener;
use std::process::Stdio;

use deadpool_redis::redis::{self, Client, FromRedisValue};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::house::soon;

/// A server that is gone when the test is.
pub(crate) struct Server {
    pub(crate) port: u16,
    arguments: Vec<String>,
    folder: TempDir,
    process: Child,
    log: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let (process, log) = spawn(port, &arguments, &folder);
        let mut server = Self { port, arguments, folder, process, log };
        server.says("Ready to accept connections").await;
        server
    }

    /// A sentinel that watches `master` under the name `m`; one is a quorum.
    pub(crate) async fn sentinel(master: &Server) -> Self {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("sentinel.conf");
        let watched = format!(
            "sentinel monitor m 127.0.0.1 {} 1\nsentinel down-after-milliseconds m 300\n\
             sentinel failover-timeout m 2000\n",
            master.port
        );
        std::fs::write(&config, watched).unwrap();
        let port = free_port();
        let arguments = vec![config.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        let (process, log) = spawn(port, &arguments, &folder);
        let mut server = Self { port, arguments, folder, process, log };
        server.says("+monitor master m").await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    /// Starts again where it was, empty.
    pub(crate) async fn again(&mut self) {
        (self.process, self.log) = spawn(self.port, &self.arguments, &self.folder);
        self.says("Ready to accept connections").await;
    }

    /// Sends a signal such as `STOP`.
    pub(crate) async fn signal(&self, name: &str) {
        let process = self.process.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Waits until the log says so.
    pub(crate) async fn says(&mut self, text: &str) {
        soon(async {
            while let Some(line) = self.log.next_line().await.unwrap() {
                if line.contains(text) {
                    return;
                }
            }
            panic!("the server ended and never said {text:?}");
        })
        .await;
    }

    /// Runs one command, words apart by spaces.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &str) -> T {
        run(&self.url(), command).await
    }
}

pub(crate) async fn run<T: FromRedisValue>(url: &str, command: &str) -> T {
    let mut words = command.split(' ');
    let mut built = redis::cmd(words.next().unwrap());
    built.arg(words.collect::<Vec<_>>());
    let client = Client::open(url).unwrap();
    let mut connection = soon(client.get_multiplexed_async_connection()).await.unwrap();
    soon(built.query_async(&mut connection)).await.unwrap()
}

/// A port that was free a moment ago, and whose bus port is valid too.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port < 55_000 {
            return port;
        }
    }
}

fn spawn(
    port: u16,
    arguments: &[String],
    folder: &TempDir,
) -> (Child, Lines<BufReader<ChildStdout>>) {
    let program = variable("KEELWAY_TEST_REDIS_SERVER").unwrap_or("redis-server".to_owned());
    let mut process = Command::new(program)
        .args(arguments)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .arg("--dir")
        .arg(folder.path())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server is on the path or named by KEELWAY_TEST_REDIS_SERVER");
    let log = BufReader::new(process.stdout.take().unwrap()).lines();
    (process, log)
}

#[expect(clippy::disallowed_methods, reason = "where tests are told of their servers")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The server that many tests share; each of them uses a namespace of its own.
pub(crate) fn shared() -> String {
    variable("KEELWAY_TEST_REDIS_URL").expect("KEELWAY_TEST_REDIS_URL names a server")
}
