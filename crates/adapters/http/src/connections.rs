//! How many connections one address has, and how long one may stand still.

use std::any::Any;
use std::net::{IpAddr, Shutdown};
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::SockRef;

use crate::client::{Cidr, counted_as};
use crate::places::Places;
use crate::settings::HttpSettings;

/// How long a peer may leave what was sent to it untaken before the connection is closed.
const STALLED: Duration = Duration::from_secs(30);

/// What a listener does with every connection it accepts.
pub(crate) fn limited(
    settings: &HttpSettings,
) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
    let connections = Places::default();
    let (most, trusted) = (settings.connections_per_address, settings.trusted_proxies.clone());
    move |stream, kept| {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
        close_when_stalled(stream);
        // A peer that is gone already is not counted; its first read ends the connection.
        let Ok(peer) = stream.peer_addr() else { return };
        let peer = peer.ip().to_canonical();
        if is_trusted(&trusted, peer) {
            return;
        }
        match connections.open(counted_as(peer), most) {
            Some(place) => drop(kept.insert(place)),
            None => refuse(stream),
        }
    }
}

/// Without it a peer that acknowledges but never reads holds its connection for ever.
fn close_when_stalled(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(STALLED)) {
        tracing::warn!(%error, "a connection that stands still will not be closed");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, STALLED);
}

fn is_trusted(trusted: &[Cidr], peer: IpAddr) -> bool {
    trusted.iter().any(|block| block.contains(peer))
}

/// The server then reads the end of the connection and drops it.
fn refuse(stream: &TcpStream) {
    metrics::counter!("keelway_http_connections_refused_total").increment(1);
    // Fails only where the peer was quicker to go.
    let _ = SockRef::from(stream).shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    fn settings(most: usize, trusted: &[&str]) -> HttpSettings {
        HttpSettings {
            connections_per_address: most,
            trusted_proxies: trusted.iter().map(|block| block.parse().unwrap()).collect(),
            ..HttpSettings::new("http://127.0.0.1", Arc::new(|_| String::new()))
        }
    }

    /// Both ends of a new connection.
    async fn connected(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (near, listener.accept().await.unwrap().0)
    }

    /// Whether the far end still speaks after it passed the limit.
    async fn is_kept(near: &mut TcpStream, far: &mut TcpStream) -> bool {
        // Nothing can be written to what was shut down.
        let _ = far.write_all(b"x").await;
        near.read(&mut [0]).await.unwrap_or(0) == 1
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[tokio::test]
    async fn a_connection_whose_peer_takes_nothing_is_closed_by_the_system() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (_near, far) = connected(&listener).await;
        limited(&settings(1, &[]))(&far, &mut Extensions::new());
        assert_eq!(SockRef::from(&far).tcp_user_timeout().unwrap(), Some(STALLED));
    }

    #[tokio::test]
    async fn a_trusted_proxy_brings_as_many_as_it_likes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for (trusted, expected) in [(&[][..], [true, false]), (&["127.0.0.0/8"], [true, true])] {
            let limited = limited(&settings(1, trusted));
            let mut kept = Vec::new();
            let mut extensions = Vec::new();
            for _ in 0..2 {
                let (mut near, mut far) = connected(&listener).await;
                let mut its = Extensions::new();
                limited(&far, &mut its);
                extensions.push(its);
                kept.push(is_kept(&mut near, &mut far).await);
            }
            assert_eq!(kept, expected);
        }
    }
}
