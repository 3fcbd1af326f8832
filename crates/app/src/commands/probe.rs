//! `keelway probe`: what a container's health check runs, where there is no other HTTP client.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::exit::Exit;
use crate::settings::{Sources, reachable};

/// A process that takes longer is as good as away.
const WITHIN: Duration = Duration::from_secs(3);

/// More than any answer to a probe.
const MOST_BYTES: u64 = 64 * 1024;

pub(super) fn run(address: Option<SocketAddr>, sources: &Sources) -> anyhow::Result<Exit> {
    let address = match address {
        Some(address) => address,
        None => super::quiet_settings(sources)?.settings.listen,
    };
    let address = reachable(address);
    match ask(address) {
        Ok(answer) => {
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
            super::print(body)?;
            let is_ready = head.split(' ').nth(1) == Some("200");
            Ok(if is_ready { Exit::Done } else { Exit::No })
        }
        Err(error) => {
            eprintln!("keelway: nobody answers at {address}: {error}");
            Ok(Exit::No)
        }
    }
}

/// The whole answer to one request; HTTP/1.0, so that the connection's end is its end.
fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    write!(stream, "GET /readyz HTTP/1.0\r\nhost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(MOST_BYTES).read_to_string(&mut answer)?;
    Ok(answer)
}
