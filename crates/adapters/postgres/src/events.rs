//! Events that many ask for at once.
//!
//! Whoever follows a build asks whenever there may be something new, and there are many who do.
//! An ask goes at once as long as few transactions of them are under way; else it waits, and
//! shares the next one, and its statement, with whatever else waits.

use std::collections::VecDeque;
use std::iter;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use keelway_kernel::{BuildId, StoreError, TenantId};
use keelway_rows::event::EventRow;
use sqlx::types::Uuid;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::columns::column;
use crate::error::{Broken, Sql};
use crate::tx::{Connections, Reach, Tx, heard, unended};

/// Transactions at a time: with more of them each has fewer asks, and costs as much.
const AT_A_TIME: usize = 2;
/// Most asks of a transaction, and most events that they may bring. Whoever asks for more than
/// that goes alone.
const MOST: usize = 64;
const MOST_EVENTS: u64 = 16_384;
/// Most asks that wait: whoever comes then is told so at once.
const MOST_WAITING: usize = 64 * MOST;

/// Each ask is a range of the key, read as far as its limit. The tenant is named, though
/// row security lets through nobody else's: here it lets through those of all who ask.
const EVENTS: &str = "
    SELECT ask.number, event.build_id, event.seq, event.at, event.request_id, event.body
      FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
           AS ask (tenant_id, build_id, after, most, number)
     CROSS JOIN LATERAL (
           SELECT build_id, seq, at, request_id, body FROM build_events
            WHERE tenant_id = ask.tenant_id AND build_id = ask.build_id AND seq > ask.after
            ORDER BY seq LIMIT ask.most) AS event
     ORDER BY ask.number, event.seq";

/// What somebody wants to know of a build.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) tenant: TenantId,
    pub(crate) build: BuildId,
    pub(crate) after: i64,
    pub(crate) limit: u32,
}

struct Ask {
    wanted: Wanted,
    reply: oneshot::Sender<Result<Vec<EventRow>, StoreError>>,
}

#[derive(sqlx::FromRow)]
struct Found {
    /// Of the ask, from 1.
    number: i64,
    #[sqlx(flatten)]
    event: EventRow,
}

/// Asks of this process that wait for a transaction.
#[derive(Default)]
pub(crate) struct Asks(Mutex<Line>);

#[derive(Default)]
struct Line {
    waiting: VecDeque<Ask>,
    transactions: usize,
}

impl Asks {
    fn line(&self) -> MutexGuard<'_, Line> {
        // Whole between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn enter(&mut self, ask: Ask) -> Result<(), StoreError> {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.retain(|ask| !ask.reply.is_closed());
        }
        if self.waiting.len() >= MOST_WAITING {
            return Err(StoreError::Contended);
        }
        self.waiting.push_back(ask);
        Ok(())
    }

    /// Whether one transaction more may begin, which then counts.
    fn begins_another(&mut self) -> bool {
        let begins = self.transactions < AT_A_TIME;
        self.transactions += usize::from(begins);
        begins
    }

    /// What shares the next transaction, in the order it came, without those who went away. If
    /// nothing waits, there is one transaction less.
    fn take(&mut self) -> Vec<Ask> {
        let (mut batch, mut events) = (Vec::new(), 0);
        while batch.len() < MOST
            && let Some(ask) = self.waiting.pop_front()
        {
            if ask.reply.is_closed() {
                continue;
            }
            events += u64::from(ask.wanted.limit);
            if events > MOST_EVENTS && !batch.is_empty() {
                self.waiting.push_front(ask);
                break;
            }
            batch.push(ask);
        }
        if batch.is_empty() {
            self.transactions -= 1;
        }
        batch
    }
}

/// The events of a build behind some `seq`, in order.
pub(crate) async fn events(
    connections: &Arc<Connections>,
    wanted: Wanted,
) -> Result<Vec<EventRow>, StoreError> {
    let (reply, answer) = oneshot::channel();
    let begins = {
        let mut line = connections.asks.line();
        line.enter(Ask { wanted, reply })?;
        line.begins_another()
    };
    if begins {
        let connections = Arc::clone(connections);
        // Not in the span of the caller who happens to come first: the asks are others' too.
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with what waits, which a closed store refuses"
        )]
        tokio::spawn(async move { drive(&connections).await });
    }
    answer.await.unwrap_or_else(|_| Err(unended()))
}

/// One transaction after another, until nothing waits.
async fn drive(connections: &Connections) {
    loop {
        // Whoever comes before the turn does shares it.
        let turn = connections.turn_to_read().await;
        let batch = connections.asks.line().take();
        if batch.is_empty() {
            return;
        }
        // A panic must not take a transaction from those who come later; who asked learns that
        // there is no answer.
        let _ = AssertUnwindSafe(answer(connections, turn, batch)).catch_unwind().await;
    }
}

