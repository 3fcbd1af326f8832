//! The platform as a whole, against its tenants one by one.

use std::collections::BTreeMap;

use keelway_builds::operations::{BuildSearch, Samples, Standings, Window};
use keelway_builds::{Build, BuildState, BuildStatus, EventBody, Standing};
use keelway_kernel::{BuildId, TenantId, Tier, Timestamp};

use super::overviews::{paged, summary};
use super::setup::TTL_S;
use crate::{Fixture, Owned};

crate::cases! {
    build_operation_cases in builds::operations:
    the_board_counts_every_build_in_the_queue,
    waiting_builds_are_listed_in_the_order_of_their_places,
    builds_of_all_tenants_are_listed_newest_first,
    leases_are_listed_and_said_to_be_overdue,
    leases_of_one_moment_are_listed_by_tenant_and_build,
    samples_are_the_times_of_what_ended_in_the_window,
    totals_count_everything,
}

async fn everything(fx: &Fixture, all: &[Owned]) -> Vec<Build> {
    let mut builds = Vec::new();
    for owned in all {
        builds.extend(fx.builds_of(*owned).await);
    }
    builds
}

fn standing(build: &Build) -> Option<Standing> {
    match build.status {
        BuildStatus::Queued { retry_at: Some(_) } => Some(Standing::Delayed),
        // Or parked, which only the queue knows.
        BuildStatus::Queued { retry_at: None } => Some(Standing::Ready),
        BuildStatus::Building { .. } => Some(Standing::Leased),
        _ => None,
    }
}

/// The same board, without telling parked from ready.
fn blurred(standings: Standings) -> Standings {
    Standings { ready: standings.ready + standings.parked, parked: 0, ..standings }
}

async fn the_board_counts_every_build_in_the_queue(fx: Fixture) {
    let all = fx.busy().await;
    let board = fx.store.operations.queue(10).await.unwrap();
    let mut total = Standings::default();
    let mut expected: BTreeMap<TenantId, Standings> = BTreeMap::new();
    for build in everything(&fx, &all).await {
        if let Some(standing) = standing(&build) {
            total = total.with(standing, 1, build.created_at);
            let of = expected.entry(build.tenant).or_default();
            *of = of.with(standing, 1, build.created_at);
        }
    }
    assert_eq!(blurred(board.total), total);
    let counted = |(tenant, of): &(keelway_builds::operations::TenantRef, Standings)| {
        (tenant.id, blurred(*of))
    };
    assert_eq!(board.tenants.iter().map(counted).collect::<BTreeMap<_, _>>(), expected);
    assert!(board.total.parked > 0 && board.total.leased == 2, "{board:?}");
    let sizes: Vec<_> = board.tenants.iter().map(|(_, of)| of.waiting() + of.leased).collect();
    assert!(sizes.is_sorted_by(|one, other| one >= other), "{sizes:?}");
    let first = fx.store.operations.queue(1).await.unwrap();
    assert_eq!((first.total, first.tenants.as_slice()), (board.total, &board.tenants[..1]));
}

