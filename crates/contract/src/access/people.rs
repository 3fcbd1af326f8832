//! What people change about themselves.

use crate::{Fixture, password, race, rejected, sorted};
use keelway_access::{
    Attempts, AuditAction, ChangePassword, ChangePasswordError, DisplayName, EndSession,
    PasswordHash, RenamePerson, Rotation, Session, SessionPolicy, SignIn, SignedUp,
    StaleCredentials,
};
use keelway_kernel::{Actor, UserId};

crate::cases! {
    access_people_cases in access::people:
    sessions_come_last_used_first_and_are_only_the_persons,
    ending_one_ends_exactly_that_session_and_never_another_persons,
    ending_the_others_keeps_exactly_one,
    a_new_password_ends_all_other_sessions_and_renews_this_one,
    two_changes_that_checked_the_same_password_never_both_succeed,
    a_sign_in_that_checked_an_old_password_never_opens_a_session,
    raced_with_a_change_no_sign_in_ever_puts_the_old_password_back,
    a_session_that_ended_never_changes_the_password,
    a_name_is_seen_with_every_session_and_the_same_name_is_never_a_change,
}

fn by(user: UserId) -> Actor {
    Actor { user: Some(user), request_id: "req_people".into() }
}

async fn sign_in(fx: &Fixture, user: UserId) -> Session {
    fx.store.sessions.sign_in(fx.sign_in(user)).await.unwrap()
}

async fn is_live(fx: &Fixture, session: &Session) -> bool {
    fx.store.sessions.find(&session.hash).await.unwrap().is_some()
}

async fn last_action(fx: &Fixture) -> (AuditAction, Option<UserId>) {
    let trail = fx.store.audit_trail.entries(None).await;
    let last = trail.last().unwrap();
    (last.action, last.actor.user)
}

async fn sessions_come_last_used_first_and_are_only_the_persons(fx: Fixture) {
    let (person, other) = (fx.person().await, fx.person().await);
    let (one, user) = (person.session, person.user.id);
    fx.clock.advance(60);
    let two = sign_in(&fx, user).await;
    fx.clock.advance(SessionPolicy::default().renew_every_s);
    let touched = fx.store.sessions.touch(&one.hash, &SessionPolicy::default()).await;
    let one = touched.unwrap().unwrap();
    assert_eq!(fx.store.people.sessions(user).await.unwrap(), [one, two]);
    let others = fx.store.people.sessions(other.user.id).await.unwrap();
    assert_eq!(others, [other.session]);
}

async fn ending_one_ends_exactly_that_session_and_never_another_persons(fx: Fixture) {
    let (person, other) = (fx.person().await, fx.person().await);
    let user = person.user.id;
    let (two, three) = (sign_in(&fx, user).await, sign_in(&fx, user).await);
    let end = async |user, session: &Session| {
        let cmd = EndSession { user, session: session.id(), actor: by(user) };
        fx.store.people.end_session(cmd).await.unwrap()
    };
    assert_eq!(end(other.user.id, &two).await, None);
    assert!(is_live(&fx, &two).await);
    let entries = fx.store.audit_trail.entries(None).await.len();
    assert_eq!(end(user, &two).await.as_ref(), Some(&two));
    assert_eq!(end(user, &two).await, None, "ended once");
    assert_eq!(fx.store.audit_trail.entries(None).await.len(), entries + 1);
    assert_eq!(last_action(&fx).await, (AuditAction::SessionRevoked, Some(user)));
    let live = [is_live(&fx, &person.session).await, is_live(&fx, &two).await];
    assert_eq!((live, is_live(&fx, &three).await), ([true, false], true));
}

