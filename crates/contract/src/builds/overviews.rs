//! What people look at, against what the single reads say.

use std::future::Future;

use keelway_builds::changes::{ChangeCounts, changes};
use keelway_builds::overview::{BuildSummary, ProjectFilter, ProjectOverview, SpentOn};
use keelway_builds::ports::BuildFilter;
use keelway_builds::{Build, BuildState, BuildStatus};
use keelway_credits::{GrantSource, Reason};
use keelway_kernel::{Page, PageRequest, StoreError};

use crate::{Fixture, Owned};

crate::cases! {
    build_overview_cases in builds::overviews:
    projects_are_listed_by_activity_with_their_newest_builds,
    a_project_is_found_by_a_part_of_its_name_in_whatever_case,
    another_tenants_projects_are_never_shown_in_any_list,
    builds_in_short_are_the_builds_of_the_long_list,
    the_latest_events_are_the_end_of_all_events,
    a_history_says_what_each_snapshot_changed,
    ledger_lines_are_the_entries_with_what_they_were_for,
    holds_are_shown_exactly_while_they_keep_credits_aside,
}

/// The build in short, by the rules of the long form.
pub(super) fn summary(build: &Build) -> BuildSummary {
    BuildSummary {
        id: build.id,
        project: build.project,
        state: build.status.state(),
        phase: build.phase,
        description: build.request.description.clone(),
        tier: build.request.tier,
        requested_by: build.requested_by,
        attempt: build.attempt,
        cancel_requested: build.cancel_requested,
        held: build.held,
        captured: build.captured,
        tokens: build.used.tokens_in + build.used.tokens_out,
        cost: build.used.cost,
        snapshot: build.snapshot,
        deployment_url: build.deployment_url.clone(),
        failure: match &build.status {
            BuildStatus::Failed { failure, .. } => Some(failure.clone()),
            _ => None,
        },
        created_at: build.created_at,
        started_at: build.started_at,
        ended_at: build.status.ended_at(),
    }
}

/// All rows of a list, page by page.
pub(super) async fn paged<T, Reading>(read: impl Fn(PageRequest) -> Reading) -> Vec<T>
where
    Reading: Future<Output = Result<Page<T>, StoreError>>,
{
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let Page { items, next } = read(PageRequest::new(3, after)).await.unwrap();
        assert!(!items.is_empty() || next.is_none(), "an empty page leads on");
        rows.extend(items);
        after = next;
        if after.is_none() {
            return rows;
        }
    }
}

async fn listed(fx: &Fixture, owned: Owned, filter: &ProjectFilter) -> Vec<ProjectOverview> {
    paged(|page| fx.store.overviews.projects(owned.scope, filter.clone(), page)).await
}

async fn expected(fx: &Fixture, owned: Owned) -> Vec<ProjectOverview> {
    let builds = fx.builds_of(owned).await;
    let mut all: Vec<ProjectOverview> = Vec::new();
    for project in fx.projects_of(owned).await {
        let of: Vec<&Build> = builds.iter().filter(|build| build.project == project.id).collect();
        let last = of.iter().max_by_key(|build| (build.created_at, build.id));
        let times = of.iter().flat_map(|build| [Some(build.created_at), build.status.ended_at()]);
        all.push(ProjectOverview {
            builds: of.len() as u64,
            last: last.map(|build| summary(build)),
            active_at: times.flatten().chain([project.created_at]).max().unwrap(),
            project,
        });
    }
    all.sort_by_key(|overview| std::cmp::Reverse((overview.active_at, overview.project.id)));
    all
}

async fn projects_are_listed_by_activity_with_their_newest_builds(fx: Fixture) {
    for owned in fx.busy().await {
        let all = expected(&fx, owned).await;
        assert!(all.len() > 4, "too little has happened");
        assert_eq!(listed(&fx, owned, &ProjectFilter::default()).await, all);
        for state in BuildState::ALL {
            let filter = ProjectFilter { name: None, state: Some(state) };
            let of_state = all
                .iter()
                .filter(|overview| overview.last.as_ref().is_some_and(|last| last.state == state));
            assert_eq!(listed(&fx, owned, &filter).await, of_state.cloned().collect::<Vec<_>>());
        }
        for overview in all {
            let found = fx.store.overviews.project(owned.scope, overview.project.id).await;
            assert_eq!(found.unwrap(), Some(overview));
        }
    }
}

