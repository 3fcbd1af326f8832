//! Commands nobody thought of.

use super::model::{Command, Model, Told, told};
use crate::{Fixture, Owned, actor, amount, race};
use keelway_credits::{
    AddGrant, Commit, DailyCaps, Finality, GrantSource, Lifetime, Purpose, Reason, Refund, Release,
    Renew, Reserve, Terms,
};
use keelway_kernel::{
    BuildId, Credits, Failure, GrantId, HoldId, IdempotencyKey, PageRequest, ProjectId,
    TenantScope, UserId,
};
use std::fmt::Debug;
use uuid::Uuid;

crate::cases! {
    credit_random_cases in credits::random:
    commands_in_sequence_always_get_the_answers_of_the_rules,
    commands_that_arrive_together_get_the_answers_of_one_after_another,
    commands_in_parallel_keep_the_sums_exact,
}

/// The command numbered `step`. Ids and keys come from a small window that moves on, so that
/// commands keep meeting each other's.
fn command(fx: &Fixture, step: u64) -> Command {
    let pick = |bound| fx.entropy.below(bound);
    let positive = |bound| amount(i64::try_from(pick(bound) + 1).unwrap());
    let recent = |width| step / 8 + pick(width);
    let id = |kind: u128| Uuid::from_u128(kind << 64 | u128::from(recent(10)));
    let hold = HoldId::from_uuid(id(1));
    let grant = GrantId::from_uuid(id(2));
    let key = IdempotencyKey::parse(&format!("key-{}", recent(40))).unwrap();
    let actor = actor();
    match pick(16) {
        0..=2 => {
            let terms = Terms {
                priority: u8::try_from(pick(3)).unwrap(),
                expires_at: (pick(2) == 0)
                    .then(|| fx.now().plus_seconds(i64::try_from(pick(400)).unwrap())),
                ..Terms::unlimited(GrantSource::Plan)
            };
            Command::Grant(AddGrant { grant, amount: positive(60), terms, actor })
        }
        3..=7 => {
            let lifetime = Lifetime::from_millis(30_000).unwrap();
            // A build's now and then: nobody may charge those.
            let purpose = match pick(6) {
                0 => Purpose::Build(BuildId::from_uuid(hold.as_uuid())),
                _ => Purpose::External { reference: "job".into(), lifetime },
            };
            let either = |kind: u128| Uuid::from_u128(kind << 64 | u128::from(pick(2)));
            let cap = |most| Some(Credits::new(i64::try_from(pick(most)).unwrap()));
            let since = fx.now().plus_seconds(-i64::try_from(pick(600)).unwrap());
            let caps = DailyCaps {
                since,
                resets_at: since.plus_seconds(86_400),
                tenant: cap(2_000),
                user: cap(1_000),
                project: cap(1_000),
            };
            Command::Reserve(Reserve {
                hold,
                amount: positive(20),
                purpose,
                user: Some(UserId::from_uuid(either(4))),
                project: Some(ProjectId::from_uuid(either(5))),
                caps: (pick(4) == 0).then_some(caps),
                actor,
            })
        }
        8 => Command::Renew(Renew { hold, actor }),
        9..=11 => Command::Commit(Commit {
            key,
            hold,
            used: Credits::new(i64::try_from(pick(12)).unwrap()),
            finality: [Finality::Partial, Finality::Final][usize::try_from(pick(2)).unwrap()],
            actor,
        }),
        12 => Command::Release(Release { key, hold, actor }),
        // Mostly under ids of their own, for a grant's is usually taken.
        _ => {
            let grant = if pick(4) == 0 { grant } else { GrantId::from_uuid(id(3)) };
            Command::Refund(Refund { grant, hold, amount: positive(5), actor })
        }
    }
}

/// What the store answers; a store that breaks fails the case.
async fn run(fx: &Fixture, scope: TenantScope, command: Command) -> Told {
    fn refused<T: Debug, E: Debug>(answer: Result<T, Failure<E>>) -> Told {
        told(answer.map_err(|failure| match failure {
            Failure::Rejected(refusal) => refusal,
            Failure::Store(error) => panic!("the store broke: {error}"),
        }))
    }
    let ledger = &fx.store.ledger;
    match command {
        Command::Grant(cmd) => refused(ledger.grant(scope, cmd).await),
        Command::Reserve(cmd) => refused(ledger.reserve(scope, cmd).await),
        Command::Renew(cmd) => refused(ledger.renew(scope, cmd).await),
        Command::Commit(cmd) => refused(ledger.commit(scope, cmd).await),
        Command::Release(cmd) => refused(ledger.release(scope, cmd).await),
        Command::Refund(cmd) => refused(ledger.refund(scope, cmd).await),
    }
}