async fn waiting_builds_are_listed_in_the_order_of_their_places(fx: Fixture) {
    let all = fx.busy().await;
    let waiting = paged(|page| fx.store.operations.waiting(page)).await;
    let mut expected: Vec<BuildId> = Vec::new();
    for build in everything(&fx, &all).await {
        if build.status.state() == BuildState::Queued {
            expected.push(build.id);
        }
    }
    assert!(expected.len() > 6, "too few wait");
    for (place, row) in (1..).zip(&waiting) {
        assert_eq!(row.place, place);
        let owned = all.iter().find(|owned| owned.scope.tenant() == row.tenant.id).unwrap();
        let position = fx.store.builds.position(owned.scope, row.build).await.unwrap().unwrap();
        assert_eq!((row.place, row.estimated_start), (position.place, position.estimated_start));
        let build = fx.build(owned.scope, row.build).await;
        assert_eq!((row.since, row.project), (build.created_at, build.project));
        assert_eq!(row.project_name, fx.project(owned.scope, row.project).await.name);
    }
    assert!(waiting.windows(2).all(|pair| pair[0].priority >= pair[1].priority));
    let mut found: Vec<_> = waiting.iter().map(|row| row.build).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

async fn builds_of_all_tenants_are_listed_newest_first(fx: Fixture) {
    let all = fx.busy().await;
    let mut builds = everything(&fx, &all).await;
    builds.sort_by_key(|build| std::cmp::Reverse(build.id));
    let tenants = all.iter().map(|owned| Some(owned.scope.tenant())).chain([None]);
    let searches = tenants.flat_map(|tenant| {
        let states = BuildState::ALL.map(Some).into_iter().chain([None]);
        states.map(move |state| BuildSearch { build: None, tenant, state })
    });
    let one = BuildSearch { build: Some(builds[3].id), ..BuildSearch::default() };
    let nobodys = BuildSearch { tenant: Some(fx.tenant().await.scope.tenant()), ..one };
    for search in searches.chain([one, nobodys]) {
        let found = paged(|page| fx.store.operations.builds_anywhere(search, page)).await;
        let of = builds.iter().filter(|build| {
            search.build.is_none_or(|id| build.id == id)
                && search.tenant.is_none_or(|tenant| build.tenant == tenant)
                && search.state.is_none_or(|state| build.status.state() == state)
        });
        let expected: Vec<_> = of.map(|build| (build.tenant, summary(build))).collect();
        let found: Vec<_> = found.into_iter().map(|found| (found.tenant.id, found.build)).collect();
        assert_eq!(found, expected, "{search:?}");
    }
}

async fn leases_are_listed_and_said_to_be_overdue(fx: Fixture) {
    let all = fx.busy().await;
    let leases = fx.store.operations.leases(10).await.unwrap();
    let mut expected: Vec<(Timestamp, BuildId, u32, String)> = Vec::new();
    for build in everything(&fx, &all).await {
        if let BuildStatus::Building { worker, lease_until } = build.status {
            expected.push((lease_until, build.id, build.attempt, worker));
        }
    }
    expected.sort();
    let mut found: Vec<_> = leases
        .iter()
        .map(|lease| (lease.until, lease.build, lease.attempt, lease.worker.clone()))
        .collect();
    assert!(found.is_sorted_by_key(|lease| lease.0));
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(leases[0].overdue_ms(fx.now()), None);
    fx.clock.advance(TTL_S + 1);
    assert_eq!(leases[0].overdue_ms(fx.now()), Some(1_000));
    assert_eq!(fx.store.operations.leases(1).await.unwrap().len(), 1);
    // What is over for long is disorder: somebody sweeps.
    fx.swept().await;
    assert_eq!(fx.store.operations.leases(10).await.unwrap(), []);
}

async fn leases_of_one_moment_are_listed_by_tenant_and_build(fx: Fixture) {
    // Made last first, so that no order of making is the order of ids.
    fx.clock.advance(60);
    for _ in 0..6 {
        fx.clock.advance(-10);
        let owned = fx.tenant_of(Tier::Enterprise).await;
        fx.store.ledger.grant(owned.scope, fx.grant(1_000)).await.unwrap();
        for _ in 0..2 {
            fx.clock.advance(-1);
            fx.submitted(owned).await;
        }
    }
    let mut expected = Vec::new();
    while let Some(taken) = fx.find_taken().await {
        expected.push((taken.lease.scope.tenant(), taken.lease.build));
    }
    assert_eq!(expected.len(), 12);
    expected.sort_unstable();
    for limit in [12, 5] {
        let leases = fx.store.operations.leases(limit).await.unwrap();
        let found: Vec<_> = leases.iter().map(|lease| (lease.tenant.id, lease.build)).collect();
        assert_eq!(found, expected[..limit as usize]);
    }
}

async fn samples_are_the_times_of_what_ended_in_the_window(fx: Fixture) {
    let all = fx.busy().await;
    for window in Window::ALL {
        let since = window.since(fx.now());
        let mut expected = Samples::default();
        let mut failures = BTreeMap::new();
        for owned in &all {
            for build in fx.builds_of(*owned).await {
                let events = fx.store.builds.events(owned.scope, build.id, 0, 1_000).await.unwrap();
                for event in events.iter().filter(|event| event.at >= since) {
                    if let EventBody::PhaseCompleted { phase, duration_ms } = event.body {
                        expected.phases.push((phase, duration_ms));
                    }
                }
                let Some(ended_at) = build.status.ended_at().filter(|at| *at >= since) else {
                    continue;
                };
                if let BuildStatus::Failed { failure, .. } = &build.status {
                    *failures.entry(failure.reason.as_str()).or_insert(0) += 1;
                }
                let Some(started_at) = build.started_at else { continue };
                expected.waits.push(started_at.millis_since(build.created_at));
                if build.status.state() == BuildState::Deployed {
                    expected.runs.push(ended_at.millis_since(started_at));
                }
            }
        }
        let mut found = fx.store.operations.samples(since).await.unwrap();
        let counted: BTreeMap<_, _> =
            found.failures.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
        assert_eq!(counted, failures);
        for samples in [&mut expected, &mut found] {
            samples.failures.clear();
            samples.waits.sort_unstable();
            samples.runs.sort_unstable();
            samples.phases.sort_unstable();
        }
        assert_eq!(found, expected, "{window:?}");
        assert!(window == Window::Day || !found.runs.is_empty());
    }
}

async fn totals_count_everything(fx: Fixture) {
    let all = fx.busy().await;
    let builds = everything(&fx, &all).await;
    let totals = fx.store.operations.totals().await.unwrap();
    let of = |state| builds.iter().filter(|build| build.status.state() == state).count() as u64;
    assert_eq!(
        [totals.queued, totals.building, totals.deployed, totals.failed, totals.cancelled]
            .into_iter()
            .chain([totals.expired])
            .collect::<Vec<_>>(),
        BuildState::ALL.map(of),
    );
    assert_eq!((totals.tenants, totals.people), (3, 3));
    let (mut projects, mut held) = (0, 0);
    for owned in &all {
        projects += fx.projects_of(*owned).await.len() as u64;
        held += fx.credits(owned.scope).await.1;
    }
    let charged: i64 = builds.iter().map(|build| build.captured.get()).sum();
    assert_eq!((totals.projects, totals.held.get()), (projects, held));
    assert_eq!(totals.charged.get(), charged);
}