async fn ending_the_others_keeps_exactly_one(fx: Fixture) {
    let (person, other) = (fx.person().await, fx.person().await);
    let user = person.user.id;
    let kept = sign_in(&fx, user).await;
    sign_in(&fx, user).await;
    let ended = fx.store.people.end_others(user, &kept.hash, &by(user)).await;
    assert_eq!(ended.unwrap(), 2);
    assert_eq!(last_action(&fx).await, (AuditAction::OtherSessionsRevoked, Some(user)));
    assert_eq!(fx.store.people.sessions(user).await.unwrap(), [kept]);
    assert!(is_live(&fx, &other.session).await);
}

fn hash(cost: &str) -> PasswordHash {
    PasswordHash::parse(&password().as_str().replace("m=8", cost)).unwrap()
}

fn change(fx: &Fixture, person: &SignedUp, new: &PasswordHash) -> ChangePassword {
    let policy = SessionPolicy::default();
    ChangePassword {
        user: person.user.id,
        checked: password(),
        password: new.clone(),
        rotation: Rotation { from: person.session.hash, to: fx.token(), policy },
        actor: by(person.user.id),
    }
}

async fn stored(fx: &Fixture, person: &SignedUp) -> PasswordHash {
    fx.store.accounts.begin_sign_in(&person.user.email).await.unwrap().unwrap().password
}

async fn a_new_password_ends_all_other_sessions_and_renews_this_one(fx: Fixture) {
    let (person, other) = (fx.person().await, fx.person().await);
    let user = person.user.id;
    sign_in(&fx, user).await;
    fx.clock.advance(60);
    for _ in 0..=Attempts::FREE {
        fx.store.accounts.begin_sign_in(&person.user.email).await.unwrap();
    }
    let cmd = change(&fx, &person, &hash("m=16"));
    let renewed = fx.store.people.change_password(cmd.clone()).await.unwrap();
    assert_eq!((renewed.hash, renewed.created_at), (cmd.rotation.to, fx.now()));
    assert_eq!(renewed.user_agent, person.session.user_agent);
    assert_eq!(last_action(&fx).await, (AuditAction::PasswordChanged, Some(user)));
    assert_eq!(fx.store.people.sessions(user).await.unwrap(), [renewed]);
    assert!(is_live(&fx, &other.session).await);
    assert_eq!(stored(&fx, &person).await, hash("m=16"), "and the attempts are forgiven");
    assert_eq!(stored(&fx, &other).await, password());
}

async fn two_changes_that_checked_the_same_password_never_both_succeed(fx: Fixture) {
    for _ in 0..4 {
        let person = fx.person().await;
        let mut second = person.clone();
        second.session = sign_in(&fx, person.user.id).await;
        let commands: Vec<_> = (0..16)
            .map(|n| change(&fx, if n % 2 == 0 { &person } else { &second }, &hash("m=16")))
            .collect();
        let answers = race(16, |number| {
            let (people, cmd) = (fx.store.people.clone(), commands[number].clone());
            async move { people.change_password(cmd).await }
        })
        .await;
        let (changed, _) = sorted(answers);
        assert_eq!(changed.len(), 1);
        let live = fx.store.people.sessions(person.user.id).await.unwrap();
        assert_eq!(live, changed);
    }
    let person = fx.person().await;
    let late = ChangePassword { checked: hash("m=24"), ..change(&fx, &person, &hash("m=16")) };
    let refusal = rejected(fx.store.people.change_password(late).await);
    assert_eq!(refusal, ChangePasswordError::Changed);
}

async fn a_sign_in_that_checked_an_old_password_never_opens_a_session(fx: Fixture) {
    let person = fx.person().await;
    let (user, email) = (person.user.id, &person.user.email);
    let change = change(&fx, &person, &hash("m=16"));
    let renewed = fx.store.people.change_password(change).await.unwrap();
    for _ in 0..=Attempts::FREE {
        fx.store.accounts.begin_sign_in(email).await.unwrap();
    }
    let entries = fx.store.audit_trail.entries(None).await.len();
    for rehashed in [None, Some(hash("m=24"))] {
        let late = SignIn { rehashed, replaces: Some(renewed.hash), ..fx.sign_in(user) };
        let refusal = rejected(fx.store.sessions.sign_in(late.clone()).await);
        assert_eq!(refusal, StaleCredentials);
        assert!(fx.store.sessions.find(&late.session.hash).await.unwrap().is_none());
    }
    let live = fx.store.people.sessions(user).await.unwrap();
    assert_eq!(live, [renewed], "neither opened nor replaced");
    assert_eq!(fx.store.audit_trail.entries(None).await.len(), entries);
    // The attempts still count.
    rejected(fx.store.accounts.begin_sign_in(email).await);
    fx.clock.advance(1);
    assert_eq!(stored(&fx, &person).await, hash("m=16"));
}

