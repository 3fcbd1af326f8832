//! The ledger saves nothing over what is not as it was when it was decided on.

use keelway_contract::amount;
use keelway_credits::Finality;
use keelway_kernel::{Failure, StoreError};

use crate::opened::Opened;
use crate::under_way::after;

#[tokio::test]
async fn an_account_that_was_changed_meanwhile_is_not_changed_over_it() {
    let opened = Opened::new().await;
    let (fx, of) = (&opened.fx, opened.fx.funded(100).await.scope);
    let version = async || -> i64 {
        let version =
            sqlx::query_scalar("SELECT version FROM credit_accounts WHERE tenant_id = $1")
                .bind(of.tenant().as_uuid());
        version.fetch_one(&mut opened.raw().await).await.unwrap()
    };
    let before = version().await;
    let other = format!(
        "UPDATE credit_accounts SET version = version + 1 WHERE tenant_id = '{}'",
        of.tenant().as_uuid()
    );
    let (ledger, grant) = (fx.store.ledger.clone(), fx.grant(10));
    // It has read the account as it was before.
    let granted = after(&opened, &other, async move { ledger.grant(of, grant).await }).await;
    assert!(granted.is_ok(), "{granted:?}");
    assert_eq!(version().await, before + 2, "it was decided on again");
    assert_eq!(fx.store.books.available(of).await, Ok(amount(110).credits()));
}

/// Rows that a statement of the ledger means to write, and does not meet.
const MISSED: [&str; 3] = [
    "CREATE FUNCTION miss() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER miss BEFORE UPDATE ON credit_accounts FOR EACH ROW EXECUTE FUNCTION miss()",
    "CREATE FUNCTION miss() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER miss BEFORE INSERT ON credit_holds FOR EACH ROW EXECUTE FUNCTION miss()",
    "CREATE FUNCTION miss() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER miss BEFORE UPDATE ON credit_grants FOR EACH ROW EXECUTE FUNCTION miss()",
];

#[tokio::test]
async fn a_command_that_misses_a_row_changes_none_and_tells_of_none() {
    for missed in MISSED {
        let opened = Opened::new().await;
        let (fx, of) = (&opened.fx, opened.fx.funded(100).await.scope);
        let hold = fx.held(of, 10).await.hold;
        let told = fx.store.audit_trail.entries(Some(of.tenant())).await;
        let before = fx.store.books.statement(of).await.unwrap();
        opened.tamper(missed).await;
        let done = fx.store.ledger.commit(of, fx.commit(hold, 10, Finality::Final)).await;
        assert!(matches!(done, Err(Failure::Store(StoreError::Contended))), "{missed}: {done:?}");
        assert_eq!(fx.store.books.statement(of).await.unwrap(), before, "{missed}");
        assert_eq!(fx.store.audit_trail.entries(Some(of.tenant())).await, told, "{missed}");
    }
}
