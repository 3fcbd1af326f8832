//! A pooler stands between, which gives a connection for one transaction at a time.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use keelway_contract::{Fixture, ManualClock, SeededEntropy, race};
use keelway_kernel::{Credits, Entropy as _};
use keelway_postgres::{PostgresSettings, Time, Unreached};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

use crate::database::Database;

/// A `PgBouncer` in transaction mode with two connections to the server.
struct Pooler {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    fn start(database: &Database) -> Self {
        Self::passing_over("extra_float_digits", database)
    }

    /// One that keeps `parameters` of a connection to itself.
    fn passing_over(parameters: &str, database: &Database) -> Self {
        Self::of(&format!("ignore_startup_parameters = {parameters}"), database)
    }

    fn of(more: &str, database: &Database) -> Self {
        let program =
            std::env::var("KEELWAY_TEST_PGBOUNCER").unwrap_or_else(|_| "pgbouncer".to_owned());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let users = folder.path().join("users.txt");
        fs::write(&users, "\"keelway_test\" \"\"\n").unwrap();
        let settings = folder.path().join("pgbouncer.ini");
        let server = (database.owner.get_host(), database.owner.get_port());
        fs::write(
            &settings,
            format!(
                "[databases]\n* = host={} port={}\n\
                 [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = trust\nauth_file = {}\npool_mode = transaction\n\
                 default_pool_size = 2\nmax_client_conn = 100\n\
                 {more}\n",
                server.0,
                server.1,
                users.display()
            ),
        )
        .unwrap();
        // It refuses to run as root.
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
        let mut command = if is_root {
            let mut dropping = Command::new("setpriv");
            dropping.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", &program]);
            dropping
        } else {
            Command::new(&program)
        };
        let process = command
            .arg("--quiet")
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, port, _folder: folder }
    }

    fn url(&self, database: &Database) -> String {
        let name = database.owner.get_database().unwrap();
        let port = self.port;
        format!("postgres://keelway_test@127.0.0.1:{port}/{name}?statement-cache-capacity=0")
    }

    /// A session with the pooler itself.
    async fn console(&self) -> PgConnection {
        let url = format!("postgres://keelway_test@127.0.0.1:{}/pgbouncer", self.port);
        // It begins to listen when it likes.
        loop {
            if let Ok(console) = PgConnection::connect(&url).await {
                return console;
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Two processes with more connections than the server gives, which prepare the same names.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_share_two_connections_through_pgbouncer() {
    let database = Arc::new(Database::fresh().await);
    let pooler = Pooler::start(&database);
    let settings = PostgresSettings::new(pooler.url(&database));
    let processes: Vec<Fixture> = (1..=2)
        .map(|seed| {
            let clock = Arc::new(ManualClock::default());
            let entropy = Arc::new(SeededEntropy::new(seed));
            let time = Time::Given(clock.clone());
            let store = Arc::new(Database::store_of(&settings, time, entropy.clone()));
            Fixture { clock, entropy, store: crate::ports(store, database.clone()) }
        })
        .collect();
    assert!(processes[0].entropy.next_u64() != processes[1].entropy.next_u64());

    let owned = processes[0].funded(1_000).await;
    let other = processes[1].funded(1_000).await;
    let held = race(64, |number| {
        let fx = processes[number % 2].clone();
        let scope = if number % 4 < 2 { owned.scope } else { other.scope };
        async move {
            let cmd = fx.reserve(10);
            fx.store.ledger.reserve(scope, cmd).await.map(|held| (scope.tenant(), held))
        }
    })
    .await;
    assert!(held.iter().all(Result::is_ok), "{held:?}");
    for (fx, scope) in [(&processes[0], other.scope), (&processes[1], owned.scope)] {
        let left = fx.store.books.available(scope).await.unwrap();
        assert_eq!(left.get(), 1_000 - 32 * 10);
        let inspection = fx.store.inspector.inspect().await.unwrap();
        assert_eq!(inspection.violations, []);
    }
}

#[tokio::test]
async fn schema_and_role_are_looked_at_through_pgbouncer() {
    let database = Database::fresh().await;
    let pooler = Pooler::start(&database);
    let settings = PostgresSettings::new(pooler.url(&database));
    let clock = Arc::new(ManualClock::default());
    for seed in 0..4 {
        let time = Time::Given(clock.clone());
        let store = Database::store_of(&settings, time, Arc::new(SeededEntropy::new(seed)));
        assert!(store.migration_status().await.unwrap().is_current());
        assert_eq!(store.unsafe_role().await.unwrap(), None);
        store.close().await;
    }
}

/// Migrations are not for a connection that is one's own for a transaction only.
#[tokio::test]
async fn a_pooler_is_told_from_the_server_itself() {
    let database = Database::fresh().await;
    assert_eq!(PostgresSettings::new(database.url()).reach_directly().await, Ok(()));
    for parameters in ["extra_float_digits", "extra_float_digits, options"] {
        let pooler = Pooler::passing_over(parameters, &database);
        let settings = PostgresSettings::new(pooler.url(&database));
        // It begins to listen when it likes.
        while let Err(Unreached::NothingListens(_)) = settings.reach().await {
            tokio::task::yield_now().await;
        }
        assert_eq!(settings.reach_directly().await, Err(Unreached::Pooled), "{parameters}");
    }
}

/// Whether the pooler has a session of somebody's beside its console's.
async fn has_sessions(console: &mut PgConnection) -> bool {
    let all = sqlx::raw_sql("SHOW CLIENTS").fetch_all(console).await.unwrap();
    all.iter().any(|session| session.get::<String, _>("database") != "pgbouncer")
}

#[tokio::test]
async fn no_command_fails_because_a_pooler_ends_sessions_that_are_idle() {
    let database = Arc::new(Database::fresh().await);
    let settings = "ignore_startup_parameters = extra_float_digits\n\
                    client_idle_timeout = 1\nadmin_users = keelway_test";
    let pooler = Pooler::of(settings, &database);
    let mut console = pooler.console().await;
    let (clock, entropy) = (Arc::new(ManualClock::default()), Arc::new(SeededEntropy::new(3)));
    let settings = PostgresSettings::new(pooler.url(&database));
    let time = Time::Given(clock.clone());
    let store = Arc::new(Database::store_of(&settings, time, entropy.clone()));
    let fx = Fixture { clock, entropy, store: crate::ports(store, database) };
    let owned = fx.funded(100).await;
    assert!(has_sessions(&mut console).await);
    while has_sessions(&mut console).await {}
    assert_eq!(fx.store.books.available(owned.scope).await, Ok(Credits::new(100)));
}
