//! What the public sees.

use keelway_builds::run::Progress;
use keelway_builds::{BlobRef, SiteLabel};
use keelway_patch::FilePath;

use crate::Fixture;

crate::cases! {
    build_site_cases in builds::sites:
    a_preview_shows_its_snapshot_for_ever_and_a_site_what_is_live,
    there_is_nothing_under_unknown_labels_and_paths,
}

async fn file(fx: &Fixture, label: &SiteLabel, path: &str) -> Option<BlobRef> {
    let path = FilePath::parse(path).unwrap();
    fx.store.sites.site_file(label, &path).await.unwrap()
}

async fn a_preview_shows_its_snapshot_for_ever_and_a_site_what_is_live(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let site = taken.project.site.clone();
    let (first, second) = (BlobRef::of(b"First"), BlobRef::of(b"Second"));
    assert_eq!(file(&fx, &site, "index.html").await, None);

    let (_, preview, packaged) = fx.packaged("First");
    fx.record(&taken.lease, vec![packaged]).await.unwrap();
    assert_eq!(file(&fx, &preview, "index.html").await, Some(first));
    assert_eq!(file(&fx, &site, "index.html").await, None);
    fx.finish(&taken.lease, fx.live()).await.unwrap();
    assert_eq!(file(&fx, &site, "index.html").await, Some(first));

    fx.submitted_to(owned, taken.project.id).await;
    let next = fx.taken().await;
    let (_, newer, packaged) = fx.packaged("Second");
    let work = Progress::AgentCompleted(fx.work(1, 10_000));
    fx.record(&next.lease, vec![work, packaged]).await.unwrap();
    assert_eq!(file(&fx, &site, "index.html").await, Some(first));
    fx.finish(&next.lease, fx.live()).await.unwrap();
    assert_eq!(file(&fx, &site, "index.html").await, Some(second));
    assert_eq!(file(&fx, &preview, "index.html").await, Some(first));
    assert_eq!(file(&fx, &newer, "index.html").await, Some(second));
}

async fn there_is_nothing_under_unknown_labels_and_paths(fx: Fixture) {
    let (_, taken) = fx.running().await;
    fx.deployed(&taken.lease, 10_000).await;
    assert_eq!(file(&fx, &taken.project.site, "secret.html").await, None);
    assert_eq!(file(&fx, &taken.project.site, "INDEX.HTML").await, None);
    let unknown = SiteLabel::random(&*fx.entropy);
    assert_eq!(file(&fx, &unknown, "index.html").await, None);
}
