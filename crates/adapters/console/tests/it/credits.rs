//! The wallet: figures, grants, holds, ledger.

use keelway_builds::end::{End, Finish};
use keelway_builds::submit::ProjectChoice;
use keelway_builds::{Build, BuildFailure, FailureReason, ProjectName};
use keelway_kernel::{MicroUsd, Once, Tier};

use crate::app::{Someone, TestApp};
use crate::statements::statements;

/// A name that is nothing but trouble.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'&";

impl TestApp {
    /// Takes a build in a new project of this name.
    pub(crate) async fn asked(&self, who: &Someone, project: &str) -> Build {
        let fixture = self.fixture();
        let mut cmd = fixture.submit(who.owned());
        if let ProjectChoice::New(new) = &mut cmd.project {
            new.name = ProjectName::parse(project).unwrap();
        }
        match fixture.store.submissions.submit(cmd).await.unwrap() {
            Once::Fresh(submitted) => submitted.build,
            Once::Replayed { .. } => panic!("nothing was sent before"),
        }
    }

    /// So many builds, each in a project of its own, deployed for 12 credits each.
    pub(crate) async fn delivered(&self, who: &Someone, project: &str, count: usize) {
        let fixture = self.fixture();
        for number in 0..count {
            self.asked(who, &format!("{project} {number}")).await;
            let taken = fixture.taken().await;
            self.clock.advance(10);
            fixture.deployed(&taken.lease, 120_000).await;
        }
    }

    /// Takes the build whose turn it is and fails it for good.
    pub(crate) async fn breaks(&self, reason: FailureReason) {
        let fixture = self.fixture();
        let lease = fixture.taken().await.lease;
        let failure =
            BuildFailure { reason, message: "It did not work.".to_owned(), retryable: false };
        let charged = MicroUsd::ZERO;
        let end = End::Failed { failure, charged, retry_after: None, jitter: 0 };
        fixture.store.queue.finish(Finish { lease, end }).await.unwrap();
    }

    /// Somebody with credits enough for anything.
    pub(crate) async fn rich(&self, email: &str) -> Someone {
        self.owner_of(email, Tier::Enterprise, 100_000).await
    }
}

#[tokio::test]
async fn whoever_did_nothing_yet_sees_the_plans_credits_and_no_dead_button() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let page = app.get(&ada.at("/credits")).by(&ada).send().await;
    assert_eq!(page.verdict(), "200");
    for text in [
        "<dd>300</dd><dd>can be held for builds now</dd>",
        "nothing is being built",
        "no end in sight",
        "<b>300</b> of 300 left",
        "Nothing is held.",
        "the owner of this platform</b> sets tiers",
        "29.99 USD",
        "0.01 USD",
        "The model provider failed",
        "/v1/credits/ledger",
        "+300",
    ] {
        assert!(page.main().contains(text), "{text} is not in {}", page.main());
    }
    assert_eq!(page.main().matches("<form").count(), 0);
}

#[tokio::test]
async fn what_is_held_and_charged_is_told_with_what_it_was_for() {
    let app = TestApp::spawn().await;
    let ada = app.rich("ada@example.com").await;
    app.delivered(&ada, HOSTILE, 1).await;
    let waiting = app.asked(&ada, "Held & waiting").await;
    let page = app.get(&ada.at("/credits")).by(&ada).send().await;
    let main = page.main();
    for text in [
        "<dd>99,913</dd><dd>can be held for builds now</dd>",
        "<dd>75</dd><dd>set aside for 1 build</dd>",
        "<dd>99,988</dd>",
        "−12",
        "from a plan grant",
        "Held &#38; waiting",
        &waiting.id.to_string(),
        &format!("/projects/{}", waiting.project),
        "with the build",
        "burns first",
    ] {
        assert!(main.contains(text), "{text} is not in {main}");
    }
    assert!(!main.contains("<script"), "{main}");
    assert!(main.contains("&#60;script&#62;alert(1)"), "{main}");
}

#[tokio::test]
async fn nothing_left_is_said_before_a_build_is_refused() {
    let app = TestApp::spawn().await;
    let ada = app.owner_of("ada@example.com", Tier::Free, 80).await;
    app.asked(&ada, "Bakery").await;
    let page = app.get(&ada.at("/credits")).by(&ada).send().await;
    assert!(page.main().contains("<dd>5</dd><dd>can be held"), "{}", page.main());
    let bob = app.owner_of("bob@example.com", Tier::Free, 75).await;
    app.asked(&bob, "Bakery").await;
    let page = app.get(&bob.at("/credits")).by(&bob).send().await;
    assert!(page.main().contains("Nothing is available."), "{}", page.main());
}

#[tokio::test]
async fn the_ledger_is_read_page_by_page_and_a_bad_cursor_is_refused() {
    let app = TestApp::spawn().await;
    let ada = app.rich("ada@example.com").await;
    app.delivered(&ada, "Bakery", 25).await;
    let lines = |text: &str| text.matches("<tr id=\"line-").count();
    let first = app.get(&ada.at("/credits")).by(&ada).send().await;
    assert_eq!(lines(&first.text), 20);
    assert!(first.text.len() < 100 * 1024, "{} bytes", first.text.len());
    let next = first.between("rel=\"next\"", ">").is_some();
    assert!(next && first.between("rel=\"prev\"", ">").is_none());
    let href = first.between("<span class=\"row\"><a class=\"btn small\" href=\"", "#").unwrap();
    let second = app.get(href).by(&ada).send().await;
    assert_eq!(lines(&second.text), 6);
    assert!(second.text.contains("First page"));
    let bad = app.get(&ada.at("/credits?cursor=no")).by(&ada).send().await;
    assert_eq!(bad.status, 400);
}

#[tokio::test]
async fn the_page_asks_the_store_as_often_for_much_as_for_little() {
    let app = TestApp::spawn().await;
    let (few, many) = (app.rich("few@example.com").await, app.rich("many@example.com").await);
    app.delivered(&few, "Bakery", 1).await;
    app.delivered(&many, "Bakery", 20).await;
    for who in [&few, &many] {
        app.asked(who, "Held").await;
    }
    let (a, b) = (
        statements(&app, &few, &few.at("/credits")).await,
        statements(&app, &many, &many.at("/credits")).await,
    );
    assert_eq!((a.len(), b.len()), (STATEMENTS, STATEMENTS), "{a:#?}{b:#?}");
}

/// Who asks, where they belong, the account, its pace and since when it is, holds, ledger.
const STATEMENTS: usize = 7;
