//! How many connections one address may hold.

use std::num::NonZeroU32;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::TestApp;

/// A connection on which one request was answered, or nothing if the server hung up on it.
async fn connect(app: &TestApp) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(app.authority()).await.unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", app.authority());
    socket.write_all(request.as_bytes()).await.ok()?;
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.ok()?;
    assert_eq!(&answer, b"HTTP/1.1 200");
    Some(socket)
}

#[tokio::test]
async fn an_address_holds_at_most_256_connections_and_uses_the_freed_ones() {
    let app = TestApp::spawn_with(|setup| setup.http.workers = NonZeroU32::new(2)).await;
    let mut held = Vec::new();
    for _ in 0..256 {
        held.push(connect(&app).await.unwrap());
    }
    assert!(connect(&app).await.is_none());
    let mut freed = held.pop().unwrap();
    freed.shutdown().await.unwrap();
    // The end comes once the server has let go of the connection.
    freed.read_to_end(&mut Vec::new()).await.unwrap();
    while connect(&app).await.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(held.len(), 255);
}
