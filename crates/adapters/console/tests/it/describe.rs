//! From a description to a build: nothing is charged before it is confirmed, and once is once.

use keelway_kernel::Tier;

use crate::app::{Answer, Someone, TestApp};
use crate::works::BAKERY;

impl TestApp {
    async fn send(&self, who: &Someone, path: &str, fields: &[(&str, &str)]) -> Answer {
        let usual = [("description", BAKERY), ("tier", "starter")];
        let is_given = |name: &str| fields.iter().any(|(given, _)| *given == name);
        let usual = usual.into_iter().filter(|(name, _)| !is_given(name));
        let all: Vec<(&str, &str)> = usual.chain(fields.iter().copied()).collect();
        self.form(&who.at(path), who, &all).send().await
    }

    async fn builds(&self, who: &Someone) -> usize {
        let call = self.get("/v1/builds");
        let call = call.header("authorization", &format!("Bearer {}", who.token.expose()));
        let text = call.header("accept", "application/json").send().await.text;
        let list: serde_json::Value = serde_json::from_str(&text).unwrap();
        list["data"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn what_it_takes_is_shown_before_anything_is_set_aside() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let page = app.send(&ada, "/new/estimate", &[]).await;
    for part in [
        "Build for at most 75 credits",
        "0.75 USD",
        "Nothing is charged before",
        "never for our failure",
        ">225<",
        BAKERY,
    ] {
        assert!(page.main().contains(part), "{part}: {}", page.main());
    }
    assert_eq!(app.builds(&ada).await, 0);
    let call = app.form(&ada.at("/new/estimate"), &ada, &[("description", BAKERY)]);
    let part = call.header("x-fragment", "1").send().await;
    assert!(part.text.contains("id=\"quote\"") && !part.text.contains("<textarea"));
}

#[tokio::test]
async fn one_confirmation_is_one_build_however_often_it_is_sent() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let fields = [("agreed", "75"), ("idempotency_key", "once")];
    let (one, two) = tokio::join!(app.send(&ada, "/new", &fields), app.send(&ada, "/new", &fields));
    assert!(one.verdict().starts_with(&format!("303 {}/prj_", ada.at("/projects"))));
    assert_eq!(one.verdict(), two.verdict());
    assert_eq!(app.builds(&ada).await, 1);
    // The same key for other words is asked about, with the words kept.
    let other = [("agreed", "75"), ("idempotency_key", "once"), ("users", "guests")];
    let changed = app.send(&ada, "/new", &other).await;
    assert_eq!(changed.status, 422, "{}", changed.main());
    assert!(changed.main().contains("You changed this since you confirmed it."));
    assert!(changed.main().contains("value=\"guests\""));
    assert_eq!(app.builds(&ada).await, 1);
}

#[tokio::test]
async fn a_price_that_was_not_shown_is_not_agreed_to() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    for agreed in ["", "74", "none"] {
        let page = app.send(&ada, "/new", &[("agreed", agreed)]).await;
        assert_eq!(page.status, 409);
        assert!(page.main().contains("This is not what you saw the price of."));
        assert!(page.main().contains("Build for at most 75 credits"));
    }
    assert_eq!(app.builds(&ada).await, 0);
}

#[tokio::test]
async fn what_is_missing_is_told_and_cannot_be_confirmed() {
    let app = TestApp::spawn().await;
    let poor = app.owner_of("poor@example.com", Tier::Free, 60).await;
    let page = app.send(&poor, "/new/estimate", &[]).await;
    assert!(page.main().contains("15 more are needed"), "{}", page.main());
    assert!(page.main().contains(&poor.at("/credits")) && !page.main().contains("name=\"agreed\""));
    let refused = app.send(&poor, "/new", &[("agreed", "75")]).await;
    assert_eq!((refused.status, app.builds(&poor).await), (402, 0), "{}", refused.text);
    assert!(refused.main().contains(BAKERY));
}

#[tokio::test]
async fn a_limit_is_all_that_is_set_aside() {
    let app = TestApp::spawn().await;
    let poor = app.owner_of("poor@example.com", Tier::Free, 60).await;
    let page = app.send(&poor, "/new/estimate", &[("limit", "40")]).await;
    for part in ["Build for at most 40 credits", "value=\"40\"", "less than it likely takes"] {
        assert!(page.main().contains(part), "{part}: {}", page.main());
    }
    for limit in ["0", "-1", "1.5", "many"] {
        let page = app.send(&poor, "/new/estimate", &[("limit", limit)]).await;
        assert_eq!(page.status, 422, "{limit}");
        assert!(page.main().contains("Must be a whole number from 1."), "{}", page.main());
    }
    let whole = app.send(&poor, "/new", &[("limit", "40"), ("agreed", "75")]).await;
    assert_eq!((whole.status, app.builds(&poor).await), (409, 0));
    let built = app.send(&poor, "/new", &[("limit", "40"), ("agreed", "40")]).await;
    assert_eq!((built.status, app.builds(&poor).await), (303, 1), "{}", built.text);
    let credits = app.get(&poor.at("/credits")).by(&poor).send().await;
    assert!(credits.main().contains("<b>40</b>"), "{}", credits.main());
}

