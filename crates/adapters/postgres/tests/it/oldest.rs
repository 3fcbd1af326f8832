//! Who keeps the server from tidying up, on a server that others work on too: what is asserted
//! are the sessions of the case's own database.

use std::sync::Arc;

use keelway_contract::SeededEntropy;
use keelway_kernel::Timestamp;
use keelway_postgres::{
    HeldSnapshot, Holder, PostgresSettings, PostgresStore, Session, Sight, Time,
};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tokio::task::JoinSet;

use crate::database::Database;
use crate::opened::Opened;

async fn run(connection: &mut PgConnection, sql: &str) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
}

async fn pid(connection: &mut PgConnection) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await.unwrap()
}

/// A session, and its process, that calls itself so and has said `sql`.
async fn saying(opened: &Opened, name: &str, sql: &str) -> (PgConnection, i32) {
    let mut raw = opened.raw().await;
    run(&mut raw, &format!("SET application_name = '{name}'; {sql}")).await;
    let pid = pid(&mut raw).await;
    (raw, pid)
}

/// The same, as the role that the store logs in as.
async fn saying_itself(opened: &Opened, sql: &str) -> (PgConnection, i32) {
    let mut own = PgConnection::connect(&opened.database.url()).await.unwrap();
    run(&mut own, &format!("SET application_name = 'itself'; {sql}")).await;
    let pid = pid(&mut own).await;
    (own, pid)
}

/// What is held by sessions of the case's database beside the store's, oldest first: a read is
/// answered before it is rolled back, so the next one may still see it.
async fn held(opened: &Opened, store: &PostgresStore) -> Vec<(Session, HeldSnapshot)> {
    let held = held_by_all(opened, store).await.into_iter();
    held.filter(|(session, _)| session.application != "keelway").collect()
}

async fn held_by_all(opened: &Opened, store: &PostgresStore) -> Vec<(Session, HeldSnapshot)> {
    let database = opened.database.owner.get_database();
    let held = store.snapshots().await.unwrap().held.into_iter();
    held.filter_map(|held| match &held.holder {
        Holder::Session(session) if session.database.as_deref() == database => {
            Some((session.clone(), held))
        }
        _ => None,
    })
    .collect()
}

async fn pids(opened: &Opened) -> Vec<i32> {
    held(opened, &opened.store).await.iter().map(|(session, _)| session.pid).collect()
}

const NOBODY: [i32; 0] = [];
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1";

#[tokio::test]
async fn the_oldest_snapshot_comes_first_and_who_asks_holds_none() {
    let opened = Opened::new().await;
    assert_eq!(held_by_all(&opened, &opened.store).await, []);
    let mut readers = Vec::new();
    let mut expected = Vec::new();
    for _ in 0..3 {
        let (reader, pid) = saying_itself(&opened, SNAPSHOT).await;
        readers.push(reader);
        expected.push(pid);
        assert_eq!(pids(&opened).await, expected);
    }
    for reader in &mut readers {
        run(reader, "COMMIT").await;
        expected.remove(0);
        assert_eq!(pids(&opened).await, expected);
    }
    // Between statements a transaction of this kind wants to see nothing old, but has others
    // allow for it once it writes.
    let (mut open, pid) = saying_itself(&opened, "BEGIN; SELECT 1").await;
    assert_eq!(pids(&opened).await, NOBODY);
    run(&mut open, "SELECT pg_current_xact_id()").await;
    assert_eq!(pids(&opened).await, [pid]);
}

#[tokio::test]
async fn of_another_database_counts_what_writes() {
    let (opened, elsewhere) = (Opened::new().await, Opened::new().await);
    let (_reader, reads) = saying(&elsewhere, "reader", SNAPSHOT).await;
    let (_writer, writes) =
        saying(&elsewhere, "writer", "BEGIN; SELECT pg_current_xact_id()").await;
    let all = opened.store.snapshots().await.unwrap().held;
    let is_of =
        |pid| move |held: &HeldSnapshot| matches!(&held.holder, Holder::Session(s) if s.pid == pid);
    assert!(!all.iter().any(is_of(reads)), "{all:#?}");
    assert!(all.iter().any(is_of(writes)), "{all:#?}");
}

