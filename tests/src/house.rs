//! A data directory with settings, and the processes that live in it one after the other.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::postgres::Urls;
use crate::{Api, within};

/// Where a `keelway` lives: it may be started, killed and started again.
pub struct House {
    dir: TempDir,
    door: Door,
    settings: BTreeMap<String, String>,
    /// The superuser's way into its database, if that is PostgreSQL.
    superuser: Option<String>,
}

/// Where a server listens, before and after it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    listen: u16,
    previews: u16,
}

impl Door {
    /// One that nobody stands at.
    pub fn free() -> Self {
        Self { listen: free_port(), previews: free_port() }
    }

    /// What addresses of the API begin with.
    pub fn base(self) -> String {
        format!("http://127.0.0.1:{}", self.listen)
    }
}

/// One running process.
pub struct Server {
    child: Child,
    /// Reads on, so that the process never waits for a reader of what it prints.
    _output: JoinSet<()>,
}

impl Default for House {
    fn default() -> Self {
        Self::new()
    }
}

impl House {
    /// A house where builds take moments and nobody is limited.
    pub fn new() -> Self {
        let house = Self {
            dir: tempfile::tempdir().unwrap(),
            door: Door::free(),
            settings: BTreeMap::new(),
            superuser: None,
        };
        let previews = house.door.previews;
        house
            .set("PREVIEW_LISTEN", format!("127.0.0.1:{previews}"))
            .set("MODE", "development")
            .set("LOG_LEVEL", "info")
            .set("LOG_FORMAT", "json")
            .set("WORKER_SLOTS", 4)
            .set("WORKER_POLL_EVERY_MS", 50)
            .set("WORKER_GRACE_MS", 300)
            .set("BUILDS_RETRY_CAP_MS", 50)
            .set("TIERS_FREE_CREDITS_PER_MONTH", 1_000_000)
            .set("TIERS_FREE_BUILDS_PER_MONTH", "unlimited")
            .set("TIERS_FREE_PROJECTS", "unlimited")
            .set("TIERS_FREE_CONCURRENT_BUILDS", 4)
            .set("RATE_LIMITS_GUEST_LIMIT", 100_000)
            .set("RATE_LIMITS_AUTH_LIMIT", 100_000)
            .set("RATE_LIMITS_BUILD_SUBMIT_LIMIT", 100_000)
            .set("RATE_LIMITS_WRITE_LIMIT", 100_000)
            .set("RATE_LIMITS_READ_LIMIT", 100_000)
    }

    /// Changes a setting, by the name of its variable without `KEELWAY_`.
    pub fn set(mut self, name: &str, value: impl Display) -> Self {
        self.settings.insert(format!("KEELWAY_{name}"), value.to_string());
        self
    }

    /// Lets a lease run out soon after its worker is gone. Only for tests that wait for it: a
    /// crowded machine may not renew such a lease in time.
    pub fn short_leases(self) -> Self {
        self.set("WORKER_LEASE_TTL_MS", 1_500)
    }

    /// Lets every agent take this long, so that there is something to interrupt.
    pub fn slow_agents(self, step_ms: u32) -> Self {
        self.set("ENGINE_STEP_DELAY_MS", step_ms)
    }

    /// Keeps the data in a PostgreSQL database that is there.
    pub fn on_postgres(mut self, urls: &Urls) -> Self {
        self.superuser = Some(urls.superuser.clone());
        self.set("DATABASE_URL", &urls.app).set("DATABASE_MIGRATIONS_URL", &urls.owner)
    }

    pub(crate) fn superuser(&self) -> Option<&str> {
        self.superuser.as_deref()
    }

    /// Where its only server listens.
    pub const fn door(&self) -> Door {
        self.door
    }

    /// What addresses of the API begin with.
    pub fn base(&self) -> String {
        self.door.base()
    }

    /// What addresses of previews and deployed sites begin with.
    pub fn sites(&self) -> String {
        format!("http://127.0.0.1:{}", self.door.previews)
    }

    /// Where everything is kept that is not in a database elsewhere.
    pub fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// The file, on SQLite.
    pub fn database(&self) -> PathBuf {
        self.data_dir().join("keelway.db")
    }

    /// Somebody at the door who has not signed in.
    pub fn guest(&self) -> Api {
        Api::at(self.base())
    }

    /// The program with this house's settings and nothing else around it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(args)
            .env_clear()
            .env("KEELWAY_LISTEN", format!("127.0.0.1:{}", self.door.listen))
            .envs(&self.settings)
            .env("KEELWAY_DATA_DIR", self.data_dir())
            .current_dir(self.data_dir())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a command of the program to its end.
    pub async fn run(&self, args: &[&str]) -> Output {
        within(&format!("keelway {}", args.join(" ")), self.command(args).output()).await.unwrap()
    }

