//! Reading the ledger.

use crate::{Fixture, Owned, actor, race};
use keelway_credits::{Finality, Statement};
use keelway_kernel::{Actor, Credits, Cursor, Entropy as _, PageRequest, TenantScope};

crate::cases! {
    credit_books_cases in credits::books:
    a_tenant_never_granted_anything_has_nothing,
    a_statement_says_how_long_credits_will_last,
    entries_say_who_and_under_which_request,
    pages_never_skip_or_repeat_an_entry,
    entries_never_show_another_tenants,
    reads_never_see_half_a_command,
}

async fn a_tenant_never_granted_anything_has_nothing(fx: Fixture) {
    let Owned { scope, .. } = fx.tenant().await;
    let nothing = Statement {
        balance: Credits::ZERO,
        held: Credits::ZERO,
        available: Credits::ZERO,
        grants: vec![],
        days_left: None,
    };
    assert_eq!(fx.store.books.statement(scope).await.unwrap(), nothing);
    assert_eq!(fx.store.books.available(scope).await.unwrap(), Credits::ZERO);
    let page = fx.store.books.entries(scope, PageRequest::new(10, None)).await;
    assert_eq!(page.unwrap().items, []);
    let hold = fx.hold_id();
    assert_eq!(fx.store.books.find_hold(scope, hold).await.unwrap(), None);
}

async fn a_statement_says_how_long_credits_will_last(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(1_000).await;
    let charge = async |credits| {
        let hold = fx.held(scope, credits).await.hold;
        let cmd = fx.commit(hold, credits, Finality::Final);
        fx.store.ledger.commit(scope, cmd).await.unwrap();
        hold
    };
    let days_left = async || {
        let statement = fx.store.books.statement(scope).await.unwrap();
        assert_eq!(fx.store.books.available(scope).await.unwrap(), statement.available);
        statement.days_left
    };
    assert_eq!(days_left().await, None);
    // 300 on the first day leave 700: two more days of the same.
    let hold = charge(300).await;
    assert_eq!(days_left().await, Some(2));
    let refund = fx.refund(hold, 200);
    fx.store.ledger.refund(scope, refund).await.unwrap();
    assert_eq!(days_left().await, Some(9));
    // 100 in 10 days.
    fx.clock.advance(9 * 86_400);
    assert_eq!(days_left().await, Some(90));
    // Only the last 14 days count.
    fx.clock.advance(6 * 86_400);
    assert_eq!(days_left().await, None);
}

async fn entries_say_who_and_under_which_request(fx: Fixture) {
    let Owned { scope, user } = fx.funded(100).await;
    let hold = fx.held(scope, 60).await.hold;
    let mut cmd = fx.commit(hold, 25, Finality::Final);
    cmd.actor = Actor { user: Some(user), request_id: "req_of_the_commit".into() };
    fx.clock.advance(5);
    fx.store.ledger.commit(scope, cmd.clone()).await.unwrap();
    let page = fx.store.books.entries(scope, PageRequest::new(10, None)).await;
    let entries = page.unwrap().items;
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.seq, entry.balance_after.get(), entry.actor.clone()))
        .collect();
    assert_eq!(told, [(2, 75, cmd.actor), (1, 100, actor())]);
    assert_eq!((entries[0].hold, entries[0].at), (Some(hold), fx.now()));
}

async fn pages_never_skip_or_repeat_an_entry(fx: Fixture) {
    let Owned { scope, .. } = fx.tenant().await;
    let append = async || {
        let cmd = fx.grant(1);
        fx.store.ledger.grant(scope, cmd).await.unwrap();
    };
    for _ in 0..23 {
        append().await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest::new(5, after.take());
        let page = fx.store.books.entries(scope, request).await.unwrap();
        seen.extend(page.items.iter().map(|entry| entry.seq));
        append().await;
        match page.next {
            Some(Cursor { key, id }) => {
                assert_eq!(seen.last(), Some(&key));
                assert_eq!(id, scope.tenant().as_uuid());
                after = Some(Cursor { key, id });
            }
            None => break,
        }
    }
    assert_eq!(seen, (1..=23).rev().collect::<Vec<i64>>());
}

async fn entries_never_show_another_tenants(fx: Fixture) {
    let (mine, theirs) = (fx.funded(100).await, fx.funded(5).await);
    let request = PageRequest::new(10, None);
    let page = fx.store.books.entries(theirs.scope, request.clone()).await;
    let amounts: Vec<_> = page.unwrap().items.iter().map(|entry| entry.amount).collect();
    assert_eq!(amounts, [Credits::new(5)]);

    let foreign = Cursor { key: 2, id: mine.scope.tenant().as_uuid() };
    let request = PageRequest::new(10, Some(foreign));
    let page = fx.store.books.entries(theirs.scope, request).await;
    assert_eq!(page.unwrap().items.len(), 1);
}

/// A statement's figures belong together at every moment of a busy account.
async fn reads_never_see_half_a_command(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(1_000).await;
    let whole = |statement: &Statement| {
        let left: i64 = statement.grants.iter().map(|grant| grant.remaining.get()).sum();
        left == statement.balance.get()
            && statement.available.get() == statement.balance.get() - statement.held.get()
    };
    race(16, |number| {
        let fx = fx.clone();
        async move {
            for _ in 0..10 {
                if number % 2 == 0 {
                    busy(&fx, scope).await;
                } else {
                    let statement = fx.store.books.statement(scope).await.unwrap();
                    assert!(whole(&statement), "{statement:?}");
                }
            }
        }
    })
    .await;
}

async fn busy(fx: &Fixture, scope: TenantScope) {
    let hold = fx.held(scope, 10).await.hold;
    let used = i64::try_from(fx.entropy.next_u64() % 10).unwrap();
    let cmd = fx.commit(hold, used, Finality::Final);
    fx.store.ledger.commit(scope, cmd).await.unwrap();
}
