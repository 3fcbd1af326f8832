//! Members, invitations and the owner's link: who may do what, and what links are good for.

use keelway_access::{MemberProfile, Occasion, Role};
use keelway_kernel::Tier;

use crate::app::{Answer, Someone, TestApp};
use crate::statements::statements;

const DAY_S: i64 = 24 * 60 * 60;
const PASSWORD: &str = "a long and quiet river";
/// A name that is nothing but trouble.
const HOSTILE: &str = "<script>alert(1)</script>\"'&";

impl Someone {
    /// The same person in another's workspace.
    fn in_workspace_of(&self, owner: &Self) -> Self {
        Self { tenant: owner.tenant, slug: owner.slug.clone(), ..self.clone() }
    }
}

impl TestApp {
    /// Somebody with a workspace that has seats enough.
    pub(crate) async fn host(&self, email: &str) -> Someone {
        self.owner_of(email, Tier::Enterprise, 300).await
    }

    async fn invited(&self, by: &Someone, role: &str, email: &str) -> Answer {
        let fields = [("role", role), ("email", email)];
        self.form(&by.at("/settings/members"), by, &fields).send().await
    }

    /// The path of a new invitation's link.
    async fn link(&self, by: &Someone, role: &str, email: &str) -> String {
        let answer = self.invited(by, role, email).await;
        assert_eq!(answer.verdict(), "201", "{}", answer.text);
        let link = answer.between("<pre tabindex=\"0\"><code>", "</code>").unwrap();
        link.strip_prefix("http://127.0.0.1").unwrap().to_owned()
    }

    /// Somebody new who belongs to the workspace of `owner` alone.
    pub(crate) async fn joined(&self, owner: &Someone, role: &str, email: &str) -> Someone {
        let person = self.person(email).await;
        let link = self.link(owner, role, "").await;
        let joined = self.form(&link, &person, &[]).send().await;
        assert_eq!(joined.verdict(), format!("303 {}?done=joined", owner.at("/projects")));
        person.in_workspace_of(owner)
    }

    async fn members(&self, of: &Someone) -> Vec<MemberProfile> {
        self.platform.ports().members.members(of.owned().scope).await.unwrap()
    }

    async fn role(&self, who: &Someone) -> Option<Role> {
        let found = self.members(who).await.into_iter().find(|member| member.user == who.user);
        found.map(|member| member.role)
    }

    async fn owner_path(&self, occasion: Occasion) -> String {
        let token = self.platform.owner_link(occasion, "req_start").await.unwrap().unwrap();
        format!("/welcome/{}", token.expose())
    }

    async fn main_of(&self, path: &str, who: &Someone) -> String {
        let answer = self.get(path).by(who).send().await;
        assert_eq!(answer.verdict(), "200", "{path}: {}", answer.text);
        answer.main().to_owned()
    }
}

#[tokio::test]
async fn roles_see_what_they_may_do_and_are_refused_the_rest() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let admin = app.joined(&ada, "admin", "admin@example.com").await;
    let member = app.joined(&ada, "member", "member@example.com").await;
    let viewer = app.joined(&ada, "viewer", "viewer@example.com").await;
    let path = ada.at("/settings/members");

    let seen = app.main_of(&path, &ada).await;
    assert!(seen.contains("value=\"owner\"") && seen.contains("Invite somebody"), "{seen}");
    let seen = app.main_of(&path, &admin).await;
    assert!(seen.contains("value=\"admin\"") && !seen.contains("value=\"owner\""), "{seen}");
    assert!(!seen.contains(&format!("/members/{}/", ada.user)), "an admin and the owner");
    assert!(!seen.contains(&format!("/members/{}/", admin.user)), "an admin and themselves");
    for one in [&member, &viewer] {
        let seen = app.main_of(&path, one).await;
        assert!(!seen.contains("<form"), "{seen}");
        assert!(seen.contains("ada@example.com") && seen.contains("What each role may do"));
    }

    let (role_of_ada, remove_ada) = (
        ada.at(&format!("/settings/members/{}/role", ada.user)),
        ada.at(&format!("/settings/members/{}/remove", ada.user)),
    );
    for (who, path, fields) in [
        (&member, &path, &[("role", "member"), ("email", "")][..]),
        (&viewer, &role_of_ada, &[("role", "viewer")][..]),
        (&viewer, &remove_ada, &[][..]),
        (&admin, &path, &[("role", "owner"), ("email", "")][..]),
        (&admin, &role_of_ada, &[("role", "viewer")][..]),
        (&admin, &remove_ada, &[][..]),
    ] {
        let answer = app.form(path, who, fields).send().await;
        assert_eq!(answer.verdict(), "403 NOT_PERMITTED", "{path}");
    }
    assert_eq!(app.role(&ada).await, Some(Role::Owner));
}

