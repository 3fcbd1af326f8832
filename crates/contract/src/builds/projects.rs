//! Projects and their snapshots.

use keelway_builds::project::{CreateProject, CreateProjectError};
use keelway_builds::{BlobRef, Project, tree_digest};
use keelway_kernel::{Once, PageRequest, Reply, Tier};

use super::setup::fresh;
use crate::{Fixture, Owned, actor, race, rejected, sorted};

crate::cases! {
    build_project_cases in builds::projects:
    a_project_reads_back_as_it_was_made,
    never_more_projects_than_the_tier_allows,
    a_taken_slug_is_never_a_refusal,
    of_any_number_with_one_key_exactly_one_is_made,
    projects_are_listed_newest_first_and_never_another_tenants,
    snapshots_are_listed_newest_first_and_never_another_tenants,
    every_file_is_named_exactly_once_however_small_the_pages,
}

fn create(fx: &Fixture, owned: Owned) -> CreateProject {
    CreateProject {
        scope: owned.scope,
        actor: actor(),
        project: fx.new_project("Bakery"),
        keyed: None,
    }
}

async fn a_project_reads_back_as_it_was_made(fx: Fixture) {
    let owned = fx.tenant().await;
    let mut cmd = create(&fx, owned);
    cmd.project = fx.new_project("Bäckerei Ö & Söhne 🥖");
    let made = fresh(fx.store.projects.create(cmd.clone()).await.unwrap());
    assert_eq!((made.id, made.name.clone()), (cmd.project.id, cmd.project.name.clone()));
    assert_eq!(
        (made.site.clone(), made.slug.clone()),
        (cmd.project.site.clone(), cmd.project.slug())
    );
    assert_eq!((made.created_at, made.live), (fx.now(), None));
    assert_eq!(fx.project(owned.scope, made.id).await, made);
    let other = fx.tenant().await;
    assert_eq!(fx.store.projects.find_project(other.scope, made.id).await.unwrap(), None);
}

async fn never_more_projects_than_the_tier_allows(fx: Fixture) {
    let owned = fx.tenant().await;
    let answers = race(8, |_| {
        let (fx, cmd) = (fx.clone(), create(&fx, owned));
        async move { fx.store.projects.create(cmd).await }
    })
    .await;
    let (made, refused) = sorted(answers);
    assert_eq!((made.len(), refused.len()), (3, 5));
    for refusal in refused {
        let CreateProjectError::Limit(limit) = refusal else { panic!("{refusal:?}") };
        assert_eq!((limit.limit, limit.used, limit.resets_at), (3, 3, None));
    }
    // The limit holds for projects made along with builds too.
    fx.store.ledger.grant(owned.scope, fx.grant(1_000)).await.unwrap();
    rejected(fx.store.submissions.submit(fx.submit(owned)).await);
}

async fn a_taken_slug_is_never_a_refusal(fx: Fixture) {
    let owned = fx.tenant().await;
    let mut slugs = Vec::new();
    for _ in 0..3 {
        let made = fresh(fx.store.projects.create(create(&fx, owned)).await.unwrap());
        slugs.push(made.slug.as_str().to_owned());
    }
    assert_eq!(slugs[0], "bakery");
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), 3);
    // Slugs are unique inside a tenant only.
    let other = fx.tenant().await;
    let made = fresh(fx.store.projects.create(create(&fx, other)).await.unwrap());
    assert_eq!(made.slug.as_str(), "bakery");
}

async fn of_any_number_with_one_key_exactly_one_is_made(fx: Fixture) {
    fn reply(project: &Project) -> Reply {
        Reply { status: 201, headers: vec![], body: project.id.to_string().into_bytes() }
    }
    let owned = fx.tenant().await;
    let keyed = fx.keyed(reply);
    let answers = race(16, |_| {
        let cmd = CreateProject { keyed: Some(keyed.clone()), ..create(&fx, owned) };
        let fx = fx.clone();
        async move { fx.store.projects.create(cmd).await.unwrap() }
    })
    .await;
    let fresh = answers.iter().filter(|answer| matches!(answer, Once::Fresh(_)));
    assert_eq!(fresh.count(), 1);
    let page = fx.store.projects.list_projects(owned.scope, PageRequest::new(10, None));
    assert_eq!(page.await.unwrap().items.len(), 1);
}

async fn projects_are_listed_newest_first_and_never_another_tenants(fx: Fixture) {
    let (owned, other) = (fx.tenant().await, fx.tenant().await);
    let mut made = Vec::new();
    for _ in 0..3 {
        fx.clock.advance(1);
        fx.store.projects.create(create(&fx, other)).await.unwrap();
        made.push(fresh(fx.store.projects.create(create(&fx, owned)).await.unwrap()));
    }
    made.reverse();
    let first = fx.store.projects.list_projects(owned.scope, PageRequest::new(2, None));
    let first = first.await.unwrap();
    assert_eq!(first.items, made[..2]);
    let rest = fx.store.projects.list_projects(owned.scope, PageRequest::new(2, first.next));
    let rest = rest.await.unwrap();
    assert_eq!((rest.items.as_slice(), rest.next), (&made[2..], None));
}

async fn snapshots_are_listed_newest_first_and_never_another_tenants(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let project = taken.project.id;
    let mut made = vec![fx.deployed(&taken.lease, 10_000).await.snapshot.unwrap()];
    fx.clock.advance(1);
    fx.submitted_to(owned, project).await;
    made.push(fx.deployed(&fx.taken().await.lease, 10_000).await.snapshot.unwrap());
    made.reverse();
    let page = fx.store.projects.list_snapshots(owned.scope, project, PageRequest::new(10, None));
    let snapshots = page.await.unwrap().items;
    assert_eq!(snapshots.iter().map(|snapshot| snapshot.id).collect::<Vec<_>>(), made);
    for snapshot in snapshots {
        let found = fx.store.projects.find_snapshot(owned.scope, snapshot.id).await.unwrap();
        let (same, manifest) = found.unwrap();
        assert_eq!(same, snapshot);
        assert_eq!(tree_digest(&manifest), snapshot.tree);
        assert_eq!((snapshot.files, snapshot.bytes), (1, 11));
    }
    let other = fx.tenant().await;
    let page = fx.store.projects.list_snapshots(other.scope, project, PageRequest::new(10, None));
    assert_eq!(page.await.unwrap().items, []);
    assert_eq!(fx.store.projects.find_snapshot(other.scope, made[0]).await.unwrap(), None);
}

async fn every_file_is_named_exactly_once_however_small_the_pages(fx: Fixture) {
    let owned = fx.rich(Tier::Enterprise).await;
    let mut expected = Vec::new();
    for _ in 0..3 {
        fx.submitted(owned).await;
        let taken = fx.taken().await;
        let build = fx.deployed(&taken.lease, 10_000).await;
        let snapshot = build.snapshot.unwrap();
        expected.push((snapshot.to_string(), "index.html".to_owned(), BlobRef::of(b"Fresh bread")));
        expected.push((format!("{}/1", build.id), "page-1.html".to_owned(), BlobRef::of(b"1")));
    }
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    for limit in [1, 2, 100] {
        let (mut named, mut after) = (Vec::new(), None);
        loop {
            let page = fx.store.inspector.named_files(after.as_ref(), limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let ours = page.into_iter().filter(|file| file.tenant == owned.scope.tenant());
            named.extend(ours.map(|file| (file.by.to_string(), file.path, file.blob)));
            assert!(named.len() <= expected.len(), "named twice: {named:?}");
        }
        named.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(named, expected, "pages of {limit}");
    }
}
