//! A Redis that is killed, emptied, filled up and made to stand still.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::house::{free_port, signal};
use crate::within;

/// A server of its own, which keeps nothing on disk.
#[derive(Debug)]
pub struct Redis {
    program: PathBuf,
    port: u16,
    child: Child,
}

/// Between two looks whether it answers.
const PAUSE: Duration = Duration::from_millis(20);

impl Redis {
    /// Starts the program that `KEELWAY_TEST_REDIS_SERVER` names.
    pub async fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "tests are told of tools by the environment")]
        let program = std::env::var_os("KEELWAY_TEST_REDIS_SERVER");
        let program = PathBuf::from(program.unwrap_or_else(|| {
            panic!("KEELWAY_TEST_REDIS_SERVER is not set: `cargo xtask chaos` and `test` set it")
        }));
        let port = free_port();
        let child = spawn(&program, port);
        let redis = Self { program, port, child };
        redis.answers().await;
        redis
    }

    /// What the program is told.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it at once; whatever it knew is lost.
    pub async fn kill(&mut self) {
        within("a killed Redis is gone", self.child.kill()).await.unwrap();
    }

    /// Starts it again, empty.
    pub async fn go_on(&mut self) {
        self.child = spawn(&self.program, self.port);
        self.answers().await;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Lets it stand still, with all its connections open.
    pub async fn freeze(&self) {
        signal("STOP", self.pid()).await;
    }

    /// Lets it go on.
    pub async fn thaw(&self) {
        signal("CONT", self.pid()).await;
    }

    /// Forgets everything.
    pub async fn flush(&self) {
        assert_eq!(self.ask("FLUSHALL").await.unwrap(), "+OK");
    }

    /// Lets it have no more memory than this; any amount for 0.
    pub async fn limit_memory(&self, bytes: u32) {
        let set = format!("CONFIG SET maxmemory {bytes}");
        assert_eq!(self.ask(&set).await.unwrap(), "+OK");
    }

    async fn answers(&self) {
        let answers = async {
            while !self.ask("PING").await.is_ok_and(|answer| answer == "+PONG") {
                tokio::time::sleep(PAUSE).await;
            }
        };
        within("Redis answers", answers).await;
    }

    async fn ask(&self, command: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).await?;
        Ok(answer.trim_end().to_owned())
    }
}

fn spawn(program: &PathBuf, port: u16) -> Child {
    Command::new(program)
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"])
        .arg(port.to_string())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}