    /// Starts the server and waits until it says where it listens.
    pub async fn start(&self) -> Server {
        let started = self.try_start().await;
        started.unwrap_or_else(|| panic!("the server ended before it listened"))
    }

    /// The same; none if it ended before it listened.
    pub async fn try_start(&self) -> Option<Server> {
        self.listening(&mut self.command(&["serve"]), &self.base()).await
    }

    /// Starts one of several servers, which leaves builds to workers; none if it ended before
    /// it listened, as it does where its database is away.
    pub async fn serve_at(&self, door: Door) -> Option<Server> {
        let mut command = self.command(&["serve", "--no-worker"]);
        // Sites have one address, whichever server shows them.
        let sites = format!("http://127.0.0.1:{}/{{label}}/", self.door.previews);
        command
            .env("KEELWAY_LISTEN", format!("127.0.0.1:{}", door.listen))
            .env("KEELWAY_PREVIEW_LISTEN", format!("127.0.0.1:{}", door.previews))
            .env("KEELWAY_SITES_URL", sites);
        self.listening(&mut command, &door.base()).await
    }

    async fn listening(&self, command: &mut Command, base: &str) -> Option<Server> {
        let mut child = command.stdout(Stdio::piped()).stderr(self.log_file()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains(base) {
                    return true;
                }
            }
            false
        };
        if !within("the server says where it listens", listening).await {
            return None;
        }
        let mut output = JoinSet::new();
        output.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Server { child, _output: output })
    }

    /// Starts a worker that serves nothing; that it works is seen by what it does.
    pub fn work(&self) -> Server {
        let mut command = self.command(&["worker"]);
        let log = self.log_file();
        command.env("KEELWAY_WORKER_ENABLED", "true").stdout(Stdio::null()).stderr(log);
        Server { child: command.spawn().unwrap(), _output: JoinSet::new() }
    }

    fn log_file(&self) -> std::fs::File {
        std::fs::File::options().create(true).append(true).open(self.log()).unwrap()
    }

    fn log(&self) -> PathBuf {
        self.data_dir().join("test.log")
    }

    /// What the processes have logged so far.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// The last lines of it.
    pub(crate) fn last_logged(&self, lines: usize) -> String {
        let log = self.logged();
        let all: Vec<_> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the last lines of the server's log\n{}\n---", self.last_logged(60));
        }
    }
}

impl Server {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.unwrap()
    }

    /// Ends the process as a power failure would: `SIGKILL`, then waits until it is gone.
    pub async fn kill(mut self) {
        within("a killed process is gone", self.child.kill()).await.unwrap();
    }

    /// Asks the process to shut down (`SIGTERM`) and leaves it running.
    pub async fn terminate(&self) {
        signal("TERM", self.pid()).await;
    }

    /// Lets the process stand still where it is, as an overloaded machine would.
    pub async fn freeze(&self) {
        signal("STOP", self.pid()).await;
    }

    /// Lets it go on as if nothing had been.
    pub async fn thaw(&self) {
        signal("CONT", self.pid()).await;
    }

    /// Waits for the end of a process that was told to end.
    pub async fn exited(mut self) -> ExitStatus {
        within("the process exits", self.child.wait()).await.unwrap()
    }

    /// Shuts down in order, which must end well.
    pub async fn stop(self) {
        self.terminate().await;
        let status = self.exited().await;
        assert!(status.success(), "an orderly shutdown ends with {status}");
    }
}

/// Sends a signal to a child that nobody has waited for: its id is its own still.
pub(crate) async fn signal(name: &str, pid: u32) {
    let kill = format!("kill -{name} {pid}");
    let sent = Command::new("/bin/sh").args(["-c", &kill]).status().await.unwrap();
    assert!(sent.success());
}

/// `keelway`, as `cargo xtask` and `cargo build -p keelway` leave it: beside this program, or
/// beside the folder of the test programs.
fn binary() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let folder = program.parent().unwrap();
    let folder = if folder.ends_with("deps") { folder.parent().unwrap() } else { folder };
    let binary = folder.join(format!("keelway{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.exists(), "no {}: `cargo build -p keelway` makes it", binary.display());
    binary
}

/// A port below those that systems give out by themselves: nobody's outgoing connection can
/// sit on it while a server is down between two starts.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    // Test processes run side by side and start from places of their own.
    let start = u16::try_from(std::process::id() * 37 % u32::from(COUNT)).unwrap();
    let mut free =
        std::iter::repeat_with(|| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
            .take(usize::from(COUNT))
            .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.next().unwrap()
}
