//! Two tenants with rows in every table, and what one of them can do to the other's.

use std::sync::Arc;

use keelway_access::{Invite, NewTicket, Role};
use keelway_contract::{Fixture, Owned, SeededEntropy, actor, rejected};
use keelway_credits::Finality;
use keelway_kernel::id::InvitationId;
use keelway_kernel::{TenantId, Tier};
use keelway_postgres::{PostgresSettings, Time};
use keelway_tiers::{FlagName, OverrideChange, SetFlag, Switch};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, FromRow};

use super::{Met, attempt, begin, run, working};
use crate::database::Database;
use crate::opened::Opened;

/// Everybody may see who waits where: the policy is named in the catalogue's snapshot.
const PUBLIC: &str = "build_queue";

/// A tenant's table, and the column that says whose a row is.
#[derive(Debug, FromRow)]
struct Table {
    name: String,
    key: String,
}

impl Table {
    fn rows_of(&self, tenant: TenantId) -> String {
        format!("FROM {} WHERE {} = '{}'", self.name, self.key, tenant.as_uuid())
    }
}

async fn tables(raw: &mut PgConnection) -> Vec<Table> {
    sqlx::query_as(
        "SELECT c.relname::text AS name, a.attname::text AS key
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
          WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
            AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
          ORDER BY 1",
    )
    .fetch_all(raw)
    .await
    .unwrap()
}

/// A tenant with a deployed build, and whatever else a tenant may have but builds that wait.
async fn populated(fx: &Fixture) -> Owned {
    let owned = fx.tenant_of(Tier::Enterprise).await;
    let (ledger, scope) = (&fx.store.ledger, owned.scope);
    ledger.grant(scope, fx.grant(10_000)).await.unwrap();
    let held = fx.held(scope, 10).await;
    ledger.commit(scope, fx.commit(held.hold, 5, Finality::Final)).await.unwrap();
    fx.submitted(owned).await;
    let taken = fx.taken().await;
    let build = fx.deployed(&taken.lease, 10_000).await;
    let ticket = NewTicket {
        token: fx.token(),
        build: build.id,
        user: owned.user,
        session: Some(fx.token()),
    };
    fx.store.tickets.issue(scope, ticket).await.unwrap();
    let invite = Invite {
        id: InvitationId::generate(fx.now(), &*fx.entropy),
        token: fx.token(),
        role: Role::Member,
        email: None,
        by: owned.user,
        request_id: "req_invite".into(),
    };
    fx.store.invitations.invite(scope, invite).await.unwrap();
    let change = OverrideChange::Tenant(scope.tenant(), Some(Switch::On));
    let flag = FlagName::all().next().unwrap();
    fx.store.flag_overrides.set_flag(SetFlag { flag, change, actor: actor() }).await.unwrap();
    owned
}

/// Two tenants, each with rows in every table that has a tenant.
async fn two(opened: &Opened) -> (TenantId, TenantId, Vec<Table>) {
    let both = [populated(&opened.fx).await, populated(&opened.fx).await];
    for owned in both {
        opened.fx.submitted(owned).await;
    }
    let [ours, theirs] = both.map(|owned| owned.scope.tenant());
    let mut raw = opened.raw().await;
    let tables = tables(&mut raw).await;
    for table in &tables {
        for tenant in [ours, theirs] {
            let count = format!("SELECT count(*) {}", table.rows_of(tenant));
            let count: i64 =
                sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut raw).await.unwrap();
            assert!(count > 0, "nothing is shown about {}", table.name);
        }
    }
    assert!(tables.len() > 20, "{tables:?}");
    (ours, theirs, tables)
}

#[tokio::test]
async fn a_tenant_neither_sees_nor_changes_anothers_rows() {
    let opened = Opened::new().await;
    let (ours, theirs, tables) = two(&opened).await;
    let mut raw = opened.raw().await;
    let mut connection = working(&opened).await;
    begin(&mut connection, "keelway_app", Some(ours)).await;
    let mut out_of_reach = Vec::new();
    for table in &tables {
        let Table { name, key } = table;
        let (own, other) = (table.rows_of(ours), table.rows_of(theirs));
        match attempt(&mut connection, &format!("SELECT 1 {own}")).await {
            Met::Denied => out_of_reach.push(name.as_str()),
            Met::Rows(seen) => assert!(seen > 0, "its own {name} are hidden"),
        }
        let set = |to: TenantId| format!("UPDATE {name} SET {key} = '{}'", to.as_uuid());
        for sql in [
            format!("SELECT 1 {other}"),
            format!("SELECT 1 FROM {name} WHERE {key} <> '{}'", ours.as_uuid()),
            format!("{} WHERE {key} = '{}'", set(ours), theirs.as_uuid()),
            format!("DELETE {other}"),
        ] {
            let met = attempt(&mut connection, &sql).await;
            let is_public = name == PUBLIC && sql.starts_with("SELECT");
            assert!(is_public || matches!(met, Met::Denied | Met::Rows(0)), "{sql}: {met:?}");
        }
        // What would move its own rows to the other, or put new ones there.
        let copy = format!(
            "SELECT (to_jsonb(row) || jsonb_build_object('{key}', '{}'))::text
               FROM {name} row WHERE {key} = '{}' LIMIT 1",
            theirs.as_uuid(),
            ours.as_uuid()
        );
        let copy: String =
            sqlx::query_scalar(AssertSqlSafe(copy)).fetch_one(&mut raw).await.unwrap();
        let copy = format!(
            "INSERT INTO {name} SELECT * FROM jsonb_populate_record(NULL::{name}, $copy${copy}$copy$)"
        );
        for sql in [format!("{} WHERE {key} = '{}'", set(theirs), ours.as_uuid()), copy] {
            assert_eq!(attempt(&mut connection, &sql).await, Met::Denied, "{sql}");
        }
    }
    assert_eq!(out_of_reach, ["flag_overrides", "viewer_tickets"]);
}

