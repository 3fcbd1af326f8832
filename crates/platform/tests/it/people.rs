//! What people, owners and operators change, behind the memory that requests are answered from:
//! the clock stands still here, so whatever is remembered would be believed.

use std::sync::Arc;

use keelway_access::{
    AcceptError, Accepted, Attempts, DisplayName, Email, InvitationToken, Membership, Occasion,
    Password, Principal, RedeemError, Role, SessionToken, WorkspaceName,
};
use keelway_kernel::{Failure, Tier};
use keelway_local::{CachedAccounts, CachedSessions, Keep};
use keelway_platform::auth::{AuthError, SignInError, SignUpRequest, SignedInNow};
use keelway_platform::owner::{NotStaff, OwnerRefused};
use keelway_platform::people::{NewPassword, PasswordRefused, Renewed};
use keelway_platform::permit::right::{ManageMembers, ManageTenant, ViewMembers};
use keelway_platform::{Permit, Person, Platform, Ports, Right};

use crate::house::House;

pub(crate) const FIRST: &str = "a long and quiet river";
pub(crate) const SECOND: &str = "another quiet river";

/// The house's platform as the app puts it together.
pub(crate) fn remembering(house: &House) -> Platform {
    let (store, clock) = (house.store.clone(), house.clock.clone());
    let keep = Keep::default();
    let accounts = Arc::new(CachedAccounts::new(store.clone(), clock.clone(), keep));
    let sessions = Arc::new(CachedSessions::new(store, clock, keep));
    let ports = Ports {
        accounts: accounts.clone(),
        sessions: sessions.clone(),
        people: sessions.clone(),
        members: accounts.clone(),
        invitations: accounts,
        staff: sessions,
        ..house.platform.ports().clone()
    };
    let settings = house.platform.settings().clone();
    let settings = keelway_platform::Settings { new_tenant_tier: Tier::Enterprise, ..settings };
    Platform::new(ports, settings)
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn password(text: &str) -> Password {
    Password::presented(text).unwrap()
}

pub(crate) fn account(address: &str, workspace: Option<&str>) -> SignUpRequest {
    SignUpRequest {
        email: email(address),
        password: password(FIRST),
        name: None,
        workspace: workspace.map(|name| WorkspaceName::parse(name).unwrap()),
        user_agent: None,
        request_id: "req_sign_up".to_owned(),
    }
}

pub(crate) async fn sign_in(
    platform: &Platform,
    address: &str,
    with: &str,
) -> Result<SignedInNow, Failure<SignInError>> {
    platform.sign_in(&email(address), password(with), None, None, "req_sign_in").await
}

/// Who the holder of `token` is now, and where they belong.
pub(crate) async fn who(
    platform: &Platform,
    token: &SessionToken,
) -> Option<(Person, Vec<Membership>)> {
    match platform.recognise(&token.hash()).await {
        Ok(known) => {
            let user = known.profile.user.id;
            let person = Person { user, session: known.session, request_id: "req".to_owned() };
            Some((person, known.profile.memberships))
        }
        Err(Failure::Rejected(AuthError::SessionOver)) => None,
        Err(error) => panic!("{error}"),
    }
}

/// What the holder of `token` may do in their only workspace.
pub(crate) async fn permit<R: Right>(platform: &Platform, token: &SessionToken) -> Permit<R> {
    let principal = platform.authenticate(&token.hash(), None).await.unwrap();
    Permit::of(&principal, "req_permit").unwrap()
}

async fn role(platform: &Platform, token: &SessionToken) -> Option<Role> {
    match platform.authenticate(&token.hash(), None).await.unwrap() {
        Principal::Member { role, .. } => Some(role),
        _ => None,
    }
}

fn refusal<T, E: std::fmt::Debug>(answer: Result<T, Failure<E>>) -> E {
    match answer {
        Err(Failure::Rejected(refusal)) => refusal,
        Err(Failure::Store(error)) => panic!("{error}"),
        Ok(_) => panic!("a refusal was expected"),
    }
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_at_once_and_the_old_one_opens_none() {
    let house = House::new().await;
    let platform = remembering(&house);
    let here = platform.sign_up(account("ada@example.com", None)).await.unwrap();
    let there = sign_in(&platform, "ada@example.com", FIRST).await.unwrap();
    let (person, _) = who(&platform, &here.token).await.unwrap();
    assert!(who(&platform, &there.token).await.is_some());
    let wanted = NewPassword { current: password(FIRST), new: password(SECOND) };
    let Renewed { token, session } = platform.change_password(&person, wanted).await.unwrap();
    assert!(who(&platform, &here.token).await.is_none(), "the token known before is worth nothing");
    assert!(who(&platform, &there.token).await.is_none());
    let (person, _) = who(&platform, &token).await.unwrap();
    assert_eq!(platform.sessions(&person).await.unwrap(), [session]);
    let old = sign_in(&platform, "ada@example.com", FIRST).await;
    assert_eq!(refusal(old), SignInError::WrongCredentials);
    sign_in(&platform, "ada@example.com", SECOND).await.unwrap();
}

#[tokio::test]
async fn guessing_the_current_password_is_counted_apart_from_guesses_at_sign_in() {
    let house = House::new().await;
    let platform = remembering(&house);
    let here = platform.sign_up(account("ada@example.com", None)).await.unwrap();
    let (person, _) = who(&platform, &here.token).await.unwrap();
    let guess = async |current: &str| {
        let wanted = NewPassword { current: password(current), new: password(SECOND) };
        refusal(platform.change_password(&person, wanted).await)
    };
    // Somebody who knows nothing but the address.
    for _ in 0..=Attempts::FREE {
        assert!(sign_in(&platform, "ada@example.com", "a guess").await.is_err());
    }
    let blocked = sign_in(&platform, "ada@example.com", FIRST).await;
    assert!(matches!(refusal(blocked), SignInError::TooManyAttempts(_)));
    for _ in 0..=Attempts::FREE {
        assert_eq!(guess("a guess").await, PasswordRefused::WrongPassword);
    }
    assert!(matches!(guess(FIRST).await, PasswordRefused::TooManyAttempts(_)));
    house.clock.advance(1);
    let wanted = NewPassword { current: password(FIRST), new: password(SECOND) };
    platform.change_password(&person, wanted).await.unwrap();
}

#[tokio::test]
async fn sessions_that_are_over_are_not_listed_and_ended_ones_are_gone_at_once() {
    let house = House::new().await;
    let platform = remembering(&house);
    let policy = platform.settings().sessions;
    platform.sign_up(account("ada@example.com", None)).await.unwrap();
    house.clock.advance(policy.idle_s);
    let [one, two, here] = [(); 3].map(|()| sign_in(&platform, "ada@example.com", FIRST));
    let (one, two, here) = (one.await.unwrap(), two.await.unwrap(), here.await.unwrap());
    for token in [&one.token, &two.token] {
        assert!(who(&platform, token).await.is_some());
    }
    let (person, _) = who(&platform, &here.token).await.unwrap();
    let listed = platform.sessions(&person).await.unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!(listed.iter().filter(|session| session.hash == person.session).count(), 1);
    let ended = platform.end_session(&person, one.session.id()).await.unwrap();
    assert_eq!(ended, Some(one.session));
    assert!(who(&platform, &one.token).await.is_none());
    assert!(who(&platform, &two.token).await.is_some());
    assert_eq!(platform.end_other_sessions(&person).await.unwrap(), 1);
    assert!(who(&platform, &two.token).await.is_none());
    assert_eq!(platform.sessions(&person).await.unwrap(), [here.session]);
}

#[tokio::test]
async fn a_name_is_seen_at_once() {
    let house = House::new().await;
    let platform = remembering(&house);
    let here = platform.sign_up(account("ada@example.com", Some("Bakery"))).await.unwrap();
    let (person, _) = who(&platform, &here.token).await.unwrap();
    let name = DisplayName::parse("Ada").ok();
    platform.rename_person(&person, name.clone()).await.unwrap();
    let known = platform.recognise(&here.token.hash()).await.unwrap();
    assert_eq!(known.profile.user.name, name);

    let permit = permit::<ManageTenant>(&platform, &here.token).await;
    let name = WorkspaceName::parse("Patisserie").unwrap();
    platform.rename_workspace(&permit, name.clone()).await.unwrap();
    let (_, memberships) = who(&platform, &here.token).await.unwrap();
    assert_eq!(memberships[0].tenant.name, name);
}

#[tokio::test]
async fn joining_changing_and_leaving_hold_from_the_next_request_on() {
    let house = House::new().await;
    let platform = remembering(&house);
    let owner = platform.sign_up(account("ada@example.com", Some("Bakery"))).await.unwrap();
    let guest = platform.sign_up(account("bob@example.com", None)).await.unwrap();
    let manage = permit::<ManageMembers>(&platform, &owner.token).await;
    let join = async || {
        let invited = platform.invite(&manage, Role::Member, None).await.unwrap();
        let offer = platform.invitation(&invited.token).await.unwrap().unwrap();
        assert_eq!(offer.workspace.as_str(), "Bakery");
        let (person, _) = who(&platform, &guest.token).await.unwrap();
        let accepted = platform.accept_invitation(&person, &invited.token).await.unwrap();
        assert!(matches!(accepted, Accepted::Joined(_)), "{accepted:?}");
        assert_eq!(platform.invitation(&invited.token).await.unwrap(), None);
        assert_eq!(role(&platform, &guest.token).await, Some(Role::Member));
    };
    assert_eq!(role(&platform, &guest.token).await, None);
    join().await;
    platform.change_role(&manage, guest.user.id, Role::Viewer).await.unwrap();
    assert_eq!(role(&platform, &guest.token).await, Some(Role::Viewer));
    platform.remove_member(&manage, guest.user.id).await.unwrap();
    assert_eq!(role(&platform, &guest.token).await, None);
    join().await;
    let leave = permit::<ViewMembers>(&platform, &guest.token).await;
    platform.leave(&leave).await.unwrap();
    assert_eq!(role(&platform, &guest.token).await, None);
    let token = InvitationToken::generate(&*house.entropy);
    let (person, _) = who(&platform, &guest.token).await.unwrap();
    let unknown = platform.accept_invitation(&person, &token).await;
    assert_eq!(refusal(unknown), AcceptError::Unknown);
}

#[tokio::test]
async fn the_link_of_a_start_makes_one_operator_and_is_dead_from_then_on() {
    let house = House::new().await;
    let platform = remembering(&house);
    let ada = platform.sign_up(account("ada@example.com", None)).await.unwrap();
    let link = platform.owner_link(Occasion::Start, "start").await.unwrap().unwrap();
    assert!(platform.is_owner_link(&link).await.unwrap());
    let known = platform.recognise(&ada.token.hash()).await.unwrap();
    assert_eq!(known.operator("req").err(), Some(NotStaff));

    let taken = platform.own_with_account(&link, account("ADA@example.com", None)).await;
    assert_eq!(refusal(taken), OwnerRefused::Redeem(RedeemError::EmailTaken));
    let made = platform.own_with_account(&link, account("eve@example.com", Some("Ours"))).await;
    let made = made.unwrap();
    assert_eq!(made.memberships[0].role, Role::Owner);
    let known = platform.recognise(&made.token.hash()).await.unwrap();
    assert_eq!(known.operator("req").unwrap().user(), made.user.id);
    assert!(!platform.is_owner_link(&link).await.unwrap());
    let again = platform.own_with_account(&link, account("mal@example.com", None)).await;
    assert_eq!(refusal(again), OwnerRefused::Redeem(RedeemError::LinkDead));
    assert!(platform.owner_link(Occasion::Start, "start").await.unwrap().is_none());

    // Locked out: another link, for somebody signed in.
    let link = platform.owner_link(Occasion::LockedOut, "cli").await.unwrap().unwrap();
    let (person, _) = who(&platform, &ada.token).await.unwrap();
    let Renewed { token, .. } = platform.own(&link, &person).await.unwrap();
    assert!(who(&platform, &ada.token).await.is_none(), "the token of before is worth nothing");
    let known = platform.recognise(&token.hash()).await.unwrap();
    assert!(known.operator("req").is_ok());
}
