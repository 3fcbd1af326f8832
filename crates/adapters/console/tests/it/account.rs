//! Becoming somebody: signing up, in and out, making a workspace, and going on with what a
//! guest described. All of it as a browser without scripts does it.

use keelway_access::RateClass;
use keelway_tiers::{Feature, Rollout};

use crate::app::{Answer, Setup, Someone, TestApp};

const BAKERY: &str = "A landing page for a bakery in the old town";
const PASSWORD: &str = "a long and quiet river";

fn fields<'a>(email: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let own = [("email", email), ("password", PASSWORD)];
    own.into_iter().chain(more.iter().copied()).collect()
}

impl TestApp {
    async fn sign_up_as(&self, email: &str, more: &[(&str, &str)]) -> Answer {
        self.guest_form("/signup", &fields(email, more)).send().await
    }

    async fn sign_in_as(&self, email: &str, more: &[(&str, &str)]) -> Answer {
        self.guest_form("/signin", &fields(email, more)).send().await
    }

    /// Follows `answer` with the session it gave.
    async fn follow(&self, answer: &Answer) -> Answer {
        let cookie = format!("keelway_session={}", answer.session().unwrap());
        self.get(answer.header("location")).header("cookie", &cookie).send().await
    }

    /// Describes [`BAKERY`] as a guest and gives the number it waits under.
    async fn parked(&self) -> String {
        let started = self.guest_form("/start", &[("description", BAKERY)]).send().await;
        started.verdict().strip_prefix("303 /signup?queue=").unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_guest_sees_what_it_takes_and_goes_on_with_it_after_signing_up() {
    let app = TestApp::spawn().await;
    let shown = app.guest_form("/preview", &[("description", BAKERY)]).send().await;
    assert_eq!(shown.verdict(), "200");
    for part in [BAKERY, "<dt>Credits</dt>", " USD</small>", "<dt>Agents</dt>", "formaction"] {
        assert!(shown.main().contains(part), "{part}: {}", shown.main());
    }
    let queue = app.parked().await;
    let form = app.get(&format!("/signup?queue={queue}")).send().await;
    assert!(form.main().contains(BAKERY));
    let more = [("queue", queue.as_str()), ("workspace", "Corner Bakery")];
    let entered = app.sign_up_as("ada@example.com", &more).await;
    assert_eq!(entered.verdict(), format!("303 /w/corner-bakery/new?queue={queue}"));
    assert!(entered.header("set-cookie").contains("; HttpOnly; SameSite=Lax; Path=/"));
}

#[tokio::test]
async fn whoever_names_no_workspace_is_asked_for_one_and_goes_on() {
    let app = TestApp::spawn().await;
    let queue = app.parked().await;
    let entered = app.sign_up_as("ada@example.com", &[("queue", &queue)]).await;
    assert_eq!(entered.verdict(), format!("303 /onboarding?queue={queue}"));
    let form = app.follow(&entered).await;
    assert_eq!(form.verdict(), "200");
    assert!(form.main().contains(BAKERY));
    let key = form.between("name=\"idempotency_key\" value=\"", "\"").unwrap();
    let csrf = form.between("name=\"csrf\" value=\"", "\"").unwrap();
    let cookie = format!("keelway_session={}", entered.session().unwrap());
    let create = || {
        let fields = [("csrf", csrf), ("idempotency_key", key), ("queue", &queue), ("name", "One")];
        app.guest_form("/onboarding", &fields).header("cookie", &cookie).send()
    };
    let made = create().await;
    assert_eq!(made.verdict(), format!("303 /w/one/new?queue={queue}"));
    // The same form once more is the same workspace.
    assert_eq!(create().await.verdict(), made.verdict());
    let home = app.get("/").header("cookie", &cookie).send().await;
    assert_eq!(home.verdict(), "303 /w/one/projects");
}

#[tokio::test]
async fn whoever_is_signed_in_goes_on_at_once() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let started = app.form("/start", &ada, &[("description", BAKERY)]).send().await;
    let location = started.header("location");
    assert!(location.starts_with(&ada.at("/new?queue=que_")), "{location}");
    for page in ["/", "/signin", "/signup"] {
        let answer = app.get(page).by(&ada).send().await;
        assert_eq!(answer.verdict(), format!("303 {}", ada.at("/projects")), "{page}");
    }
    let eve = app.person("eve@example.com").await;
    assert_eq!(app.get("/").by(&eve).send().await.verdict(), "303 /onboarding");
}

#[tokio::test]
async fn what_waited_too_long_is_said_to_be_gone_and_keeps_nobody_out() {
    let app = TestApp::spawn().await;
    let queue = app.parked().await;
    app.clock.advance(60 * 60);
    let form = app.get(&format!("/signup?queue={queue}")).send().await;
    assert!(form.main().contains("is gone") && !form.main().contains(BAKERY));
    let nonsense = app.get("/signup?queue=nonsense").send().await;
    assert_eq!(nonsense.verdict(), "200");
    let entered = app.sign_up_as("ada@example.com", &[("queue", "nonsense")]).await;
    assert_eq!(entered.verdict(), "303 /onboarding");
}

#[tokio::test]
async fn without_guests_one_signs_in_first() {
    let closed = |setup: &mut Setup| {
        setup.platform.gate.flags.set(Feature::GuestMode, Rollout::OFF);
    };
    let app = TestApp::spawn_with(closed).await;
    let started = app.guest_form("/start", &[("description", BAKERY)]).send().await;
    assert_eq!(started.status, 403);
    let main = started.main();
    assert!(main.contains(BAKERY) && main.contains("Only people with an account"), "{main}");
    let priced = app.guest_form("/preview", &[("description", BAKERY)]).send().await;
    assert_eq!(priced.verdict(), "200");
}

#[tokio::test]
async fn every_mistake_is_shown_where_it_was_made_and_nothing_typed_is_lost() {
    let app = TestApp::spawn().await;
    let fields =
        [("email", "<b>nobody"), ("password", "short"), ("name", "Ada"), ("workspace", "")];
    let again = app.guest_form("/signup", &fields).send().await;
    assert_eq!(again.status, 422);
    let main = again.main();
    assert!(main.contains("id=\"f-email-error\"") && main.contains("id=\"f-password-error\""));
    assert!(!main.contains("id=\"f-name-error\"") && !main.contains("id=\"f-workspace-error\""));
    assert!(main.contains("value=\"Ada\""));
    assert!(!main.contains("<b>nobody") && !main.contains("short"), "{main}");
    let empty = app.guest_form("/preview", &[("description", "  ")]).send().await;
    assert!(empty.status == 422 && empty.main().contains("id=\"f-description-error\""));
    let missing = app.guest_form("/preview", &[("text", "x")]).send().await;
    assert_eq!(missing.verdict(), "400 VALIDATION_FAILED");
}

#[tokio::test]
async fn an_address_that_has_an_account_is_sent_to_sign_in() {
    let app = TestApp::spawn().await;
    app.sign_up_as("ada@example.com", &[("workspace", "One")]).await;
    let other = [("email", "ada@example.com"), ("password", "another long river")];
    let taken = app.guest_form("/signup", &other).send().await;
    assert!(taken.status == 409 && taken.main().contains("id=\"f-email-error\""));
    assert_eq!(taken.session(), None);
    let wrong = app.guest_form("/signin", &other).send().await;
    assert!(wrong.status == 401 && wrong.main().contains("id=\"f-password-error\""));
    assert_eq!(wrong.session(), None);
    let nobody = app.sign_in_as("nobody@example.com", &[]).await;
    let shown = |answer: &Answer, email: &str| {
        let id = answer.header("x-request-id").to_owned();
        answer.main().replace(email, "").replace(&id, "")
    };
    assert_eq!(shown(&wrong, "ada@example.com"), shown(&nobody, "nobody@example.com"));
    let right = app.sign_in_as("ada@example.com", &[]).await;
    assert_eq!(right.verdict(), "303 /w/one/projects");
    assert_eq!(app.follow(&right).await.verdict(), "200");
}

#[tokio::test]
async fn signing_in_leads_back_and_never_off_this_site() {
    let app = TestApp::spawn().await;
    app.sign_up_as("ada@example.com", &[("workspace", "One")]).await;
    let wanted = app.get("/w/one/projects?cursor=a%26b").send().await;
    assert_eq!(wanted.verdict(), "303 /signin?next=/w/one/projects%3Fcursor%3Da%2526b");
    let form = app.get(wanted.header("location")).send().await;
    let next = form.between("name=\"next\" value=\"", "\"").unwrap();
    assert_eq!(next, "/w/one/projects?cursor=a%26b");
    let back = app.sign_in_as("ada@example.com", &[("next", next)]).await;
    assert_eq!(back.verdict(), format!("303 {next}"));
    for evil in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"] {
        let back = app.sign_in_as("ada@example.com", &[("next", evil)]).await;
        assert_eq!(back.verdict(), "303 /w/one/projects", "{evil:?}");
        app.clock.advance(60);
    }
}

