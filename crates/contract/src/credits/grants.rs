//! Giving credits.

use crate::{Fixture, amount, race, rejected, sorted};
use keelway_access::AuditAction;
use keelway_credits::{AddGrant, GrantError, GrantSource, Rollover, Terms};
use keelway_kernel::Credits;

crate::cases! {
    credit_grants_cases in credits::grants:
    the_first_grant_opens_the_account,
    grants_exactly_once_per_id,
    one_grant_id_raced_gives_exactly_once,
    raced_grants_are_all_there,
    an_expired_grant_is_never_given,
    a_grant_keeps_its_terms,
    grants_that_do_not_fit_are_refused,
}

async fn the_first_grant_opens_the_account(fx: Fixture) {
    let owned = fx.tenant().await;
    let cmd = fx.grant(500);
    let granted = fx.store.ledger.grant(owned.scope, cmd.clone()).await.unwrap();
    assert_eq!((granted.grant, granted.amount, granted.at), (cmd.grant, amount(500), fx.now()));

    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(500));
    assert_eq!(statement.available, Credits::new(500));
    let trail = fx.store.audit_trail.entries(Some(owned.scope.tenant())).await;
    let last = trail.last().unwrap();
    assert_eq!(last.action, AuditAction::CreditsGranted);
    assert_eq!(last.actor, cmd.actor);
}

async fn grants_exactly_once_per_id(fx: Fixture) {
    let owned = fx.tenant().await;
    let ledger = &fx.store.ledger;
    let cmd = fx.grant(500);
    let first = ledger.grant(owned.scope, cmd.clone()).await.unwrap();
    fx.clock.advance(3600);
    assert_eq!(ledger.grant(owned.scope, cmd.clone()).await.unwrap(), first);

    let more = AddGrant { amount: amount(501), ..cmd.clone() };
    assert_eq!(rejected(ledger.grant(owned.scope, more).await), GrantError::KeyReused);
    let other = AddGrant { terms: Terms::unlimited(GrantSource::Promotion), ..cmd };
    assert_eq!(rejected(ledger.grant(owned.scope, other).await), GrantError::KeyReused);
    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(500));
}

async fn one_grant_id_raced_gives_exactly_once(fx: Fixture) {
    let owned = fx.tenant().await;
    let cmd = fx.grant(500);
    let answers = race(64, |_| {
        let (ledger, cmd) = (fx.store.ledger.clone(), cmd.clone());
        async move { ledger.grant(owned.scope, cmd).await }
    })
    .await;
    let (given, refused) = sorted(answers);
    assert_eq!((given.len(), refused), (64, vec![]));
    assert!(given.iter().all(|answer| *answer == given[0]));
    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(500));
}

async fn raced_grants_are_all_there(fx: Fixture) {
    let owned = fx.tenant().await;
    let answers = race(64, |_| {
        let (ledger, cmd) = (fx.store.ledger.clone(), fx.grant(3));
        async move { ledger.grant(owned.scope, cmd).await }
    })
    .await;
    assert_eq!(sorted(answers).0.len(), 64);
    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(192));
    assert_eq!(statement.grants.len(), 64);
}

async fn an_expired_grant_is_never_given(fx: Fixture) {
    let owned = fx.tenant().await;
    let at = fx.now();
    let terms = Terms { expires_at: Some(at), ..Terms::unlimited(GrantSource::Plan) };
    let cmd = AddGrant { terms, ..fx.grant(10) };
    assert_eq!(rejected(fx.store.ledger.grant(owned.scope, cmd).await), GrantError::Expired { at });
    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::ZERO);
}

async fn a_grant_keeps_its_terms(fx: Fixture) {
    let owned = fx.tenant().await;
    let week = fx.now().plus_seconds(7 * 86_400);
    let rollover = Rollover { up_to: Credits::new(40), until: week.plus_seconds(86_400) };
    let mut commands = Vec::new();
    for (source, rollover) in [
        (GrantSource::Plan, Some(rollover)),
        (GrantSource::Purchase, None),
        (GrantSource::Promotion, None),
    ] {
        let terms = Terms { expires_at: Some(week), rollover, ..Terms::unlimited(source) };
        let cmd = AddGrant { terms, ..fx.grant(100) };
        fx.store.ledger.grant(owned.scope, cmd.clone()).await.unwrap();
        commands.push(cmd);
    }
    commands.sort_by_key(|cmd| cmd.terms.priority);

    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    let kept: Vec<_> = statement
        .grants
        .iter()
        .map(|grant| (grant.id, grant.amount, grant.terms, grant.granted_at))
        .collect();
    let given: Vec<_> =
        commands.iter().map(|cmd| (cmd.grant, cmd.amount, cmd.terms, fx.now())).collect();
    assert_eq!(kept, given);
}

async fn grants_that_do_not_fit_are_refused(fx: Fixture) {
    let owned = fx.funded(1).await;
    let refusal = rejected(fx.store.ledger.grant(owned.scope, fx.grant(i64::MAX)).await);
    assert!(matches!(refusal, GrantError::TooLarge(_)), "{refusal:?}");
    let statement = fx.store.books.statement(owned.scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(1));
}
