//! What the tokens and tickets for following a build end with.

use keelway_access::ports::Sessions as _;
use keelway_access::{KeyScope, Principal, Role, SessionToken};
use keelway_builds::ProjectName;
use keelway_contract::{actor, amount};
use keelway_credits::{AddGrant, GrantSource, Terms};
use keelway_kernel::{ApiKeyId, BuildId, Clock as _, GrantId, Once, Tier};
use keelway_platform::auth::SignedInNow;
use keelway_platform::builds::ForProject;
use keelway_platform::events::ViewerPass;
use keelway_platform::people::NewPassword;
use keelway_platform::permit::right::{IssueViewerToken, ManageMembers, SubmitBuild};
use keelway_platform::{Permit, Person, Platform};
use keelway_signing::ViewerClaims;
use keelway_signing::viewer::LIFETIME_S;

use crate::house::{House, request};
use crate::people::{FIRST, SECOND, account, password, permit, remembering, sign_in, who};

/// A build, and who asked for it.
struct Asked {
    house: House,
    /// What requests are answered from, with its memory.
    platform: Platform,
    ada: SignedInNow,
    build: BuildId,
}

impl Asked {
    async fn new() -> Self {
        let house = House::new().await;
        let platform = remembering(&house);
        let ada = platform.sign_up(account("ada@example.com", Some("Bakery"))).await.unwrap();
        let submit = permit::<SubmitBuild>(&platform, &ada.token).await;
        let grant = AddGrant {
            grant: GrantId::generate(house.clock.now(), &*house.entropy),
            amount: amount(1_000),
            terms: Terms::unlimited(GrantSource::Purchase),
            actor: actor(),
        };
        platform.ports().ledger.grant(submit.scope(), grant).await.unwrap();
        let project = ForProject::Named(ProjectName::parse("Bread").unwrap());
        let submitted = platform.submit_build(&submit, request(), project, None).await.unwrap();
        let Once::Fresh(submitted) = submitted else { unreachable!("without a key") };
        Self { house, platform, ada, build: submitted.build.id }
    }

    async fn issue(&self, permit: &Permit<IssueViewerToken>) -> ViewerPass {
        self.platform.issue_viewer_pass(permit, self.build).await.unwrap().unwrap()
    }

    /// One that was asked for with this session.
    async fn pass(&self, session: &SessionToken) -> ViewerPass {
        self.issue(&permit(&self.platform, session).await).await
    }

    async fn person(&self, session: &SessionToken) -> Person {
        who(&self.platform, session).await.unwrap().0
    }

    async fn again(&self) -> SignedInNow {
        sign_in(&self.platform, "ada@example.com", FIRST).await.unwrap()
    }

    /// Whether the token lets anybody in, here and at another process.
    async fn lets_in(&self, pass: &ViewerPass) -> [bool; 2] {
        let at = async |at: &Platform| at.viewer(&pass.token).await.unwrap().is_some();
        [at(&self.platform).await, at(&self.house.elsewhere).await]
    }

    /// Whether an open stream would go on, here and at another process.
    async fn goes_on(&self, viewer: &Principal) -> [bool; 2] {
        let at = async |at: &Platform| at.may_still_follow(viewer, self.build).await.unwrap();
        [at(&self.platform).await, at(&self.house.elsewhere).await]
    }

    async fn by_token(&self, pass: &ViewerPass) -> Principal {
        self.platform.viewer(&pass.token).await.unwrap().unwrap()
    }

    async fn by_ticket(&self, pass: &ViewerPass) -> Principal {
        self.platform.redeem_ticket(&pass.ticket.hash()).await.unwrap().unwrap()
    }
}

/// How a session ends.
#[derive(Debug, Clone, Copy)]
enum Ending {
    SignOut,
    /// By name, from another one.
    Ended,
    /// With all others, from another one.
    EndedWithOthers,
    /// By a new password, set from another one.
    PasswordElsewhere,
    /// By a new password, set from this one.
    PasswordHere,
}

impl Ending {
    const ALL: [Self; 5] = [
        Self::SignOut,
        Self::Ended,
        Self::EndedWithOthers,
        Self::PasswordElsewhere,
        Self::PasswordHere,
    ];

    /// Ends `there`, and gives a session that did not end.
    async fn of(self, there: &SignedInNow, asked: &Asked) -> SessionToken {
        let platform = &asked.platform;
        let kept = asked.ada.token.clone();
        let (here, ended) = (asked.person(&kept).await, asked.person(&there.token).await);
        let new = NewPassword { current: password(FIRST), new: password(SECOND) };
        match self {
            Self::SignOut => platform.sign_out(&ended).await.unwrap(),
            Self::Ended => {
                platform.end_session(&here, there.session.id()).await.unwrap().unwrap();
            }
            Self::EndedWithOthers => {
                assert_eq!(platform.end_other_sessions(&here).await.unwrap(), 1);
            }
            Self::PasswordElsewhere => {
                return platform.change_password(&here, new).await.unwrap().token;
            }
            Self::PasswordHere => {
                return platform.change_password(&ended, new).await.unwrap().token;
            }
        }
        kept
    }
}