#[tokio::test]
async fn nobody_can_be_signed_in_or_up_from_elsewhere() {
    let app = TestApp::spawn().await;
    app.sign_up_as("eve@example.com", &[("workspace", "Eve")]).await;
    for path in ["/signin", "/signup"] {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            let call = app.post(path).header(name, value);
            let forged = call.fields(&fields("eve@example.com", &[])).send().await;
            assert_eq!(forged.verdict(), "403 CSRF_REJECTED", "{path} {name}");
            assert_eq!(forged.session(), None);
        }
    }
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before_and_signing_out_ends_it_everywhere() {
    let app = TestApp::spawn().await;
    let first = app.sign_up_as("ada@example.com", &[("workspace", "One")]).await;
    let cookie = |answer: &Answer| format!("keelway_session={}", answer.session().unwrap());
    let call = app.guest_form("/signin", &fields("ada@example.com", &[]));
    let second = call.header("cookie", &cookie(&first)).send().await;
    let open = |cookie: String| app.get("/w/one/projects").header("cookie", &cookie).send();
    let over = open(cookie(&first)).await;
    assert_eq!(over.verdict(), "303 /signin?next=/w/one/projects");
    assert!(over.header("set-cookie").contains("Max-Age=0"));
    let page = open(cookie(&second)).await;
    assert_eq!(page.verdict(), "200");
    let csrf = page.between("name=\"csrf\" value=\"", "\"").unwrap();
    let out = app.guest_form("/signout", &[("csrf", csrf)]);
    let out = out.header("cookie", &cookie(&second)).send().await;
    assert_eq!(out.verdict(), "303 /signin?done=signed-out");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let told = app.get("/signin?done=signed-out").send().await;
    assert!(told.main().contains("You are signed out."));
    assert_eq!(open(cookie(&second)).await.verdict(), "303 /signin?next=/w/one/projects");
}

