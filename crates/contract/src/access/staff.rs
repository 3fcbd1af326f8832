//! The platform's own people, and the link by which they come.

use crate::{Fixture, race, rejected, sorted};
use keelway_access::{
    AuditAction, IssueOwnerLink, NewOwner, Occasion, OwnerLink, Redeem, RedeemError, Rotation,
    SessionPolicy, SignUp, SignedUp, TokenHash,
};
use keelway_kernel::Actor;

crate::cases! {
    access_staff_cases in access::staff:
    a_start_makes_a_link_only_while_nobody_is_staff,
    there_are_never_two_links,
    a_newcomer_gets_everything_at_once,
    somebody_signed_in_gets_a_new_token,
    no_session_but_the_one_that_followed_the_link_ever_becomes_an_operators,
    a_link_is_never_good_twice,
    raced_by_many_a_link_makes_exactly_one_owner,
    a_refusal_never_uses_the_link_up,
    an_old_link_is_never_good,
}

async fn issue(fx: &Fixture, occasion: Occasion) -> (TokenHash, Option<OwnerLink>) {
    let token = fx.token();
    let cmd = IssueOwnerLink { token, occasion, request_id: "req_start".into() };
    (token, fx.store.staff.issue_owner_link(cmd).await.unwrap())
}

fn newcomer(fx: &Fixture, token: TokenHash) -> (Redeem, SignUp) {
    let workspace = Some(fx.new_tenant("Platform"));
    let account = SignUp { workspace, ..fx.sign_up(&fx.email()) };
    (Redeem { token, by: NewOwner::Newcomer(Box::new(account.clone())) }, account)
}

fn signed_in(fx: &Fixture, token: TokenHash, person: &SignedUp) -> Redeem {
    let policy = SessionPolicy::default();
    let rotation = Rotation { from: person.session.hash, to: fx.token(), policy };
    let (user, request_id) = (person.user.id, "req_own".into());
    Redeem { token, by: NewOwner::Person { user, rotation, request_id } }
}

async fn is_good(fx: &Fixture, token: TokenHash) -> bool {
    let link = fx.store.staff.find_owner_link(&token).await.unwrap();
    OwnerLink::redeem(link, fx.now()).is_ok()
}

async fn last_actions(fx: &Fixture, count: usize) -> Vec<AuditAction> {
    let trail = fx.store.audit_trail.entries(None).await;
    trail.iter().skip(trail.len() - count).map(|entry| entry.action).collect()
}

async fn a_start_makes_a_link_only_while_nobody_is_staff(fx: Fixture) {
    fx.person().await;
    let (token, link) = issue(&fx, Occasion::Start).await;
    assert_eq!(link.unwrap().expires_at, fx.now().plus_seconds(OwnerLink::LIFETIME_S));
    assert_eq!(last_actions(&fx, 1).await, [AuditAction::OwnerLinkIssued]);
    fx.store.staff.redeem(newcomer(&fx, token).0).await.unwrap();
    let (token, link) = issue(&fx, Occasion::Start).await;
    assert_eq!((link, is_good(&fx, token).await), (None, false));
    let (token, link) = issue(&fx, Occasion::LockedOut).await;
    assert!(link.is_some() && is_good(&fx, token).await);
    fx.store.staff.redeem(newcomer(&fx, token).0).await.unwrap();
}

async fn there_are_never_two_links(fx: Fixture) {
    let (first, _) = issue(&fx, Occasion::Start).await;
    let (second, _) = issue(&fx, Occasion::LockedOut).await;
    let (third, _) = issue(&fx, Occasion::Start).await;
    for (token, good) in [(first, false), (second, false), (third, true)] {
        assert_eq!(is_good(&fx, token).await, good);
    }
    let refusal = rejected(fx.store.staff.redeem(newcomer(&fx, first).0).await);
    assert_eq!(refusal, RedeemError::LinkDead);
}

async fn a_newcomer_gets_everything_at_once(fx: Fixture) {
    let (token, _) = issue(&fx, Occasion::Start).await;
    let (cmd, account) = newcomer(&fx, token);
    let made = fx.store.staff.redeem(cmd).await.unwrap();
    assert_eq!((made.user.id, made.user.staff_since), (account.user, Some(fx.now())));
    let found = fx.store.sessions.find(&account.session.hash).await.unwrap();
    assert_eq!(found, Some((made.session, made.user)));
    let memberships = fx.store.accounts.memberships(account.user).await.unwrap();
    assert_eq!(memberships[0].tenant, made.tenant.unwrap());
    assert_eq!(last_actions(&fx, 2).await, [AuditAction::SignUp, AuditAction::StaffAdded]);
    let other = fx.person().await;
    assert!(!other.user.is_staff());
}