async fn a_project_is_found_by_a_part_of_its_name_in_whatever_case(fx: Fixture) {
    let owned = fx.rich(keelway_kernel::Tier::Enterprise).await;
    for name in ["Bäckerei ÖZ", "100% Bread_", "Night shop"] {
        let mut cmd = fx.submit(owned);
        cmd.project = keelway_builds::submit::ProjectChoice::New(fx.new_project(name));
        fx.store.submissions.submit(cmd).await.unwrap();
    }
    for (part, found) in [
        ("bäck", vec!["Bäckerei ÖZ"]),
        (" BÄCKEREI öz ", vec!["Bäckerei ÖZ"]),
        ("SHOP", vec!["Night shop"]),
        // What other tools take for patterns is text here.
        ("%", vec!["100% Bread_"]),
        ("_", vec!["100% Bread_"]),
        ("b%r", vec![]),
        ("\\", vec![]),
        ("'", vec![]),
    ] {
        let filter = ProjectFilter { name: Some(part.to_owned()), state: None };
        let names = listed(&fx, owned, &filter).await;
        let names: Vec<_> = names.iter().map(|overview| overview.project.name.as_str()).collect();
        assert_eq!(names, found, "{part}");
    }
}

async fn another_tenants_projects_are_never_shown_in_any_list(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let snapshot = fx.deployed(&taken.lease, 10_000).await.snapshot.unwrap();
    let (other, project, build) = (fx.funded(1_000).await, taken.project.id, taken.build.id);
    let (reads, page) = (&fx.store.overviews, PageRequest::new(10, None));
    assert_eq!(listed(&fx, other, &ProjectFilter::default()).await, []);
    assert_eq!(reads.project(other.scope, project).await.unwrap(), None);
    let filter = BuildFilter { project: Some(project), state: None };
    assert_eq!(reads.builds(other.scope, filter, page.clone()).await.unwrap().items, []);
    assert_eq!(reads.latest_events(other.scope, build, 10).await.unwrap(), []);
    assert_eq!(reads.snapshot(other.scope, snapshot).await.unwrap(), None);
    assert!(reads.sites(other.scope, &[project]).await.unwrap().is_empty());
    assert_eq!(reads.history(other.scope, project, page.clone()).await.unwrap().items, []);
    let lines = reads.ledger(other.scope, page).await.unwrap().items;
    assert!(lines.iter().all(|line| line.entry.reason == Reason::Grant), "{lines:?}");

    let site = fx.project(owned.scope, project).await.site;
    let found = reads.sites(owned.scope, &[project, project]).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(project, site)]);
    assert!(reads.sites(owned.scope, &[]).await.unwrap().is_empty());
    let found = fx.store.projects.find_snapshot(owned.scope, snapshot).await.unwrap().unwrap();
    assert_eq!(reads.snapshot(owned.scope, snapshot).await.unwrap(), Some(found.0));
}

async fn builds_in_short_are_the_builds_of_the_long_list(fx: Fixture) {
    for owned in fx.busy().await {
        let all = fx.builds_of(owned).await;
        let projects = fx.projects_of(owned).await;
        let projects = projects.iter().map(|project| Some(project.id)).chain([None]);
        for project in projects {
            for state in BuildState::ALL.map(Some).into_iter().chain([None]) {
                let filter = BuildFilter { project, state };
                let found = paged(|page| fx.store.overviews.builds(owned.scope, filter, page));
                let of = all.iter().filter(|build| {
                    project.is_none_or(|project| build.project == project)
                        && state.is_none_or(|state| build.status.state() == state)
                });
                assert_eq!(found.await, of.map(summary).collect::<Vec<_>>(), "{filter:?}");
            }
        }
    }
}

async fn the_latest_events_are_the_end_of_all_events(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let id = taken.build.id;
    fx.deployed(&taken.lease, 10_000).await;
    let all = fx.store.builds.events(owned.scope, id, 0, 100).await.unwrap();
    for limit in 0..=all.len() + 1 {
        let count = u32::try_from(limit).unwrap();
        let latest = fx.store.overviews.latest_events(owned.scope, id, count).await.unwrap();
        assert_eq!(latest, all[all.len().saturating_sub(limit)..]);
    }
}

