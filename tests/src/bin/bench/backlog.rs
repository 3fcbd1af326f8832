//! Tables that are large: taking with a million builds waiting, and a list's last pages.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use keelway_builds::ports::BuildFilter;
use keelway_contract::Fixture;
use keelway_kernel::{Cursor, PageRequest, TenantScope, Timestamp};
use keelway_tests::books::Books;
use sqlx::types::Uuid;

use crate::ROUNDS;
use crate::place::{Customers, Kind, Place};
use crate::queue::{finish, submit, take};
use crate::report::{Row, median};

/// Builds taken in a round, one after the other.
const TAKEN: usize = 100;
const TENANTS: usize = 16;
/// Rows of a page, and the number of the page far down.
const PAGE: u32 = 20;
const FAR: i64 = 10_000;

/// A million rows of the queue behind every other, and the quarter of a million builds, each a
/// second older than the one before, that a list can be turned over by. They are copies of what
/// the store wrote, except that nothing else belongs to them.
const POURED: [&str; 2] = [
    "BEGIN;
     CREATE TEMP TABLE poured AS
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 1000000)
         SELECT n, unhex('018f0000000070008000' || printf('%012x', n)) AS id FROM numbers;
     INSERT INTO builds
     SELECT t.tenant_id, p.id, p.id, t.kind, 'queued', t.request, t.estimate, p.id, t.held, 0, 0, 0,
            0, 1, 0, 0, 0, NULL, NULL, NULL, 0, t.requested_by, 'req_poured',
            t.created_at - 1000000 * p.n, NULL, t.deadline, NULL, NULL, NULL, NULL, 1
     FROM (SELECT * FROM builds LIMIT 1) t, poured p WHERE p.n <= 250000;
     INSERT INTO build_queue (tenant_id, build_id, standing, band, tag, due_at, enqueued_at)
     SELECT t.tenant_id, p.id, 'ready', 1000000, p.n, t.deadline, t.created_at
     FROM (SELECT * FROM builds WHERE request_id <> 'req_poured' LIMIT 1) t, poured p;
     DROP TABLE poured;
     COMMIT;
     PRAGMA wal_checkpoint(TRUNCATE)",
    "SET session_replication_role = replica;
     SET synchronous_commit = off;
     CREATE TEMP TABLE poured AS
         SELECT n, ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id
         FROM generate_series(1, 1000000) n;
     INSERT INTO builds
     SELECT t.tenant_id, p.id, p.id, t.kind, 'queued', t.request, t.estimate, p.id, t.held, 0, 0, 0,
            false, 1, 0, 0, 0, NULL, NULL, NULL, 0, t.requested_by, 'req_poured',
            t.created_at - p.n * interval '1 second', NULL, t.deadline, NULL, NULL, NULL, NULL, 1
     FROM (SELECT * FROM builds LIMIT 1) t, poured p WHERE p.n <= 250000;
     INSERT INTO build_queue (tenant_id, build_id, standing, band, tag, due_at, enqueued_at)
     SELECT t.tenant_id, p.id, 'ready', 1000000, p.n, t.deadline, t.created_at
     FROM (SELECT * FROM builds WHERE request_id <> 'req_poured' LIMIT 1) t, poured p;
     DROP TABLE poured;
     SET session_replication_role = DEFAULT;
     SET synchronous_commit = DEFAULT",
];

/// Takes them out again, past what guards builds: the books are about the others.
const POURED_OUT: [&str; 2] = [
    "DROP TRIGGER builds_never_leave;
     DELETE FROM build_queue WHERE band = 1000000;
     DELETE FROM builds WHERE request_id = 'req_poured'",
    "SET session_replication_role = replica;
     DELETE FROM build_queue WHERE band = 1000000;
     DELETE FROM builds WHERE request_id = 'req_poured'",
];

pub async fn rows() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for kind in Kind::BOTH {
        rows.extend(on(kind).await?);
    }
    Ok(rows)
}

async fn on(kind: Kind) -> anyhow::Result<Vec<Row>> {
    let empty = Place::open(kind, "empty").await?;
    let full = Place::open(kind, "full").await?;
    let (few, many) = (empty.customers(TENANTS).await?, full.customers(TENANTS).await?);
    // Theirs is the backlog: of whom so many are ready, a new build is parked.
    submit(&full.fx(), &full.customers(1).await?, 1).await?;
    let first = take(&full.fx()).await?.context("a build")?;
    pour(&full, &POURED).await;
    if kind == Kind::Postgres {
        pour(&full, &["", "VACUUM ANALYZE"]).await;
        // What was poured is on disk before anything is measured.
        pour(&full, &["", "CHECKPOINT"]).await;
    }
    let (mut without, mut with, mut near, mut far) = <(Vec<_>, Vec<_>, Vec<_>, Vec<_>)>::default();
    for _ in 0..ROUNDS {
        without.extend(takes(&empty.fx(), &few).await?);
        with.extend(takes(&full.fx(), &many).await?);
        let (scope, at) = (first.lease.scope, first.build.created_at);
        for _ in 0..TAKEN {
            near.push(page(&full.fx(), scope, None).await?);
            far.push(page(&full.fx(), scope, Some(at)).await?);
        }
    }
    finish(&full.fx(), first).await?;
    empty.check_books().await?;
    pour(&full, &POURED_OUT).await;
    full.check_books().await?;
    let name = kind.name();
    let [without, with, near, far] = [without, with, near, far].map(median_ms);
    Ok(vec![
        Row::against(format!("take with 1,000,000 waiting, {name}"), " ms", without, with)
            .noted("one worker; limit: with none waiting but those"),
        Row::against(format!("page 10,000 of a list, {name}"), " ms", near, far)
            .noted("builds of a tenant, 20 on a page; limit: page 1"),
    ])
}

async fn pour(place: &Place, sql: &[&'static str; 2]) {
    let books = Books::of(&place.house).await;
    books.meddle(sql[place.kind as usize]).await;
    books.close().await;
}

/// How long it took to take each of a round's builds.
async fn takes(fx: &Fixture, customers: &Customers) -> anyhow::Result<Vec<Duration>> {
    submit(fx, customers, TAKEN).await?;
    let mut took = Vec::new();
    for _ in 0..TAKEN {
        let asked = Instant::now();
        let assignment = take(fx).await.context("a take")?.context("a build")?;
        took.push(asked.elapsed());
        // At once: as many of a tenant's builds are ready as it may have at a time.
        finish(fx, assignment).await?;
    }
    Ok(took)
}

/// How long a page took: the first, or far down from this moment.
async fn page(
    fx: &Fixture,
    scope: TenantScope,
    from: Option<Timestamp>,
) -> anyhow::Result<Duration> {
    let rows = i64::from(PAGE) * (FAR - 1);
    let after = from.map(|moment| Cursor {
        key: moment.plus_seconds(-rows).as_micros(),
        id: Uuid::from_u64_pair(0x018f_0000_0000_7000, 0x8000 << 48 | rows.cast_unsigned()),
    });
    let asked = Instant::now();
    let filter = BuildFilter::default();
    let page = fx.store.builds.list(scope, filter, PageRequest::new(PAGE, after)).await;
    let page = page.context("a page")?;
    let took = asked.elapsed();
    ensure!(page.items.len() == PAGE as usize, "a page has {} builds", page.items.len());
    Ok(took)
}

fn median_ms(took: Vec<Duration>) -> f64 {
    median(took.into_iter().map(|took| took.as_secs_f64() * 1_000.0))
}