async fn raced_with_a_change_no_sign_in_ever_puts_the_old_password_back(fx: Fixture) {
    for round in 0..8 {
        let person = fx.person().await;
        // One of the sign-ins at most hashes the old password anew, which the change may lose to.
        let outdated = if round % 2 == 0 { Some(round) } else { None };
        let change = change(&fx, &person, &hash("m=16"));
        let answers = race(16, |number| {
            let store = fx.store.clone();
            let rehashed = (Some(number) == outdated).then(|| hash("m=24"));
            let late = SignIn { rehashed, ..fx.sign_in(person.user.id) };
            let change = (number == 8).then(|| change.clone());
            async move {
                let Some(change) = change else {
                    sorted(vec![store.sessions.sign_in(late).await]);
                    return None;
                };
                sorted(vec![store.people.change_password(change).await]).0.pop()
            }
        })
        .await;
        let changed: Vec<_> = answers.into_iter().flatten().collect();
        if changed.is_empty() {
            assert!(outdated.is_some(), "nothing else comes before the change");
            assert_eq!(stored(&fx, &person).await, hash("m=24"));
        } else {
            let live = fx.store.people.sessions(person.user.id).await.unwrap();
            assert_eq!(live, changed);
            assert_eq!(stored(&fx, &person).await, hash("m=16"));
        }
    }
}

async fn a_session_that_ended_never_changes_the_password(fx: Fixture) {
    let (person, other) = (fx.person().await, fx.person().await);
    let cmd = change(&fx, &person, &hash("m=16"));
    let (hash, actor) = (&person.session.hash, by(person.user.id));
    fx.store.sessions.sign_out(hash, &actor).await.unwrap();
    let refusal = rejected(fx.store.people.change_password(cmd.clone()).await);
    assert_eq!(refusal, ChangePasswordError::SessionOver);
    let mut stolen = cmd;
    stolen.rotation.from = other.session.hash;
    let refusal = rejected(fx.store.people.change_password(stolen).await);
    assert_eq!(refusal, ChangePasswordError::SessionOver);
    assert!(is_live(&fx, &other.session).await);
    assert_eq!(stored(&fx, &person).await, password());
    assert_eq!(fx.store.people.sessions(person.user.id).await.unwrap(), []);
}

async fn a_name_is_seen_with_every_session_and_the_same_name_is_never_a_change(fx: Fixture) {
    let person = fx.person().await;
    let user = person.user.id;
    let rename = async |name: Option<&str>| {
        let name = name.map(|name| DisplayName::parse(name).unwrap());
        let cmd = RenamePerson { user, name: name.clone(), actor: by(user) };
        let renamed = fx.store.people.rename_person(cmd).await.unwrap();
        let found = fx.store.sessions.find(&person.session.hash).await.unwrap();
        assert_eq!((&renamed.name, found.unwrap().1), (&name, renamed.clone()));
        fx.store.audit_trail.entries(None).await.len()
    };
    let before = fx.store.audit_trail.entries(None).await.len();
    assert_eq!(rename(Some("Grace")).await, before + 1);
    assert_eq!(last_action(&fx).await, (AuditAction::PersonRenamed, Some(user)));
    assert_eq!(rename(Some("Grace")).await, before + 1);
    assert_eq!(rename(None).await, before + 2);
}
