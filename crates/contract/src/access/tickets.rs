//! Tickets for event streams.

use crate::{Fixture, Owned, race};
use keelway_access::{NewTicket, Ticket, TokenHash};
use keelway_kernel::BuildId;

crate::cases! {
    access_tickets_cases in access::tickets:
    a_ticket_is_redeemed_exactly_once,
    a_ticket_names_the_session_that_asked_for_it_if_one_did,
    one_ticket_raced_is_never_redeemed_twice,
    an_expired_ticket_is_never_redeemed,
    exactly_the_expired_tickets_are_swept,
}

async fn issue(fx: &Fixture) -> (TokenHash, Ticket) {
    let Owned { scope, user } = fx.tenant().await;
    let build = BuildId::generate(fx.now(), &*fx.entropy);
    let (token, session) = (fx.token(), Some(fx.token()));
    let ticket = NewTicket { token, build, user, session };
    fx.store.tickets.issue(scope, ticket).await.unwrap();
    (token, Ticket { build, user, tenant: scope.tenant(), session })
}

async fn a_ticket_names_the_session_that_asked_for_it_if_one_did(fx: Fixture) {
    let Owned { scope, user } = fx.tenant().await;
    let build = BuildId::generate(fx.now(), &*fx.entropy);
    for session in [Some(fx.token()), None] {
        let token = fx.token();
        let ticket = NewTicket { token, build, user, session };
        fx.store.tickets.issue(scope, ticket).await.unwrap();
        let redeemed = fx.store.tickets.redeem(&token).await.unwrap();
        assert_eq!(redeemed, Some(Ticket { build, user, tenant: scope.tenant(), session }));
    }
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