#[tokio::test]
async fn a_session_of_another_role_is_named_and_shown_to_whom_the_grant_is_made() {
    let opened = Opened::new().await;
    let (mut reader, pid) = saying(&opened, "backup", SNAPSHOT).await;
    let began: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM now()) * 1000000)::bigint")
        .fetch_one(&mut reader)
        .await
        .unwrap();
    let mut raw = opened.raw().await;
    let role = format!("keelway-watching-{}", std::process::id());
    for inherits in ["NOINHERIT", "INHERIT"] {
        let make = format!("CREATE ROLE \"{role}\" LOGIN NOINHERIT");
        run(&mut raw, &format!("{make}; GRANT keelway_app, keelway_jobs TO \"{role}\"")).await;
        let settings = PostgresSettings::new(opened.database.url_of(&role));
        let clock = opened.fx.clock.clone();
        let entropy = Arc::new(SeededEntropy::new(3));
        let store = Database::store_of(&settings, Time::Given(clock), entropy);

        let [(session, hidden)] = &held(&opened, &store).await[..] else { panic!("{pid}") };
        assert_eq!((session.pid, &*session.role), (pid, opened.database.owner.get_username()));
        assert_eq!(session.application, "backup");
        assert_eq!((&session.sight, hidden.since), (&Sight::Hidden { from: role.clone() }, None));

        run(&mut raw, &hidden.holder.grant().unwrap()).await;
        // With both of the others inherited it would be refused for that.
        run(&mut raw, &format!("REVOKE keelway_app, keelway_jobs FROM \"{role}\"")).await;
        run(&mut raw, &format!("ALTER ROLE \"{role}\" {inherits}")).await;
        assert_eq!(store.unsafe_role().await, Ok(None), "{inherits}");
        run(&mut raw, &format!("GRANT keelway_app, keelway_jobs TO \"{role}\"")).await;

        let [(session, shown)] = &held(&opened, &store).await[..] else { panic!("{pid}") };
        assert_eq!(session.sight, Sight::Shown("idle in transaction".to_owned()));
        assert_eq!(shown.since.map(Timestamp::as_micros), Some(began));
        assert!(shown.holder.is(&hidden.holder) && shown.transaction == hidden.transaction);
        assert_eq!(shown.holder.grant(), None);
        let told = shown.holder.to_string();
        assert!(told.ends_with("(\"backup\", idle in transaction)"), "{told}");
        store.close().await;
        run(&mut raw, &format!("DROP OWNED BY \"{role}\"; DROP ROLE \"{role}\"")).await;
    }
    // It is ended as is said.
    let [(_, last)] = &held(&opened, &opened.store).await[..] else { panic!("{pid}") };
    run(&mut raw, &last.holder.end()).await;
    assert!(reader.ping().await.is_err());
    assert_eq!(pids(&opened).await, NOBODY);
}

#[tokio::test]
async fn a_processes_own_sessions_are_shown_without_any_grant() {
    let opened = Opened::new().await;
    let (_own, _) = saying_itself(&opened, SNAPSHOT).await;
    let [(session, held)] = &held(&opened, &opened.store).await[..] else { panic!("one") };
    assert_eq!(session.sight, Sight::Shown("idle in transaction".to_owned()));
    assert!(held.since.is_some());
}

#[tokio::test]
async fn vacuum_keeps_nothing() {
    let opened = Opened::new().await;
    // A page in a tenth of a second, for a minute.
    let slow = "CREATE TABLE kept (text text) WITH (autovacuum_enabled = false);
                ALTER TABLE kept ALTER text SET STORAGE PLAIN;
                INSERT INTO kept SELECT repeat('x', 7000) FROM generate_series(1, 600); COMMIT;
                SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1";
    let (mut raw, vacuums) = saying(&opened, "vacuum", slow).await;
    let mut under_way = JoinSet::new();
    under_way.spawn(async move { raw.execute("VACUUM kept").await.is_err() });
    let mut observer = opened.raw().await;
    let begun = "SELECT EXISTS (SELECT FROM pg_stat_progress_vacuum WHERE pid = $1)";
    let mut has_begun = false;
    while !has_begun {
        let asked = sqlx::query_scalar(begun).bind(vacuums);
        has_begun = asked.fetch_one(&mut observer).await.unwrap();
        assert!(under_way.try_join_next().is_none(), "it is over");
    }
    assert_eq!(pids(&opened).await, NOBODY);
    run(&mut observer, &format!("SELECT pg_terminate_backend({vacuums})")).await;
    assert!(under_way.join_next().await.unwrap().unwrap(), "it was under way");
}