#[tokio::test]
async fn a_role_is_changed_and_a_member_removed_from_their_next_request_on() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let bob = app.joined(&ada, "viewer", "bob@example.com").await;
    let of_bob = |what: &str| ada.at(&format!("/settings/members/{}/{what}", bob.user));
    let path = ada.at("/settings/members");

    let changed = app.form(&of_bob("role"), &ada, &[("role", "admin")]).send().await;
    assert_eq!(changed.verdict(), format!("303 {path}?done=role-changed"));
    assert!(app.main_of(&path, &bob).await.contains("Invite somebody"));
    let unknown = app.form(&of_bob("role"), &ada, &[("role", "king")]).send().await;
    assert_eq!(unknown.verdict(), "400 VALIDATION_FAILED");

    let removed = app.form(&of_bob("remove"), &ada, &[]).send().await;
    assert_eq!(removed.verdict(), format!("303 {path}?done=removed"));
    assert_eq!(app.get(&path).by(&bob).send().await.verdict(), "404 NOT_FOUND");
    let again = app.form(&of_bob("remove"), &ada, &[]).send().await;
    assert_eq!(again.verdict(), "404 NOT_FOUND");

    // The last owner is told why nothing changed.
    let own = ada.at(&format!("/settings/members/{}/role", ada.user));
    let kept = app.form(&own, &ada, &[("role", "viewer")]).send().await;
    assert_eq!(kept.verdict(), "409");
    assert!(kept.main().contains("A workspace keeps an owner."), "{}", kept.main());
}

#[tokio::test]
async fn ids_of_another_workspace_are_unknown() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let eve = app.host("eve@example.com").await;
    let bob = app.joined(&ada, "member", "bob@example.com").await;
    app.link(&ada, "member", "").await;
    let open = app.main_of(&ada.at("/settings/members"), &ada).await;
    let invitation = open.split("/settings/invitations/").nth(1).unwrap();
    let invitation = invitation.split('/').next().unwrap();
    for (path, fields) in [
        (format!("/settings/members/{}/role", bob.user), &[("role", "viewer")][..]),
        (format!("/settings/members/{}/remove", bob.user), &[][..]),
        (format!("/settings/invitations/{invitation}/withdraw"), &[][..]),
    ] {
        for at in [eve.at(&path), ada.at(&path)] {
            let answer = app.form(&at, &eve, fields).send().await;
            assert_eq!(answer.verdict(), "404 NOT_FOUND", "{at}");
        }
    }
    assert_eq!(app.role(&bob).await, Some(Role::Member));
    let withdrawn = ada.at(&format!("/settings/invitations/{invitation}/withdraw"));
    let withdrawn = app.form(&withdrawn, &ada, &[]).send().await;
    assert_eq!(withdrawn.verdict(), format!("303 {}?done=withdrawn", ada.at("/settings/members")));
}

#[tokio::test]
async fn a_link_is_shown_once_and_used_once_and_looking_uses_nothing() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let (bob, eve) = (app.person("bob@example.com").await, app.person("eve@example.com").await);
    let link = app.link(&ada, "member", "").await;
    let page = app.main_of(&ada.at("/settings/members"), &ada).await;
    assert!(page.contains("Anybody with the link") && !page.contains(&link), "{page}");

    for _ in 0..3 {
        let guest = app.get(&link).send().await;
        assert_eq!(guest.verdict(), "200");
        assert!(guest.main().contains(&format!("href=\"/signup?next={link}\"")), "{}", guest.text);
        assert!(app.main_of(&link, &bob).await.contains("You accept as"));
    }
    assert_eq!(app.form(&link, &bob, &[]).send().await.status, 303);
    assert_eq!(app.role(&bob.in_workspace_of(&ada)).await, Some(Role::Member));
    assert!(app.main_of(&link, &bob).await.contains("You belong to"));
    let late = app.get(&link).by(&eve).send().await;
    assert_eq!(late.verdict(), "410");
    assert!(late.main().contains("This invitation was used"), "{}", late.main());
    assert!(!late.text.contains("ada@example.com"), "the link's work is done: {}", late.main());
    let late = app.form(&link, &eve, &[]).send().await;
    assert_eq!(late.verdict(), "410");
    assert_eq!(app.members(&ada).await.len(), 2);
}

