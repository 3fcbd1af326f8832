//! Whom the server refuses to work as, and what is to be done about it.

use std::sync::Arc;

use keelway_contract::SeededEntropy;
use keelway_postgres::{
    Danger, PostgresSettings, PostgresStore, Power, Powerless, Time, UnsafeRole,
};
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
    /// Made by `sql`, in which `$role` stands for it, `$higher` and `$between` for others.
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
        let sql = sql.replace("$between", &quoted(&format!("{}-between", self.name)));
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

    /// Which of the roles that it needs it may not take on.
    async fn powerless(&self) -> Option<Powerless> {
        let store = self.store();
        let lacks = store.powerless_role().await.unwrap();
        store.close().await;
        lacks
    }

    /// Carries a remedy out that leaves it the role to log in as.
    async fn mend(&mut self, problem: &UnsafeRole) {
        let remedy = problem.remedy();
        assert_eq!(remedy.log_in_as, None);
        self.run(&remedy.sql.join(" ")).await;
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

/// What it can do itself.
fn own(power: Power, role: &Role) -> Danger {
    Danger { power, holder: role.name.clone(), grant: None }
}

#[tokio::test]
async fn one_that_is_somebody_elses_is_left_alone_for_another() {
    let owner = "CREATE ROLE $role LOGIN NOINHERIT; ALTER TABLE builds OWNER TO $role";
    for (of, sql, power) in [
        ("super", "CREATE ROLE $role LOGIN NOINHERIT SUPERUSER CREATEROLE", Power::Superuser),
        ("owner", owner, Power::Owns),
    ] {
        let mut role = Role::new(of, &format!("{sql}; {GRANTED}")).await;
        let found = role.problem().await.unwrap();
        assert_eq!(found.dangers, [own(power, &role)]);
        assert!(found.remedy().log_in_as.is_some());
        role.run("ALTER TABLE builds OWNER TO CURRENT_USER").await;
        role.gone().await;
    }
}

/// The one case that makes a role of the usual name.
#[tokio::test]
async fn the_advice_fits_the_roles_that_are_there() {
    const GONE: &str = "DO $$ BEGIN DROP OWNED BY keelway;
        EXCEPTION WHEN undefined_object THEN NULL; END $$; DROP ROLE IF EXISTS keelway";
    let sql = "CREATE ROLE $role LOGIN NOINHERIT; ALTER TABLE builds OWNER TO $role";
    let mut role = Role::new("advised", sql).await;
    role.run(GONE).await;
    for (makes, begins) in [
        ("SELECT 1", Some("CREATE ROLE \"keelway\" LOGIN NOINHERIT PASSWORD '...';")),
        ("ALTER ROLE keelway NOLOGIN", Some("ALTER ROLE \"keelway\" LOGIN NOINHERIT;")),
        ("REVOKE keelway_jobs FROM keelway", Some("ALTER ROLE \"keelway\" LOGIN NOINHERIT;")),
        ("SELECT 1", None),
    ] {
        role.run(makes).await;
        let remedy = role.problem().await.unwrap().remedy();
        assert_eq!(remedy.log_in_as.as_deref(), Some("keelway"));
        assert_eq!(remedy.sql.first().map(String::as_str), begins, "{makes}");
        role.run(&remedy.sql.join(" ")).await;
        // Whoever is advised is safe, and can work.
        let name = std::mem::replace(&mut role.name, "keelway".to_owned());
        assert_eq!((role.problem().await, role.powerless().await), (None, None), "{makes}");
        role.name = name;
    }
    role.run(GONE).await;
    role.run("ALTER TABLE builds OWNER TO CURRENT_USER").await;
    role.gone().await;
}

#[tokio::test]
async fn whoever_owns_the_schema_or_the_database_owns_the_walls() {
    let sql = format!("CREATE ROLE $role LOGIN NOINHERIT; {GRANTED}");
    let mut role = Role::new("landlord", &sql).await;
    let name = role.opened.database.owner.get_database().unwrap().to_owned();
    for (takes, returns) in [
        (
            "ALTER SCHEMA public OWNER TO $role".to_owned(),
            "ALTER SCHEMA public OWNER TO pg_database_owner".to_owned(),
        ),
        (
            format!("ALTER DATABASE {name} OWNER TO $role"),
            format!("ALTER DATABASE {name} OWNER TO CURRENT_USER"),
        ),
    ] {
        assert_eq!(role.problem().await, None);
        role.run(&takes).await;
        let found = role.problem().await.unwrap_or_else(|| panic!("{takes}"));
        assert_eq!(found.dangers, [own(Power::Owns, &role)], "{takes}");
        role.run(&returns).await;
    }
    role.gone().await;
}

/// Attributes and PostgreSQL's own roles, each with what it is.
const POWERS: [(&str, Power); 8] = [
    ("ALTER ROLE $whom BYPASSRLS", Power::BypassesRowSecurity),
    ("ALTER ROLE $whom CREATEROLE", Power::MakesRoles),
    ("ALTER ROLE $whom REPLICATION", Power::Replicates),
    ("GRANT pg_read_all_data TO $whom", Power::Predefined),
    ("GRANT pg_write_all_data TO $whom", Power::Predefined),
    ("GRANT pg_execute_server_program TO $whom", Power::Predefined),
    ("GRANT pg_read_server_files TO $whom", Power::Predefined),
    ("GRANT pg_write_server_files TO $whom", Power::Predefined),
];

#[tokio::test]
async fn each_way_around_the_walls_is_found_and_mended() {
    for inherits in ["NOINHERIT", "INHERIT"] {
        let sql = format!("CREATE ROLE $role LOGIN NOINHERIT; {GRANTED}");
        let mut role = Role::new("wandering", &sql).await;
        for (gives, power) in POWERS {
            role.run(&gives.replace("$whom", "$role")).await;
            role.run(&format!("ALTER ROLE $role {inherits}")).await;
            let found = role.problem().await.unwrap_or_else(|| panic!("{gives}"));
            assert!(found.dangers.iter().any(|danger| danger.power == power), "{found}");
            role.mend(&found).await;
            assert_eq!(role.problem().await, None, "{gives}: {:?}", found.remedy());
        }
        role.gone().await;
    }
}

#[tokio::test]
async fn a_role_that_could_become_one_that_walls_do_not_bind_is_unsafe() {
    let sql = format!("CREATE ROLE $role LOGIN NOINHERIT; {GRANTED}");
    let mut role = Role::new("climbing", &sql).await;
    let highest = [("ALTER ROLE $whom SUPERUSER", Power::Superuser)];
    let owner = [("ALTER TABLE builds OWNER TO $whom", Power::Owns)];
    for (gives, power) in POWERS.into_iter().chain(highest).chain(owner) {
        // Through one that can do nothing itself.
        role.run("DROP ROLE IF EXISTS $higher; CREATE ROLE $higher").await;
        role.run("DROP ROLE IF EXISTS $between; CREATE ROLE $between").await;
        role.run("GRANT $higher TO $between; GRANT $between TO $role").await;
        assert_eq!(role.problem().await, None);
        role.run(&gives.replace("$whom", "$higher")).await;
        let found = role.problem().await.unwrap_or_else(|| panic!("{gives}"));
        let [danger] = &*found.dangers else { panic!("{gives}: {found:?}") };
        let between = format!("{}-between", role.name);
        assert_eq!(danger.power, power, "{gives}");
        assert_eq!(danger.grant, Some((role.name.clone(), between.clone())), "{gives}");
        assert!(found.to_string().ends_with(&format!("(through {between:?})")), "{found}");
        role.mend(&found).await;
        assert_eq!(role.problem().await, None, "{gives}: {:?}", found.remedy());
        role.run("REASSIGN OWNED BY $higher TO CURRENT_USER").await;
        role.run("DROP ROLE $higher; DROP ROLE $between").await;
    }
    role.gone().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let sql = format!("CREATE ROLE $role LOGIN INHERIT CREATEROLE REPLICATION; {GRANTED}");
    let mut role = Role::new("several", &sql).await;
    role.run("GRANT pg_read_all_data TO $role").await;
    let found = role.problem().await.unwrap();
    let name = &role.name;
    assert_eq!(
        found.to_string(),
        format!(
            "the role {name:?} has CREATEROLE; it has REPLICATION; it is a member of \
             pg_read_all_data; it inherits the rights of keelway_app; it inherits the rights of \
             keelway_jobs"
        )
    );
    role.mend(&found).await;
    assert_eq!(role.problem().await, None);
    assert_eq!(role.powerless().await, None);
    role.gone().await;
}

#[tokio::test]
async fn a_role_that_may_make_databases_is_safe() {
    let sql = format!("CREATE ROLE $role LOGIN NOINHERIT CREATEDB; {GRANTED}");
    let role = Role::new("founding", &sql).await;
    assert_eq!(role.problem().await, None);
    role.gone().await;
}

#[tokio::test]
async fn a_role_that_cannot_work_is_told_what_it_lacks_whatever_else_it_is() {
    let owner = "CREATE ROLE $role LOGIN INHERIT; ALTER TABLE builds OWNER TO $role";
    for (of, sql, lacks) in [
        ("powerless", "CREATE ROLE $role LOGIN", &["keelway_app", "keelway_jobs"][..]),
        (
            "halfway",
            "CREATE ROLE $role LOGIN NOINHERIT; GRANT keelway_app TO $role",
            &["keelway_jobs"],
        ),
        ("owning", owner, &["keelway_app", "keelway_jobs"]),
    ] {
        let mut role = Role::new(of, sql).await;
        let found = role.powerless().await.unwrap();
        assert_eq!((&*found.role, &*found.lacks), (&*role.name, lacks));
        role.run(&found.remedy()).await;
        assert_eq!(role.powerless().await, None, "{}", found.remedy());
        role.run("ALTER TABLE builds OWNER TO CURRENT_USER").await;
        assert_eq!(role.problem().await, None, "{}", found.remedy());
        role.gone().await;
    }
}
