//! The platform's own pages: who may see them, and what they show of others.

use keelway_access::ports::SignIn;
use keelway_access::{
    IssueOwnerLink, NewOwner, NewSession, Occasion, Redeem, Rotation, SessionPolicy, SessionToken,
};
use keelway_builds::FailureReason;
use keelway_contract::password;

use crate::app::{Someone, TestApp};
use crate::credits::HOSTILE;
use crate::statements::statements;

const PAGES: [&str; 5] =
    ["/admin", "/admin/builds", "/admin/leases", "/admin/performance", "/admin/flags"];

impl TestApp {
    /// One of the platform's own people.
    pub(crate) async fn operator(&self, email: &str) -> Someone {
        let someone = self.rich(email).await;
        let staff = self.fixture().store.staff;
        let link = self.fixture().token();
        let (occasion, request_id) = (Occasion::Start, "req_start".to_owned());
        let cmd = IssueOwnerLink { token: link, occasion, request_id };
        staff.issue_owner_link(cmd).await.unwrap().unwrap();
        let token = SessionToken::generate(&*self.entropy);
        let policy = SessionPolicy::default();
        let rotation = Rotation { from: someone.token.hash(), to: token.hash(), policy };
        let by =
            NewOwner::Person { user: someone.user, rotation, request_id: "req_own".to_owned() };
        staff.redeem(Redeem { token: link, by }).await.unwrap();
        Someone { token, ..someone }
    }

    /// The same person, signed in anew.
    pub(crate) async fn back(&self, someone: Someone) -> Someone {
        let token = SessionToken::generate(&*self.entropy);
        let (hash, policy) = (token.hash(), SessionPolicy::default());
        let session = NewSession { hash, user_agent: None, policy };
        let (user, request_id) = (someone.user, "req_back".to_owned());
        let cmd = SignIn {
            user,
            checked: password(),
            session,
            replaces: None,
            rehashed: None,
            request_id,
        };
        self.platform.ports().sessions.sign_in(cmd).await.unwrap();
        Someone { token, ..someone }
    }
}

#[tokio::test]
async fn for_everybody_else_there_are_no_such_pages() {
    let app = TestApp::spawn().await;
    let olga = app.operator("olga@example.com").await;
    let ada = app.owner("ada@example.com").await;
    for page in PAGES {
        assert_eq!(app.get(page).by(&ada).send().await.verdict(), "404 NOT_FOUND", "{page}");
        assert_eq!(app.get(page).send().await.verdict(), format!("303 /signin?next={page}"));
        let shown = app.get(page).by(&olga).send().await;
        assert_eq!(shown.verdict(), "200", "{page}");
        assert!(shown.main().contains("aria-label=\"Administration\""), "{page}");
    }
    let change = [("flag", "SSE"), ("to", "off")];
    assert_eq!(app.form("/admin/flags", &ada, &change).send().await.verdict(), "404 NOT_FOUND");
    let flags = app.platform.flags().await;
    assert!(flags.evaluate(keelway_tiers::Operation::Sse, None).value);
    let home = app.get("/").by(&ada).send().await;
    assert!(!home.text.contains("/admin"));
    // Nor does one of the platform's own people change anything by a form that is not ours.
    let forged = app.guest_form("/admin/flags", &change).by(&olga).send().await;
    assert_eq!(forged.verdict(), "403 CSRF_REJECTED");
}

#[tokio::test]
async fn nobodys_words_are_shown_nor_what_projects_are_called() {
    let app = TestApp::spawn().await;
    let olga = app.operator("olga@example.com").await;
    let ada = app.rich("ada@example.com").await;
    app.delivered(&ada, HOSTILE, 1).await;
    app.asked(&ada, HOSTILE).await;
    app.breaks(FailureReason::WorkerLost).await;
    app.asked(&ada, HOSTILE).await;
    app.fixture().taken().await;
    app.asked(&ada, HOSTILE).await;
    for (page, shows) in [
        ("/admin", "1 of 1 that wait"),
        ("/admin/builds", "worker_lost"),
        ("/admin/leases", "Its worker renews it"),
        ("/admin/performance", "workers were lost too often"),
    ] {
        let shown = app.get(page).by(&olga).send().await;
        let main = shown.main();
        assert!(main.contains(shows), "{shows} is not on {page}: {main}");
        for secret in
            ["A landing page for a bakery", "It did not work.", "ada@example.com", "alert("]
        {
            assert!(!main.contains(secret), "{page} shows {secret}");
        }
        assert!(!main.contains("<script>"), "{page}: {main}");
        assert!(!shown.text.contains("style="), "{page}");
    }
}