/// What stops a batch stops all of it: nothing in it is anybody's fault.
async fn answer(
    connections: &Connections,
    turn: Result<OwnedSemaphorePermit, StoreError>,
    batch: Vec<Ask>,
) {
    let begun = async {
        let turn = turn?;
        Ok::<_, Broken>((turn, connections.begin_lookup(&reach(&batch)).await?))
    };
    let (_turn, mut tx) = match begun.await {
        Ok(begun) => begun,
        Err(Broken(error)) => return fail(batch, &error),
    };
    let found = match heard(connections.within(), find(&mut tx, &batch)).await {
        Ok(found) => found,
        Err(silent) => return fail(batch, &silent),
    };
    match found {
        Ok(found) => {
            let mut found = found.into_iter().peekable();
            for (number, ask) in (1..).zip(batch) {
                let next = || found.next_if(|row| row.number == number).map(|row| row.event);
                // Whoever went away meanwhile wants none.
                let _ = ask.reply.send(Ok(iter::from_fn(next).collect()));
            }
        }
        Err(Broken(error)) => fail(batch, &error),
    }
    tx.roll_back().await;
}

fn fail(batch: Vec<Ask>, error: &StoreError) {
    for ask in batch {
        let _ = ask.reply.send(Err(error.clone()));
    }
}

/// The tenants of those who ask, each once.
fn reach(batch: &[Ask]) -> Reach {
    let mut tenants = column(batch, |ask| ask.wanted.tenant);
    tenants.sort_unstable();
    tenants.dedup();
    Reach::Tenants(tenants)
}

/// The events of all asks, by their number.
async fn find(tx: &mut Tx, batch: &[Ask]) -> Sql<Vec<Found>> {
    let found = sqlx::query_as(EVENTS)
        .bind(column(batch, |ask| -> Uuid { ask.wanted.tenant.as_uuid() }))
        .bind(column(batch, |ask| -> Uuid { ask.wanted.build.as_uuid() }))
        .bind(column(batch, |ask| ask.wanted.after))
        .bind(column(batch, |ask| i64::from(ask.wanted.limit)))
        .fetch_all(&mut **tx)
        .await?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = oneshot::Receiver<Result<Vec<EventRow>, StoreError>>;

    /// Asks for so many events behind `after`.
    fn ask(after: i64, limit: u32) -> (Ask, Answer) {
        let (reply, answer) = oneshot::channel();
        let (tenant, build) = (TenantId::from_uuid(Uuid::nil()), BuildId::from_uuid(Uuid::nil()));
        (Ask { wanted: Wanted { tenant, build, after, limit }, reply }, answer)
    }

    fn taken(line: &mut Line) -> Vec<i64> {
        line.take().iter().map(|ask| ask.wanted.after).collect()
    }

    #[test]
    fn so_many_transactions_begin_and_each_ends_once_nothing_waits() {
        let mut line = Line::default();
        let (one, _one) = ask(1, 1);
        line.enter(one).unwrap();
        assert_eq!([(); 3].map(|()| line.begins_another()), [true, true, false]);
        assert_eq!((taken(&mut line), line.transactions), (vec![1], 2));
        assert_eq!((taken(&mut line), line.transactions), (vec![], 1));
        assert!(line.begins_another() && !line.begins_another());
    }

    #[test]
    fn a_batch_is_bounded_by_its_asks_and_by_what_they_may_bring() {
        let mut line = Line::default();
        let most = u32::try_from(MOST_EVENTS).unwrap();
        let limits = [1; MOST].into_iter().chain([most - 1, 1, 1, u32::MAX, 1]);
        let (asks, _answers): (Vec<_>, Vec<_>) =
            (0..).zip(limits).map(|(after, limit)| ask(after, limit)).unzip();
        for ask in asks {
            line.enter(ask).unwrap();
        }
        assert_eq!(taken(&mut line), (0..64).collect::<Vec<_>>());
        for batch in [vec![64, 65], vec![66], vec![67], vec![68], vec![]] {
            line.transactions += usize::from(batch.is_empty());
            assert_eq!(taken(&mut line), batch);
        }
    }

    #[test]
    fn who_went_away_takes_no_place() {
        let mut line = Line::default();
        for after in 0..MOST_WAITING {
            line.enter(ask(i64::try_from(after).unwrap(), 1).0).unwrap();
        }
        let (asks, answers): (Vec<_>, Vec<_>) = (0..MOST_WAITING).map(|_| ask(-1, 1)).unzip();
        for ask in asks {
            line.enter(ask).unwrap();
        }
        assert_eq!(line.enter(ask(-2, 1).0), Err(StoreError::Contended));
        drop(answers);
        let (last, _answer) = ask(-3, 1);
        line.enter(last).unwrap();
        line.waiting.push_front(ask(-4, 1).0);
        assert_eq!(taken(&mut line), [-3]);
    }
}
