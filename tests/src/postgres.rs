//! PostgreSQL databases to live in, and a server that may be ended and started again.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::process::Command;

use crate::house::{free_port, signal};
use crate::{House, within};

/// The ways into a database.
#[derive(Debug, Clone)]
pub struct Urls {
    /// As the program, whose role owns nothing.
    pub app: String,
    /// As the owner of the tables.
    pub owner: String,
    /// As whoever may see everything.
    pub superuser: String,
}

/// One of the roles below is being made.
const MAKING_ROLES: i64 = 0x006b_6565_6c68_6f75;

/// The server that `cargo xtask test` started for all tests.
#[expect(clippy::disallowed_methods, reason = "tests are told of servers by the environment")]
pub fn shared_server() -> String {
    std::env::var("KEELWAY_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!("KEELWAY_TEST_POSTGRES_URL is not set: `cargo xtask test` and `servers` set it")
    })
}

impl House {
    /// The house with a migrated database of its own on the server, which must know no password.
    pub async fn on_server(self, superuser: &str, name: &str) -> Self {
        let urls = Urls::of_new(superuser, name).await;
        let house = self.on_postgres(&urls);
        let done = house.run(&["migrate", "up"]).await;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        // The migrations made what the program works as.
        let mut server = connect(&urls.superuser).await;
        run(&mut server, "GRANT keelway_app, keelway_jobs TO keelway_house").await;
        server.close().await.unwrap();
        house
    }
}

impl Urls {
    /// Makes an empty database of this name.
    async fn of_new(superuser: &str, name: &str) -> Self {
        let mut server = connect(superuser).await;
        let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(MAKING_ROLES);
        lock.execute(&mut server).await.unwrap();
        for (role, may) in [("keelway_house", "NOINHERIT"), ("keelway_house_owner", "CREATEROLE")] {
            let make = format!(
                "DO $$ BEGIN CREATE ROLE {role} LOGIN {may};
                 EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            );
            run(&mut server, &make).await;
        }
        run(&mut server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&mut server, &format!("CREATE DATABASE {name} OWNER keelway_house_owner")).await;
        server.close().await.unwrap();
        Self::of(superuser, name)
    }

    /// The ways into the database of this name on the same server.
    pub fn of(superuser: &str, name: &str) -> Self {
        let options: PgConnectOptions = superuser.parse().unwrap();
        let (host, port) = (options.get_host(), options.get_port());
        let url = |role: &str| format!("postgres://{role}@{host}:{port}/{name}");
        Self {
            app: url("keelway_house"),
            owner: url("keelway_house_owner"),
            superuser: url(options.get_username()),
        }
    }
}

/// Runs statements on a server.
pub async fn execute(superuser: &str, sql: &str) {
    let mut server = connect(superuser).await;
    run(&mut server, sql).await;
    server.close().await.unwrap();
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    options.connect().await.unwrap()
}

async fn run(server: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(server).await;
    done.unwrap_or_else(|error| panic!("{error}\n{sql}"));
}

/// How a server is brought down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// As a crash would: nothing is written any more, and the log is read again afterwards.
    Immediate,
    /// In order, but without waiting for anybody.
    Fast,
}

/// Between two looks whether it is gone, or back.
const PAUSE: Duration = Duration::from_millis(10);

/// A server of its own, as durable as one in production.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
    /// Ends the server once its standard input is closed, however this process ends.
    keeper: std::process::Child,
}

