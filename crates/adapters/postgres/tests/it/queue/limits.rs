//! What nobody gets more of, however many workers ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keelway_builds::cancel::Cancel;
use keelway_builds::ports::{Inspector as _, Submissions as _};
use keelway_builds::submit::{ProjectChoice, Submit, SubmitError};
use keelway_contract::{Owned, race};
use keelway_kernel::{Actor, Failure, Tier};
use tokio::task::JoinSet;

use super::{WORKERS, in_real_time, next, rich, taken};
use crate::opened::Opened;

/// The most builds of a tenant that ran at the same time, by what their rows say.
const AT_ONCE: &str = "
    SELECT max(running) FROM (
        SELECT (SELECT count(*) FROM builds o
                WHERE o.tenant_id = b.tenant_id AND o.started_at <= b.started_at
                  AND (o.ended_at IS NULL OR b.started_at < o.ended_at)) AS running
        FROM builds b WHERE b.tenant_id = $1 AND b.started_at IS NOT NULL
    ) AS started";

/// Pairs of builds of one project that were active at the same time.
const TOGETHER: &str = "
    SELECT count(*) FROM builds a
    JOIN builds b ON a.tenant_id = b.tenant_id AND a.project_id = b.project_id AND a.id < b.id
    WHERE a.created_at < COALESCE(b.ended_at, 'infinity')
      AND b.created_at < COALESCE(a.ended_at, 'infinity')";

const TIERS: [(Tier, i64); 4] =
    [(Tier::Starter, 1), (Tier::Professional, 3), (Tier::Professional, 3), (Tier::Ultimate, 5)];

#[tokio::test(flavor = "multi_thread")]
async fn neither_tenant_nor_project_gets_more_than_its_due() {
    let opened = in_real_time().await;
    let fx = &opened.fx;
    let mut all: Vec<(Owned, i64)> = Vec::new();
    let mut projects = Vec::new();
    for (tier, at_once) in TIERS {
        let owned = rich(fx, tier).await;
        for _ in 0..7 {
            projects.push((owned, fx.submitted(owned).await.project.id));
        }
        all.push((owned, at_once));
    }

    // Everybody asks at once, and nobody is done: there is work for twelve.
    let running = race(WORKERS, |_| {
        let store = opened.store.clone();
        async move { taken(&store).await }
    })
    .await;
    let running: Vec<_> = running.into_iter().flatten().collect();
    for (owned, at_once) in &all {
        let theirs = running.iter().filter(|taken| taken.lease.scope == owned.scope).count();
        assert_eq!(i64::try_from(theirs).unwrap(), *at_once);
    }
    assert_eq!(running.len(), 12);

    // From here on they come and go.
    let left = Arc::new(AtomicUsize::new(150));
    let mut workers = JoinSet::new();
    for held in running.into_iter().map(Some).chain(std::iter::repeat_with(|| None)).take(WORKERS) {
        let (store, fx, projects) = (opened.store.clone(), fx.clone(), projects.clone());
        let left = left.clone();
        workers.spawn(async move {
            let mut held = held;
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                .is_ok()
            {
                let pick = fx.entropy.below(projects.len() as u64);
                let (owned, project) = projects[usize::try_from(pick).unwrap()];
                let project = ProjectChoice::Existing(project);
                match store.submit(Submit { project, ..fx.submit(owned) }).await {
                    Ok(_) | Err(Failure::Rejected(SubmitError::ProjectLocked(_))) => {}
                    Err(other) => panic!("{other:?}"),
                }
                if let Some(taken) = held.take() {
                    fx.deployed(&taken.lease, 10_000).await;
                }
                held = taken(&store).await;
            }
        });
    }
    workers.join_all().await;

    let mut raw = opened.raw().await;
    for (owned, at_once) in all {
        let most: i64 = sqlx::query_scalar(AT_ONCE)
            .bind(owned.scope.tenant().as_uuid())
            .fetch_one(&mut raw)
            .await
            .unwrap();
        assert_eq!(most, at_once);
    }
    let together: i64 = sqlx::query_scalar(TOGETHER).fetch_one(&mut raw).await.unwrap();
    assert_eq!(together, 0);
    assert_eq!(opened.store.inspect().await.unwrap().violations, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_build_that_is_called_off_gives_its_place_to_the_next() {
    let opened = Opened::new().await;
    let fx = &opened.fx;
    let owned = rich(fx, Tier::Starter).await;
    let mut builds = Vec::new();
    for _ in 0..4 {
        builds.push(fx.submitted(owned).await.build.id);
    }
    // One is ready, three are parked; from now on three might be ready.
    opened.tamper("UPDATE tenants SET tier = 'professional'").await;
    let actor = Actor { user: Some(owned.user), request_id: "req_cancel".into() };
    let cancel = Cancel { scope: owned.scope, actor, build: builds[1], keyed: None };
    opened.store.cancel(cancel).await.unwrap();
    assert_eq!(next(&opened).await, Some(builds[0]));
    assert_eq!(next(&opened).await, Some(builds[2]));
    assert_eq!(next(&opened).await, Some(builds[3]));
    assert_eq!(next(&opened).await, None);
}
