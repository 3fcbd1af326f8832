//! One transaction for everybody who waited.
//!
//! Between commands exactly one savepoint stands, and everything before it stays: a command
//! that went well moves it behind itself, one that did not goes back to it.

use std::sync::{Arc, PoisonError};
use std::vec;

use keelway_kernel::StoreError;
use sqlx::sqlite::SqliteConnection;

use super::command::{Answer, Command, Job, Ran, Reply, Verdict};
use super::line::{BATCH, Line, Place};
use super::{BEGIN_TRIES, Connections, Tx, Work, Writer, spawn};
use crate::error::{Broken, Sql, Stop, translate};

const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT command";
const KEEP: &str = "RELEASE command; SAVEPOINT command";
const UNDO: &str = "ROLLBACK TO command";
const COMMIT: &str = "COMMIT";

impl Connections {
    /// Waits in line for the command's answer; it is run even if nobody waits for that.
    pub(super) async fn write<T, E, F>(self: Arc<Self>, work: F) -> Answer<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, T, E> + Send + 'static,
    {
        let (job, mut answer) = Job::new(work);
        let (ticket, place) = self.line(|line| line.enter(job));
        if place == Place::Leads {
            spawn(Arc::clone(&self).lead());
        }
        let answer = match tokio::time::timeout(self.wait, &mut answer).await {
            Ok(answer) => answer,
            Err(_) if self.line(|line| line.leave(ticket)).is_some() => {
                return Err(Stop::Broken(StoreError::Contended));
            }
            // Its turn has come: what it gives is what has happened.
            Err(_) => answer.await,
        };
        answer.unwrap_or_else(|_| {
            Err(Stop::Broken(StoreError::Unavailable("a command did not end".to_owned())))
        })
    }

    fn line<T>(&self, with: impl FnOnce(&mut Line) -> T) -> T {
        with(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs one batch: who waits when the writer is free, and who comes while the file is
    /// waited for.
    async fn lead(self: Arc<Self>) {
        let mut slot = Arc::clone(&self.writer).lock_owned().await;
        let mut batch = self.line(|line| line.take(BATCH));
        if batch.is_empty() {
            return;
        }
        let mut tx = match self.begin(&mut slot).await {
            Ok(tx) => tx,
            Err(Broken(error)) => {
                drop(slot);
                return batch.into_iter().for_each(|command| command.fail(error.clone()));
            }
        };
        batch.extend(self.line(|line| line.take(BATCH - batch.len())));
        let mut commands = batch.into_iter();
        let mut replies = Vec::with_capacity(commands.len());
        let ended = self.run(&mut tx, &mut commands, &mut replies).await;
        // Else whatever SQLite still holds of the transaction goes with the connection.
        if ended.is_ok() {
            *slot = Writer::Idle(tx.connection);
        }
        // The next batch begins while this one is answered.
        drop(slot);
        replies.into_iter().for_each(|reply| reply(ended.clone()));
        if let Err(error) = ended {
            commands.for_each(|command| command.fail(error.clone()));
        }
    }

    /// The transaction that a batch shares.
    async fn begin(&self, slot: &mut Writer) -> Sql<Tx> {
        let mut connection = self.take(slot).await?;
        match self.lock(&mut connection).await {
            Ok(()) => {
                let rules = Arc::clone(&self.ambient.rules);
                Ok(Tx { connection, now: self.ambient.clock.now(), rules })
            }
            Err(error) => {
                // Nothing was begun; after any other error that is not certain.
                if matches!(error, Broken(StoreError::Contended)) {
                    *slot = Writer::Idle(connection);
                }
                Err(error)
            }
        }
    }

    /// Takes the write lock of the file, which another process may hold.
    async fn lock(&self, connection: &mut SqliteConnection) -> Sql<()> {
        let mut attempt = 1;
        loop {
            let begun = sqlx::query(BEGIN).execute(&mut *connection).await;
            match begun.map_err(Broken::from) {
                Err(Broken(StoreError::Contended)) if attempt < BEGIN_TRIES => {
                    self.ambient.pause(attempt).await;
                    attempt += 1;
                }
                done => return done.map(|_| ()),
            }
        }
    }

    /// Runs commands one by one and commits; ends early where the transaction is lost.
    async fn run(
        &self,
        tx: &mut Tx,
        commands: &mut vec::IntoIter<Box<dyn Command>>,
        replies: &mut Vec<Reply>,
    ) -> Result<(), StoreError> {
        while let Some(command) = commands.next() {
            tx.now = tx.now.max(self.ambient.clock.now());
            let Ran { verdict, reply } = command.run(tx).await;
            replies.push(reply);
            let step = match verdict {
                // The commit keeps it.
                Verdict::Kept if commands.len() == 0 => break,
                Verdict::Kept => KEEP,
                Verdict::Refused | Verdict::Broken(_) => UNDO,
            };
            if let Err(error) = sqlx::query(step).execute(&mut **tx).await {
                // SQLite has rolled back by itself, everything: the command's own error says why.
                return Err(match verdict {
                    Verdict::Broken(why) => why,
                    Verdict::Kept | Verdict::Refused => translate(&error),
                });
            }
        }
        let committed = sqlx::query(COMMIT).execute(&mut **tx).await;
        committed.map(|_| ()).map_err(|error| translate(&error))
    }
}
