//! What sharing a commit must never change, on one store whose writer a test keeps busy.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keelway_builds::Rules;
use keelway_contract::{ManualClock, SeededEntropy};
use keelway_kernel::{Clock as _, Failure, StoreError, Timestamp};
use keelway_tiers::LimitTable;
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::join;
use tokio::sync::oneshot;

use super::Tx;
use super::line::BATCH;
use crate::error::{Sql, Stop};
use crate::trip::Trip;
use crate::{SqliteSettings, SqliteStore};

/// How the domain refuses here.
#[derive(Debug, PartialEq)]
struct No;

/// What a command does after it wrote its note.
#[derive(Clone, Copy)]
enum Then {
    Succeed,
    Refuse,
    /// A statement fails: the schema does not allow it.
    Break,
    Panic,
    /// The commit will fail: a foreign key, checked only then, leads nowhere.
    Dangle,
    /// The disk is full: SQLite rolls the whole transaction back.
    Fill,
}

struct Notes {
    store: SqliteStore,
    clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Notes {
    async fn new() -> Self {
        Self::with(Duration::from_secs(5)).await
    }

    async fn with(wait: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keelway.db");
        let settings = SqliteSettings { wait, ..SqliteSettings::new(path) };
        let clock = Arc::new(ManualClock::default());
        let entropy = Arc::new(SeededEntropy::new(16));
        let rules = Arc::new(Rules::new(LimitTable::default()));
        let store = SqliteStore::open(settings, clock.clone(), entropy, rules).await.unwrap();
        let tables = "CREATE TABLE notes (id INTEGER PRIMARY KEY, said TEXT NOT NULL);
                      CREATE TABLE answers (note INTEGER REFERENCES notes (id))";
        let made = store.write_always(move |tx| {
            Box::pin(async move {
                sqlx::raw_sql(tables).execute(&mut **tx).await?;
                Ok(())
            })
        });
        made.await.unwrap();
        Self { store, clock, folder }
    }

    /// Writes a note, and gives all there are if `then` lets it.
    async fn note(&self, said: impl Into<String>, then: Then) -> Result<Vec<String>, Failure<No>> {
        let said = said.into();
        let work = self.store.write(move |tx| {
            Box::pin(async move {
                let note = sqlx::query("INSERT INTO notes (said) VALUES (?)").bind(said);
                note.execute(&mut **tx).await?;
                let fails = match then {
                    Then::Succeed => return Ok(all(tx).await?),
                    Then::Refuse => return Err(Stop::Refused(No)),
                    Then::Panic => panic!("a command that panics"),
                    Then::Break => "INSERT INTO notes (said) VALUES (NULL)",
                    Then::Dangle => {
                        "PRAGMA defer_foreign_keys = ON; INSERT INTO answers VALUES (404)"
                    }
                    Then::Fill => {
                        "PRAGMA max_page_count = 1;
                         INSERT INTO notes (said) VALUES (hex(zeroblob(1000000)))"
                    }
                };
                sqlx::raw_sql(fails).execute(&mut **tx).await?;
                Ok(all(tx).await?)
            })
        });
        work.await
    }

    async fn said(&self) -> Vec<String> {
        let all = self.store.write_always(|tx| Box::pin(async move { Ok(all(tx).await?) }));
        all.await.unwrap()
    }

    /// Runs `commands` while the writer is busy: all of them are in line before it is free.
    async fn in_line<T>(&self, commands: impl Future<Output = T>) -> T {
        let ((begun, has_begun), (go, may_go)) = (oneshot::channel(), oneshot::channel());
        let busy = self.store.write_always(move |_| {
            Box::pin(async move {
                begun.send(()).unwrap();
                may_go.await.unwrap();
                Ok(())
            })
        });
        let meanwhile = async {
            has_begun.await.unwrap();
            join!(biased; commands, async { go.send(()).unwrap() }).0
        };
        let (done, answers) = join!(biased; busy, meanwhile);
        done.unwrap();
        answers
    }

    /// Counts commits from now on.
    async fn commits(&self) -> Arc<AtomicUsize> {
        let commits = Arc::new(AtomicUsize::new(0));
        let counted = commits.clone();
        let hooked = self.store.write_always(move |tx| {
            Box::pin(async move {
                tx.lock_handle().await?.set_commit_hook(move || {
                    counted.fetch_add(1, Ordering::SeqCst);
                    true
                });
                Ok(())
            })
        });
        hooked.await.unwrap();
        commits.store(0, Ordering::SeqCst);
        commits
    }
}

async fn all(tx: &mut Tx) -> Sql<Vec<String>> {
    let all = sqlx::query_scalar("SELECT said FROM notes ORDER BY id");
    Ok(all.fetch_all(&mut **tx).await?)
}

/// Why a command gave nothing; none if it was refused.
fn why<T>(answer: Result<T, Failure<No>>) -> Option<StoreError> {
    match answer {
        Err(Failure::Store(error)) => Some(error),
        Err(Failure::Rejected(No)) => None,
        Ok(_) => panic!("it succeeded"),
    }
}

fn broken<T>(answer: Result<T, Failure<No>>) -> StoreError {
    why(answer).expect("broken, not refused")
}

#[tokio::test]
async fn who_waits_shares_a_commit_and_sees_what_those_before_wrote() {
    let notes = Notes::new().await;
    let commits = notes.commits().await;
    let commands = async {
        join!(
            biased;
            notes.note("a", Then::Succeed),
            notes.note("b", Then::Succeed),
            notes.note("c", Then::Succeed),
        )
    };
    let (a, b, c) = notes.in_line(commands).await;
    assert_eq!(a.unwrap(), ["a"]);
    assert_eq!(b.unwrap(), ["a", "b"]);
    assert_eq!(c.unwrap(), ["a", "b", "c"]);
    assert_eq!(commits.load(Ordering::SeqCst), 2, "theirs, and the one they waited for");
    assert_eq!(notes.said().await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_refusal_an_error_and_a_panic_harm_nobody_else() {
    let notes = Notes::new().await;
    for then in [Then::Refuse, Then::Break, Then::Panic] {
        let before = notes.said().await.len();
        let commands = async {
            join!(
                biased;
                notes.note("before", Then::Succeed),
                notes.note("harmful", then),
                notes.note("after", Then::Succeed),
                notes.note("harmful at the end", then),
            )
        };
        let (first, harmful, last, at_the_end) = notes.in_line(commands).await;
        assert_eq!(first.unwrap().len(), before + 1);
        assert_eq!(last.unwrap().len(), before + 2);
        for failed in [harmful, at_the_end] {
            match (then, failed.unwrap_err()) {
                (Then::Refuse, Failure::Rejected(No))
                | (Then::Break, Failure::Store(StoreError::Corrupt { .. })) => {}
                (Then::Panic, Failure::Store(StoreError::Unavailable(why))) => {
                    assert_eq!(why, "a command panicked");
                }
                (_, other) => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(notes.said().await, ["before", "after"].repeat(3));
}

#[tokio::test]
async fn one_that_fails_alone_leaves_nothing() {
    let notes = Notes::new().await;
    for then in [Then::Refuse, Then::Break, Then::Panic, Then::Dangle, Then::Fill] {
        notes.note("harmful", then).await.unwrap_err();
        assert_eq!(notes.said().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn where_the_commit_fails_everybody_is_told_so_and_nothing_is_stored() {
    let notes = Notes::new().await;
    let commands = async {
        join!(
            biased;
            notes.note("a", Then::Succeed),
            notes.note("dangling", Then::Dangle),
            notes.note("refused", Then::Refuse),
            notes.note("b", Then::Succeed),
        )
    };
    let (a, dangling, refused, b) = notes.in_line(commands).await;
    for answer in [a, dangling, refused, b] {
        let why = StoreError::corrupt("change", "FOREIGN KEY constraint failed");
        assert_eq!(broken(answer), why);
    }
    assert_eq!(notes.said().await, Vec::<String>::new());
    assert_eq!(notes.note("later", Then::Succeed).await.unwrap(), ["later"]);
}

#[tokio::test]
async fn where_sqlite_gives_the_transaction_up_everybody_is_told_so_and_nothing_is_stored() {
    let notes = Notes::new().await;
    let commands = async {
        join!(
            biased;
            notes.note("a", Then::Succeed),
            notes.note("too much", Then::Fill),
            notes.note("b", Then::Succeed),
        )
    };
    let (a, full, b) = notes.in_line(commands).await;
    for answer in [a, full, b] {
        let why = StoreError::Unavailable("database or disk is full".to_owned());
        assert_eq!(broken(answer), why);
    }
    assert_eq!(notes.said().await, Vec::<String>::new());
    assert_eq!(notes.note("later", Then::Succeed).await.unwrap(), ["later"]);
}

#[tokio::test]
async fn a_command_whose_caller_went_away_still_ends_whole_and_in_its_place() {
    let notes = Notes::new().await;
    let commands = async {
        let gone = async {
            tokio::select! {
                biased;
                _ = notes.note("gone", Then::Succeed) => panic!("the writer is busy"),
                () = ready(()) => {}
            }
        };
        join!(
            biased;
            notes.note("a", Then::Succeed),
            gone,
            notes.note("b", Then::Succeed),
        )
    };
    let (a, (), b) = notes.in_line(commands).await;
    assert_eq!(a.unwrap(), ["a"]);
    assert_eq!(b.unwrap(), ["a", "gone", "b"]);
}

#[tokio::test]
async fn time_is_read_when_a_command_begins_and_never_runs_backwards() {
    let notes = Notes::new().await;
    let noon = notes.clock.now();
    let at = |moved: i64| {
        let clock = notes.clock.clone();
        notes.store.write_always(move |tx| {
            Box::pin(async move {
                clock.advance(moved);
                Ok(tx.now)
            })
        })
    };
    let commands = async { join!(biased; at(60), at(-30), at(0)) };
    let (first, second, third) = notes.in_line(commands).await;
    let minute = Timestamp::from_micros(noon.as_micros() + 60_000_000);
    assert_eq!((first, second, third), (Ok(noon), Ok(minute), Ok(minute)));
}

#[tokio::test]
async fn a_batch_is_bounded_and_first_come_is_first_served() {
    let notes = Notes::new().await;
    let commits = notes.commits().await;
    let names: Vec<String> = (0..=BATCH).map(|number| format!("note {number}")).collect();
    let commands = names.iter().map(|name| notes.note(name, Then::Succeed));
    let answers = notes.in_line(futures::future::join_all(commands)).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), names[..=number]);
    }
    assert_eq!(commits.load(Ordering::SeqCst), 3, "two, and the one they waited for");
}

#[tokio::test]
async fn who_waits_too_long_is_contended_and_never_run() {
    let notes = Notes::with(Duration::from_millis(40)).await;
    let commands = notes.note("late", Then::Succeed);
    let ((begun, has_begun), (go, may_go)) = (oneshot::channel(), oneshot::channel());
    let busy = notes.store.write_always(move |_| {
        Box::pin(async move {
            begun.send(()).unwrap();
            may_go.await.unwrap();
            Ok(())
        })
    });
    let late = async {
        has_begun.await.unwrap();
        let answer = commands.await;
        go.send(()).unwrap();
        answer
    };
    let (done, late) = join!(biased; busy, late);
    // The one at work has had its turn: it may take longer.
    done.unwrap();
    assert_eq!(broken(late), StoreError::Contended);
    assert_eq!(notes.said().await, Vec::<String>::new());
}

#[tokio::test]
async fn where_another_process_keeps_the_file_all_who_wait_are_contended() {
    let notes = Notes::with(Duration::from_millis(40)).await;
    let url = format!("sqlite://{}", notes.folder.path().join("keelway.db").display());
    let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let (a, b) = join!(
        biased;
        notes.note("a", Then::Succeed),
        notes.note("b", Then::Succeed),
    );
    assert_eq!((broken(a), broken(b)), (StoreError::Contended, StoreError::Contended));
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(notes.note("c", Then::Succeed).await.unwrap(), ["c"]);
}

#[tokio::test]
async fn closing_waits_for_all_who_came_before_and_refuses_who_comes_later() {
    let notes = Notes::new().await;
    let commands = async {
        join!(
            biased;
            notes.note("a", Then::Succeed),
            notes.note("b", Then::Succeed),
            notes.store.close(),
            notes.note("c", Then::Succeed),
        )
    };
    let (a, b, (), c) = notes.in_line(commands).await;
    assert_eq!((a.unwrap().len(), b.unwrap().len()), (1, 2));
    assert_eq!(broken(c), StoreError::Unavailable("the store is closed".to_owned()));
}

#[tokio::test]
async fn who_came_just_before_closing_is_served() {
    let notes = Notes::new().await;
    let (a, ()) = join!(biased; notes.note("a", Then::Succeed), notes.store.close());
    assert_eq!(a.unwrap(), ["a"]);
}

#[tokio::test]
async fn what_is_saved_in_one_go_is_undone_alone() {
    let notes = Notes::new().await;
    let saved = |said: &'static str, then: Then| {
        notes.store.save(move |_| {
            Box::pin(async move {
                let note = Trip::default().add("INSERT INTO notes (said) VALUES (?)").bind(said);
                match then {
                    Then::Refuse => Err(Stop::Refused(No)),
                    Then::Panic => panic!("a command that panics"),
                    Then::Break => Ok(((), note.add("INSERT INTO notes (said) VALUES (NULL)"))),
                    Then::Dangle => Ok(((), note.add("UPDATE notes SET id = 1 WHERE id = 404"))),
                    // Of any number of rows, there may be none.
                    Then::Fill | Then::Succeed => {
                        Ok(((), note.add_any("DELETE FROM notes WHERE id = 404")))
                    }
                }
            })
        })
    };
    for (number, then) in
        [Then::Refuse, Then::Panic, Then::Break, Then::Dangle].into_iter().enumerate()
    {
        let commands = async {
            join!(
                biased;
                saved("a", Then::Succeed),
                saved("harmful", then),
                saved("b", Then::Succeed),
                notes.note("c", Then::Succeed),
                saved("harmful behind what wrote by itself", then),
                notes.note("harmful by itself", Then::Refuse),
                saved("d", Then::Succeed),
            )
        };
        let (a, harmful, b, c, again, refused, d) = notes.in_line(commands).await;
        assert!(a.and(b).and(d).is_ok());
        assert_eq!(c.unwrap().len(), number * 4 + 3);
        assert_eq!(why(refused), None);
        for answer in [harmful, again] {
            let not_null =
                || StoreError::corrupt("change", "NOT NULL constraint failed: notes.said");
            let expected = match then {
                Then::Refuse => None,
                Then::Break => Some(not_null()),
                Then::Dangle => Some(StoreError::Contended),
                _ => Some(StoreError::Unavailable("a command panicked".to_owned())),
            };
            assert_eq!(why(answer), expected);
        }
    }
    assert_eq!(notes.said().await, ["a", "b", "c", "d"].repeat(4));
}
