//! Sessions from sign-in to their end.

use crate::{Fixture, password, race};
use keelway_access::{
    AuditAction, NewSession, PasswordHash, Session, SessionPolicy, SignIn, SignedUp, TokenHash,
};
use keelway_kernel::Actor;

crate::cases! {
    access_sessions_cases in access::sessions:
    signing_in_opens_a_session_that_is_found,
    an_unknown_token_finds_nothing,
    the_replaced_session_ends,
    a_better_hash_is_kept,
    a_session_is_renewed_only_when_it_is_due,
    a_session_that_is_over_is_never_touched,
    touching_never_brings_an_ended_session_back,
    signing_out_ends_exactly_that_session,
    revoking_ends_exactly_the_persons_sessions,
    exactly_the_expired_sessions_are_swept,
}

fn actor(person: &SignedUp) -> Actor {
    Actor { user: Some(person.user.id), request_id: "req_end".into() }
}

async fn find(fx: &Fixture, token: &TokenHash) -> Option<Session> {
    let found = fx.store.sessions.find(token).await.unwrap();
    found.map(|(session, _)| session)
}

async fn signing_in_opens_a_session_that_is_found(fx: Fixture) {
    let person = fx.person().await;
    fx.clock.advance(60);
    let cmd = fx.sign_in(person.user.id);
    let session = fx.store.sessions.sign_in(cmd.clone()).await.unwrap();
    assert_eq!(session, cmd.session.open(person.user.id, fx.now()));
    let found = fx.store.sessions.find(&session.hash).await.unwrap();
    assert_eq!(found, Some((session, person.user.clone())));
    let trail = fx.store.audit_trail.entries(None).await;
    let last = trail.last().unwrap();
    assert_eq!(
        (last.action, last.actor.user, &last.actor.request_id),
        (AuditAction::SignIn, Some(person.user.id), &cmd.request_id)
    );
    assert!(find(&fx, &person.session.hash).await.is_some());
}

async fn an_unknown_token_finds_nothing(fx: Fixture) {
    fx.person().await;
    let (token, policy) = (fx.token(), SessionPolicy::default());
    assert_eq!(find(&fx, &token).await, None);
    let touched = fx.store.sessions.touch(&token, &policy).await;
    assert_eq!(touched.unwrap(), None);
}

async fn the_replaced_session_ends(fx: Fixture) {
    let person = fx.person().await;
    let cmd = SignIn { replaces: Some(person.session.hash), ..fx.sign_in(person.user.id) };
    let session = fx.store.sessions.sign_in(cmd).await.unwrap();
    assert_eq!(find(&fx, &person.session.hash).await, None);
    assert_eq!(find(&fx, &session.hash).await, Some(session));
}

async fn a_better_hash_is_kept(fx: Fixture) {
    let person = fx.person().await;
    let better = PasswordHash::parse(&password().as_str().replace("m=8", "m=16")).unwrap();
    let rehashed = Some(better.clone());
    for (checked, rehashed, kept) in [
        (password(), None, password()),
        (password(), rehashed, better.clone()),
        (better.clone(), None, better),
    ] {
        let cmd = SignIn { checked, rehashed, ..fx.sign_in(person.user.id) };
        fx.store.sessions.sign_in(cmd).await.unwrap();
        let credentials = fx.store.accounts.begin_sign_in(&person.user.email).await;
        assert_eq!(credentials.unwrap().unwrap().password, kept);
    }
}

async fn a_session_is_renewed_only_when_it_is_due(fx: Fixture) {
    let person = fx.person().await;
    let policy = SessionPolicy::default();
    let touch = async || {
        let touched = fx.store.sessions.touch(&person.session.hash, &policy).await;
        let touched = touched.unwrap().unwrap();
        assert_eq!(find(&fx, &person.session.hash).await.as_ref(), Some(&touched));
        touched
    };
    fx.clock.advance(policy.renew_every_s - 1);
    assert_eq!(touch().await, person.session);
    fx.clock.advance(1);
    let renewed = touch().await;
    assert_eq!(renewed.last_seen_at, fx.now());
    assert_eq!(renewed.expires_at, fx.now().plus_seconds(policy.idle_s));
    assert_eq!(renewed.created_at, person.session.created_at);
}

