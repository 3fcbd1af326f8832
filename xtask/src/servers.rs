//! Private servers for tests: on free loopback ports, in folders of their own, and gone with
//! this process, however it ends.

use crate::setup::{self, Installing, Setup};
use crate::shell;
use anyhow::{Context as _, Result, bail};
use std::env;
use std::ffi::OsStr;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Servers that run until this value goes away.
pub(crate) struct Servers(Vec<Server>);

impl Servers {
    /// Starts those whose programs were found, and waits until they answer.
    pub(crate) fn start(setup: &Setup) -> Result<Self> {
        let mut servers = Vec::new();
        if let Some(bin) = setup.path(&setup::POSTGRES) {
            servers.push(Server::start(&postgres(bin))?);
        }
        if let Some(program) = setup.path(&setup::REDIS) {
            servers.push(Server::start(&redis(program))?);
        }
        Ok(Self(servers))
    }

    /// Tells tests where the servers listen.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, &OsStr)> {
        self.0.iter().map(|server| (server.variable, server.url.as_ref()))
    }
}

/// `cargo xtask servers`: the servers alone, for tests run by hand.
pub(crate) fn run() -> Result<()> {
    let setup = setup::prepare(setup::SERVERS, Installing::Allowed)?.whole()?;
    let mut servers = Servers::start(&setup)?;
    let mut out = io::stdout().lock();
    for (name, value) in setup.environment().chain(servers.environment()) {
        writeln!(out, "export {name}='{}'", value.display())?;
    }
    out.flush()?;
    eprintln!("running until Ctrl-C; paste the lines above where the tests are to run");
    loop {
        servers.0.iter_mut().try_for_each(Server::check)?;
        thread::sleep(PAUSE);
    }
}

/// How a server is run.
struct Plan {
    name: &'static str,
    /// Tells tests where it listens.
    variable: &'static str,
    url: fn(port: u16) -> String,
    /// Shell words that come first, in the server's folder; `$1` is the program.
    prepare: &'static str,
    program: PathBuf,
    /// The folder is the working directory.
    arguments: fn(port: u16) -> Vec<String>,
    /// Ends it at once: nothing of it is wanted afterwards.
    signal: &'static str,
    answers: fn(&Self, folder: &Path, port: u16) -> bool,
}

/// A cluster with the defaults of a new one, so commits are as durable as in production.
fn postgres(bin: &Path) -> Plan {
    Plan {
        name: "PostgreSQL",
        variable: "KEELWAY_TEST_POSTGRES_URL",
        url: |port| format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        prepare: r#""${1%/*}/initdb" --pgdata=data --username=postgres --auth=trust \
            --encoding=UTF8 --locale=C.UTF-8 --no-sync"#,
        program: bin.join("postgres"),
        arguments: |port| {
            // The socket lies in the data folder, which only the server's user may enter.
            ["-D", "data", "-k", ".", "-h", "127.0.0.1", "-N", "200", "-p", &port.to_string()]
                .map(str::to_owned)
                .into()
        },
        signal: "QUIT",
        answers: |plan, folder, port| {
            let mut ask = shell::command(plan.program.with_file_name("pg_isready"));
            ask.arg("--host").arg(folder.join("data")).arg("--port").arg(port.to_string());
            shell::works(&mut ask)
        },
    }
}

/// Keeps nothing on disk.
fn redis(program: &Path) -> Plan {
    Plan {
        name: "Redis",
        variable: "KEELWAY_TEST_REDIS_URL",
        url: |port| format!("redis://127.0.0.1:{port}"),
        prepare: ":",
        program: program.to_owned(),
        arguments: |port| {
            ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]
                .map(str::to_owned)
                .into()
        },
        signal: "TERM",
        answers: |_, _, port| pong(port).is_ok_and(|answer| answer == *b"+PONG"),
    }
}

fn pong(port: u16) -> io::Result<[u8; 5]> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// Between two looks at a server.
const PAUSE: Duration = Duration::from_millis(100);
/// Looks before a server that does not answer is given up: a minute of pauses.
const LOOKS: usize = 600;
const PATIENCE: Duration = Duration::from_secs(1);

/// Holds the other end of the standard input for whose length the server runs.
const KEEP: &str = include_str!("servers/keep.sh");

