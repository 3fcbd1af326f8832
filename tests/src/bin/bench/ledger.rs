//! The ledger on SQLite, beside one bare writer with the same pragmas and one commit each.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::ROUNDS;
use crate::load::repeat;
use crate::place::{Kind, Place};
use crate::report::{Row, median};

pub use crate::place::WallClock;

const LENGTH: Duration = Duration::from_secs(1);

/// Credit reserves on one account: one after the other, and 64 in flight.
pub async fn reserves() -> anyhow::Result<Vec<Row>> {
    let place = Place::open(Kind::Sqlite, "reserves").await?;
    let owned = place.fx().funded(1_000_000_000).await;
    let mut bare = Bare::open(place.house.data_dir()).await?;
    let (mut limits, mut rates) = (Vec::new(), [Vec::new(), Vec::new()]);
    for _ in 0..ROUNDS {
        limits.push(bare.rate(LENGTH).await?);
        for (in_flight, rates) in [1, 64].into_iter().zip(&mut rates) {
            let fx = place.fx();
            let reserve = move |_| {
                let fx = fx.clone();
                async move {
                    let cmd = fx.reserve(1);
                    fx.store.ledger.reserve(owned.scope, cmd).await.context("a reserve")?;
                    Ok(())
                }
            };
            rates.push(repeat(in_flight, LENGTH, reserve).await?.per_second);
        }
    }
    place.check_books().await?;
    let limit = median(limits);
    let [lone, crowd] = rates.map(median);
    Ok(vec![
        Row::against("credit reserve, SQLite, 1 in flight", "/s", limit, lone)
            .noted("limit: one writer, one UPDATE and one INSERT a commit, synchronous=FULL"),
        Row::against("credit reserve, SQLite, 64 in flight", "/s", limit, crowd),
    ])
}

/// The least a durable reserve could be: one row changed, one row added, one commit.
pub struct Bare(SqliteConnection, i64);

impl Bare {
    pub async fn open(folder: &Path) -> anyhow::Result<Self> {
        let mut connection = SqliteConnectOptions::new()
            .filename(folder.join("bare.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .connect()
            .await?;
        for statement in [
            "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, held INTEGER) STRICT",
            "CREATE TABLE hold (id INTEGER PRIMARY KEY, account INTEGER, amount INTEGER) STRICT",
            "INSERT INTO account VALUES (1, 1000000000, 0)",
        ] {
            sqlx::query(statement).execute(&mut connection).await?;
        }
        Ok(Self(connection, 0))
    }

    /// Reserves a second, one after the other.
    pub async fn rate(&mut self, length: Duration) -> anyhow::Result<f64> {
        let (started, before) = (Instant::now(), self.1);
        while started.elapsed() < length {
            self.1 += 1;
            let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query("UPDATE account SET held = held + 1 WHERE id = 1 AND balance - held >= 1")
                .execute(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO hold VALUES (?1, 1, 1)")
                .bind(self.1)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
        Ok(f64::from(u32::try_from(self.1 - before)?) / started.elapsed().as_secs_f64())
    }
}
