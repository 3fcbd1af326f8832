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
            let Some(status) = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)) else {
                eprintln!("keelway: what answers at {address} is not Keelway");
                return Ok(Exit::No);
            };
            super::print(body)?;
            let is_ready = status == "200";
            Ok(if is_ready { Exit::Done } else { Exit::No })
        }
        Err(error) => {
            eprintln!("keelway: {}", unanswered(address, &error));
            Ok(Exit::No)
        }
    }
}

fn unanswered(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!(
            "nothing listens at {address}: is the process up, with `listen` there, or a worker \
             with `worker.listen`?"
        ),
        // Which of the two it is depends on the system.
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            format!("{address} did not answer within {} s", WITHIN.as_secs())
        }
        _ => format!("{address} did not answer: {error}"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn an_address_where_nothing_listens_is_told_from_a_silent_one() {
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let refused = unanswered(nobody, &ask(nobody).unwrap_err());
        assert!(refused.starts_with(&format!("nothing listens at {nobody}: ")), "{refused}");
        let silent = unanswered(nobody, &io::ErrorKind::WouldBlock.into());
        assert_eq!(silent, format!("{nobody} did not answer within 3 s"));
    }
}
