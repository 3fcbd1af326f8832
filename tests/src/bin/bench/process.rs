//! The real binary as a process: start, memory, and a place to send requests to.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::ROUNDS;
use crate::report::{Row, median};

/// A running `keelway serve`; killed when dropped.
pub struct Server {
    _child: Child,
    /// Where it listens.
    pub address: String,
    /// From its start until it said it is ready.
    pub ready_after: Duration,
    pid: u32,
}

/// The binary built beside this one.
fn binary() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("keelway");
    if !path.exists() {
        bail!("{} is missing: start the bench by `cargo xtask bench`", path.display());
    }
    Ok(path)
}

async fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string())
}

impl Server {
    /// Starts it on `folder` with further settings, and waits until `/readyz` says so.
    pub async fn start(
        folder: &std::path::Path,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let (address, preview) = (free_address().await?, free_address().await?);
        let started = Instant::now();
        let mut child = Command::new(binary()?)
            .arg("serve")
            .args(["--listen", &address, "--preview-listen", &preview, "--data-dir"])
            .arg(folder)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().context("a process id")?;
        let stdout = child.stdout.take().context("its output")?;
        let mut lines = BufReader::new(stdout).lines();
        // The first line comes once it listens.
        tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await??;
        loop {
            if matches!(get(&address, "/readyz", "").await, Ok((200, _))) {
                break;
            }
            if started.elapsed() > Duration::from_secs(20) {
                bail!("the server did not become ready");
            }
        }
        let ready_after = started.elapsed();
        #[expect(clippy::disallowed_methods, reason = "reads on until the server ends")]
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { _child: child, address, ready_after, pid })
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).context("a size")?.parse()?;
        Ok(kib / 1024.0)
    }
}

/// Start to ready on an empty folder and on a used one, and memory once idle.
pub async fn start_and_memory() -> anyhow::Result<Vec<Row>> {
    let (mut first, mut again, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir()?;
        let server = Server::start(folder.path(), &[]).await?;
        first.push(server.ready_after.as_secs_f64() * 1000.0);
        drop(server);
        let server = Server::start(folder.path(), &[]).await?;
        again.push(server.ready_after.as_secs_f64() * 1000.0);
        memory.push(server.resident_mib()?);
    }
    Ok(vec![
        Row::alone("start to ready, empty folder", " ms", median(first)),
        Row::alone("start to ready, used folder", " ms", median(again)),
        Row::alone("memory, idle", " MiB", median(memory)),
    ])
}

/// One request on a connection of its own: status and body.
pub async fn get(address: &str, path: &str, headers: &str) -> anyhow::Result<(u16, String)> {
    exchange(address, &format!("GET {path} HTTP/1.1\r\n{headers}"), "").await
}

/// The same with a JSON body.
pub async fn post(
    address: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> anyhow::Result<(u16, String)> {
    let head = format!("POST {path} HTTP/1.1\r\nContent-Type: application/json\r\n{headers}");
    exchange(address, &head, body).await
}

async fn exchange(address: &str, head: &str, body: &str) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let length = body.len();
    let request = format!(
        "{head}Host: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    let status = reply.split(' ').nth(1).context("a status")?.parse()?;
    let body = reply.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    Ok((status, body))
}
