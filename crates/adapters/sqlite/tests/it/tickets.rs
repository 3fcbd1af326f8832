//! What guessing tickets costs others.

use keelway_access::Tickets as _;

use crate::opened::Opened;

#[tokio::test]
async fn a_ticket_that_is_not_there_never_waits_for_the_writer() {
    let opened = Opened::new().await;
    let token = opened.fx.token();
    opened.tamper("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(opened.store.redeem(&token).await, Ok(None));
    opened.tamper("COMMIT").await.unwrap();
}
