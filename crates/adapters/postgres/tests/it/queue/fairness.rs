//! A large tenant and small ones.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keelway_kernel::{BuildId, Tier};
use keelway_rows::Moment;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{WORKERS, in_real_time, rich, taken};

/// Makes the newest waiting build 10,000, each in a project and with a hold of its own: all
/// that submitting them would leave, but for the audit log.
const TEN_THOUSAND: &str = "
    CREATE TEMP TABLE copies AS
        SELECT n, gen_random_uuid() AS build, gen_random_uuid() AS hold,
               gen_random_uuid() AS project
        FROM generate_series(1, 10000 - (SELECT count(*)::int FROM build_queue)) AS n;
    CREATE TEMP TABLE original AS
        SELECT b.tenant_id, b.id, b.project_id, b.hold_id, q.tag
        FROM build_queue q
        JOIN builds b ON b.tenant_id = q.tenant_id AND b.id = q.build_id
        ORDER BY q.tag DESC LIMIT 1;
    INSERT INTO projects SELECT made.*
        FROM original o JOIN projects p ON p.id = o.project_id, copies,
             jsonb_populate_record(p, jsonb_build_object('id', project, 'slug', 'copy-' || n,
                 'site', '0' || left(md5(n::text), 25))) AS made;
    INSERT INTO credit_holds SELECT made.*
        FROM original o JOIN credit_holds h ON h.id = o.hold_id, copies,
             jsonb_populate_record(h, jsonb_build_object('id', hold, 'build_id', build,
                 'project_id', project)) AS made;
    INSERT INTO builds SELECT made.*
        FROM original o JOIN builds b ON b.id = o.id, copies,
             jsonb_populate_record(b, jsonb_build_object('id', build, 'hold_id', hold,
                 'project_id', project)) AS made;
    INSERT INTO build_events SELECT made.*
        FROM original o JOIN build_events e ON e.build_id = o.id, copies,
             jsonb_populate_record(e, jsonb_build_object('build_id', build)) AS made;
    INSERT INTO build_queue SELECT made.*
        FROM original o JOIN build_queue q ON q.build_id = o.id, copies,
             jsonb_populate_record(q, jsonb_build_object('build_id', build,
                 'tag', o.tag + n * 5)) AS made;
    UPDATE queue_tenants SET last_tag = (SELECT max(tag) FROM build_queue);
    UPDATE credit_accounts SET held = (SELECT sum(amount) FROM credit_holds);
    UPDATE tenant_usage SET builds_created = (SELECT count(*) FROM builds)";

/// How many of the others' builds were first taken after a moment and before a build was.
const SLOTS: &str = "
    SELECT count(*) FROM builds small
    JOIN builds o ON o.tenant_id <> small.tenant_id
     AND o.started_at > $2 AND o.started_at < small.started_at
    WHERE small.id = $1";

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_ten_thousand_waiting_builds_delays_another_by_at_most_two_slots() {
    let opened = in_real_time().await;
    let fx = &opened.fx;
    let large = rich(fx, Tier::Enterprise).await;
    // As many as may run at once, and one that waits behind them.
    for _ in 0..21 {
        fx.submitted(large).await;
    }
    opened.tamper(TEN_THOUSAND).await;
    let mut raw = opened.raw().await;
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM build_queue WHERE worker IS NULL")
        .fetch_one(&mut raw)
        .await
        .unwrap();
    assert_eq!(waiting, 10_000);
    let mut small = Vec::new();
    for _ in 0..6 {
        small.push(rich(fx, Tier::Enterprise).await);
    }
    let while_all_ask = small.split_off(3);

    // Everybody has a build; one after another is done with theirs and asks for the next.
    let mut working = VecDeque::new();
    for _ in 0..WORKERS {
        working.push_back(taken(&opened.store).await.unwrap());
    }
    for owned in small {
        let id = fx.submitted(owned).await.build.id;
        let mut slots = 0;
        loop {
            fx.deployed(&working.pop_front().unwrap().lease, 10_000).await;
            let taken = taken(&opened.store).await.unwrap();
            let is_it = taken.build.id == id;
            working.push_back(taken);
            if is_it {
                break;
            }
            slots += 1;
            assert!(slots <= 2, "delayed by {slots} builds");
        }
    }

    // Everybody is done at once and asks again, all the time.
    let is_over = Arc::new(AtomicBool::new(false));
    let (tell, mut told) = mpsc::unbounded_channel::<BuildId>();
    let mut workers = JoinSet::new();
    for mut held in working {
        let (store, fx) = (opened.store.clone(), fx.clone());
        let (is_over, tell) = (is_over.clone(), tell.clone());
        workers.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                fx.deployed(&held.lease, 10_000).await;
                held = taken(&store).await.expect("one of ten thousand");
                tell.send(held.build.id).unwrap();
            }
        });
    }
    let mut delays = Vec::new();
    for owned in while_all_ask {
        // All of them have asked since the last.
        for _ in 0..WORKERS {
            told.recv().await.unwrap();
        }
        let id = fx.submitted(owned).await.build.id;
        let since: Moment =
            sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut raw).await.unwrap();
        while told.recv().await.unwrap() != id {}
        let slots: i64 = sqlx::query_scalar(SLOTS)
            .bind(id.as_uuid())
            .bind(since)
            .fetch_one(&mut raw)
            .await
            .unwrap();
        delays.push(slots);
    }
    is_over.store(true, Ordering::Relaxed);
    workers.join_all().await;
    assert!(delays.iter().all(|slots| *slots <= 2), "delayed by {delays:?} builds");
}