#[tokio::test]
async fn a_pass_ends_with_the_session_that_asked_for_it() {
    for ending in Ending::ALL {
        let asked = Asked::new().await;
        let there = asked.again().await;
        let (pass, spent) = (asked.pass(&there.token).await, asked.pass(&there.token).await);
        let streams = [asked.by_token(&pass).await, asked.by_ticket(&spent).await];
        assert_eq!(asked.lets_in(&pass).await, [true; 2]);
        for viewer in &streams {
            assert_eq!(asked.goes_on(viewer).await, [true; 2]);
        }

        let kept = ending.of(&there, &asked).await;
        assert_eq!(asked.lets_in(&pass).await, [false; 2], "{ending:?}");
        let redeemed = asked.house.elsewhere.redeem_ticket(&pass.ticket.hash()).await;
        assert_eq!(redeemed, Ok(None), "{ending:?}");
        for viewer in &streams {
            assert_eq!(asked.goes_on(viewer).await, [false; 2], "{ending:?}: {viewer:?}");
        }
        assert_eq!(asked.lets_in(&asked.pass(&kept).await).await, [true; 2], "{ending:?}");
    }
}

#[tokio::test]
async fn a_pass_outlives_other_sessions_than_its_own() {
    let asked = Asked::new().await;
    let there = asked.again().await;
    let pass = asked.pass(&asked.ada.token).await;
    let viewer = asked.by_token(&pass).await;
    asked.platform.sign_out(&asked.person(&there.token).await).await.unwrap();
    assert_eq!(asked.lets_in(&pass).await, [true; 2]);
    assert_eq!(asked.goes_on(&viewer).await, [true; 2]);
    asked.by_ticket(&pass).await;
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it_and_with_no_ticket() {
    let asked = Asked::new().await;
    let pass = asked.pass(&asked.ada.token).await;
    let (by_token, by_ticket) = (asked.by_token(&pass).await, asked.by_ticket(&pass).await);
    asked.house.clock.advance(LIFETIME_S - 1);
    assert_eq!(asked.goes_on(&by_token).await, [true; 2]);
    asked.house.clock.advance(1);
    assert_eq!(asked.goes_on(&by_token).await, [false; 2]);
    assert_eq!(asked.goes_on(&by_ticket).await, [true; 2]);

    // Looking whether the session goes on is no use of it.
    let idle_s = asked.platform.settings().sessions.idle_s;
    asked.house.clock.advance(idle_s - LIFETIME_S - 1);
    assert_eq!(asked.goes_on(&by_ticket).await, [true; 2]);
    asked.house.clock.advance(1);
    assert_eq!(asked.goes_on(&by_ticket).await, [false; 2]);
}

#[tokio::test]
async fn the_pass_of_an_api_key_ends_with_the_membership_and_with_no_session() {
    let asked = Asked::new().await;
    let platform = &asked.platform;
    let bob = platform.sign_up(account("bob@example.com", None)).await.unwrap();
    let manage = permit::<ManageMembers>(platform, &asked.ada.token).await;
    let invited = platform.invite(&manage, Role::Member, None).await.unwrap();
    let person = asked.person(&bob.token).await;
    platform.accept_invitation(&person, &invited.token).await.unwrap();

    let key = Principal::ApiKey {
        key: ApiKeyId::generate(asked.house.clock.now(), &*asked.house.entropy),
        user: bob.user.id,
        tenant: manage.scope().tenant(),
        tier: Tier::Enterprise,
        scopes: [KeyScope::BuildsRead].into(),
    };
    let permit = Permit::of(&key, "req_issue").unwrap();
    let (pass, spent) = (asked.issue(&permit).await, asked.issue(&permit).await);
    let viewer = asked.by_ticket(&spent).await;
    platform.sign_out(&person).await.unwrap();
    assert_eq!(asked.lets_in(&pass).await, [true; 2]);
    assert_eq!(asked.goes_on(&viewer).await, [true; 2]);
    assert_eq!(asked.by_ticket(&pass).await, viewer);

    platform.remove_member(&manage, bob.user.id).await.unwrap();
    assert_eq!(asked.lets_in(&pass).await, [false; 2]);
    assert_eq!(asked.goes_on(&viewer).await, [false; 2]);
}

#[tokio::test]
async fn a_token_of_a_version_that_named_no_session_lasts_its_ten_minutes() {
    let asked = Asked::new().await;
    let tenant = asked.ada.memberships[0].tenant.id;
    let claims =
        ViewerClaims { user: asked.ada.user.id, tenant, build: asked.build, session: None };
    let key = &asked.platform.settings().viewer_keys.current;
    let (token, expires_at) = claims.issue(key, asked.house.clock.now());
    let old = ViewerPass { token, expires_at, ..asked.pass(&asked.ada.token).await };
    let viewer = asked.by_token(&old).await;
    asked.platform.sign_out(&asked.person(&asked.ada.token).await).await.unwrap();
    asked.house.clock.advance(LIFETIME_S - 1);
    assert_eq!(asked.lets_in(&old).await, [true; 2]);
    assert_eq!(asked.goes_on(&viewer).await, [true; 2]);
    asked.house.clock.advance(1);
    assert_eq!(asked.lets_in(&old).await, [false; 2]);
    assert_eq!(asked.goes_on(&viewer).await, [false; 2]);
}

#[tokio::test]
async fn whoever_polls_with_a_token_is_answered_from_memory() {
    let asked = Asked::new().await;
    let pass = asked.pass(&asked.ada.token).await;
    let viewer = asked.by_token(&pass).await;
    // Behind the memory's back: what it believes for a second more was not read.
    asked.house.store.sign_out(&asked.ada.token.hash(), &actor()).await.unwrap();
    assert_eq!(asked.lets_in(&pass).await, [true, false]);
    assert_eq!(asked.goes_on(&viewer).await, [true, false]);
    asked.house.clock.advance(1);
    assert_eq!(asked.lets_in(&pass).await, [false; 2]);
    assert_eq!(asked.goes_on(&viewer).await, [false; 2]);
}
