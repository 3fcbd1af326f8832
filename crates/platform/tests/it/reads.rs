//! Pages, flags and estimates as people and operators get them.

use std::sync::atomic::Ordering;

use keelway_builds::changes::{Difference, Line, NoDiff};
use keelway_builds::end::{End, Finish};
use keelway_builds::guest::ClaimError;
use keelway_builds::operations::{BuildSearch, Window};
use keelway_builds::overview::{ProjectFilter, SpentOn};
use keelway_builds::ports::BuildQueue;
use keelway_builds::run::{Progress, Record, Take};
use keelway_builds::usage::UsageQuery;
use keelway_builds::{BuildState, BuildTier, Manifest, Phase, ProjectName, SiteLabel};
use keelway_kernel::{
    BuildId, Clock, DeploymentId, Failure, Once, PageRequest, ProjectId, QueueId, SnapshotId,
};
use keelway_patch::FilePath;
use keelway_platform::builds::{ForProject, GuestError};
use keelway_platform::flags::Asked;
use keelway_platform::permit::right::{
    SubmitBuild, ViewBuildEvents, ViewBuilds, ViewCredits, ViewProjects,
};
use keelway_tiers::{Feature, FlagName, OverrideChange, Reason, Rollout};

use crate::house::{House, Owner, request};

fn page() -> PageRequest {
    PageRequest::new(10, None)
}

fn path(text: &str) -> FilePath {
    FilePath::parse(text).unwrap()
}

/// Builds a site of `files`, in a second of waiting and a second of work.
async fn built(
    house: &House,
    owner: &Owner,
    project: ForProject,
    files: &[(&str, &[u8])],
) -> (ProjectId, BuildId, SnapshotId) {
    let permit = owner.permit::<SubmitBuild>();
    let submitted = house.platform.submit_build(&permit, request(), project, None).await.unwrap();
    assert!(matches!(submitted, keelway_kernel::Once::Fresh(_)));
    house.clock.advance(1);
    let take = Take { worker: "worker-1".into(), ttl_ms: 30_000 };
    let taken = house.store.take(take).await.unwrap().unwrap();
    let mut manifest = Manifest::default();
    for (at, bytes) in files {
        let blob = house.platform.ports().blobs.put(bytes.to_vec()).await.unwrap();
        manifest.insert(path(at), blob).unwrap();
    }
    house.clock.advance(1);
    let (now, entropy) = (house.clock.now(), &*house.entropy);
    let (id, preview) = (SnapshotId::generate(now, entropy), SiteLabel::random(entropy));
    let progress = vec![
        Progress::PhaseCompleted { phase: Phase::Plan, duration_ms: 1_000 },
        Progress::Packaged { id, preview, manifest },
    ];
    let lease = taken.lease;
    house.store.record(Record { lease, step: 1, progress }).await.unwrap();
    let end = End::Deployed {
        deployment: DeploymentId::generate(now, entropy),
        target: "local".into(),
        url: "http://site.localhost/".into(),
    };
    house.store.finish(Finish { lease, end }).await.unwrap();
    (taken.project.id, taken.build.id, id)
}

