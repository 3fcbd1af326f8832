//! Settings of the person and of the workspace.

use keelway_access::{Email, NewSession, SessionPolicy, SessionToken, SignIn, UserAgent};

use crate::app::{Someone, TestApp};
use crate::statements::statements;

const PASSWORD: &str = "a long and quiet river";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; rv:144.0) Gecko/20100101 Firefox/144.0";

impl TestApp {
    /// Signs `who` in again, with the password of [`TestApp::with_password`].
    async fn again(&self, who: &Someone, agent: &str) -> Someone {
        let fields = [("email", &*who.email), ("password", PASSWORD)];
        let answer = self.guest_form("/signin", &fields).header("user-agent", agent).send().await;
        let token = SessionToken::parse(answer.session().unwrap()).unwrap();
        Someone { token, ..who.clone() }
    }

    /// Somebody who can sign in.
    async fn with_password(&self, email: &str) -> Someone {
        let fields = [("email", email), ("password", PASSWORD), ("workspace", "Old Mill")];
        let answer = self.guest_form("/signup", &fields).send().await;
        let token = SessionToken::parse(answer.session().unwrap()).unwrap();
        let hash = token.hash();
        let known = self.platform.recognise(&hash).await.unwrap();
        let tenant = &known.profile.memberships[0].tenant;
        Someone {
            user: known.profile.user.id,
            tenant: Some(tenant.id),
            slug: tenant.slug.to_string(),
            token,
            email: email.to_owned(),
        }
    }

    /// Through the port: hashing passwords is what takes time.
    async fn one_more_session(&self, who: &Someone) {
        let token = SessionToken::generate(&*self.entropy);
        let session = NewSession {
            hash: token.hash(),
            user_agent: UserAgent::trimmed(FIREFOX),
            policy: SessionPolicy::default(),
        };
        let ports = self.platform.ports();
        let known = ports.accounts.begin_sign_in(&Email::parse(&who.email).unwrap()).await;
        let cmd = SignIn {
            user: who.user,
            checked: known.unwrap().unwrap().password,
            session,
            replaces: None,
            rehashed: None,
            request_id: "req_test".into(),
        };
        ports.sessions.sign_in(cmd).await.unwrap();
    }

    async fn is_signed_in(&self, who: &Someone) -> bool {
        self.get("/settings/profile").by(who).send().await.status == 200
    }
}

#[tokio::test]
async fn the_name_is_changed_and_can_be_taken_away() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let page = app.get("/settings/profile").by(&ada).send().await;
    for part in ["ada@example.com", &*ada.user.to_string(), "At least 8 characters"] {
        assert!(page.main().contains(part), "{part}: {}", page.main());
    }
    for (name, shown) in [("Ada Lovelace", "value=\"Ada Lovelace\""), (" ", "value=\"\"")] {
        let saved = app.form("/settings/profile", &ada, &[("name", name)]).send().await;
        assert_eq!(saved.verdict(), "303 /settings/profile?done=saved");
        let page = app.get(saved.header("location")).by(&ada).send().await;
        assert!(page.main().contains(shown) && page.main().contains("Saved."), "{}", page.main());
    }
    let long = "x".repeat(121);
    let refused = app.form("/settings/profile", &ada, &[("name", &long)]).send().await;
    assert_eq!(refused.verdict(), "422");
    assert!(refused.main().contains("Must have at most 120 characters."), "{}", refused.main());
    assert!(refused.main().contains(&long), "what was typed stays");
}

#[tokio::test]
async fn a_new_password_goes_on_under_a_new_cookie_and_ends_all_other_sessions() {
    let app = TestApp::spawn().await;
    let ada = app.with_password("ada@example.com").await;
    let phone = app.again(&ada, FIREFOX).await;
    let change = |current: &str, new: &str| {
        let fields = [("current", current), ("new", new)];
        app.form("/settings/password", &ada, &fields)
    };
    for (current, new, mistake) in [
        (PASSWORD, "short", "Must have at least 8 characters."),
        (PASSWORD, "ada@example.com", "Must"),
        ("something else entirely", "a quiet and long river", "This is not your password."),
    ] {
        let refused = change(current, new).send().await;
        assert_eq!(refused.verdict(), "422", "{new}");
        assert!(refused.main().contains(mistake), "{}", refused.main());
        assert!(!refused.text.contains(&format!("value=\"{current}\"")), "never sent back");
    }
    assert!(app.is_signed_in(&phone).await);

    let changed = change(PASSWORD, "a quiet and long river").send().await;
    assert_eq!(changed.verdict(), "303 /settings/profile?done=password");
    let token = SessionToken::parse(changed.session().unwrap()).unwrap();
    let renewed = Someone { token, ..ada.clone() };
    assert!(app.is_signed_in(&renewed).await);
    assert!(!app.is_signed_in(&phone).await);
    assert!(!app.is_signed_in(&ada).await);
    let old = app.guest_form("/signin", &[("email", &*ada.email), ("password", PASSWORD)]);
    assert_eq!(old.send().await.status, 401);
    for path in ["/settings/password", "/.well-known/change-password"] {
        let answer = app.get(path).by(&renewed).send().await;
        assert_eq!(answer.verdict(), "303 /settings/profile#password");
    }
}

