//! Taking is one look-up, whatever waits and whatever the planner was told.

use keelway_postgres::promised::{AHEAD, BEFORE_PAGE, GO_BY_INDEXES, NEXT, OVER};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::opened::Opened;

const MANY: &str = "
    INSERT INTO build_queue
    SELECT md5('tenant ' || n % 20000)::uuid, md5(n::text)::uuid,
           CASE WHEN n % 10 = 0 THEN 'ready' WHEN n % 1000 = 1 THEN 'delayed' ELSE 'parked' END,
           n % 5, n, now() + interval '1 day', NULL, now()
    FROM generate_series(1, 200000) AS n";

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

async fn explained(connection: &mut PgConnection, sql: &'static str) -> String {
    let lines: Vec<String> = sqlx::query_scalar(sql).fetch_all(connection).await.unwrap();
    lines.join("\n")
}

/// The plans that a worker's session has, and what they did.
async fn plans(worker: &mut PgConnection) -> [String; 2] {
    run(worker, "BEGIN; SET LOCAL ROLE keelway_jobs").await;
    run(worker, GO_BY_INDEXES).await;
    let next = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE next (now(), '{}')";
    let over = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE over (now(), 100)";
    let plans = [explained(worker, next).await, explained(worker, over).await];
    run(worker, "ROLLBACK").await;
    plans
}

/// How many rows it took: 0 or 1. What they name is not there.
fn look_up(rows: u8) -> String {
    format!(
        "Nested Loop Left Join (actual rows=1 loops=1)
  InitPlan 1 (returns $0)
    ->  Limit (actual rows=0 loops=1)
          ->  Index Only Scan using build_queue_due on build_queue build_queue_1 (actual rows=0 loops=1)
                Index Cond: ((standing = 'delayed'::text) AND (due_at <= $1))
                Heap Fetches: 0
  ->  Nested Loop Left Join (actual rows=1 loops=1)
        ->  Nested Loop Left Join (actual rows=1 loops=1)
              ->  Result (actual rows=1 loops=1)
              ->  Limit (actual rows={rows} loops=1)
                    ->  Subquery Scan on ready (actual rows={rows} loops=1)
                          Filter: pg_try_advisory_xact_lock((((('x'::text || \"left\"(ready.hex, 16)))::bit(64))::bigint # ((('x'::text || \"right\"(ready.hex, 16)))::bit(64))::bigint))
                          ->  Limit (actual rows={rows} loops=1)
                                ->  Index Scan using build_queue_next on build_queue (actual rows={rows} loops=1)
                                      Index Cond: (standing = 'ready'::text)
                                      Filter: (build_id <> ALL ($2))
        ->  Limit (actual rows=0 loops=1)
              ->  Index Scan using builds_by_id on builds (actual rows=0 loops=1)
                    Index Cond: (id = ready.build_id)
                    Filter: (tenant_id = ready.tenant_id)
  ->  Limit (actual rows=0 loops=1)
        ->  Index Scan using projects_pkey on projects (actual rows=0 loops=1)
              Index Cond: ((tenant_id = builds.tenant_id) AND (id = builds.project_id))"
    )
}

const NOTHING_OVER: &str = "\
Limit (actual rows=0 loops=1)
  ->  LockRows (actual rows=0 loops=1)
        ->  Index Scan using build_queue_due on build_queue (actual rows=0 loops=1)
              Index Cond: ((standing = 'delayed'::text) AND (due_at <= $1))";

#[tokio::test(flavor = "multi_thread")]
async fn taking_is_one_index_look_up_however_many_wait() {
    let opened = Opened::new().await;
    let mut raw = opened.raw().await;
    run(&mut raw, "ANALYZE build_queue").await;
    let mut worker = PgConnection::connect(&opened.database.url()).await.unwrap();
    run(&mut worker, "SET plan_cache_mode = force_generic_plan").await;
    run(&mut worker, &format!("PREPARE next (timestamptz, uuid[]) AS {NEXT}")).await;
    run(&mut worker, &format!("PREPARE over (timestamptz, bigint) AS {OVER}")).await;

    assert_eq!(plans(&mut worker).await, [look_up(0), NOTHING_OVER.to_owned()]);
    opened.tamper(MANY).await;
    // With the plans that were made when there was nothing.
    assert_eq!(plans(&mut worker).await, [look_up(1), NOTHING_OVER.to_owned()]);
    run(&mut raw, "ANALYZE build_queue").await;
    assert_eq!(plans(&mut worker).await, [look_up(1), NOTHING_OVER.to_owned()]);
}

/// The positions of the last build of a band, and of the first one of all.
const POSITIONS: [&str; 2] = [
    "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF)
     EXECUTE ahead (0, 1000000, '00000000-0000-0000-0000-000000000000', 100)",
    "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF)
     EXECUTE ahead (0, 0, '00000000-0000-0000-0000-000000000000', 100)",
];

/// A page for each row that is counted, 100 ready and 100 parked, and the way down to the first
/// of each kind. Most rows are counted in the index alone; but where some old snapshot kept
/// VACUUM from calling pages all visible, each is looked up. The band's index has hundreds of
/// pages, the table thousands.
const AT_MOST: u64 = 2 * 100 + 40;

/// The pages that the first line about them tells of: the whole statement's.
fn pages(plan: &str) -> u64 {
    let told = plan.lines().find_map(|line| line.trim().strip_prefix("Buffers: shared "));
    let counts = told.unwrap_or_default().split_whitespace();
    let read = counts.filter_map(|count| {
        let (what, pages) = count.split_once('=')?;
        ["hit", "read"].contains(&what).then(|| pages.parse::<u64>().unwrap())
    });
    read.sum()
}

/// What is ahead of a build, and what is ahead of a page of the operators' list.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_is_read_from_few_pages_however_many_wait() {
    let opened = Opened::new().await;
    opened.tamper(MANY).await;
    let mut raw = opened.raw().await;
    run(&mut raw, "VACUUM ANALYZE build_queue").await;
    assert_few_pages(&opened, "keelway_app", AHEAD).await;
    assert_few_pages(&opened, "keelway_jobs", BEFORE_PAGE).await;
}

async fn assert_few_pages(opened: &Opened, role: &str, ahead: &str) {
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let mut reader = PgConnection::connect(&opened.database.url()).await.unwrap();
        run(&mut reader, &format!("SET plan_cache_mode = {mode}")).await;
        run(&mut reader, &format!("PREPARE ahead (bigint, bigint, uuid, bigint) AS {ahead}")).await;
        let tenant = "SELECT set_config('keelway.tenants', '{}', true)";
        run(&mut reader, &format!("BEGIN; SET LOCAL ROLE {role}; {tenant}")).await;
        for position in POSITIONS {
            let plan = explained(&mut reader, position).await;
            assert!((1..=AT_MOST).contains(&pages(&plan)), "{plan}");
        }
    }
}
