//! Usage: figures, charts with their table, days that make no sense.

use keelway_builds::FailureReason;

use crate::app::TestApp;
use crate::credits::HOSTILE;
use crate::statements::statements;

#[tokio::test]
async fn nothing_used_is_an_empty_page_with_a_next_step() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let page = app.get(&ada.at("/usage")).by(&ada).send().await;
    assert_eq!(page.verdict(), "200");
    let main = page.main();
    assert!(main.contains("Nothing was built in these days"), "{main}");
    assert!(main.contains(&ada.at("/new")) && !main.contains("<figure"), "{main}");
    // This month is shown all the same: it is what limits are counted in.
    assert_eq!(main.matches("data-label=\"Otherwise\"").count(), 1);
}

#[tokio::test]
async fn what_was_used_is_drawn_written_as_a_table_and_told_by_project() {
    let app = TestApp::spawn().await;
    let ada = app.rich("ada@example.com").await;
    app.delivered(&ada, HOSTILE, 2).await;
    app.asked(&ada, "Bakery").await;
    app.breaks(FailureReason::Internal).await;
    let page = app.get(&ada.at("/usage")).by(&ada).send().await;
    let main = page.main();
    for text in [
        "<dd>3</dd><dd>1 failed</dd>",
        "<dd>2</dd><dd>66% of those that ended</dd>",
        "<dd>24</dd>",
        "<b>2</b> deployed",
        "<b>1</b> failed",
        "2 deployed, 1 failed</title>",
        "24 credits</title>",
        "<desc id=\"builds-about\">",
        "Show as a table",
        "Usage by day",
        "50%",
    ] {
        assert!(main.contains(text), "{text} is not in {main}");
    }
    assert_eq!(main.matches("<figure").count(), 3);
    // A strip for each chart's one day, and no gap is drawn.
    assert_eq!(main.matches("<g><title>").count(), 3);
    assert!(!main.contains("<script") && main.contains("&#60;script&#62;"), "{main}");
    assert!(!main.contains("style="), "{main}");
}

#[tokio::test]
async fn days_that_make_no_sense_are_explained_and_break_nothing() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    for (query, said) in [
        ("from=2026-13-01", "“2026-13-01” is not a date"),
        ("from=%3Cb%3E&to=%00", ""),
        ("from=%3Cb%3E", "“&#60;b&#62;” is not a date"),
        ("from=9999-12-31&to=0001-01-01", "exchanged"),
        ("to=9999-12-31", "still to come"),
        ("from=0001-01-01", "At most 366 days"),
        ("utm_source=letter", ""),
    ] {
        let page = app.get(&ada.at(&format!("/usage?{query}"))).by(&ada).send().await;
        // A NUL is refused at the edge, as everywhere.
        let expected = if query.contains("%00") { 422 } else { 200 };
        assert_eq!(page.status, expected, "{query}");
        assert!(page.text.contains(said), "{said} is not in {}", page.text);
        assert_eq!(page.text.contains("not quite the days"), !said.is_empty(), "{query}");
    }
}

#[tokio::test]
async fn another_workspaces_builds_are_nowhere_on_the_pages() {
    let app = TestApp::spawn().await;
    let (ada, bob) = (app.rich("ada@example.com").await, app.rich("bob@example.com").await);
    app.delivered(&bob, "Bobs secret", 2).await;
    app.asked(&bob, "Bobs secret").await;
    for path in ["/usage", "/credits"] {
        let seen = app.get(&ada.at(path)).by(&ada).send().await;
        assert!(!seen.text.contains("Bobs secret"), "{path}");
        let own = app.get(&bob.at(path)).by(&bob).send().await;
        assert!(own.text.contains("Bobs secret"), "{path}");
        assert_eq!(app.get(&bob.at(path)).by(&ada).send().await.verdict(), "404 NOT_FOUND");
    }
}

#[tokio::test]
async fn a_year_of_use_fits_into_a_page_with_the_same_statements_as_a_day() {
    let app = TestApp::spawn().await;
    let (few, many) = (app.rich("few@example.com").await, app.rich("many@example.com").await);
    app.delivered(&few, "Bakery", 1).await;
    for _ in 0..100 {
        app.clock.advance(24 * 60 * 60);
        app.delivered(&many, "Bakery", 1).await;
    }
    // Sessions of a hundred days ago are over.
    let (few, many) = (app.back(few).await, app.back(many).await);
    for (query, unit) in [("", "day"), ("?from=2000-01-01", "week")] {
        let (a, b) = (few.at(&format!("/usage{query}")), many.at(&format!("/usage{query}")));
        let sent = (statements(&app, &few, &a).await, statements(&app, &many, &b).await);
        assert_eq!((sent.0.len(), sent.1.len()), (STATEMENTS, STATEMENTS), "{sent:#?}");
        let page = app.get(&b).by(&many).send().await;
        assert!(page.text.contains(&format!("Usage by {unit}")), "{unit}");
        assert!(page.text.len() < 100 * 1024, "{} bytes", page.text.len());
    }
    let today = keelway_kernel::Day::of(
        keelway_kernel::Clock::now(&*app.clock),
        &keelway_kernel::TimeZoneName::UTC,
    );
    let quarter = many.at(&format!("/usage?from={}", today.plus(-89)));
    let page = app.get(&quarter).by(&many).send().await;
    assert_eq!(page.main().matches("<g><title>").count(), 3 * 90);
    assert!(page.text.len() < 100 * 1024, "{} bytes", page.text.len());
}

/// Who asks and where they belong, four of usage, and what the workspace can spend.
const STATEMENTS: usize = 7;
