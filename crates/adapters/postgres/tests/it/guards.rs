//! The ledger saves nothing over what is not as it was when it was decided on.

use keelway_contract::amount;
use keelway_credits::Finality;
use keelway_kernel::{Failure, StoreError};

use crate::opened::Opened;

/// Somebody else's change of the account, made as soon as the ledger has read it.
const ANOTHER_CHANGE: &str = "
    CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE credit_accounts SET version = version + 1 WHERE tenant_id = new.tenant_id;
        RETURN new;
    END $$;
    CREATE TRIGGER change BEFORE INSERT ON credit_grants
        FOR EACH ROW EXECUTE FUNCTION change()";

#[tokio::test]
async fn an_account_that_was_changed_meanwhile_is_not_changed_over_it() {
    let opened = Opened::new().await;
    let (fx, of) = (&opened.fx, opened.fx.funded(100).await.scope);
    opened.tamper(ANOTHER_CHANGE).await;
    let done = fx.store.ledger.grant(of, fx.grant(10)).await;
    assert!(matches!(done, Err(Failure::Store(StoreError::Contended))), "{done:?}");
    assert_eq!(fx.store.books.available(of).await, Ok(amount(100).credits()));
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