async fn somebody_signed_in_gets_a_new_token(fx: Fixture) {
    let (person, other) = (fx.person().await, fx.person().await);
    let (token, _) = issue(&fx, Occasion::Start).await;
    let made = fx.store.staff.redeem(signed_in(&fx, token, &person)).await.unwrap();
    assert!(made.user.is_staff() && made.session.hash != person.session.hash);
    assert_eq!(fx.store.sessions.find(&person.session.hash).await.unwrap(), None);
    let found = fx.store.sessions.find(&made.session.hash).await.unwrap();
    assert_eq!(found, Some((made.session, made.user)));
    let trail = fx.store.audit_trail.entries(None).await;
    let last = trail.last().unwrap();
    assert_eq!((last.action, last.actor.user), (AuditAction::StaffAdded, Some(person.user.id)));
    let found = fx.store.accounts.find_user(other.user.id).await.unwrap();
    assert!(!found.unwrap().is_staff());
}

async fn no_session_but_the_one_that_followed_the_link_ever_becomes_an_operators(fx: Fixture) {
    let (person, other) = (fx.person().await, fx.person().await);
    let elsewhere = fx.store.sessions.sign_in(fx.sign_in(person.user.id)).await.unwrap();
    // What is remembered of it must be forgotten too.
    assert!(fx.store.sessions.find(&elsewhere.hash).await.unwrap().is_some());
    let (token, _) = issue(&fx, Occasion::Start).await;
    let made = fx.store.staff.redeem(signed_in(&fx, token, &person)).await.unwrap();
    assert_eq!(fx.store.sessions.find(&elsewhere.hash).await.unwrap(), None);
    assert_eq!(fx.store.people.sessions(person.user.id).await.unwrap(), [made.session]);
    assert!(fx.store.sessions.find(&other.session.hash).await.unwrap().is_some());
}

async fn a_link_is_never_good_twice(fx: Fixture) {
    let (token, _) = issue(&fx, Occasion::Start).await;
    fx.store.staff.redeem(newcomer(&fx, token).0).await.unwrap();
    let (cmd, account) = newcomer(&fx, token);
    let refusal = rejected(fx.store.staff.redeem(cmd).await);
    assert_eq!(refusal, RedeemError::LinkDead);
    assert_eq!(fx.store.accounts.find_user(account.user).await.unwrap(), None);
}

async fn raced_by_many_a_link_makes_exactly_one_owner(fx: Fixture) {
    let mut people = Vec::new();
    for _ in 0..4 {
        people.push(fx.person().await);
    }
    let (token, _) = issue(&fx, Occasion::Start).await;
    let mut commands: Vec<_> = people.iter().map(|one| signed_in(&fx, token, one)).collect();
    let newcomers: Vec<_> = (0..12).map(|_| newcomer(&fx, token)).collect();
    commands.extend(newcomers.iter().map(|(cmd, _)| cmd.clone()));
    let answers = race(16, |number| {
        let (staff, cmd) = (fx.store.staff.clone(), commands[number].clone());
        async move { staff.redeem(cmd).await }
    })
    .await;
    let (made, refused) = sorted(answers);
    assert_eq!((made.len(), refused.len()), (1, 15));
    assert!(refused.iter().all(|refusal| *refusal == RedeemError::LinkDead), "{refused:?}");
    let mut owners = 0;
    let accounts = newcomers.iter().map(|(_, account)| account.user);
    for user in people.iter().map(|person| person.user.id).chain(accounts) {
        let found = fx.store.accounts.find_user(user).await.unwrap();
        owners += usize::from(found.is_some_and(|user| user.is_staff()));
    }
    assert_eq!(owners, 1);
}

async fn a_refusal_never_uses_the_link_up(fx: Fixture) {
    let (person, gone) = (fx.person().await, fx.person().await);
    let (token, _) = issue(&fx, Occasion::Start).await;
    let account = fx.sign_up(person.user.email.as_str());
    let known = Redeem { token, by: NewOwner::Newcomer(Box::new(account)) };
    assert_eq!(rejected(fx.store.staff.redeem(known).await), RedeemError::EmailTaken);
    let actor = Actor { user: Some(gone.user.id), request_id: "req".into() };
    fx.store.sessions.sign_out(&gone.session.hash, &actor).await.unwrap();
    let over = signed_in(&fx, token, &gone);
    assert_eq!(rejected(fx.store.staff.redeem(over).await), RedeemError::SessionOver);
    let mut stolen = gone.clone();
    stolen.session = person.session.clone();
    let stolen = signed_in(&fx, token, &stolen);
    assert_eq!(rejected(fx.store.staff.redeem(stolen).await), RedeemError::SessionOver);
    fx.store.staff.redeem(signed_in(&fx, token, &person)).await.unwrap();
}

async fn an_old_link_is_never_good(fx: Fixture) {
    let (token, link) = issue(&fx, Occasion::Start).await;
    fx.clock.set(link.unwrap().expires_at);
    let refusal = rejected(fx.store.staff.redeem(newcomer(&fx, token).0).await);
    assert_eq!(refusal, RedeemError::LinkDead);
    fx.clock.advance(-1);
    fx.store.staff.redeem(newcomer(&fx, token).0).await.unwrap();
}
