//! One transaction for everybody who waited.
//!
//! There is always exactly one savepoint, and all ahead of it is kept: it is moved up before
//! anything is written, and a command that fails after that goes back to it.

use std::mem;
use std::sync::{Arc, PoisonError};
use std::vec;

use keelway_kernel::StoreError;
use sqlx::sqlite::SqliteConnection;
use tokio::runtime::Handle;
use tracing::Instrument as _;

use super::command::{Answer, Command, Job, Ran, Reply, Verdict};
use super::line::{BATCH, Line, Place};
use super::{BEGIN_TRIES, Connections, Savepoint, Tx, Work, Writer, closed};
use crate::error::{Broken, Sql, Stop, translate};
use crate::trip::Trip;

const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT command";
const MOVE_UP: &str = "RELEASE command; SAVEPOINT command;";
const UNDO: &str = "ROLLBACK TO command";
const COMMIT: &str = "COMMIT";

/// A batch that has ended, and whom to tell.
struct Batch {
    ended: Result<(), StoreError>,
    replies: Vec<Reply>,
    /// Those that were not run, because the transaction was lost before.
    left: Vec<Box<dyn Command>>,
}

impl Batch {
    fn answer(self) {
        self.replies.into_iter().for_each(|reply| reply(self.ended.clone()));
        if let Err(error) = self.ended {
            self.left.into_iter().for_each(|command| command.fail(error.clone()));
        }
    }
}

impl Connections {
    /// Waits in line for the command's answer; it is run even if nobody waits for that.
    pub(super) async fn write<T, E, F>(self: Arc<Self>, work: F) -> Answer<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, T, E> + Send + 'static,
    {
        let (job, mut answer) = Job::new(work);
        let (ticket, place) = self.line(|line| line.enter(job)).ok_or_else(closed)?;
        if place == Place::Leads {
            // On a thread of its own: nobody waits for what else the caller's thread has to do,
            // and going to the connection's thread and back takes half as long.
            let (runtime, lead) = (Handle::current(), Arc::clone(&self).lead().in_current_span());
            tokio::task::spawn_blocking(move || runtime.block_on(lead));
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

    pub(super) fn line<T>(&self, with: impl FnOnce(&mut Line) -> T) -> T {
        with(&mut self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the writer and runs the next batch.
    async fn lead(self: Arc<Self>) {
        let mut slot = Arc::clone(&self.writer).lock_owned().await;
        let Some(batch) = self.next(&mut slot).await else { return };
        // The next one begins while this one is answered.
        drop(slot);
        batch.answer();
    }

    /// Serves all who are in line.
    pub(super) async fn finish(&self, slot: &mut Writer) {
        while let Some(batch) = self.next(slot).await {
            batch.answer();
        }
    }

    /// Runs one batch: who waits now that the writer is free, and who comes while the file is
    /// waited for. None if nobody waits any more.
    async fn next(&self, slot: &mut Writer) -> Option<Batch> {
        let mut commands = self.line(|line| line.take(BATCH));
        if commands.is_empty() {
            return None;
        }
        let mut tx = match self.begin(slot).await {
            Ok(tx) => tx,
            Err(Broken(error)) => {
                return Some(Batch { ended: Err(error), replies: Vec::new(), left: commands });
            }
        };
        commands.extend(self.line(|line| line.take(BATCH - commands.len())));
        let (mut left, mut replies) = (commands.into_iter(), Vec::new());
        let ended = self.run(&mut tx, &mut left, &mut replies).await;
        // Else whatever SQLite still holds of the transaction goes with the connection.
        if ended.is_ok() {
            *slot = Writer::Idle(tx.connection);
        }
        Some(Batch { ended, replies, left: left.collect() })
    }

    /// The transaction that a batch shares.
    async fn begin(&self, slot: &mut Writer) -> Sql<Tx> {
        let mut connection = self.take(slot).await?;
        match self.lock(&mut connection).await {
            Ok(()) => {
                let rules = Arc::clone(&self.ambient.rules);
                let (now, savepoint) = (self.ambient.clock.now(), Savepoint::Here);
                Ok(Tx { connection, now, rules, savepoint })
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
        for command in commands {
            tx.now = tx.now.max(self.ambient.clock.now());
            let Ran { verdict, reply } = command.run(tx).await;
            replies.push(reply);
            match (verdict, tx.savepoint) {
                (Verdict::Kept, _) => tx.savepoint = Savepoint::Behind,
                // It has not written anything.
                (Verdict::Refused | Verdict::Broken(_), Savepoint::Behind) => {}
                (verdict, Savepoint::Here) => {
                    let undone = sqlx::query(UNDO).execute(&mut **tx).await;
                    // SQLite has rolled everything back by itself: the command's own error says
                    // why.
                    undone.map_err(|error| match verdict {
                        Verdict::Broken(why) => why,
                        Verdict::Kept | Verdict::Refused => translate(&error),
                    })?;
                }
            }
        }
        let committed = sqlx::query(COMMIT).execute(&mut **tx).await;
        committed.map(|_| ()).map_err(|error| translate(&error))
    }
}

impl Tx {
    /// Comes before the first write of a command.
    pub(super) async fn move_up(&mut self) -> Sql<()> {
        if self.savepoint == Savepoint::Behind {
            self.savepoint = Savepoint::Here;
            sqlx::query(MOVE_UP).execute(&mut **self).await?;
        }
        Ok(())
    }

    /// Writes in one go, whether or not the command has written before.
    pub(crate) async fn save(&mut self, change: Trip) -> Sql<()> {
        if change.is_empty() {
            return Ok(());
        }
        match mem::replace(&mut self.savepoint, Savepoint::Here) {
            Savepoint::Here => change.write(self).await?,
            Savepoint::Behind => change.after(MOVE_UP).write(self).await?,
        };
        Ok(())
    }
}
