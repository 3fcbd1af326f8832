//! Whom the server refuses to work as, and what is to be done about it.

use std::sync::Arc;

use keelway_contract::SeededEntropy;
use keelway_postgres::{PostgresSettings, PostgresStore, Time, UnsafeRole};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::database::Database;
use crate::opened::Opened;

/// A role of this process's own, because roles belong to all databases of a server. Its name
/// needs quoting.
struct Role {
    name: String,
    opened: Opened,
    raw: PgConnection,
}

impl Role {
    /// Made by `sql`, in which `$role` stands for it and `$higher` for another one.
    async fn new(of: &str, sql: &str) -> Self {
        let opened = Opened::new().await;
        let raw = opened.raw().await;
        let mut role = Self { name: format!("keelway-{of}-{}", std::process::id()), opened, raw };
        role.run("DROP ROLE IF EXISTS $role").await;
        role.run(sql).await;
        role
    }

    async fn run(&mut self, sql: &str) {
        let quoted = |name: &str| format!("\"{name}\"");
        let sql = sql.replace("$higher", &quoted(&format!("{}-higher", self.name)));
        let sql = sql.replace("$role", &quoted(&self.name));
        self.raw.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
    }

    fn store(&self) -> PostgresStore {
        let settings = PostgresSettings::new(self.opened.database.url_of(&self.name));
        let clock = self.opened.fx.clock.clone();
        let entropy = Arc::new(SeededEntropy::new(9));
        Database::store_of(&settings, Time::Given(clock), entropy)
    }

    /// What is wrong with it.
    async fn problem(&self) -> Option<UnsafeRole> {
        let store = self.store();
        let problem = store.unsafe_role().await.unwrap();
        store.close().await;
        problem
    }

    /// Carries the remedy out as an operator would who calls the new role by this name.
    async fn mend(&mut self, problem: &UnsafeRole) {
        let remedy = problem.remedy();
        let remedy =
            remedy.replace("ROLE keelway ", "ROLE $role ").replace("TO keelway;", "TO $role;");
        self.run(&remedy).await;
    }

    async fn gone(mut self) {
        self.run("DROP OWNED BY $role CASCADE; DROP ROLE $role").await;
    }
}

const GRANTED: &str = "GRANT keelway_app, keelway_jobs TO $role";

#[tokio::test]
async fn the_role_that_stores_under_test_work_as_is_safe() {
    assert_eq!(Opened::new().await.store.unsafe_role().await, Ok(None));
}

#[tokio::test]
async fn a_role_that_walls_do_not_bind_is_unsafe() {
    for (of, sql, problem) in [
        (
            "super",
            "CREATE ROLE $role LOGIN NOINHERIT SUPERUSER",
            UnsafeRole::Superuser as fn(String) -> UnsafeRole,
        ),
        (
            "bypassing",
            "CREATE ROLE $role LOGIN NOINHERIT BYPASSRLS",
            UnsafeRole::BypassesRowSecurity,
        ),
        (
            "owner",
            "CREATE ROLE $role LOGIN NOINHERIT; ALTER TABLE builds OWNER TO $role",
            UnsafeRole::Owner,
        ),
    ] {
        let mut role = Role::new(of, &format!("{sql}; {GRANTED}")).await;
        let found = role.problem().await.unwrap();
        assert_eq!(found, problem(role.name.clone()));

        // The remedy is another role.
        let mut other = Role::new(&format!("after-{of}"), "").await;
        other.mend(&found).await;
        assert_eq!(other.problem().await, None, "{}", found.remedy());
        other.gone().await;
        role.run("ALTER TABLE builds OWNER TO CURRENT_USER").await;
        role.gone().await;
    }
}

#[tokio::test]
async fn a_role_that_could_become_one_that_walls_do_not_bind_is_unsafe() {
    let sql = format!("CREATE ROLE $role LOGIN NOINHERIT; {GRANTED}");
    let mut role = Role::new("climbing", &sql).await;
    role.run("DROP ROLE IF EXISTS $higher; CREATE ROLE $higher; GRANT $higher TO $role").await;
    assert_eq!(role.problem().await, None);
    for (attribute, problem) in [
        ("ALTER ROLE $higher SUPERUSER", UnsafeRole::Superuser as fn(String) -> UnsafeRole),
        ("ALTER ROLE $higher NOSUPERUSER BYPASSRLS", UnsafeRole::BypassesRowSecurity),
        ("ALTER ROLE $higher NOBYPASSRLS; ALTER TABLE builds OWNER TO $higher", UnsafeRole::Owner),
    ] {
        role.run(attribute).await;
        assert_eq!(role.problem().await, Some(problem(role.name.clone())), "{attribute}");
    }
    role.run("ALTER TABLE builds OWNER TO CURRENT_USER; DROP ROLE $higher").await;
    role.gone().await;
}

#[tokio::test]
async fn a_role_that_inherits_or_lacks_rights_is_mended() {
    for (of, sql, problem) in [
        (
            "inheriting",
            format!("CREATE ROLE $role LOGIN INHERIT; {GRANTED}"),
            UnsafeRole::Inherits as fn(String) -> UnsafeRole,
        ),
        ("powerless", "CREATE ROLE $role LOGIN".to_owned(), UnsafeRole::Powerless),
        (
            "halfway",
            "CREATE ROLE $role LOGIN NOINHERIT; GRANT keelway_app TO $role".to_owned(),
            UnsafeRole::Powerless,
        ),
    ] {
        let mut role = Role::new(of, &sql).await;
        let found = role.problem().await.unwrap();
        assert_eq!(found, problem(role.name.clone()));
        role.mend(&found).await;
        assert_eq!(role.problem().await, None, "{}", found.remedy());
        role.gone().await;
    }
}