impl Cluster {
    /// Makes and starts one from the programs that `KEELWAY_TEST_POSTGRES_BIN` names.
    pub async fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "tests are told of tools by the environment")]
        let bin = std::env::var_os("KEELWAY_TEST_POSTGRES_BIN");
        let bin = PathBuf::from(bin.unwrap_or_else(|| {
            panic!("KEELWAY_TEST_POSTGRES_BIN is not set: `cargo xtask chaos` and `test` set it")
        }));
        let user = unprivileged().await;
        let template = std::env::temp_dir().join("keelway-chaos-XXXXXX");
        let mut mktemp = as_user(user, Path::new("mktemp"));
        let made = mktemp.arg("-d").arg(template).output().await.unwrap();
        let folder = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim_end());
        let mut keep = std::process::Command::new("sh");
        // A terminal's Ctrl-C is not for it.
        std::os::unix::process::CommandExt::process_group(&mut keep, 0);
        if let Some((user, group)) = user {
            std::os::unix::process::CommandExt::uid(&mut keep, user);
            std::os::unix::process::CommandExt::gid(&mut keep, group);
        }
        let keeper = keep
            .args([
                "-c",
                r#"read -r _; "$1" -D "$2/data" -m immediate stop; rm -rf -- "$2""#,
                "keep",
            ])
            .args([&bin.join("pg_ctl"), &folder])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let cluster = Self { bin, folder, port: free_port(), user, keeper };
        let init = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"];
        cluster.run("initdb", &init).await;
        cluster.go_on().await;
        cluster
    }

    /// Its superuser's URL.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Brings it down, and returns once it is.
    pub async fn stop(&self, how: Down) {
        let mode = match how {
            Down::Immediate => "immediate",
            Down::Fast => "fast",
        };
        self.run("pg_ctl", &["-w", "-m", mode, "stop"]).await;
    }

    /// Starts it again, and returns once it accepts connections.
    pub async fn go_on(&self) {
        let log = self.folder.join("log");
        let settings = format!("-k . -h 127.0.0.1 -p {} -N 200", self.port);
        let start = ["-w", "-t", "120", "-l", log.to_str().unwrap(), "-o", &settings, "start"];
        self.run("pg_ctl", &start).await;
    }

    /// Kills one of the processes that serve the program, upon which the server ends all others
    /// and reads its log again; returns once it accepts connections.
    pub async fn lose_a_process(&self) {
        let mut server = connect(&self.url()).await;
        let serving = "SELECT pid FROM pg_stat_activity
                       WHERE application_name = 'keelway' ORDER BY backend_start DESC LIMIT 1";
        let pid: Option<i32> =
            sqlx::query_scalar(serving).fetch_optional(&mut server).await.unwrap();
        // Right after another fault nobody may have come back yet.
        let Some(pid) = pid else { return };
        signal("KILL", u32::try_from(pid).unwrap()).await;
        within("the server ends all its processes", async {
            while sqlx::query("SELECT 1").execute(&mut server).await.is_ok() {
                tokio::time::sleep(PAUSE).await;
            }
        })
        .await;
        let options: PgConnectOptions = self.url().parse().unwrap();
        within("the server accepts connections", async {
            while options.connect().await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
        })
        .await;
    }

    async fn run(&self, program: &str, args: &[&str]) {
        let mut command = as_user(self.user, &self.bin.join(program));
        command.arg("-D").arg(self.folder.join("data")).args(args);
        // The server that pg_ctl leaves behind must not hold a pipe of ours.
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = within(program, command.status()).await.unwrap();
        assert!(status.success(), "{program} {args:?}: {status}; see {}", self.folder.display());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Waiting closes its standard input first; there is nobody to tell of an error.
        let _ = self.keeper.wait();
    }
}

/// Whom to run servers as that refuse to run as root; nobody else where this is not root.
async fn unprivileged() -> Option<(u32, u32)> {
    if id(&["-u"]).await? != 0 {
        return None;
    }
    for user in ["postgres", "nobody"] {
        if let (Some(user), Some(group)) = (id(&["-u", user]).await, id(&["-g", user]).await) {
            return Some((user, group));
        }
    }
    panic!("there is no unprivileged user to run servers as");
}

async fn id(args: &[&str]) -> Option<u32> {
    let said = Command::new("id").args(args).stderr(Stdio::null()).output().await.ok()?;
    String::from_utf8(said.stdout).ok()?.trim_end().parse().ok()
}

fn as_user(user: Option<(u32, u32)>, program: &Path) -> Command {
    let mut command = Command::new(program);
    // The workspace may lie where that user cannot go.
    command.current_dir("/");
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}
