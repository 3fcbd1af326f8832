//! Lists and single reads, always inside one tenant.

use keelway_builds::BuildState;
use keelway_builds::ports::BuildFilter;
use keelway_kernel::{BuildId, Page, PageRequest, Tier};

use super::setup::{PRICE, cancel};
use crate::{Fixture, Owned};

crate::cases! {
    build_read_cases in builds::reads:
    pages_of_builds_never_skip_or_repeat_one,
    a_list_shows_only_what_was_asked_for,
    another_tenants_builds_are_never_shown,
    events_are_read_from_any_point,
    a_build_reads_back_as_it_was_written,
}

async fn listed(fx: &Fixture, owned: Owned, filter: BuildFilter) -> Vec<BuildId> {
    let page = fx.store.builds.list(owned.scope, filter, PageRequest::new(100, None));
    page.await.unwrap().items.into_iter().map(|build| build.id).collect()
}

async fn pages_of_builds_never_skip_or_repeat_one(fx: Fixture) {
    let owned = fx.rich(Tier::Enterprise).await;
    for number in 0..11 {
        fx.submitted(owned).await;
        // Some of one moment, some later: ties are broken by id.
        fx.clock.advance(number % 3 / 2);
    }
    let all = listed(&fx, owned, BuildFilter::default()).await;
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let page =
            fx.store.builds.list(owned.scope, BuildFilter::default(), PageRequest::new(3, after));
        let Page { items, next } = page.await.unwrap();
        assert!(
            items.windows(2).all(|pair| {
                (pair[0].created_at, pair[0].id) > (pair[1].created_at, pair[1].id)
            })
        );
        paged.extend(items.into_iter().map(|build| build.id));
        // What comes meanwhile is newer, and on no later page.
        fx.submitted(owned).await;
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
    assert_eq!(paged.len(), 11);
}

async fn a_list_shows_only_what_was_asked_for(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let ended = fx.submitted(owned).await;
    fx.store.submissions.cancel(cancel(owned, ended.build.id)).await.unwrap();
    fx.clock.advance(1);
    let again = fx.submitted_to(owned, ended.project.id).await.build.id;
    fx.clock.advance(1);
    let elsewhere = fx.submitted(owned).await.build.id;
    let project = Some(ended.project.id);
    let state = Some(BuildState::Queued);
    for (filter, expected) in [
        (BuildFilter { project: None, state: None }, vec![elsewhere, again, ended.build.id]),
        (BuildFilter { project, state: None }, vec![again, ended.build.id]),
        (BuildFilter { project: None, state }, vec![elsewhere, again]),
        (BuildFilter { project, state }, vec![again]),
        (BuildFilter { project, state: Some(BuildState::Failed) }, vec![]),
    ] {
        assert_eq!(listed(&fx, owned, filter).await, expected, "{filter:?}");
    }
}

async fn another_tenants_builds_are_never_shown(fx: Fixture) {
    let (one, other) = (fx.funded(1_000).await, fx.funded(1_000).await);
    let submitted = fx.submitted(one).await;
    let id = submitted.build.id;
    assert_eq!(fx.store.builds.find(other.scope, id).await.unwrap(), None);
    assert_eq!(fx.store.builds.events(other.scope, id, 0, 10).await.unwrap(), []);
    assert_eq!(fx.store.builds.position(other.scope, id).await.unwrap(), None);
    assert_eq!(listed(&fx, other, BuildFilter::default()).await, []);
    let filter = BuildFilter { project: Some(submitted.project.id), state: None };
    assert_eq!(listed(&fx, other, filter).await, []);
}

async fn events_are_read_from_any_point(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let id = taken.build.id;
    fx.deployed(&taken.lease, 10_000).await;
    let all = fx.store.builds.events(owned.scope, id, 0, 100).await.unwrap();
    for after in 0..=all.len() {
        for limit in 0..=all.len() + 1 {
            let (from, count) = (i64::try_from(after).unwrap(), u32::try_from(limit).unwrap());
            let read = fx.store.builds.events(owned.scope, id, from, count).await.unwrap();
            let expected: Vec<_> = all[after..].iter().take(limit).cloned().collect();
            assert_eq!(read, expected);
        }
    }
    let beyond = fx.store.builds.events(owned.scope, id, i64::MAX, 100).await.unwrap();
    assert_eq!(beyond, []);
}

async fn a_build_reads_back_as_it_was_written(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let mut cmd = fx.submit(owned);
    cmd.request.target_users = Some("Bäcker & \"Kunden\" 🥖".into());
    cmd.request.tech_constraints = Some("no JavaScript".into());
    cmd.request.use_conductor = false;
    cmd.request.max_credits = Some(keelway_kernel::Credits::new(PRICE - 1));
    fx.store.submissions.submit(cmd.clone()).await.unwrap();
    let build = fx.build(owned.scope, cmd.build).await;
    assert_eq!((build.request.clone(), build.held.get()), (cmd.request, PRICE - 1));
    assert_eq!((build.requested_by, build.request_id.as_str()), (owned.user, "req_submit"));
    let listed =
        fx.store.builds.list(owned.scope, BuildFilter::default(), PageRequest::new(1, None));
    assert_eq!(listed.await.unwrap().items, [build]);
}