#[tokio::test]
async fn a_project_is_read_with_its_builds_and_what_each_changed() {
    let house = House::new().await;
    let owner = house.owner("ada@example.com").await;
    let name = ForProject::Named(ProjectName::parse("Bread").unwrap());
    let first: &[(&str, &[u8])] = &[
        ("index.html", b"<h1>Bread</h1>\n<p>Fresh</p>\n"),
        ("logo.png", b"\0PNG"),
        ("old.html", b"old\n"),
    ];
    let (project, _, before) = built(&house, &owner, name, first).await;
    let second: &[(&str, &[u8])] = &[
        ("index.html", b"<h1>Bread</h1>\n<p>Warm</p>\n"),
        ("logo.png", b"\0png"),
        ("new.html", b"new\n"),
    ];
    let again = ForProject::Existing(project);
    let (_, build, after) = built(&house, &owner, again, second).await;

    let found = house.platform.project_page(&owner.permit::<ViewBuilds>(), project, page()).await;
    let found = found.unwrap().unwrap();
    assert_eq!((found.project.builds, found.builds.items.len()), (2, 2));
    let current = found.current.unwrap();
    assert_eq!((current.build.id, current.position), (build, None));
    assert_eq!(current.snapshot.map(|snapshot| snapshot.id), Some(after));
    assert_eq!(current.site, Some(found.project.project.site));
    assert!(current.history.last().unwrap().body.is_terminal());
    let latest = house.platform.latest_events(&owner.permit::<ViewBuildEvents>(), build, 2).await;
    assert_eq!(latest.unwrap(), current.history[current.history.len() - 2..]);

    let permit = owner.permit::<ViewProjects>();
    let listed = house.platform.project_overviews(&permit, ProjectFilter::default(), page()).await;
    assert_eq!(listed.unwrap().items.len(), 1);
    let (_, history) =
        house.platform.project_history(&permit, project, page()).await.unwrap().unwrap();
    let counts: Vec<_> = history
        .items
        .iter()
        .map(|entry| (entry.changes.added, entry.changes.changed, entry.changes.removed))
        .collect();
    assert_eq!(counts, [(1, 2, 1), (3, 0, 0)]);

    let changed = house.platform.snapshot_changes(&permit, after).await.unwrap().unwrap();
    assert_eq!(changed.parent.map(|parent| parent.id), Some(before));
    let changed: Vec<_> = changed
        .changes
        .iter()
        .map(|change| (change.path.as_str(), change.difference.as_str()))
        .collect();
    let expected = [
        ("index.html", "changed"),
        ("logo.png", "changed"),
        ("new.html", "added"),
        ("old.html", "removed"),
    ];
    assert_eq!(changed, expected);

    let diff = |at: &'static str| {
        let (house, permit) = (&house, &permit);
        async move { house.platform.file_diff(permit, after, &path(at)).await.unwrap() }
    };
    let index = diff("index.html").await.unwrap().lines.unwrap();
    let lines = [
        Line::Kept("<h1>Bread</h1>".into()),
        Line::Removed("<p>Fresh</p>".into()),
        Line::Added("<p>Warm</p>".into()),
    ];
    assert_eq!(index.hunks[0].lines, lines);
    assert_eq!(diff("logo.png").await.unwrap().lines, Err(NoDiff::NotText));
    let removed = diff("old.html").await.unwrap();
    assert!(matches!(removed.change.difference, Difference::Removed { .. }));
    assert_eq!(removed.lines.unwrap().removed, 1);
    assert!(diff("nowhere.html").await.is_none());

    // Another tenant finds none of it.
    let other = house.owner("bob@example.com").await;
    let theirs = other.permit::<ViewProjects>();
    assert!(house.platform.snapshot_changes(&theirs, after).await.unwrap().is_none());
    assert!(house.platform.project_history(&theirs, project, page()).await.unwrap().is_none());
    let index = path("index.html");
    assert!(house.platform.file_diff(&theirs, after, &index).await.unwrap().is_none());
    let builds = other.permit::<ViewBuilds>();
    assert!(house.platform.project_page(&builds, project, page()).await.unwrap().is_none());
}

#[tokio::test]
async fn credits_and_usage_say_what_was_set_aside_for_what() {
    let house = House::new().await;
    let owner = house.owner("ada@example.com").await;
    built(&house, &owner, ForProject::Unnamed, &[("index.html", b"Bread")]).await;
    let permit = owner.permit::<SubmitBuild>();
    house.platform.submit_build(&permit, request(), ForProject::Unnamed, None).await.unwrap();
    let credits = house.platform.credits_page(&owner.permit::<ViewCredits>(), page()).await;
    let credits = credits.unwrap();
    assert_eq!(credits.holds.len(), 1);
    let waits = |spent: &SpentOn| matches!(spent, SpentOn::Build { state: BuildState::Queued, .. });
    assert!(waits(&credits.holds[0].spent_on));
    assert_eq!(credits.statement.held, credits.holds[0].hold.outstanding());
    assert_eq!(credits.ledger.items.last().unwrap().entry.seq, 1);
    let usage = house.platform.usage(&owner.permit::<ViewBuilds>(), UsageQuery::default()).await;
    let usage = usage.unwrap();
    assert_eq!((usage.total.created, usage.total.deployed), (2, 1));
    assert_eq!((usage.projects.len(), usage.months[11].created), (1, 2));
}