#[tokio::test]
async fn builds_are_found_by_id_workspace_and_state_and_what_is_no_id_is_explained() {
    let app = TestApp::spawn().await;
    let olga = app.operator("olga@example.com").await;
    let (ada, bob) = (app.rich("ada@example.com").await, app.rich("bob@example.com").await);
    app.delivered(&ada, "Adas", 1).await;
    let bobs = app.asked(&bob, "Bobs").await;
    let tenant = ada.tenant.unwrap();
    for (query, adas, bobs) in [
        (String::new(), true, true),
        (format!("?id={}", bobs.id), false, true),
        (format!("?id={tenant}"), true, false),
        (format!("?tenant={tenant}"), true, false),
        (format!("?tenant={tenant}&state=queued"), false, false),
        ("?state=queued".to_owned(), false, true),
        ("?state=nonsense".to_owned(), true, true),
    ] {
        let page = app.get(&format!("/admin/builds{query}")).by(&olga).send().await;
        assert_eq!(page.verdict(), "200", "{query}");
        let main = page.main();
        let shows = |who: &Someone| main.contains(&format!("title=\"{}\"", who.tenant.unwrap()));
        assert_eq!((shows(&ada), shows(&bob)), (adas, bobs), "{query}");
    }
    let odd = app.get("/admin/builds?id=%3Ci%3E").by(&olga).send().await;
    assert!(odd.main().contains("“&#60;i&#62;” is not the id"), "{}", odd.main());
}

#[tokio::test]
async fn a_lease_that_ran_out_is_marked_with_what_happens_next() {
    let app = TestApp::spawn().await;
    let olga = app.operator("olga@example.com").await;
    let ada = app.rich("ada@example.com").await;
    app.asked(&ada, "Bakery").await;
    app.fixture().taken().await;
    let held = app.get("/admin/leases").by(&olga).send().await;
    assert!(!held.main().contains("Leases have run out."));
    app.clock.advance(10 * 60);
    let late = app.get("/admin/leases").by(&olga).send().await;
    let main = late.main();
    assert!(
        main.contains("Leases have run out.") && main.contains("takes it back as lost"),
        "{main}"
    );
}

#[tokio::test]
async fn a_flag_is_set_shared_lifted_and_set_for_one_workspace() {
    let app = TestApp::spawn().await;
    let olga = app.operator("olga@example.com").await;
    let tenant = app.rich("ada@example.com").await.tenant.unwrap();
    let id = tenant.to_string();
    let set = |fields: Vec<(&'static str, String)>| {
        let (app, olga) = (&app, &olga);
        async move {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            app.form("/admin/flags", olga, &fields).send().await
        }
    };
    let everybody = |to: &str, percent: &str| {
        vec![("flag", "SSE".to_owned()), ("to", to.to_owned()), ("percent", percent.to_owned())]
    };
    let one = |to: &str, tenant: &str| {
        vec![("flag", "SSE".to_owned()), ("to", to.to_owned()), ("tenant", tenant.to_owned())]
    };
    for (fields, for_guests, for_ada) in [
        (everybody("off", ""), false, false),
        (one("on", &id), false, true),
        (everybody("share", "100"), true, true),
        (everybody("share", "0"), false, true),
        (one("lift", &id), false, false),
        (everybody("lift", ""), true, true),
        (one("off", &id), true, false),
    ] {
        let answer = set(fields.clone()).await;
        assert_eq!(answer.verdict(), "303 /admin/flags?done=flag-set", "{fields:?}");
        let flags = app.platform.flags().await;
        let is_on = |tenant| flags.evaluate(keelway_tiers::Operation::Sse, tenant).value;
        assert_eq!((is_on(None), is_on(Some(tenant))), (for_guests, for_ada), "{fields:?}");
    }
    let shown = app.get("/admin/flags?done=flag-set").by(&olga).send().await;
    assert!(shown.main().contains(&id) && shown.main().contains("set by you"));
    for (fields, said) in [
        (everybody("share", "101"), "A share is a whole number"),
        (everybody("share", ""), "A share is a whole number"),
        (everybody("maybe", ""), "Choose what to change it to"),
        (one("on", "<b>"), "Not the id of a workspace"),
        (one("share", &id), "Choose what to change it to"),
        (one("on", "ten_01h455vb4pex5vsknk084sn02q"), "No such workspace"),
        (vec![("flag", "NOPE".to_owned()), ("to", "on".to_owned())], "Not the name of a flag"),
    ] {
        let answer = set(fields.clone()).await;
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(answer.main().contains(said), "{said} is not in {}", answer.main());
        assert!(!answer.main().contains("<b></b>") && !answer.main().contains("\"<b>\""));
    }
}

#[tokio::test]
async fn every_page_asks_the_store_as_often_for_much_as_for_little() {
    let little = TestApp::spawn().await;
    let much = TestApp::spawn().await;
    for (app, count) in [(&little, 1), (&much, 20)] {
        let ada = app.rich("ada@example.com").await;
        app.delivered(&ada, "Bakery", count).await;
        for number in 0..count {
            let one = app.rich(&format!("{number}@example.com")).await;
            app.asked(&one, "Waiting").await;
        }
        app.asked(&ada, "Taken").await;
        app.fixture().taken().await;
    }
    let olgas = (little.operator("o@example.com").await, much.operator("o@example.com").await);
    for (page, expected) in PAGES.into_iter().zip(STATEMENTS) {
        let few = statements(&little, &olgas.0, page).await;
        let many = statements(&much, &olgas.1, page).await;
        assert_eq!((few.len(), many.len()), (expected, expected), "{page}: {few:#?}{many:#?}");
        let shown = much.get(page).by(&olgas.1).send().await;
        assert!(shown.text.len() < 100 * 1024, "{page}: {} bytes", shown.text.len());
    }
}

/// Two each are who asks and where they belong.
const STATEMENTS: [usize; 5] = [9, 3, 3, 5, 3];