async fn a_session_that_is_over_is_never_touched(fx: Fixture) {
    let person = fx.person().await;
    fx.clock.set(person.session.expires_at);
    let policy = SessionPolicy::default();
    let touched = fx.store.sessions.touch(&person.session.hash, &policy).await;
    assert_eq!(touched.unwrap(), None);

    let strict = SessionPolicy { idle_s: 60, ..policy };
    fx.clock.set(person.session.created_at.plus_seconds(60));
    let touched = fx.store.sessions.touch(&person.session.hash, &strict).await;
    assert_eq!(touched.unwrap(), None);
    let touched = fx.store.sessions.touch(&person.session.hash, &policy).await;
    assert_eq!(touched.unwrap(), Some(person.session));
}

async fn touching_never_brings_an_ended_session_back(fx: Fixture) {
    let person = fx.person().await;
    let policy = SessionPolicy::default();
    fx.clock.advance(policy.renew_every_s);
    for _ in 0..8 {
        let token = fx.store.sessions.sign_in(fx.sign_in(person.user.id)).await;
        let token = token.unwrap().hash;
        fx.clock.advance(policy.renew_every_s);
        race(8, |number| {
            let (sessions, actor) = (fx.store.sessions.clone(), actor(&person));
            async move {
                if number == 4 {
                    sessions.sign_out(&token, &actor).await.unwrap();
                } else {
                    sessions.touch(&token, &policy).await.unwrap();
                }
            }
        })
        .await;
        assert_eq!(find(&fx, &token).await, None);
    }
}

async fn signing_out_ends_exactly_that_session(fx: Fixture) {
    let person = fx.person().await;
    let other = fx.store.sessions.sign_in(fx.sign_in(person.user.id)).await;
    let sign_outs = async || {
        let trail = fx.store.audit_trail.entries(None).await;
        let of = |entry: &&keelway_access::AuditEntry| entry.action == AuditAction::SignOut;
        trail.iter().filter(of).count()
    };
    for _ in 0..2 {
        let (token, actor) = (&person.session.hash, actor(&person));
        fx.store.sessions.sign_out(token, &actor).await.unwrap();
        assert_eq!(find(&fx, token).await, None);
        assert_eq!(sign_outs().await, 1);
    }
    assert!(find(&fx, &other.unwrap().hash).await.is_some());
}

async fn revoking_ends_exactly_the_persons_sessions(fx: Fixture) {
    let (person, other) = (fx.person().await, fx.person().await);
    for _ in 0..3 {
        let cmd = fx.sign_in(person.user.id);
        fx.store.sessions.sign_in(cmd).await.unwrap();
    }
    let sessions = &fx.store.sessions;
    let ended = sessions.revoke_all(person.user.id, &actor(&person)).await;
    assert_eq!(ended.unwrap(), 4);
    assert_eq!(find(&fx, &person.session.hash).await, None);
    assert!(find(&fx, &other.session.hash).await.is_some());
    let trail = fx.store.audit_trail.entries(None).await;
    assert_eq!(trail.last().unwrap().action, AuditAction::SessionsRevoked);
}

async fn exactly_the_expired_sessions_are_swept(fx: Fixture) {
    let person = fx.person().await;
    let mut ends = Vec::new();
    for idle_s in [100, 100, 200] {
        let session = NewSession {
            policy: SessionPolicy { idle_s, ..SessionPolicy::default() },
            ..fx.new_session()
        };
        let cmd = SignIn { session, ..fx.sign_in(person.user.id) };
        ends.push(fx.store.sessions.sign_in(cmd).await.unwrap());
    }
    fx.clock.advance(99);
    assert_eq!(fx.store.sessions.sweep_expired().await.unwrap(), 0);
    fx.clock.advance(1);
    assert_eq!(fx.store.sessions.sweep_expired().await.unwrap(), 2);
    assert_eq!(fx.store.sessions.sweep_expired().await.unwrap(), 0);
    assert_eq!(find(&fx, &ends[0].hash).await, None);
    assert_eq!(find(&fx, &ends[2].hash).await.as_ref(), Some(&ends[2]));
}