#[tokio::test]
async fn those_who_run_the_platform_see_all_of_it() {
    let house = House::new().await;
    let (ada, bob) = (house.owner("ada@example.com").await, house.owner("bob@example.com").await);
    built(&house, &ada, ForProject::Unnamed, &[("index.html", b"Bread")]).await;
    let permit = bob.permit::<SubmitBuild>();
    house.platform.submit_build(&permit, request(), ForProject::Unnamed, None).await.unwrap();
    let operator = bob.operator(&house);
    let performance = house.platform.performance(&operator, Window::Day).await.unwrap();
    let wait = performance.wait.unwrap();
    assert_eq!((wait.count, wait.p50, wait.p99), (1, 1_000, 1_000));
    assert_eq!(performance.run.unwrap().p50, 1_000);
    assert_eq!(performance.phases[0].1.unwrap().p95, 1_000);
    assert!(performance.phases[1..].iter().all(|(_, times)| times.is_none()));
    let totals = house.platform.platform_totals(&operator).await.unwrap();
    assert_eq!((totals.tenants, totals.deployed, totals.queued), (2, 1, 1));
    let board = house.platform.queue_board(&operator).await.unwrap();
    assert_eq!((board.total.ready, board.tenants.len()), (1, 1));
    assert_eq!(house.platform.waiting_builds(&operator, page()).await.unwrap().items.len(), 1);
    let all = house.platform.builds_anywhere(&operator, BuildSearch::default(), page()).await;
    assert_eq!(all.unwrap().items.len(), 2);
    assert!(house.platform.leases(&operator).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_flag_set_in_one_process_is_in_force_in_another_within_a_second() {
    let house = House::new().await;
    let operator = house.owner("ada@example.com").await.operator(&house);
    let guest = FlagName::Feature(Feature::GuestMode);
    assert!(house.elsewhere.park_build(request(), None).await.is_ok());
    let off = OverrideChange::Everywhere(Some(Rollout::OFF));
    house.platform.set_flag(&operator, guest, off).await.unwrap();
    let here = house.platform.park_build(request(), None).await;
    assert!(matches!(here, Err(Failure::Rejected(GuestError::SignInFirst))), "{here:?}");
    house.clock.advance(1);
    let there = house.elsewhere.park_build(request(), None).await;
    assert!(matches!(there, Err(Failure::Rejected(GuestError::SignInFirst))), "{there:?}");
    let evaluated = house.elsewhere.flags().await.evaluate(guest, None);
    assert_eq!((evaluated.value, evaluated.reason), (false, Reason::Override));

    let states = house.platform.flag_states(&operator).await.unwrap();
    assert_eq!(states.len(), FlagName::all().count());
    let state = states.iter().find(|state| state.flag == guest).unwrap();
    let set = state.everywhere.unwrap();
    assert_eq!((set.to, set.by), (Rollout::OFF, Some(operator.user())));
    assert_eq!((state.asked, state.configured), (Asked::ForEverybody, Rollout::ON));
    let asked = states.iter().filter(|state| state.asked != Asked::NotYet);
    let asked: Vec<_> = asked.map(|state| state.flag.as_str()).collect();
    assert_eq!(asked, ["GUEST_MODE", "AUTO_TENANT"]);
    house.platform.set_flag(&operator, guest, OverrideChange::Everywhere(None)).await.unwrap();
    assert!(house.platform.park_build(request(), None).await.is_ok());
}

#[tokio::test]
async fn what_a_guest_parked_is_open_for_an_hour() {
    let house = House::new().await;
    let Once::Fresh(parked) = house.platform.park_build(request(), None).await.unwrap() else {
        panic!("nobody sent a key");
    };
    let seen = || async { house.platform.parked(parked.id).await.unwrap().unwrap() };
    assert_eq!(seen().await.open(), Some(parked.clone()));
    house.clock.advance(60 * 60);
    let since = parked.expires_at;
    assert_eq!(seen().await.refused, Some(ClaimError::Expired { since }));
    assert_eq!(seen().await.open(), None);
    let nobodys = QueueId::random(&*house.entropy);
    assert_eq!(house.platform.parked(nobodys).await.unwrap(), None);
}

#[tokio::test]
async fn estimates_while_somebody_types_read_finished_builds_every_few_seconds() {
    let house = House::new().await;
    let owner = house.owner("ada@example.com").await;
    let description = request().description;
    let estimate = |scope| house.platform.estimate(scope, &description, BuildTier::Starter);
    let scope = Some(owner.scope);
    for _ in 0..100 {
        assert_eq!(estimate(None).await.unwrap().range, None);
        assert_eq!(estimate(scope).await.unwrap().range, None);
    }
    assert_eq!(house.histories.load(Ordering::SeqCst), 2);
    for _ in 0..keelway_estimate::LEARNED_FROM {
        built(&house, &owner, ForProject::Unnamed, &[("index.html", b"Bread")]).await;
    }
    house.clock.advance(3);
    let fresh = house.elsewhere.estimate(scope, &description, BuildTier::Starter).await.unwrap();
    assert_eq!(fresh.range.map(|range| range.builds), Some(keelway_estimate::LEARNED_FROM));
    assert_eq!(estimate(scope).await.unwrap(), fresh);
    assert_eq!(estimate(None).await.unwrap(), fresh);
}
