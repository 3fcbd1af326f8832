//! Sessions in memory, in front of a store that counts what it is asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::FutureExt;
use keelway_access::ports::{Sessions, SignIn, StaleCredentials};
use keelway_access::{Email, NewSession, PasswordHash, Session, SessionPolicy, TokenHash, User};
use keelway_kernel::{Actor, Clock, Entropy, Failure, StoreError, Timestamp, UserId};
use keelway_local::{CachedSessions, Keep};
use tokio::sync::Notify;

#[derive(Clone, Default)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(crate) fn forward_ms(&self, millis: i64) {
        self.0.fetch_add(millis * 1_000, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) struct Fixed(pub(crate) u8);

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

/// A store in memory.
#[derive(Clone, Default)]
struct Store {
    rows: Arc<Mutex<HashMap<TokenHash, (Session, User)>>>,
    reads: Arc<AtomicU64>,
    /// Holds an answer back after it was read, until notified.
    answer: Option<Arc<Notify>>,
    /// Fails what ends a session, after it was done.
    lose_replies: bool,
    clock: Hand,
}

impl Store {
    fn with_sessions(of: &[(u8, u8)]) -> Self {
        let store = Self::default();
        for (token, person) in of {
            let user = UserId::generate(Timestamp::from_micros(0), &Fixed(*person));
            let email = Email::parse(&format!("person{person}@example.com")).unwrap();
            let new = NewSession {
                hash: TokenHash::from_bytes([*token; 32]),
                user_agent: None,
                policy: SessionPolicy { idle_s: 10, absolute_s: 60, renew_every_s: 2 },
            };
            let session = new.open(user, Timestamp::from_micros(0));
            let created_at = session.created_at;
            let user = User { id: user, email, name: None, created_at, staff_since: None };
            store.rows.lock().unwrap().insert(session.hash, (session, user));
        }
        store
    }

    fn reply<T>(&self, done: T) -> Result<T, StoreError> {
        if self.lose_replies { Err(StoreError::Unavailable("lost".into())) } else { Ok(done) }
    }

    fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Sessions for Store {
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, Failure<StaleCredentials>> {
        if let Some(replaced) = cmd.replaces {
            self.rows.lock().unwrap().remove(&replaced);
        }
        Ok(self.reply(cmd.session.open(cmd.user, self.clock.now()))?)
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let found = self.rows.lock().unwrap().get(token).cloned();
        if let Some(answer) = &self.answer {
            answer.notified().await;
        }
        Ok(found)
    }

    async fn touch(
        &self,
        token: &TokenHash,
        _: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError> {
        let now = self.clock.now();
        let mut rows = self.rows.lock().unwrap();
        Ok(rows.get_mut(token).map(|(session, _)| {
            session.last_seen_at = now;
            session.clone()
        }))
    }

    async fn sign_out(&self, token: &TokenHash, _: &Actor) -> Result<(), StoreError> {
        self.rows.lock().unwrap().remove(token);
        self.reply(())
    }

    async fn revoke_all(&self, user: UserId, _: &Actor) -> Result<u64, StoreError> {
        let mut rows = self.rows.lock().unwrap();
        let before = rows.len();
        rows.retain(|_, (session, _)| session.user != user);
        self.reply((before - rows.len()) as u64)
    }

    async fn sweep_expired(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

const ONE: TokenHash = TokenHash::from_bytes([1; 32]);
const TWO: TokenHash = TokenHash::from_bytes([2; 32]);
const THREE: TokenHash = TokenHash::from_bytes([3; 32]);

fn cached(store: &Store) -> CachedSessions<Store> {
    let keep = Keep { ttl_ms: 1_000, most: 100 };
    CachedSessions::new(store.clone(), Arc::new(store.clock.clone()), keep)
}

fn found(sessions: &CachedSessions<Store>, token: &TokenHash) -> bool {
    sessions.find(token).now_or_never().unwrap().unwrap().is_some()
}

pub(crate) fn actor() -> Actor {
    Actor { user: None, request_id: "r".into() }
}

#[test]
fn a_session_is_known_from_when_it_was_found_until_its_end_is_heard_of() {
    let store = Store::with_sessions(&[(1, 1), (2, 2)]);
    let sessions = cached(&store);
    assert!(!sessions.knows(&ONE), "nobody has presented it");
    assert!(found(&sessions, &ONE) && !found(&sessions, &THREE));
    assert!(sessions.knows(&ONE) && !sessions.knows(&THREE));
    store.clock.forward_ms(5_000);
    assert!(sessions.knows(&ONE), "also once it has to be read again");
    // Another process ends it.
    store.rows.lock().unwrap().remove(&ONE);
    assert!(!found(&sessions, &ONE) && !sessions.knows(&ONE));

    assert!(found(&sessions, &TWO));
    store.clock.forward_ms(4_999);
    assert!(sessions.knows(&TWO));
    store.clock.forward_ms(1);
    assert!(!sessions.knows(&TWO), "it has expired");
    assert_eq!(store.reads(), 4);
}

#[test]
fn what_changes_about_a_person_makes_none_of_their_sessions_a_strangers() {
    let store = Store::with_sessions(&[(1, 1), (2, 1)]);
    let sessions = cached(&store);
    let (session, user) = sessions.find(&ONE).now_or_never().unwrap().unwrap().unwrap();
    let (two, _) = store.rows.lock().unwrap()[&TWO].clone();
    sessions.meet(&two);
    sessions.forget(user.id);
    sessions.forget_everything();
    assert!(sessions.knows(&ONE) && sessions.knows(&TWO));
    assert!(found(&sessions, &ONE));
    assert_eq!(store.reads(), 2, "known is not believed");
    // One that ended costs one look more.
    sessions.revoke_all(session.user, &actor()).now_or_never().unwrap().unwrap();
    assert!(!found(&sessions, &ONE) && !sessions.knows(&ONE));
    sessions.sign_out(&TWO, &actor()).now_or_never().unwrap().unwrap();
    assert!(!sessions.knows(&TWO));
}

#[test]
fn a_warm_session_is_not_read_again_until_its_time_is_over() {
    let store = Store::with_sessions(&[(1, 1)]);
    let sessions = cached(&store);
    for _ in 0..100 {
        assert!(found(&sessions, &ONE));
    }
    assert_eq!(store.reads(), 1);
    store.clock.forward_ms(999);
    assert!(found(&sessions, &ONE));
    assert_eq!(store.reads(), 1);
    store.clock.forward_ms(1);
    assert!(found(&sessions, &ONE));
    assert_eq!(store.reads(), 2);
}

#[test]
fn what_was_not_found_is_asked_for_again() {
    let store = Store::with_sessions(&[(1, 1)]);
    let sessions = cached(&store);
    assert!(!found(&sessions, &TWO) && !found(&sessions, &TWO));
    assert_eq!(store.reads(), 2);
}

#[test]
fn signing_out_is_effective_at_once_and_for_that_session_only() {
    let store = Store::with_sessions(&[(1, 1), (2, 1)]);
    let sessions = cached(&store);
    assert!(found(&sessions, &ONE) && found(&sessions, &TWO));
    sessions.sign_out(&ONE, &actor()).now_or_never().unwrap().unwrap();
    assert!(!found(&sessions, &ONE) && found(&sessions, &TWO));
    assert_eq!(store.reads(), 3, "the other session stays warm");
}

#[test]
fn revoking_is_effective_at_once_for_all_sessions_of_the_person_only() {
    let store = Store::with_sessions(&[(1, 1), (2, 1), (3, 2)]);
    let sessions = cached(&store);
    assert!([ONE, TWO, THREE].iter().all(|token| found(&sessions, token)));
    let user = store.rows.lock().unwrap()[&ONE].1.id;
    assert_eq!(sessions.revoke_all(user, &actor()).now_or_never().unwrap(), Ok(2));
    assert_eq!([ONE, TWO, THREE].map(|token| found(&sessions, &token)), [false, false, true]);
    assert_eq!(store.reads(), 5, "the other person's session stays warm");
}

#[test]
fn the_session_a_sign_in_replaces_is_gone_at_once() {
    let store = Store::with_sessions(&[(1, 1)]);
    let sessions = cached(&store);
    assert!(found(&sessions, &ONE));
    let user = store.rows.lock().unwrap()[&ONE].1.id;
    let policy = SessionPolicy::default();
    let hash =
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
    let cmd = SignIn {
        user,
        checked: PasswordHash::parse(hash).unwrap(),
        session: NewSession { hash: TWO, user_agent: None, policy },
        replaces: Some(ONE),
        rehashed: None,
        request_id: "r".into(),
    };
    sessions.sign_in(cmd).now_or_never().unwrap().unwrap();
    assert!(!found(&sessions, &ONE));
}

#[test]
fn an_ending_whose_reply_was_lost_is_effective_too() {
    let store = Store { lose_replies: true, ..Store::with_sessions(&[(1, 1)]) };
    let sessions = cached(&store);
    assert!(found(&sessions, &ONE));
    assert!(sessions.sign_out(&ONE, &actor()).now_or_never().unwrap().is_err());
    assert!(!found(&sessions, &ONE));
}

#[test]
fn a_read_on_its_way_does_not_bring_an_ended_session_back() {
    let answer = Arc::new(Notify::new());
    let store = Store { answer: Some(Arc::clone(&answer)), ..Store::with_sessions(&[(1, 1)]) };
    let sessions = cached(&store);
    let mut reading = sessions.find(&ONE);
    assert!(reading.as_mut().now_or_never().is_none(), "the store has read, but not answered");
    sessions.sign_out(&ONE, &actor()).now_or_never().unwrap().unwrap();
    answer.notify_one();
    reading.now_or_never().unwrap().unwrap();
    answer.notify_one();
    assert!(!found(&sessions, &ONE));
}

#[test]
fn a_session_that_is_over_is_not_answered_from_memory() {
    let store = Store::with_sessions(&[(1, 1)]);
    let keep = Keep { ttl_ms: 60_000, most: 100 };
    let sessions = CachedSessions::new(store.clone(), Arc::new(store.clock.clone()), keep);
    assert!(found(&sessions, &ONE));
    store.clock.forward_ms(10_000);
    found(&sessions, &ONE);
    assert_eq!(store.reads(), 2);
}

#[test]
fn a_renewal_is_seen_without_another_read() {
    let store = Store::with_sessions(&[(1, 1)]);
    let sessions = cached(&store);
    assert!(found(&sessions, &ONE));
    store.clock.forward_ms(900);
    let touched = sessions.touch(&ONE, &SessionPolicy::default()).now_or_never().unwrap().unwrap();
    let (known, _) = sessions.find(&ONE).now_or_never().unwrap().unwrap().unwrap();
    assert_eq!((Some(&known), store.reads()), (touched.as_ref(), 1));
    store.clock.forward_ms(100);
    assert!(found(&sessions, &ONE));
    assert_eq!(store.reads(), 2, "a renewal does not keep the person in memory for longer");
}

#[test]
fn what_one_process_ends_is_gone_in_another_that_is_told() {
    let store = Store::with_sessions(&[(1, 1), (2, 1), (3, 2)]);
    let there = Arc::new(cached(&store));
    let told = Arc::new(Mutex::new(Vec::new()));
    let (others, log) = (there.clone(), told.clone());
    let here = cached(&store).telling(move |person| {
        others.forget(person);
        log.lock().unwrap().push(person);
    });
    let [one, two] = [ONE, THREE].map(|token| store.rows.lock().unwrap()[&token].1.id);
    assert!([ONE, TWO, THREE].iter().all(|token| found(&there, token)));

    assert!(found(&here, &ONE));
    here.sign_out(&ONE, &actor()).now_or_never().unwrap().unwrap();
    assert!(!found(&there, &ONE) && found(&there, &TWO));
    here.revoke_all(two, &actor()).now_or_never().unwrap().unwrap();
    assert_eq!([TWO, THREE].map(|token| found(&there, &token)), [true, false]);
    assert_eq!(*told.lock().unwrap(), [one, two]);
}

#[test]
fn all_of_it_can_be_forgotten() {
    let store = Store::with_sessions(&[(1, 1), (2, 1)]);
    let sessions = cached(&store);
    assert!(found(&sessions, &ONE) && found(&sessions, &TWO));
    sessions.forget_everything();
    assert!(found(&sessions, &ONE) && found(&sessions, &TWO));
    assert_eq!(store.reads(), 4);
}