#[tokio::test]
async fn whoever_names_no_tenant_sees_none() {
    let opened = Opened::new().await;
    let (ours, _, tables) = two(&opened).await;
    let mut connection = working(&opened).await;
    // Where the setting was never made, and where it was left behind empty.
    for _ in 0..2 {
        begin(&mut connection, "keelway_app", None).await;
        for Table { name, .. } in tables.iter().filter(|table| table.name != PUBLIC) {
            let met = attempt(&mut connection, &format!("SELECT 1 FROM {name}")).await;
            assert!(matches!(met, Met::Denied | Met::Rows(0)), "{name}: {met:?}");
        }
        run(&mut connection, "ROLLBACK").await;
        begin(&mut connection, "keelway_app", Some(ours)).await;
        let met = attempt(&mut connection, "SELECT 1 FROM builds").await;
        assert_eq!(met, Met::Rows(2), "a tenant that is named sees its own");
        run(&mut connection, "COMMIT").await;
    }
}

#[tokio::test]
async fn whoever_takes_on_no_role_has_no_right() {
    let opened = Opened::new().await;
    let (_, _, tables) = two(&opened).await;
    let mut connection = working(&opened).await;
    run(&mut connection, "BEGIN").await;
    let more = ["users", "sessions", "idempotency_keys", "guest_entries", "_sqlx_migrations"];
    for name in tables.iter().map(|table| table.name.as_str()).chain(more) {
        let met = attempt(&mut connection, &format!("SELECT 1 FROM {name}")).await;
        assert_eq!(met, Met::Denied, "{name}");
    }
}

#[tokio::test]
async fn a_transaction_leaves_nothing_of_itself_on_its_connection() {
    let opened = Opened::new().await;
    let mut settings = PostgresSettings::new(opened.database.url());
    settings.connections = 1;
    let (clock, entropy) = (opened.fx.clock.clone(), Arc::new(SeededEntropy::new(8)));
    let store = Database::store_of(&settings, Time::Given(clock), entropy);
    let store = Arc::new(store);
    let fx = Fixture {
        store: crate::ports(Arc::clone(&store), Arc::clone(&opened.database)),
        ..opened.fx.clone()
    };
    let owned = fx.funded(100).await;

    // The state of migrations is read outside transactions: whoever still acts for a tenant
    // sees none there.
    let mut raw = opened.raw().await;
    run(
        &mut raw,
        "ALTER TABLE _sqlx_migrations ENABLE ROW LEVEL SECURITY;
         CREATE POLICY nobodys ON _sqlx_migrations TO keelway_jobs
         USING (COALESCE(current_setting('keelway.tenants', true), '') = '')",
    )
    .await;
    let mut connection = working(&opened).await;
    let seen = "SELECT version FROM _sqlx_migrations";
    for left in ["SET ROLE keelway_app", "SET ROLE keelway_jobs; SET keelway.tenants = '{}'"] {
        run(&mut connection, &format!("RESET ROLE; BEGIN; {left}")).await;
        assert_eq!(attempt(&mut connection, seen).await, Met::Rows(0), "{left} goes unnoticed");
        run(&mut connection, "ROLLBACK").await;
    }

    fx.store.ledger.grant(owned.scope, fx.grant(5)).await.unwrap();
    assert!(store.migration_status().await.unwrap().is_current(), "after a command");
    fx.store.books.statement(owned.scope).await.unwrap();
    assert!(store.migration_status().await.unwrap().is_current(), "after a read");
    rejected(fx.store.ledger.reserve(owned.scope, fx.reserve(1_000)).await);
    assert!(store.migration_status().await.unwrap().is_current(), "after a refusal");
}
