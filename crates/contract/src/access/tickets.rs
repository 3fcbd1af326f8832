//! Tickets for event streams.

use crate::{Fixture, Owned, race};
use keelway_access::{Ticket, TokenHash};
use keelway_kernel::BuildId;

crate::cases! {
    access_tickets_cases in access::tickets:
    a_ticket_is_redeemed_exactly_once,
    one_ticket_raced_is_never_redeemed_twice,
    an_expired_ticket_is_never_redeemed,
    exactly_the_expired_tickets_are_swept,
}

async fn issue(fx: &Fixture) -> (TokenHash, Ticket) {
    let Owned { scope, user } = fx.tenant().await;
    let build = BuildId::generate(fx.now(), &*fx.entropy);
    let token = fx.token();
    let issued = fx.store.tickets.issue(scope, &token, build, user).await;
    issued.unwrap();
    let tenant = scope.tenant();
    (token, Ticket { build, user, tenant })
}

async fn a_ticket_is_redeemed_exactly_once(fx: Fixture) {
    let (token, ticket) = issue(&fx).await;
    let (other, _) = issue(&fx).await;
    fx.clock.advance(Ticket::LIFETIME_S - 1);
    let tickets = &fx.store.tickets;
    assert_eq!(tickets.redeem(&fx.token()).await.unwrap(), None);
    assert_eq!(tickets.redeem(&token).await.unwrap(), Some(ticket));
    assert_eq!(tickets.redeem(&token).await.unwrap(), None);
    assert!(tickets.redeem(&other).await.unwrap().is_some());
}

async fn one_ticket_raced_is_never_redeemed_twice(fx: Fixture) {
    let (token, ticket) = issue(&fx).await;
    let answers = race(64, |_| {
        let tickets = fx.store.tickets.clone();
        async move { tickets.redeem(&token).await.unwrap() }
    })
    .await;
    let redeemed: Vec<_> = answers.into_iter().flatten().collect();
    assert_eq!(redeemed, [ticket]);
}

async fn an_expired_ticket_is_never_redeemed(fx: Fixture) {
    let (token, _) = issue(&fx).await;
    fx.clock.advance(Ticket::LIFETIME_S);
    assert_eq!(fx.store.tickets.redeem(&token).await.unwrap(), None);
    fx.clock.advance(-1);
    assert_eq!(fx.store.tickets.redeem(&token).await.unwrap(), None);
}

async fn exactly_the_expired_tickets_are_swept(fx: Fixture) {
    issue(&fx).await;
    issue(&fx).await;
    fx.clock.advance(1);
    let (token, ticket) = issue(&fx).await;
    fx.clock.advance(Ticket::LIFETIME_S - 1);
    assert_eq!(fx.store.tickets.sweep().await.unwrap(), 2);
    assert_eq!(fx.store.tickets.sweep().await.unwrap(), 0);
    assert_eq!(fx.store.tickets.redeem(&token).await.unwrap(), Some(ticket));
}
