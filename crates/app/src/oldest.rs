//! An alarm on the oldest snapshot of the database: while somebody holds one, every row that
//! builds leave behind stays in the queue's small table, and each command has more to step over.

use std::time::Duration;

use keelway_kernel::{Millis, Timestamp};
use keelway_postgres::{HeldSnapshot, PostgresStore, Snapshots};

const LOOK_EVERY: Duration = Duration::from_secs(30);
const TOO_OLD_MS: Millis = 60_000;
const WARN_EVERY_MS: Millis = 60_000;

/// Looks now and then for as long as the process runs, beside all it does: a server that is slow
/// to answer keeps one connection for seconds, and nothing else.
pub(crate) async fn watch(server: Option<&PostgresStore>) {
    let Some(server) = server else { return std::future::pending().await };
    metrics::describe_gauge!(
        "keelway_database_oldest_snapshot_seconds",
        "Since when the database server has kept rows for somebody who may still want them."
    );
    let mut alarm = Alarm::default();
    loop {
        match server.snapshots().await {
            Ok(snapshots) => tell(&alarm.see(snapshots)),
            Err(error) => tracing::warn!(%error, "the oldest snapshot could not be read"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn tell(seen: &Seen) {
    let age = u64::try_from(seen.age_ms()).unwrap_or(0);
    metrics::gauge!("keelway_database_oldest_snapshot_seconds")
        .set(Duration::from_millis(age).as_secs_f64());
    let (true, Some(Oldest { snapshot, since })) = (seen.is_alarming, &seen.oldest) else { return };
    let holder = &snapshot.holder;
    let grant = holder.grant().map(|grant| format!("; to see more of it: {grant}"));
    tracing::warn!(
        %holder,
        %since,
        age_s = age / 1000,
        "an old snapshot slows every build down: unless it is needed, end it: {}{}",
        holder.end(),
        grant.unwrap_or_default(),
    );
}

/// What was seen before.
#[derive(Default)]
struct Alarm {
    last: Option<Seen>,
    warned: Option<Timestamp>,
}

/// What a look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    at: Timestamp,
    oldest: Option<Oldest>,
    /// Whether somebody has to be told now.
    is_alarming: bool,
}

/// The oldest snapshot, and since when it is known to be held.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Oldest {
    snapshot: HeldSnapshot,
    since: Timestamp,
}

impl Seen {
    fn age_ms(&self) -> Millis {
        self.oldest.as_ref().map_or(0, |oldest| self.at.millis_since(oldest.since)).max(0)
    }
}

impl Alarm {
    /// Too old is one of more than a minute; said once a minute.
    fn see(&mut self, snapshots: Snapshots) -> Seen {
        let Snapshots { at, held } = snapshots;
        let oldest = held.into_iter().next();
        let oldest = oldest.map(|snapshot| Oldest { since: self.since(&snapshot, at), snapshot });
        let mut seen = Seen { at, oldest, is_alarming: false };
        let is_quiet = |warned| at.millis_since(warned) < WARN_EVERY_MS;
        seen.is_alarming = seen.age_ms() > TOO_OLD_MS && !self.warned.is_some_and(is_quiet);
        if seen.is_alarming {
            self.warned = Some(at);
        }
        self.last = Some(seen.clone());
        seen
    }

    /// A transaction that takes one snapshot after the other holds none since it began, nor is
    /// it always told when that was: what was seen last tells as well.
    fn since(&self, now: &HeldSnapshot, at: Timestamp) -> Timestamp {
        let last = self.last.as_ref().and_then(|seen| Some((seen.at, seen.oldest.as_ref()?)));
        let seen = last.filter(|(_, before)| before.snapshot.holder.is(&now.holder)).map(
            |(seen_at, before)| {
                let is_the_same = before.snapshot.transaction == now.transaction;
                if is_the_same { before.since } else { seen_at }
            },
        );
        now.since.max(seen).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use keelway_postgres::{Holder, Session, Sight};

    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(second)
    }

    fn slot() -> Holder {
        Holder::Slot("replica".to_owned())
    }

    fn session(state: &str) -> Holder {
        Holder::Session(Session {
            pid: 7,
            role: "someone".to_owned(),
            application: "psql".to_owned(),
            database: None,
            sight: Sight::Shown(state.to_owned()),
        })
    }

    /// By whom, since when, and on to which transaction.
    type Held = (Holder, Option<i64>, i64);

    /// The age in seconds at each look, and whether it is told; a look is a second, and what is
    /// held then.
    fn told<const N: usize>(looks: [(i64, Option<Held>); N]) -> [(i64, bool); N] {
        let mut alarm = Alarm::default();
        looks.map(|(at, held)| {
            let held = held.map(|(holder, since, transaction)| HeldSnapshot {
                holder,
                since: since.map(second),
                transaction,
            });
            let seen = alarm.see(Snapshots { at: second(at), held: Vec::from_iter(held) });
            (seen.age_ms() / 1000, seen.is_alarming)
        })
    }

    #[test]
    fn one_older_than_a_minute_is_told_once_a_minute_until_it_is_gone() {
        let held = || Some((session("idle in transaction"), Some(0), 100));
        let looks = [
            (30, held()),
            (60, held()),
            (61, held()),
            (91, held()),
            (120, held()),
            (121, held()),
            (151, None),
            (181, held()),
        ];
        let expected = [
            (30, false),
            (60, false),
            (61, true),
            (91, false),
            (120, false),
            (121, true),
            (0, false),
            (181, true),
        ];
        assert_eq!(told(looks), expected);
    }

    #[test]
    fn one_of_which_nobody_says_since_when_counts_from_when_it_was_first_seen() {
        let held = |transaction| Some((slot(), None, transaction));
        let looks = [(1000, held(5)), (1030, held(5)), (1061, held(5)), (1091, held(6))];
        assert_eq!(told(looks), [(0, false), (30, false), (61, true), (30, false)]);
    }

    #[test]
    fn a_long_transaction_that_moves_on_holds_no_old_snapshot() {
        let held = |transaction| Some((session("active"), Some(0), transaction));
        let looks = [(50, held(1)), (80, held(2)), (110, held(3)), (140, held(3)), (171, held(3))];
        let expected = [(50, false), (30, false), (30, false), (60, false), (91, true)];
        assert_eq!(told(looks), expected);
    }

    #[test]
    fn a_session_is_the_same_whatever_it_does_and_another_one_is_not() {
        let hidden = |state| (session(state), None, 100);
        let looks = [
            (0, Some(hidden("active"))),
            (61, Some(hidden("idle in transaction"))),
            (91, Some((slot(), None, 100))),
        ];
        assert_eq!(told(looks), [(0, false), (61, true), (0, false)]);
    }
}