#[tokio::test]
async fn the_part_that_changes_says_what_is_wrong_with_the_text() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    for (text, says) in [
        ("a".repeat(8), "The description has 8 characters; at least 10 are needed."),
        ("a".repeat(10_001), "The description has 10,001 characters; at most 10,000 are allowed."),
    ] {
        let call = app.form(&ada.at("/new/estimate"), &ada, &[("description", text.as_str())]);
        let part = call.header("x-fragment", "1").send().await;
        assert_eq!(part.status, 422);
        assert!(part.text.contains(says), "{}", part.text);
        let call = app.guest_form("/preview", &[("description", text.as_str())]);
        let part = call.header("x-fragment", "1").send().await;
        assert!(part.text.contains(says), "{}", part.text);
    }
}

#[tokio::test]
async fn mistakes_stand_beside_what_was_typed() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let hostile = "\"><img src=x onerror=alert(1)>";
    let fields =
        [("description", "short"), ("tier", "gold"), ("name", hostile), ("users", hostile)];
    for path in ["/new", "/new/estimate"] {
        let page = app.form(&ada.at(path), &ada, &fields).send().await;
        assert_eq!(page.status, 422);
        for part in ["at least 10 are needed.", "Not one of starter", "short</textarea>"] {
            assert!(page.main().contains(part), "{part}: {}", page.main());
        }
        assert!(!page.text.contains("<img"));
    }
    let large = [("tier", "ultimate"), ("agreed", "150")];
    let page = app.send(&ada, "/new", &large).await;
    assert_eq!(page.status, 403);
    assert!(page.main().contains("does not include this size"), "{}", page.main());
    assert!(page.main().contains(BAKERY));
}

#[tokio::test]
async fn a_next_version_waits_for_the_one_that_is_being_built() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let (project, _) = app.submit(&ada, BAKERY, None).await;
    for path in ["/new/estimate", "/new"] {
        let fields = [("project", project.as_str()), ("agreed", "75")];
        let page = app.send(&ada, path, &fields).await;
        let says = "Another build of this project is going on.";
        assert!(page.main().contains(says) && page.main().contains(BAKERY), "{}", page.main());
        assert!(!page.main().contains("name=\"agreed\""));
    }
    let lease = app.taken().await.lease;
    app.finish(&lease, keelway_builds::end::End::Cancelled).await;
    let fields = [("project", project.as_str()), ("agreed", "75")];
    let answer = app.send(&ada, "/new", &fields).await;
    assert_eq!(answer.verdict(), format!("303 {}/{project}", ada.at("/projects")));
}

#[tokio::test]
async fn what_was_parked_is_claimed_once_from_however_many_tabs() {
    let app = TestApp::spawn().await;
    let words = "A shop for kites\r\nwith a gallery and prices";
    let parked = app.guest_form("/start", &[("description", words)]).send().await;
    let (_, queue) = parked.header("location").split_once("queue=").unwrap();
    let ada = app.owner("ada@example.com").await;
    let form = app.get(&ada.at(&format!("/new?queue={queue}"))).by(&ada).send().await;
    assert!(form.main().contains("A shop for kites") && form.main().contains(queue));
    let agreed = form.between("name=\"agreed\" value=\"", "\"").unwrap();
    let fields = |key| {
        [("description", words), ("queue", queue), ("agreed", agreed), ("idempotency_key", key)]
    };
    let confirm = |key| app.form(&ada.at("/new"), &ada, &fields(key)).send();
    assert_eq!(confirm("one").await.status, 303);
    assert_eq!(confirm("one").await.status, 303);
    let other = confirm("two").await;
    assert!(other.main().contains("This app was claimed already."), "{}", other.main());
    assert_eq!(app.builds(&ada).await, 1);
    let late = app.get(&ada.at(&format!("/new?queue={queue}"))).by(&ada).send().await;
    assert!(late.main().contains("no longer waiting"), "{}", late.main());
}