#[tokio::test]
async fn dead_links_say_why() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let bob = app.person("bob@example.com").await;
    let bound = app.link(&ada, "viewer", "carol@example.com").await;
    for answer in [app.get(&bound).by(&bob).send().await, app.form(&bound, &bob, &[]).send().await]
    {
        assert_eq!(answer.status, 403);
        let main = answer.main();
        assert!(main.contains("This is for somebody else"), "{main}");
        assert!(main.contains("carol@example.com") && main.contains("bob@example.com"), "{main}");
    }

    let open = app.main_of(&ada.at("/settings/members"), &ada).await;
    let id = open.split("/settings/invitations/").nth(1).unwrap().split('/').next().unwrap();
    let withdraw = ada.at(&format!("/settings/invitations/{id}/withdraw"));
    assert_eq!(app.form(&withdraw, &ada, &[]).send().await.status, 303);
    assert_eq!(app.form(&withdraw, &ada, &[]).send().await.verdict(), "404 NOT_FOUND");
    for path in [bound.as_str(), "/join/kwi_short", "/join/%3Cscript%3E"] {
        let answer = app.get(path).by(&bob).send().await;
        assert_eq!(answer.verdict(), "404", "{path}");
        assert!(answer.main().contains("This invitation leads nowhere"), "{}", answer.main());
        assert!(!answer.text.contains("<script>"), "{}", answer.text);
    }

    let old = app.link(&ada, "viewer", "").await;
    app.clock.advance(7 * DAY_S);
    let expired = app.get(&old).send().await;
    assert_eq!(expired.verdict(), "410");
    assert!(expired.main().contains("This invitation has expired"), "{}", expired.main());
    assert_eq!(app.form(&old, &bob, &[]).send().await.verdict(), "410");
    assert_eq!(app.members(&ada).await.len(), 1);
}

#[tokio::test]
async fn somebody_new_signs_up_on_the_way_and_comes_back_to_accept() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let link = app.link(&ada, "member", "").await;
    let fields = [("email", "new@example.com"), ("password", PASSWORD), ("next", &*link)];
    let signed_up = app.guest_form("/signup", &fields).send().await;
    assert_eq!(signed_up.verdict(), format!("303 {link}"));
}

#[tokio::test]
async fn without_a_seat_nobody_is_invited_and_the_page_says_which_tier_has_one() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let page = app.main_of(&ada.at("/settings/members"), &ada).await;
    assert!(page.contains("Every seat of this tier is taken"), "{page}");
    assert!(page.contains("Starter") && !page.contains("Make a link"), "{page}");
    let refused = app.invited(&ada, "member", "").await;
    assert_eq!(refused.verdict(), "429");

    let ida = app.host("ida@example.com").await;
    for (role, email, mistake) in [
        ("", "", "Choose what they become."),
        ("member", "not an address", "Must be an e-mail address."),
    ] {
        let refused = app.invited(&ida, role, email).await;
        assert_eq!(refused.verdict(), "422");
        assert!(refused.main().contains(mistake), "{}", refused.main());
    }
}

#[tokio::test]
async fn hostile_names_are_text() {
    let app = TestApp::spawn().await;
    let ada = app.host("ada@example.com").await;
    let renamed = app.form("/settings/profile", &ada, &[("name", HOSTILE)]).send().await;
    assert_eq!(renamed.verdict(), "303 /settings/profile?done=saved");
    let renamed = app.form(&ada.at("/settings"), &ada, &[("name", HOSTILE)]).send().await;
    assert_eq!(renamed.verdict(), format!("303 {}?done=saved", ada.at("/settings")));
    let link = app.link(&ada, "member", "").await;
    let paths = [
        "/settings/profile".to_owned(),
        ada.at("/settings"),
        ada.at("/settings/members"),
        link.clone(),
    ];
    for path in paths {
        let page = app.get(&path).by(&ada).send().await;
        assert!(page.text.contains("&#60;script&#62;alert(1)"), "{path}: {}", page.text);
        assert!(!page.text.contains("<script>alert(1)"), "{path}");
    }
    let guest = app.get(&link).send().await;
    assert!(guest.main().contains("&#60;script&#62;"), "{}", guest.main());
    assert!(!guest.text.contains("<script>alert(1)"));
}

