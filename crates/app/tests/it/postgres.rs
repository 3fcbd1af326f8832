//! The same commands on a PostgreSQL server, as the roles that a deployment has.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::metrics::ask;
use crate::serve::{Server, free_addresses, signal};
use crate::{blocking, keelway, said};

/// Whom migrations run as.
const OWNER: &str = "keelway_cli_owner";
/// Whoever makes them has this lock of the server.
const MAKING_ROLES: i64 = 0x006b_6565_6c63_6c69;

/// An empty database with an owner, dropped with this.
struct Database {
    name: &'static str,
    server: PgConnectOptions,
}

impl Database {
    fn empty(name: &'static str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "where the server is, the environment says")]
        let url = std::env::var("KEELWAY_TEST_POSTGRES_URL").expect(
            "KEELWAY_TEST_POSTGRES_URL names a PostgreSQL to test on: `cargo xtask test` starts \
             one, and so does `cargo xtask servers`",
        );
        let database = Self { name, server: url.parse().unwrap() };
        database.run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        database.run(&format!("CREATE DATABASE {name} OWNER {OWNER}"));
        database
    }

    /// Runs a statement as a superuser, inside the database.
    fn run_inside(&self, sql: &str) {
        blocking(async {
            let mut inside = self.server.clone().database(self.name).connect().await.unwrap();
            raw(&mut inside, sql).await;
            inside.close().await.unwrap();
        });
    }

    /// Runs a statement as a superuser, beside the database.
    fn run(&self, sql: &str) {
        blocking(async {
            let mut server = self.server.connect().await.unwrap();
            let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(MAKING_ROLES);
            lock.execute(&mut server).await.unwrap();
            for (role, may) in [(&*self.app(), "NOINHERIT"), (OWNER, "CREATEROLE")] {
                let make = format!(
                    "DO $$ BEGIN CREATE ROLE {role} LOGIN {may};
                     EXCEPTION WHEN duplicate_object THEN NULL; END $$"
                );
                raw(&mut server, &make).await;
            }
            raw(&mut server, sql).await;
            server.close().await.unwrap();
        });
    }

    /// Whom processes log in as; nothing is granted to it but by a test.
    fn app(&self) -> String {
        format!("{}_app", self.name)
    }

    fn url(&self, role: &str) -> String {
        let (host, port) = (self.server.get_host(), self.server.get_port());
        format!("postgres://{role}:hunter2@{host}:{port}/{}", self.name)
    }

    /// The binary on this database.
    fn keelway(&self, data_dir: &Path, args: &[&str]) -> Command {
        let mut command = keelway(data_dir, args);
        command
            .env("KEELWAY_LOG_LEVEL", "error")
            .env("KEELWAY_DATABASE_URL", self.url(&self.app()))
            .env("KEELWAY_DATABASE_MIGRATIONS_URL", self.url(OWNER));
        command
    }

