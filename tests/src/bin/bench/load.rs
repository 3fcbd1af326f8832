//! Putting something under load.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What was done.
pub struct Done {
    pub per_second: f64,
    /// How long each took, shortest first.
    took: Vec<Duration>,
}

impl Done {
    /// Of so many that took so long, within some time.
    pub fn of(mut took: Vec<Duration>, within: Duration) -> Self {
        took.sort_unstable();
        Self { per_second: took.len() as f64 / within.as_secs_f64(), took }
    }

    /// How long so many hundredths of them took at most.
    pub fn quantile_ms(&self, hundredths: usize) -> f64 {
        let place = self.took.len() * hundredths / 100;
        self.took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    }
}

/// Repeats something in so many tasks, each of which is told its number, for `length`.
///
/// What ends later is counted with the time that it took.
pub async fn repeat<F>(
    in_flight: usize,
    length: Duration,
    work: impl Fn(usize) -> F + Clone + Send + 'static,
) -> anyhow::Result<Done>
where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let started = Instant::now();
    let until = started + length;
    let mut tasks = JoinSet::new();
    for number in 0..in_flight {
        let work = work.clone();
        tasks.spawn(async move {
            let mut took = Vec::new();
            while Instant::now() < until {
                let begun = Instant::now();
                work(number).await?;
                took.push(begun.elapsed());
            }
            anyhow::Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = tasks.join_next().await {
        took.extend(done??);
    }
    Ok(Done::of(took, started.elapsed()))
}

/// Requests a second over keep-alive connections that each wait for their answer, for `length`;
/// every answer must have this status. `request` is told which connection it is and how many it
/// has made.
pub async fn requests(
    address: &str,
    connections: usize,
    length: Duration,
    (status, request): (u16, impl Fn(usize, u32) -> String + Clone + Send + 'static),
) -> anyhow::Result<f64> {
    let started = Instant::now();
    let until = started + length;
    let mut drivers = JoinSet::new();
    for number in 0..connections {
        let (address, request) = (address.to_owned(), request.clone());
        drivers.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut buffer = vec![0; 16 * 1024];
            let mut answered = 0;
            while Instant::now() < until {
                stream.write_all(request(number, answered).as_bytes()).await?;
                let mut filled = 0;
                while !is_whole(&buffer[..filled], status)? {
                    let read = stream.read(&mut buffer[filled..]).await?;
                    if read == 0 {
                        bail!("the server closed the connection");
                    }
                    filled += read;
                }
                answered += 1;
            }
            Ok(answered)
        });
    }
    let mut total = 0;
    while let Some(answered) = drivers.join_next().await {
        total += answered??;
    }
    Ok(f64::from(total) / started.elapsed().as_secs_f64())
}

const NAME: &[u8] = b"\ncontent-length:";

/// Whether the answer has arrived to its last byte. It takes the processor from what is
/// measured, so it looks at no more than it must.
fn is_whole(answer: &[u8], status: u16) -> anyhow::Result<bool> {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = (&answer[..end], &answer[end + 4..]);
    let mut lines = head.split(|byte| *byte == b'\r');
    let line = lines.next().unwrap_or_default();
    if line.get(9..12) != Some(status.to_string().as_bytes()) {
        bail!("answered {}: {}", String::from_utf8_lossy(line), String::from_utf8_lossy(body));
    }
    let value = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    });
    let value = std::str::from_utf8(value.context("a content length")?)?;
    Ok(body.len() >= value.trim().parse::<usize>()?)
}
