//! Giving charged credits back.

use crate::{Fixture, Owned, amount, race, rejected, sorted};
use keelway_credits::{Finality, GrantSource, Refund, RefundError};
use keelway_kernel::{Credits, HoldId};

crate::cases! {
    credit_refunds_cases in credits::refunds:
    refunds_exactly_once_per_grant_id,
    never_refunds_more_than_was_charged,
    raced_refunds_never_give_back_more_than_was_charged,
    an_ended_hold_keeps_its_terminal_record,
}

async fn charged(fx: &Fixture, owned: Owned, credits: i64) -> HoldId {
    let hold = fx.held(owned.scope, credits).await.hold;
    let cmd = fx.commit(hold, credits, Finality::Final);
    fx.store.ledger.commit(owned.scope, cmd).await.unwrap();
    hold
}

async fn refunds_exactly_once_per_grant_id(fx: Fixture) {
    let owned = fx.funded(100).await;
    let hold = charged(&fx, owned, 60).await;
    let ledger = &fx.store.ledger;
    let cmd = fx.refund(hold, 25);
    let first = ledger.refund(owned.scope, cmd.clone()).await.unwrap();
    assert_eq!((first.grant, first.amount), (cmd.grant, amount(25)));
    fx.clock.advance(60);
    let again = ledger.refund(owned.scope, cmd.clone()).await.unwrap();
    assert_eq!(again, first);
    let other = Refund { amount: amount(24), ..cmd };
    assert_eq!(rejected(ledger.refund(owned.scope, other).await), RefundError::KeyReused);

    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(65));
    let given = statement.grants.iter().find(|grant| grant.id == first.grant).unwrap();
    assert_eq!((given.terms.source, given.refunds), (GrantSource::Refund, Some(hold)));
}

async fn never_refunds_more_than_was_charged(fx: Fixture) {
    let owned = fx.funded(100).await;
    let hold = charged(&fx, owned, 60).await;
    let ledger = &fx.store.ledger;
    let part = fx.refund(hold, 25);
    ledger.refund(owned.scope, part).await.unwrap();
    let over = fx.refund(hold, 36);
    let (asked, charged) = (Credits::new(36), Credits::new(35));
    assert_eq!(
        rejected(ledger.refund(owned.scope, over).await),
        RefundError::OverCharge { asked, charged }
    );
    let rest = fx.refund(hold, 35);
    ledger.refund(owned.scope, rest).await.unwrap();
    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(100));
}

async fn raced_refunds_never_give_back_more_than_was_charged(fx: Fixture) {
    let owned = fx.funded(100).await;
    let hold = charged(&fx, owned, 100).await;
    let answers = race(64, |_| {
        let (ledger, cmd) = (fx.store.ledger.clone(), fx.refund(hold, 30));
        async move { ledger.refund(owned.scope, cmd).await }
    })
    .await;
    let (given, refused) = sorted(answers);
    assert_eq!((given.len(), refused.len()), (3, 61));
    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(90));
}

async fn an_ended_hold_keeps_its_terminal_record(fx: Fixture) {
    let owned = fx.funded(100).await;
    let hold = charged(&fx, owned, 60).await;
    let find = async || {
        let found = fx.store.books.find_hold(owned.scope, hold).await.unwrap();
        found.unwrap()
    };
    let ended = find().await;
    fx.clock.advance(60);
    let cmd = fx.refund(hold, 25);
    fx.store.ledger.refund(owned.scope, cmd).await.unwrap();
    let refunded = find().await;
    assert_eq!(refunded.state, ended.state);
    assert_eq!(refunded.refunded, Credits::new(25));
}