    /// What it answers, without what differs from server to server.
    fn told(&self, data_dir: &Path, mut command: Command) -> String {
        let (code, out, err) = said(data_dir, command.output().unwrap());
        let place = format!("{}:{}", self.server.get_host(), self.server.get_port());
        let text = format!("{out}{err}=> {code}");
        assert!(!text.contains("hunter2"), "{text}");
        text.replace(&place, "SERVER")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

async fn raw(server: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(server).await.unwrap();
}

#[test]
fn a_server_is_migrated_by_its_owner_and_worked_on_by_a_role_that_owns_nothing() {
    let database = Database::empty("keelway_cli_roles");
    let dir = tempfile::tempdir().unwrap();
    let [api, sites] = free_addresses().map(|address| address.to_string());
    let serve = ["serve", "--listen", &api, "--preview-listen", &sites];
    let count =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres"))
            .unwrap()
            .count();
    let all = |text: String| text.replace(&format!("{count} migrations"), "ALL migrations");
    let told = |args: &[&str]| {
        let text = database.told(dir.path(), database.keelway(dir.path(), args));
        let args = if args == serve { "serve".to_owned() } else { args.join(" ") };
        format!("$ {args}\n{}", all(text))
    };
    let before = [
        told(&["migrate", "status"]),
        told(&serve),
        told(&["migrate", "up"]),
        told(&["migrate", "status"]),
    ];
    insta::assert_snapshot!(before.join("\n"), @r#"
    $ migrate status
    postgres://keelway_cli_owner@SERVER/keelway_cli_roles: ALL migrations pending; `keelway migrate up` applies them
    => 1
    $ serve
    keelway: the database postgres://keelway_cli_roles_app@SERVER/keelway_cli_roles has no tables yet: run `keelway migrate up` first
    => 2
    $ migrate up
    Done: ALL migrations applied.
    => 0
    $ migrate status
    postgres://keelway_cli_owner@SERVER/keelway_cli_roles: up to date
    => 0
    "#);

    // The roles are known now; what processes log in as has none of them.
    let app = database.app();
    database.run(&format!("REVOKE keelway_app, keelway_jobs FROM {app}"));
    database.run(&format!("ALTER ROLE {app} NOCREATEROLE"));
    insta::assert_snapshot!(told(&serve), @r#"
    $ serve
    keelway: cannot work in the database postgres://keelway_cli_roles_app@SERVER/keelway_cli_roles (`database.url`): the role "keelway_cli_roles_app" may not take on keelway_app and keelway_jobs
    keelway: as a superuser run: GRANT keelway_app, keelway_jobs TO "keelway_cli_roles_app";
    => 2
    "#);
    database.run(&format!("GRANT keelway_app, keelway_jobs TO {}", database.app()));
    let (code, out, err) =
        said(dir.path(), database.keelway(dir.path(), &["doctor"]).output().unwrap());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.ends_with("Every invariant holds.\n"), "{out}");
    let (code, out, _) =
        said(dir.path(), database.keelway(dir.path(), &["admin", "owner-link"]).output().unwrap());
    assert!(code == 0 && out.starts_with("Owner  http://127.0.0.1:8080/welcome/kwo_"), "{out}");

    let served_as = |role: &str| {
        let mut command = database.keelway(dir.path(), &serve);
        command.env("KEELWAY_DATABASE_URL", database.url(role));
        database.told(dir.path(), command)
    };
    let owner = served_as(OWNER);
    // Whether there is a role to take instead depends on the server.
    let (told, rest) = owner.split_once('\n').unwrap();
    insta::assert_snapshot!(told, @r#"keelway: cannot work in the database postgres://keelway_cli_owner@SERVER/keelway_cli_roles (`database.url`): the role "keelway_cli_owner" has CREATEROLE; it owns tables, their schema or the database"#);
    assert!(rest.contains("keelway: let `database.url` log in as \"keelway\""), "{rest}");
    assert!(
        rest.ends_with("keelway: for development, serve and worker take --allow-unsafe-role\n=> 2")
    );

    database.run(&format!("ALTER ROLE {} CREATEROLE", database.app()));
    insta::assert_snapshot!(served_as(&database.app()), @r#"
    keelway: cannot work in the database postgres://keelway_cli_roles_app@SERVER/keelway_cli_roles (`database.url`): the role "keelway_cli_roles_app" has CREATEROLE
    keelway: as a superuser run: ALTER ROLE "keelway_cli_roles_app" NOCREATEROLE;
    keelway: for development, serve and worker take --allow-unsafe-role
    => 2
    "#);
    database.run(&format!("ALTER ROLE {} NOCREATEROLE", database.app()));
    let superuser = served_as(database.server.get_username());
    assert!(superuser.contains("is a superuser") && superuser.ends_with("=> 2"), "{superuser}");
}

#[test]
fn a_role_that_row_security_does_not_bind_works_where_development_allows_it() {
    let database = Database::empty("keelway_cli_unsafe");
    let dir = tempfile::tempdir().unwrap();
    let superuser = database.url(database.server.get_username());
    let as_superuser = |args: &[&str]| {
        let mut command = database.keelway(dir.path(), args);
        command
            .env("KEELWAY_DATABASE_URL", &superuser)
            .env("KEELWAY_DATABASE_MIGRATIONS_URL", &superuser)
            .env("KEELWAY_LOG_LEVEL", "info");
        command
    };
    assert!(as_superuser(&["migrate", "up"]).output().unwrap().status.success());
    let worker = as_superuser(&["worker", "--allow-unsafe-role"]).stderr(Stdio::piped()).spawn();
    let mut worker = worker.unwrap();
    let mut log = BufReader::new(worker.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(log.any(|line| line.contains("row-level security is no wall in this process")));
    assert!(log.any(|line| line.contains("the worker is ready")));
    signal(&worker, "TERM");
    assert_eq!(worker.wait().unwrap().code(), Some(0));
    assert!(!log.any(|line| line.contains("hunter2")));
}

#[test]
fn a_worker_measures_the_oldest_snapshot_of_its_database() {
    const GAUGE: &str = "keelway_database_oldest_snapshot_seconds";
    let database = Database::empty("keelway_cli_snapshots");
    let dir = tempfile::tempdir().unwrap();
    let migrated = database.keelway(dir.path(), &["migrate", "up"]).output().unwrap();
    assert!(migrated.status.success());
    database
        .run(&format!("GRANT keelway_app, keelway_jobs, pg_read_all_stats TO {}", database.app()));
    let holder = blocking(async {
        let mut holder = database.server.clone().database(database.name).connect().await.unwrap();
        raw(&mut holder, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await;
        holder
    });
    let server = Server::of(database.keelway(dir.path(), &["serve"]));
    // Nobody waits for its first look.
    let text = std::iter::repeat_with(|| ask(&server, "GET /metrics HTTP/1.1", &Value::Null))
        .find(|text| text.contains(&format!("\n{GAUGE} ")))
        .unwrap();
    assert!(text.contains(&format!("# HELP {GAUGE} ")), "{text}");
    let measured = text.lines().find_map(|line| line.strip_prefix(&format!("{GAUGE} ")));
    assert!(measured.unwrap().parse::<f64>().unwrap() > 0.0, "{text}");
    drop(holder);
}

#[test]
fn a_schema_that_is_ahead_serves_the_release_before_it() {
    let database = Database::empty("keelway_cli_ahead");
    let dir = tempfile::tempdir().unwrap();
    let told = |args: &[&str]| database.told(dir.path(), database.keelway(dir.path(), args));
    assert!(told(&["migrate", "up"]).ends_with("=> 0"));
    database.run(&format!("GRANT keelway_app, keelway_jobs TO {}", database.app()));
    database.run_inside(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', TRUE, 'x', 0)",
    );
    insta::assert_snapshot!(told(&["migrate", "status"]), @r#"
    postgres://keelway_cli_owner@SERVER/keelway_cli_ahead: 1 migration ahead of this version, which it serves too
    => 0
    "#);
    assert_eq!(told(&["migrate", "up"]), "Nothing to do: the database is up to date.\n=> 0");
    assert!(told(&["doctor"]).ends_with("=> 0"));
    database.run_inside("UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = 1");
    insta::assert_snapshot!(told(&["doctor"]), @r#"
    keelway: the database postgres://keelway_cli_ahead_app@SERVER/keelway_cli_ahead was made by another build of keelway, whose migrations differ from this one's: use that build, or name another one as `database.url`
    => 2
    "#);
}

#[test]
fn what_development_allows_has_to_work_all_the_same() {
    let database = Database::empty("keelway_cli_grants");
    let dir = tempfile::tempdir().unwrap();
    let told = |role: &str, args: &[&str]| {
        let mut command = database.keelway(dir.path(), args);
        command.env("KEELWAY_DATABASE_URL", database.url(role));
        database.told(dir.path(), command)
    };
    assert!(told(OWNER, &["migrate", "up"]).ends_with("=> 0"));
    // What allows it to log in as an owner gives it no role.
    database.run(&format!("ALTER DATABASE keelway_cli_grants OWNER TO {}", database.app()));
    insta::assert_snapshot!(told(&database.app(), &["worker", "--allow-unsafe-role"]), @r#"
    keelway: cannot work in the database postgres://keelway_cli_grants_app@SERVER/keelway_cli_grants (`database.url`): the role "keelway_cli_grants_app" may not take on keelway_app and keelway_jobs
    keelway: as a superuser run: GRANT keelway_app, keelway_jobs TO "keelway_cli_grants_app";
    => 2
    "#);
}

#[test]
fn whoever_migrates_is_named_and_told_who_can() {
    let database = Database::empty("keelway_cli_migrators");
    let dir = tempfile::tempdir().unwrap();
    let told = |url: String, migrations_url: Option<String>| {
        let mut command = database.keelway(dir.path(), &["migrate", "up"]);
        command.env("KEELWAY_DATABASE_URL", url).env_remove("KEELWAY_DATABASE_MIGRATIONS_URL");
        command.envs(migrations_url.map(|url| ("KEELWAY_DATABASE_MIGRATIONS_URL", url)));
        database.told(dir.path(), command)
    };
    let app = database.url(&database.app());
    let nowhere = database.url(OWNER).replace("keelway_cli_migrators", "keelway_cli_nowhere");
    let each = [told(app.clone(), None), told(app, Some(nowhere))];
    insta::assert_snapshot!(each.join("\n"), @r#"
    keelway: cannot migrate the database postgres://keelway_cli_migrators_app@SERVER/keelway_cli_migrators (`database.url`): the role "keelway_cli_migrators_app" may not change the schema, which "keelway_cli_owner" owns
    keelway: let `database.migrations_url` log in as "keelway_cli_owner"
    => 2
    keelway: cannot connect to the database postgres://keelway_cli_owner@SERVER/keelway_cli_nowhere (`database.migrations_url`): there is no database "keelway_cli_nowhere"
    keelway: correct the database, or as a superuser run deploy/postgres/roles.sql, which makes the roles and `keelway`, or: CREATE DATABASE "keelway_cli_nowhere" OWNER keelway_owner;
    => 2
    "#);
}

#[test]
fn a_server_that_is_away_is_named_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for args in [&["doctor"][..], &["worker"], &["migrate", "status"]] {
        let mut command = keelway(dir.path(), args);
        command
            .env("KEELWAY_LOG_LEVEL", "error")
            .env("KEELWAY_DATABASE_URL", format!("postgres://me:hunter2@{nobody}/keelway"));
        let (code, out, err) = said(dir.path(), command.output().unwrap());
        assert_eq!((code, out.as_str()), (2, ""));
        let err = err.replace(&nobody.to_string(), "NOBODY");
        assert_eq!(
            err,
            "keelway: cannot connect to the database postgres://me@NOBODY/keelway \
             (`database.url`): nothing listens at NOBODY\n\
             keelway: start PostgreSQL there, or correct the host and port\n"
        );
    }
}

#[test]
fn a_schema_that_is_not_whole_is_a_finding() {
    let database = Database::empty("keelway_cli_gaps");
    let dir = tempfile::tempdir().unwrap();
    let told = |args: &[&str]| database.told(dir.path(), database.keelway(dir.path(), args));
    assert!(told(&["migrate", "up"]).ends_with("=> 0"));
    database.run(&format!("GRANT keelway_app, keelway_jobs TO {}", database.app()));
    database.run_inside("ALTER TABLE build_queue RENAME TO elsewhere");
    insta::assert_snapshot!(told(&["doctor"]), @r#"
    database       31 checked   broken once       every constraint, index and wall is on, and every row that is referred to is there

    database build_queue: the table is missing: restore a copy of the database; nothing else can be checked until then
    => 1
    "#);
}
