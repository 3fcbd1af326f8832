//! How often a command asks the server something: each time takes a way there and back.

use std::sync::Arc;

use futures::future::join_all;
use keelway_contract::{Fixture, ManualClock, SeededEntropy, scope};
use keelway_credits::Finality;
use keelway_kernel::TenantId;
use keelway_postgres::{PostgresSettings, Time};

use crate::between::Between;
use crate::database::Database;

/// A statement is prepared when it is first sent, on the way there and back before.
const UNTIL_PREPARED: usize = 3;

/// A store that has one connection, so that it prepares its statements once.
async fn listened_to() -> (Fixture, Between) {
    let database = Arc::new(Database::fresh().await);
    let between = Between::default();
    let mut settings = PostgresSettings::new(between.url(&database).await);
    settings.connections = 1;
    let (clock, entropy) = (Arc::new(ManualClock::default()), Arc::new(SeededEntropy::new(5)));
    let time = Time::Given(clock.clone());
    let store = Arc::new(Database::store_of(&settings, time, entropy.clone()));
    let store = crate::ports(store, database);
    (Fixture { clock, entropy, store }, between)
}

#[tokio::test]
async fn a_lone_command_of_the_ledger_goes_there_and_back_this_often() {
    let (fx, between) = listened_to().await;
    let of = fx.funded(1_000_000).await.scope;
    let (mut reserved, mut committed) = (vec![], vec![]);
    for _ in 0..UNTIL_PREPARED {
        between.asked();
        let hold = fx.held(of, 10).await.hold;
        reserved = between.asked();
        let commit = fx.commit(hold, 10, Finality::Final);
        fx.store.ledger.commit(of, commit).await.unwrap();
        committed = between.asked();
    }
    assert_eq!((reserved.len(), committed.len()), (4, 5), "{reserved:#?} {committed:#?}");
}

#[tokio::test]
async fn commands_of_64_tenants_go_there_and_back_as_often_as_one() {
    let (fx, between) = listened_to().await;
    let tenants: Vec<_> =
        (0..64).map(|_| scope(TenantId::generate(fx.now(), &*fx.entropy))).collect();
    let funded = tenants.iter().map(|of| fx.store.ledger.grant(*of, fx.grant(1_000)));
    assert!(join_all(funded).await.iter().all(Result::is_ok));
    let mut reserved = vec![];
    for _ in 0..UNTIL_PREPARED {
        between.asked();
        let holds = tenants.iter().map(|of| fx.store.ledger.reserve(*of, fx.reserve(10)));
        assert!(join_all(holds).await.iter().all(Result::is_ok));
        reserved = between.asked();
    }
    assert_eq!(reserved.len(), 4, "{reserved:#?}");
}