async fn commands_in_sequence_always_get_the_answers_of_the_rules(fx: Fixture) {
    let Owned { scope, .. } = fx.tenant().await;
    let mut model = Model::new(scope.tenant());
    for step in 0..1_000 {
        fx.clock.advance(i64::try_from(fx.entropy.below(6)).unwrap());
        if fx.entropy.below(20) == 0 {
            model.sweep(&actor(), fx.now());
            fx.store.ledger.expire(1, actor()).await.unwrap();
        }
        let command = command(&fx, step);
        let expected = model.run(&command, fx.now());
        let answer = run(&fx, scope, command.clone()).await;
        assert_eq!(answer, expected, "{command:?}");
    }
    for reason in [Reason::Grant, Reason::Capture, Reason::Refund, Reason::Expiry] {
        let moved = model.entries.iter().filter(|entry| entry.reason == reason).count();
        assert!(moved >= 5, "{reason:?} happened only {moved} times");
    }
    says_what_is_stored(&fx, scope, &model).await;
}

/// However a store saves itself work on what waits together: each command is decided on what
/// those before it left.
async fn commands_that_arrive_together_get_the_answers_of_one_after_another(fx: Fixture) {
    let Owned { scope, .. } = fx.tenant().await;
    let mut model = Model::new(scope.tenant());
    let mut step = 0;
    while step < 1_500 {
        fx.clock.advance(i64::try_from(fx.entropy.below(60)).unwrap());
        let together: Vec<_> = (0..=fx.entropy.below(30)).map(|n| command(&fx, step + n)).collect();
        step += u64::try_from(together.len()).unwrap();
        let run = together.iter().map(|command| run(&fx, scope, command.clone()));
        let answers = futures::future::join_all(run).await;
        for (command, answer) in together.iter().zip(answers) {
            assert_eq!(answer, model.run(command, fx.now()), "{command:?} of {together:?}");
        }
    }
    says_what_is_stored(&fx, scope, &model).await;
}

/// The books are the model's, to the last entry.
async fn says_what_is_stored(fx: &Fixture, scope: TenantScope, model: &Model) {
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!((statement.balance, statement.held), (model.account.balance, model.account.held));
    let mut stored = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest::new(100, after.take());
        let page = fx.store.books.entries(scope, request).await.unwrap();
        stored.extend(page.items);
        match page.next {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
    }
    stored.reverse();
    assert_eq!(stored, model.entries);
}

/// Two thousand commands on three accounts at once. What each answered adds up to what the
/// books then say, and everything asked again gets the same answer.
async fn commands_in_parallel_keep_the_sums_exact(fx: Fixture) {
    let mut scopes = Vec::new();
    for _ in 0..3 {
        scopes.push(fx.funded(500).await.scope);
    }
    let answers: Vec<_> = race(20, |number| {
        let (fx, scope) = (fx.clone(), scopes[number % 3]);
        async move {
            let mut answers = Vec::new();
            for step in 0..100 {
                let command = command(&fx, step);
                let answer = run(&fx, scope, command.clone()).await;
                answers.push((scope, command, answer));
            }
            answers
        }
    })
    .await
    .into_iter()
    .flatten()
    .collect();

    for scope in scopes {
        let mut given = 500;
        let mut known = std::collections::BTreeSet::new();
        let mut charged = 0;
        for (of, command, answer) in &answers {
            if *of != scope || answer.is_err() {
                continue;
            }
            match command {
                Command::Grant(cmd) if known.insert(cmd.grant.to_string()) => {
                    given += cmd.amount.credits().get();
                }
                Command::Refund(cmd) if known.insert(cmd.grant.to_string()) => {
                    given += cmd.amount.credits().get();
                }
                Command::Commit(cmd) if known.insert(cmd.key.as_str().to_owned()) => {
                    charged += cmd.used.get();
                }
                _ => {}
            }
        }
        let statement = fx.store.books.statement(scope).await.unwrap();
        assert_eq!(statement.balance, Credits::new(given - charged));
        assert!(statement.held >= Credits::ZERO && statement.available >= Credits::ZERO);
    }
    for (scope, command, answer) in answers {
        if answer.is_ok() && !matches!(command, Command::Renew(_)) {
            assert_eq!(run(&fx, scope, command.clone()).await, answer, "{command:?}");
        }
    }
}
