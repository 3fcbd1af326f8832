//! A small HTTP load driver: keep-alive connections that each wait for their answer.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Requests a second over `connections`, for `length`; every answer must be 200.
pub async fn rate(
    address: &str,
    request: &str,
    connections: usize,
    length: Duration,
) -> anyhow::Result<f64> {
    let started = Instant::now();
    let until = started + length;
    let drivers = (0..connections).map(|_| drive(address, request, until));
    let counts = futures::future::try_join_all(drivers).await?;
    let total: u32 = counts.into_iter().sum();
    Ok(f64::from(total) / started.elapsed().as_secs_f64())
}

async fn drive(address: &str, request: &str, until: Instant) -> anyhow::Result<u32> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 16 * 1024];
    let mut answered = 0;
    while Instant::now() < until {
        stream.write_all(request.as_bytes()).await?;
        let mut filled = 0;
        loop {
            let read = stream.read(&mut buffer[filled..]).await?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            filled += read;
            if is_whole(&buffer[..filled])? {
                break;
            }
        }
        answered += 1;
    }
    Ok(answered)
}

/// Whether the answer has arrived to its last byte.
fn is_whole(answer: &[u8]) -> anyhow::Result<bool> {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(false) };
    if !head.starts_with("HTTP/1.1 200") {
        bail!("answered {}", head.lines().next().unwrap_or_default());
    }
    let length: usize = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
        })
        .context("a content length")?;
    Ok(body.len() >= length)
}