#[tokio::test]
async fn sessions_are_called_by_their_device_and_end_one_by_one_or_together() {
    let app = TestApp::spawn().await;
    let ada = app.with_password("ada@example.com").await;
    let phone = app.again(&ada, FIREFOX).await;
    let script = app.again(&ada, "<b>curl/8").await;
    let eve = app.owner("eve@example.com").await;
    let page = app.get("/settings/sessions").by(&ada).send().await;
    let rows: Vec<&str> = page.main().split("<tr>").skip(2).collect();
    assert_eq!(rows.len(), 3, "{}", page.main());
    assert!(rows[0].contains("This session"), "{}", rows[0]);
    assert!(page.main().contains("Firefox on Windows"), "{}", page.main());
    assert!(page.main().contains("&#60;b&#62;curl") && !page.text.contains("<b>curl"));

    let of_phone = rows.iter().find(|row| row.contains("Firefox")).unwrap();
    let path = of_phone.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(app.form(path, &eve, &[]).send().await.verdict(), "404 NOT_FOUND");
    assert!(app.is_signed_in(&phone).await);
    let ended = app.form(path, &ada, &[]).send().await;
    assert_eq!(ended.verdict(), "303 /settings/sessions?done=session-ended");
    assert!(!app.is_signed_in(&phone).await);
    assert_eq!(app.form(path, &ada, &[]).send().await.verdict(), "404 NOT_FOUND");

    let ended = app.form("/settings/sessions/end-others", &ada, &[]).send().await;
    assert_eq!(ended.verdict(), "303 /settings/sessions?done=sessions-ended");
    assert!(!app.is_signed_in(&script).await && app.is_signed_in(&ada).await);
    assert!(app.is_signed_in(&eve).await);

    let page = app.get("/settings/sessions").by(&ada).send().await;
    assert!(page.main().contains("You are signed in nowhere else."), "{}", page.main());
    let own = page.between("<form method=\"post\" action=\"/settings/sessions/", "\"").unwrap();
    let ended = app.form(&format!("/settings/sessions/{own}"), &ada, &[]).send().await;
    assert_eq!(ended.verdict(), "303 /signin?done=signed-out");
    assert_eq!(ended.session(), Some(""));
    assert!(!app.is_signed_in(&ada).await);
}

#[tokio::test]
async fn only_owners_rename_and_everybody_sees_the_new_name() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let admin = app.joined(&ada, "admin", "admin@example.com").await;
    let path = ada.at("/settings");
    let saved = app.form(&path, &ada, &[("name", "Difference & Co")]).send().await;
    assert_eq!(saved.verdict(), format!("303 {path}?done=saved"));
    let refused = app.form(&path, &ada, &[("name", " ")]).send().await;
    assert_eq!(refused.verdict(), "422");
    assert!(refused.main().contains("Must not be empty."), "{}", refused.main());

    let page = app.get(&path).by(&admin).send().await;
    assert!(page.main().contains("Difference &#38; Co"), "{}", page.main());
    assert!(page.main().contains("Owners can rename it."), "{}", page.main());
    assert!(!page.main().contains("name=\"name\""), "{}", page.main());
    let tried = app.form(&path, &admin, &[("name", "Mine")]).send().await;
    assert_eq!(tried.verdict(), "403 NOT_PERMITTED");
}

#[tokio::test]
async fn the_tier_is_shown_with_what_is_used_of_it() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    app.projects(&ada, 2).await;
    let page = app.get(&ada.at("/settings")).by(&ada).send().await;
    for part in [
        "300 credits each month",
        "2 of 3",
        "1 of 1",
        "0 of 20",
        "0 of 1",
        &*ada.slug,
        &*ada.tenant.unwrap().to_string(),
    ] {
        assert!(page.main().contains(part), "{part}: {}", page.main());
    }
}

#[tokio::test]
async fn whoever_leaves_goes_on_in_another_workspace_and_the_last_owner_stays() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let bob = app.joined(&ada, "member", "bob@example.com").await;
    let leave = ada.at("/settings/leave");
    let page = app.get(&ada.at("/settings")).by(&ada).send().await;
    assert!(page.main().contains("You are the only owner."), "{}", page.main());
    assert!(!page.main().contains(&leave), "{}", page.main());
    let stays = app.form(&leave, &ada, &[]).send().await;
    assert_eq!(stays.verdict(), "409");
    assert!(stays.main().contains("A workspace keeps an owner."), "{}", stays.main());

    let page = app.get(&ada.at("/settings")).by(&bob).send().await;
    assert!(page.main().contains(&leave), "{}", page.main());
    let left = app.form(&leave, &bob, &[]).send().await;
    assert_eq!(left.verdict(), "303 /onboarding?done=left");
    assert_eq!(app.get(&ada.at("/settings")).by(&bob).send().await.verdict(), "404 NOT_FOUND");
    let page = app.get(&ada.at("/settings")).by(&ada).send().await;
    assert!(page.main().contains("You are the only one here."), "{}", page.main());
}

#[tokio::test]
async fn sessions_are_one_read_and_a_small_page_however_many_there_are() {
    let app = TestApp::spawn().await;
    let few = app.owner("few@example.com").await;
    let many = app.owner("many@example.com").await;
    for _ in 0..60 {
        app.one_more_session(&many).await;
    }
    for who in [&few, &many] {
        let sent = statements(&app, who, "/settings/sessions").await;
        assert_eq!(sent.len(), 3, "{sent:#?}");
    }
    let page = app.get("/settings/sessions").by(&many).send().await;
    assert_eq!(page.main().matches("/end\"").count(), 50);
    assert!(page.main().contains("11 more"), "{}", page.main());
    assert!(page.text.len() < 100_000, "{} bytes", page.text.len());
}