#[tokio::test]
async fn a_session_that_is_over_does_not_keep_anybody_from_the_first_page() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    app.clock.advance(90 * 24 * 60 * 60);
    assert_eq!(app.get("/").by(&ada).send().await.verdict(), "200");
    let preview = app.guest_form("/preview", &[("description", BAKERY)]).by(&ada).send().await;
    assert_eq!(preview.verdict(), "200");
}

#[tokio::test]
async fn words_from_outside_are_only_words() {
    let app = TestApp::spawn().await;
    let hostile = "</textarea></title><script>alert(1)</script><img src=x onerror=alert(1)>'\"";
    let shown = app.guest_form("/preview", &[("description", hostile)]).send().await;
    let encoded: String = form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
    let mut pages = vec![shown];
    for path in ["/signin?next=", "/signup?queue=", "/?done=", "/nowhere/"] {
        pages.push(app.get(&format!("{path}{encoded}")).send().await);
    }
    let entered =
        app.sign_up_as("ada@example.com", &[("workspace", hostile), ("name", hostile)]).await;
    pages.push(app.follow(&entered).await);
    let queue = app.guest_form("/start", &[("description", hostile)]).send().await;
    pages.push(app.get(queue.header("location")).send().await);
    for page in pages {
        assert!(
            !page.text.contains("<script>alert") && !page.text.contains("<img src=x"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("</textarea></title>"));
    }
}

#[tokio::test]
async fn an_eleventh_workspace_is_refused_at_its_name() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada@example.com").await;
    let create = |ada: &Someone, name: String| {
        let call = app.form("/onboarding", ada, &[("name", &name)]);
        async { call.send().await }
    };
    for number in 1..=10 {
        assert_eq!(create(&ada, format!("W {number}")).await.status, 303);
    }
    let refused = create(&ada, "W 11".to_owned()).await;
    assert!(refused.status == 429 && refused.main().contains("id=\"f-name-error\""));
}

#[tokio::test]
async fn who_may_not_be_looked_up_now_still_gets_the_form_to_sign_in_with() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let limiter = &app.platform.ports().limiter;
    while limiter.hit(RateClass::UnknownToken, "127.0.0.1").await.is_allowed() {}
    assert_eq!(app.get(&ada.at("/projects")).by(&ada).send().await.verdict(), "429 RATE_LIMITED");
    for path in ["/", "/signin", "/signup"] {
        assert_eq!(app.get(path).by(&ada).send().await.verdict(), "200", "{path}");
    }
    // Nothing is done for somebody as for nobody.
    let started = app.form("/start", &ada, &[("description", BAKERY)]).send().await;
    assert_eq!(started.verdict(), "429 RATE_LIMITED");
}
