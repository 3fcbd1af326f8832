//! All interleavings of two spenders, a sweep and duplicate deliveries on one small wallet.

use crate::books::{Books, actor, at, grant_id, hold_id, key};
use keelway_credits::{
    AddGrant, Amount, Commit, Finality, GrantSource, Lifetime, Purpose, Release, Reserve, Terms,
};
use keelway_kernel::Credits;
use stateright::{Checker, Model, Property};
use std::hash::{Hash, Hasher};

/// Every message may be delivered at any time, in any order, and twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Reserve(u8),
    Commit(u8),
    Release(u8),
    Sweep,
}

#[derive(Debug, Clone, PartialEq)]
struct State {
    books: Books,
    /// How often each message may still come.
    left: Vec<(Message, u8)>,
    /// What the first delivery of each message that took effect answered.
    answers: Vec<(Message, String)>,
    contradicted: bool,
}

impl Eq for State {}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        format!("{self:?}").hash(state);
    }
}

struct Wallet;

impl Model for Wallet {
    type State = State;
    type Action = Message;

    fn init_states(&self) -> Vec<State> {
        let mut books = Books::new(0);
        let (amount, terms) = (Amount::try_from(10).unwrap(), Terms::unlimited(GrantSource::Plan));
        books.grant(&AddGrant { grant: grant_id(1), amount, terms, actor: actor() }).unwrap();
        let twice = [1, 2]
            .into_iter()
            .flat_map(|n| [Message::Reserve(n), Message::Commit(n), Message::Release(n)])
            .map(|message| (message, 2));
        let left = twice.chain([(Message::Sweep, 1)]).collect();
        vec![State { books, left, answers: Vec::new(), contradicted: false }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Message>) {
        actions
            .extend(state.left.iter().filter(|(_, left)| *left > 0).map(|(message, _)| *message));
    }

    fn next_state(&self, last: &State, message: Message) -> Option<State> {
        let mut state = last.clone();
        state
            .left
            .iter_mut()
            .filter(|(known, _)| *known == message)
            .for_each(|(_, left)| *left -= 1);
        if let Some(answer) = deliver(&mut state.books, message) {
            match state.answers.iter().find(|(known, _)| *known == message) {
                Some((_, first)) => state.contradicted |= *first != answer,
                None => state.answers.push((message, answer)),
            }
            state.answers.sort_by_key(|(message, _)| format!("{message:?}"));
        } else {
            state.contradicted |= state.answers.iter().any(|(known, _)| *known == message);
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the books are in order", |_, state: &State| {
                state.books.violations().is_empty()
            }),
            Property::always("nothing is overspent", |_, state: &State| {
                state.books.account.available(state.books.now) >= Credits::ZERO
            }),
            Property::always("a duplicate gets the first answer", |_, state: &State| {
                !state.contradicted
            }),
            Property::sometimes("both can be served", |_, state: &State| {
                state.books.account.balance == Credits::new(10 - 2 * 3)
            }),
        ]
    }
}

/// The sweep comes after the holds' time, so it races with whatever is still under way.
fn deliver(books: &mut Books, message: Message) -> Option<String> {
    match message {
        Message::Reserve(n) => {
            let lifetime = Lifetime::from_millis(60_000).unwrap();
            let cmd = Reserve {
                hold: hold_id(n),
                amount: Amount::try_from(7).unwrap(),
                purpose: Purpose::External { reference: n.to_string(), lifetime },
                user: None,
                project: None,
                caps: None,
                actor: actor(),
            };
            books.reserve(&cmd).ok().map(|answer| format!("{answer:?}"))
        }
        Message::Commit(n) => {
            let (key, hold, used) = (key(n), hold_id(n), Credits::new(3));
            let cmd = Commit { key, hold, used, finality: Finality::Final, actor: actor() };
            books.commit(&cmd).ok().map(|answer| format!("{answer:?}"))
        }
        Message::Release(n) => {
            let cmd = Release { key: key(10 + n), hold: hold_id(n), actor: actor() };
            books.release(&cmd).ok().map(|answer| format!("{answer:?}"))
        }
        Message::Sweep => {
            books.now = at(60);
            books.sweep();
            None
        }
    }
}

#[test]
fn no_interleaving_overspends_or_answers_twice() {
    let checker = Wallet.checker().spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.unique_state_count() > 500, "{}", checker.unique_state_count());
}