#[tokio::test]
async fn a_page_of_people_is_one_read_and_small_however_many_there_are() {
    let app = TestApp::spawn().await;
    let (few, many) = (app.host("few@example.com").await, app.host("many@example.com").await);
    app.link(&few, "member", "").await;
    for number in 0..30 {
        app.joined(&many, "member", &format!("member{number}@example.com")).await;
    }
    for _ in 0..22 {
        app.link(&many, "member", "").await;
    }
    for who in [&few, &many] {
        let sent = statements(&app, who, &who.at("/settings/members")).await;
        assert_eq!(sent.len(), 5, "{sent:#?}");
    }
    let path = many.at("/settings/members");
    let first = app.get(&path).by(&many).send().await;
    assert!(first.text.len() < 100_000, "{} bytes", first.text.len());
    assert_eq!(first.main().matches("/remove\"").count(), 19, "20 with the owner");
    assert_eq!(first.main().matches("/withdraw\"").count(), 15);
    let second = app.main_of(&format!("{path}?page=2"), &many).await;
    assert_eq!(second.matches("/remove\"").count(), 11);
    // What is no page is the first or the last.
    assert_eq!(
        app.main_of(&format!("{path}?page=x"), &many).await.matches("/remove\"").count(),
        19
    );
    assert_eq!(
        app.main_of(&format!("{path}?page=99"), &many).await.matches("/remove\"").count(),
        11
    );
}

#[tokio::test]
async fn the_owners_link_makes_an_account_once() {
    let app = TestApp::spawn().await;
    let link = app.owner_path(Occasion::Start).await;
    for _ in 0..2 {
        let page = app.get(&link).send().await;
        assert_eq!(page.verdict(), "200");
        assert!(page.main().contains("Make the owner’s account"), "{}", page.main());
    }
    let fields = [
        ("email", "root@example.com"),
        ("password", PASSWORD),
        ("name", "Root"),
        ("workspace", "Head Office"),
    ];
    let mistaken = app.guest_form(&link, &[("email", "root"), ("password", "short")]).send().await;
    assert_eq!(mistaken.verdict(), "422");
    for mistake in ["Must be an e-mail address.", "Must have at least 8 characters."] {
        assert!(mistaken.main().contains(mistake), "{}", mistaken.main());
    }
    let made = app.guest_form(&link, &fields).send().await;
    assert_eq!(made.verdict(), "303 /w/head-office/projects?done=owner");
    let cookie = format!("keelway_session={}", made.session().unwrap());
    let home = app.get(made.header("location")).header("cookie", &cookie).send().await;
    assert!(home.text.contains("href=\"/admin\""), "{}", home.text);

    for answer in [app.get(&link).send().await, app.guest_form(&link, &fields).send().await] {
        assert_eq!(answer.verdict(), "410");
        assert!(answer.main().contains("keelway admin owner-link"), "{}", answer.main());
    }
    assert_eq!(app.get("/welcome/kwo_short").send().await.verdict(), "410");
}

#[tokio::test]
async fn somebody_signed_in_takes_over_under_a_new_cookie() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let link = app.owner_path(Occasion::Start).await;
    // An address that has an account has to sign in, and costs the link nothing.
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let taken = app.guest_form(&link, &fields).send().await;
    assert_eq!(taken.verdict(), "409");
    assert!(taken.main().contains("This address has an account"), "{}", taken.main());

    assert!(app.main_of(&link, &ada).await.contains("Become an owner"));
    let made = app.form(&link, &ada, &[]).send().await;
    assert_eq!(made.verdict(), format!("303 {}?done=owner", ada.at("/projects")));
    let cookie = format!("keelway_session={}", made.session().unwrap());
    assert_eq!(app.get("/admin").header("cookie", &cookie).send().await.verdict(), "200");
    // What was known of the session before is worth nothing now.
    let before = app.get(&ada.at("/projects")).by(&ada).send().await;
    assert_eq!(before.status, 303);

    let next = app.owner_path(Occasion::LockedOut).await;
    let page = app.get(&next).header("cookie", &cookie).send().await;
    assert!(page.main().contains("You are an owner already"), "{}", page.main());
    app.clock.advance(DAY_S);
    assert_eq!(app.get(&next).send().await.verdict(), "410");
}
