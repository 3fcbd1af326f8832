//! One tenant has nearly everything, and the planner knows it: what another does costs no more.
//!
//! A plan that is made for any tenant is made for that one, whose rows are nearly all there are:
//! an index that begins with the tenant then looks no better than one that leaves it out.

use sqlx::{AssertSqlSafe, Connection as _};

use super::empty::plans;
use super::filled::{fill, heard_from_now_on, on_one_connection};
use super::listener::Listener;
use crate::opened::Opened;

const BUILDS: u64 = 20_000;
/// What of the whale waits, behind everybody else; and what the planner has not been told of.
const BACKLOG: &str = "
    SET session_replication_role = replica;
    DELETE FROM build_queue;
    INSERT INTO build_queue (tenant_id, build_id, standing, band, tag, due_at, enqueued_at)
    SELECT tenant_id, gen_random_uuid(), CASE WHEN n % 1000 > 0 THEN 'ready' ELSE 'parked' END,
           1000, n, deadline, created_at
    FROM (SELECT * FROM builds ORDER BY created_at LIMIT 1) b, generate_series(1, 200000) n;
    SET session_replication_role = DEFAULT";
const UNTOLD: &str = "
    UPDATE build_queue SET standing = 'leased', worker = 'worker-2' WHERE tag BETWEEN 1 AND 1999;
    UPDATE build_queue SET standing = 'delayed' WHERE tag BETWEEN 2000 AND 4000";
/// No command of a tenant that has next to nothing reads more rows of one table: as many as are
/// woken at a time.
const FEW: u64 = 100;
/// What is counted as far as it goes, whoever asks: how many builds are ahead of one.
const COUNTED: &str = "SELECT (SELECT LEAST(count(*), $4)";

#[tokio::test]
async fn a_tenant_beside_a_whale_reads_its_own_rows() {
    let opened = Opened::new().await;
    let (_, taken) = opened.fx.running().await;
    opened.fx.deployed(&taken.lease, 10_000).await;
    opened.store.close().await;
    fill(&opened, BUILDS, 1).await;
    let mut raw = heard_from_now_on(&opened).await;
    let name = opened.database.owner.get_database().unwrap();
    for counting in ["auto_explain.log_analyze = on", "auto_explain.log_timing = off"] {
        let sql = AssertSqlSafe(format!("ALTER DATABASE {name} SET {counting}"));
        sqlx::raw_sql(sql).execute(&mut raw).await.unwrap();
    }
    sqlx::raw_sql(BACKLOG).execute(&mut raw).await.unwrap();
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut raw).await.unwrap();
    sqlx::raw_sql(UNTOLD).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();

    let (listener, _heard) = Listener::begin();
    let plans = plans(&on_one_connection(&opened), &listener).await;
    assert!(plans.iter().any(|plan| plan.most > 0), "rows were counted");
    let wrong: Vec<_> = plans
        .iter()
        .filter(|plan| plan.most > FEW && !plan.statement.starts_with(COUNTED))
        .map(|plan| format!("{} rows: {}\n{}", plan.most, plan.statement, plan.steps))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