struct Server {
    name: &'static str,
    variable: &'static str,
    url: String,
    keeper: Child,
}

impl Server {
    /// Starts a server, once more should another process have taken the port meanwhile.
    fn start(plan: &Plan) -> Result<Self> {
        Self::attempt(plan).or_else(|error| {
            eprintln!("{error:#}; trying once more");
            Self::attempt(plan)
        })
    }

    fn attempt(plan: &Plan) -> Result<Self> {
        let port = free_port().context("find a free port")?;
        let folder = folder()?;
        let mut keep = unprivileged("sh")?;
        keep.args(["-c", KEEP, "keep"]).arg(&folder).args([plan.signal, plan.prepare]);
        keep.arg(&plan.program).args((plan.arguments)(port)).stdin(Stdio::piped());
        // Ctrl-C is for this process; the keeper notices that it is gone.
        keep.process_group(0);
        let keeper = keep.spawn().with_context(|| format!("start {}", plan.name))?;
        let Plan { name, variable, .. } = *plan;
        let mut server = Self { name, variable, url: (plan.url)(port), keeper };
        for _ in 0..LOOKS {
            server.check()?;
            if (plan.answers)(plan, &folder, port) {
                eprintln!("{name} listens on 127.0.0.1:{port}");
                return Ok(server);
            }
            thread::sleep(PAUSE);
        }
        bail!("{name} does not answer on 127.0.0.1:{port}")
    }

    /// Refuses to go on without the server.
    fn check(&mut self) -> Result<()> {
        match self.keeper.try_wait().with_context(|| format!("look after {}", self.name))? {
            Some(_) => bail!("{} ended by itself", self.name),
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Waiting closes the keeper's standard input first. There is no one to tell of an error.
        let _ = self.keeper.wait();
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A new folder that only the servers' user may enter.
fn folder() -> Result<PathBuf> {
    let template = env::temp_dir().join("keelway-XXXXXX");
    let made = shell::output(unprivileged("mktemp")?.arg("-d").arg(template))?;
    Ok(PathBuf::from(String::from_utf8(made).context("read mktemp's answer")?.trim_end()))
}

/// A command without root's rights, with which PostgreSQL refuses to run.
fn unprivileged(program: &str) -> Result<Command> {
    let mut command = shell::command(program);
    // This workspace may lie where that user cannot go.
    command.current_dir("/");
    if shell::id(&["-u"])? == 0 {
        let user = ["postgres", "nobody"]
            .into_iter()
            .find(|user| shell::works(shell::command("id").arg(user)))
            .context("there is no unprivileged user to run servers as")?;
        command.uid(shell::id(&["-u", user])?).gid(shell::id(&["-g", user])?);
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::OnceLock;

    /// Stands for a server: says who it is, then stays.
    fn stand_in() -> Plan {
        Plan {
            name: "stand-in",
            variable: "",
            url: |port| port.to_string(),
            prepare: ":",
            program: "sh".into(),
            arguments: |_| {
                ["-c", "echo $$ >id.new; mv id.new id; exec sleep 600"].map(str::to_owned).into()
            },
            signal: "TERM",
            answers: |_, folder, _| folder.join("id").exists(),
        }
    }

    #[test]
    fn a_server_and_its_folder_are_gone_once_dropped() {
        static FOLDER: OnceLock<PathBuf> = OnceLock::new();
        fn answers(_: &Plan, folder: &Path, _: u16) -> bool {
            FOLDER.get_or_init(|| folder.to_owned());
            folder.join("id").exists()
        }
        let server = Server::start(&Plan { answers, ..stand_in() }).unwrap();
        let folder = FOLDER.get().unwrap();
        let id = fs::read_to_string(folder.join("id")).unwrap();
        let alive = || shell::works(shell::command("kill").args(["-0", id.trim()]));
        assert!(alive());
        drop(server);
        assert!(!alive());
        assert!(!folder.exists());
    }

    #[test]
    fn a_server_that_ends_by_itself_is_not_waited_for() {
        let dies = Plan { prepare: "false", answers: |_, _, _| false, ..stand_in() };
        let refused = Server::start(&dies).map(|_| ()).unwrap_err();
        assert_eq!(refused.to_string(), "stand-in ended by itself");
    }
}
