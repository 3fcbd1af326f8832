//! What goes between a store and its server.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::database::Database;

/// Stands between a store and its server, and listens to what the store asks.
#[derive(Clone, Default)]
pub(crate) struct Between(Arc<Mutex<Vec<String>>>);

impl Between {
    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// What a store says to reach the database by way of this.
    pub(crate) async fn url(&self, database: &Database) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = (database.owner.get_host().to_owned(), database.owner.get_port());
        let between = self.clone();
        tokio::spawn(async move {
            while let Ok((store, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                // Else each message waits for the one before it to be confirmed.
                store.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                tokio::spawn(between.clone().pass(store, server));
            }
        });
        let name = database.owner.get_database().unwrap();
        format!("postgres://keelway_test@127.0.0.1:{port}/{name}?sslmode=disable")
    }

    async fn pass(self, store: TcpStream, server: TcpStream) {
        let (asks, mut hears) = store.into_split();
        let (mut answers, told) = server.into_split();
        let back = async move { copy(&mut answers, &mut hears).await.map(drop) };
        // Either side may go.
        let _ = tokio::try_join!(self.listen(asks, told), back);
    }

    async fn listen(&self, mut asks: OwnedReadHalf, mut told: OwnedWriteHalf) -> io::Result<()> {
        // Only the first message has no kind.
        let mut message = Message::read(&mut asks, None).await?;
        let mut asked = String::new();
        loop {
            match message.kind {
                Some(b'Q' | b'P') => asked.push_str(&message.text()),
                Some(b'B') if asked.is_empty() => asked.push_str("a prepared statement"),
                _ => {}
            }
            // A `Sync` with nothing before it only looks whether the connection is alive.
            if matches!(message.kind, Some(b'Q' | b'S')) && !asked.is_empty() {
                self.0.lock().unwrap().push(std::mem::take(&mut asked));
            }
            told.write_all(&message.bytes()).await?;
            let kind = asks.read_u8().await?;
            message = Message::read(&mut asks, Some(kind)).await?;
        }
    }
}

/// Of the protocol, as a client sends it.
struct Message {
    kind: Option<u8>,
    body: Vec<u8>,
}

impl Message {
    async fn read(from: &mut OwnedReadHalf, kind: Option<u8>) -> io::Result<Self> {
        let length = from.read_u32().await?;
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        from.read_exact(&mut body).await?;
        Ok(Self { kind, body })
    }

    fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.body.len() + 4).unwrap().to_be_bytes();
        self.kind.iter().chain(&length).chain(&self.body).copied().collect()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).replace('\0', " ").trim().to_owned()
    }
}