async fn a_history_says_what_each_snapshot_changed(fx: Fixture) {
    let mut compared = 0;
    for owned in fx.busy().await {
        for project in fx.projects_of(owned).await {
            let found = paged(|page| fx.store.overviews.history(owned.scope, project.id, page));
            let found = found.await;
            let page = PageRequest::new(100, None);
            let snapshots = fx.store.projects.list_snapshots(owned.scope, project.id, page);
            let snapshots = snapshots.await.unwrap().items;
            assert_eq!(found.len(), snapshots.len());
            for (entry, snapshot) in found.into_iter().zip(snapshots) {
                let read = |id| fx.store.projects.find_snapshot(owned.scope, id);
                let (_, new) = read(snapshot.id).await.unwrap().unwrap();
                let old = match snapshot.parent {
                    Some(parent) => Some(read(parent).await.unwrap().unwrap().1),
                    None => None,
                };
                assert_eq!(entry.changes, ChangeCounts::of(&changes(old.as_ref(), &new)));
                let build = fx.build(owned.scope, snapshot.build).await;
                assert_eq!(entry.description, build.request.description);
                assert_eq!(
                    (entry.requested_by, entry.captured),
                    (build.requested_by, build.captured)
                );
                assert_eq!(entry.snapshot, snapshot);
                compared += u32::from(old.is_some());
            }
        }
    }
    assert!(compared > 3, "too few snapshots have a parent");
}

async fn ledger_lines_are_the_entries_with_what_they_were_for(fx: Fixture) {
    for owned in fx.busy().await {
        let hold = fx.held(owned.scope, 5).await.hold;
        let commit = fx.commit(hold, 3, keelway_credits::Finality::Final);
        fx.store.ledger.commit(owned.scope, commit).await.unwrap();
        let lines = paged(|page| fx.store.overviews.ledger(owned.scope, page)).await;
        let entries = paged(|page| fx.store.books.entries(owned.scope, page)).await;
        assert!(entries.len() > 4, "too little was charged");
        assert_eq!(lines.iter().map(|line| line.entry.clone()).collect::<Vec<_>>(), entries);
        for line in lines {
            assert_eq!(line.source, line.entry.grant.map(|_| GrantSource::Purchase));
            let Some(id) = line.entry.hold else {
                assert_eq!(line.spent_on, None);
                continue;
            };
            if id == hold {
                assert_eq!(line.spent_on, Some(SpentOn::External("job 7".to_owned())));
                continue;
            }
            let Some(SpentOn::Build { build, state, project, name }) = line.spent_on else {
                panic!("{line:?}");
            };
            let build = fx.build(owned.scope, build).await;
            assert_eq!((build.hold, build.status.state(), build.project), (id, state, project));
            assert_eq!(name, fx.project(owned.scope, project).await.name);
        }
    }
}

async fn holds_are_shown_exactly_while_they_keep_credits_aside(fx: Fixture) {
    let owned = fx.busy().await[0];
    let outside = fx.held(owned.scope, 5).await;
    let shown = || fx.store.overviews.open_holds(owned.scope, 100);
    let mut active: Vec<_> = fx.builds_of(owned).await;
    active.retain(|build| !build.status.state().is_terminal());
    let holds = shown().await.unwrap();
    assert_eq!(holds.len(), active.len() + 1);
    assert!(holds.windows(2).all(|pair| pair[0].hold.opened_at >= pair[1].hold.opened_at));
    let held: i64 = holds.iter().map(|open| open.hold.outstanding().get()).sum();
    assert_eq!(held, fx.credits(owned.scope).await.1);
    for open in &holds {
        match &open.spent_on {
            SpentOn::Build { build, .. } => {
                let build = active.iter().find(|active| active.id == *build).unwrap();
                assert_eq!(build.hold, open.hold.id);
            }
            SpentOn::External(_) => assert_eq!(open.hold.id, outside.hold),
        }
    }
    assert_eq!(fx.store.overviews.open_holds(owned.scope, 2).await.unwrap(), holds[..2]);
    // Nobody swept yet, and it is over all the same.
    fx.clock.set(outside.expires_at.unwrap());
    let holds = shown().await.unwrap();
    assert!(holds.iter().all(|open| open.hold.id != outside.hold), "{holds:?}");
    fx.swept().await;
}
