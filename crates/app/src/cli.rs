//! The command line: what can be said, and the help that says so.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use keelway_kernel::BuildTier;

use crate::settings::{Environment, Flag, Sources};

const LISTEN: &str = "--listen";
const PREVIEW_LISTEN: &str = "--preview-listen";
const NO_WORKER: &str = "--no-worker";
const ALLOW_UNSAFE_ROLE: &str = "--allow-unsafe-role";

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    the answer is no: the build failed, the doctor found something, migrations are pending,
       the process that `keelway probe` asked is not ready or does not answer
  2    nothing was begun: bad arguments, settings or data directory, a database that cannot be
       reached or used, or an address in use
  3    something broke on the way
  130  the build was cancelled, or a second Ctrl-C or SIGTERM ended the process";

/// Describe an app, see what it will cost, and get it built.
///
/// Without a command, keelway starts everything on this machine: it keeps its data in the data
/// directory, serves the API, and runs builds. Nothing else needs to be installed.
#[derive(Debug, Parser)]
#[command(
    name = "keelway",
    version,
    max_term_width = 100,
    after_help = EXIT_CODES,
    after_long_help = format!("\
Examples:
  keelway                                     start on 127.0.0.1:8080
  keelway --listen 127.0.0.1:9000             start somewhere else
  keelway build \"A bakery in Lisbon\" --local  build an app without a server

Settings come from defaults, a file, the environment and flags, later ones over earlier ones;
`keelway config print` shows each with its origin.

{EXIT_CODES}")
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API and, unless told otherwise, run builds
    #[command(after_help = "\
Examples:
  keelway serve --listen 0.0.0.0:8080 --preview-listen 0.0.0.0:8081
  keelway serve --no-worker --config /etc/keelway.toml")]
    Serve(ServeArgs),
    /// Run builds and serve nothing but, where `worker.listen` says so, probes and metrics
    #[command(after_help = "\
Examples:
  keelway worker --config /etc/keelway.toml
  KEELWAY_WORKER_LISTEN=127.0.0.1:8082 keelway worker")]
    Worker(RoleArgs),
    /// Ask a running process whether it is ready
    ///
    /// Prints what it answers to `/readyz`, which also names what it has to do without for now.
    #[command(after_help = "\
Exits with 0 if it is ready, 1 if it is not or nobody answers.

Examples:
  keelway probe                   the server that `listen` stands for
  keelway probe 127.0.0.1:8082    whatever listens there, such as a worker")]
    Probe {
        /// Where to ask, as HOST:PORT; the server of these settings if left out
        #[arg(value_parser = address)]
        address: Option<SocketAddr>,
    },
    /// Bring the database to this version, or say how far it is
    #[command(after_help = "\
Examples:
  keelway migrate status
  keelway migrate up --data-dir /var/lib/keelway
  KEELWAY_DATABASE_MIGRATIONS_URL=postgres://owner@db/keelway keelway migrate up")]
    Migrate {
        #[command(subcommand)]
        action: MigrateAction,
    },
    /// Check the live database and the files that it names; changes nothing
    #[command(after_help = "\
Exits with 0 if every invariant holds, 1 if one does not, or the database or a file is damaged, 2
if it could not be checked.

Examples:
  keelway doctor
  keelway doctor --contents       a restored copy, before anybody is let in
  keelway doctor --json --data-dir /var/lib/keelway")]
    Doctor(DoctorArgs),
    /// Build an app from a description
    #[command(after_help = "\
Examples:
  keelway build \"A bakery in Lisbon with opening hours\" --local
  keelway build \"A booking site with login\" --local --tier professional --out booking.zip
  keelway build - --local --json < description.txt
  keelway build \"A bakery in Lisbon\" --local --out - > bakery.zip")]
    Build(BuildArgs),
    /// Say what an app would take, without building it
    #[command(after_help = "\
Examples:
  keelway estimate \"A bakery in Lisbon with opening hours\"
  keelway estimate - --tier professional --json < description.txt")]
    Estimate(EstimateArgs),
    /// What only whoever has the database's file or password may do
    Admin {
        #[command(subcommand)]
        action: AdminAction,
    },
    #[command(
        about = "Print the OpenAPI document of the API",
        after_help = "\
Example:
  keelway openapi > openapi.json"
    )]
    Openapi,
    /// Show or check the settings
    #[command(after_help = "\
Examples:
  keelway config print
  KEELWAY_WORKER_SLOTS=4 keelway config print --json
  keelway config check --config /etc/keelway.toml")]
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  keelway completions bash > ~/.local/share/bash-completion/completions/keelway
  keelway completions zsh > ~/.zfunc/_keelway")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Where settings and data are, said before or after the command.
#[derive(Debug, Default, Args)]
pub(crate) struct DataArgs {
    /// Where the database and all files are kept
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Read settings from this file and not from keelway.toml in the data directory
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// Where the API listens
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Where previews and deployed sites are served
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) preview_listen: Option<String>,
    /// Leave builds to other processes
    #[arg(long)]
    pub(crate) no_worker: bool,
    #[command(flatten)]
    pub(crate) role: RoleArgs,
}

/// As whom a process that goes on running works in the database.
#[derive(Debug, Default, Args)]
pub(crate) struct RoleArgs {
    /// Work as a PostgreSQL role that row-level security does not hold back: for development
    #[arg(long)]
    pub(crate) allow_unsafe_role: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateAction {
    /// Apply every migration this version knows
    Up,
    /// Say how far the database is; exits with 1 if migrations are pending, with 2 if this
    /// version cannot use it
    Status(ReportArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminAction {
    /// Print a link that makes whoever follows it the platform's owner: good once, for a day
    ///
    /// A link printed before, here or at a start, is dead from then on. A server that is
    /// running need not be restarted.
    #[command(after_help = "\
Example:
  keelway admin owner-link --data-dir /var/lib/keelway")]
    OwnerLink,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Show every setting, its value and where it came from; secrets are hidden
    Print(ReportArgs),
    /// Say whether the settings can be used
    Check,
    /// Print the table of all settings in Markdown
    Reference,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Read every file too, to find those whose content is another
    #[arg(long)]
    pub(crate) contents: bool,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct BuildArgs {
    /// What the app should be, in 10 to 10,000 characters; `-` reads it from standard input
    pub(crate) description: String,
    /// Build in this process, without a server
    #[arg(long)]
    pub(crate) local: bool,
    /// How large the build is: starter, professional, ultimate or enterprise
    #[arg(long, default_value_t = BuildTier::Starter, value_name = "TIER")]
    pub(crate) tier: BuildTier,
    /// Where the ZIP is written; `-` writes it to standard output
    #[arg(long, short, default_value = "site.zip", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: PathBuf,
    /// Replace the file if there is one
    #[arg(long)]
    pub(crate) force: bool,
    /// What to call the project; by default its description's first words
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Spend no more than this
    #[arg(long, value_name = "CREDITS", value_parser = credits, allow_negative_numbers = true)]
    pub(crate) max_credits: Option<i64>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EstimateArgs {
    /// What the app should be, in 10 to 10,000 characters; `-` reads it from standard input
    pub(crate) description: String,
    /// How large the build is: starter, professional, ultimate or enterprise
    #[arg(long, default_value_t = BuildTier::Starter, value_name = "TIER")]
    pub(crate) tier: BuildTier,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

impl Cli {
    /// What was typed; ends the process if that makes no sense.
    pub(crate) fn of_process() -> Self {
        let cli = Self::parse();
        match (&cli.command, cli.serve.first()) {
            (Some(_), Some(flag)) => {
                let line = format!(
                    "`{flag}` is of the server: write it after `serve`, or leave the command out"
                );
                Self::command().error(ErrorKind::ArgumentConflict, line).exit()
            }
            _ => cli,
        }
    }
}

impl DataArgs {
    /// Where settings are looked for, with what was said here.
    pub(crate) fn sources(&self, environment: Environment) -> Sources {
        let dir = self.data_dir.as_ref().map(|dir| dir.to_string_lossy().into_owned());
        let flags = dir.map(|text| Flag { key: "data_dir", name: "--data-dir", text });
        Sources { environment, file: self.config.clone(), flags: flags.into_iter().collect() }
    }
}

impl ServeArgs {
    /// The same for a server.
    pub(crate) fn put_over(&self, mut sources: Sources) -> Sources {
        let flag =
            |key, name, text: &Option<String>| text.clone().map(|text| Flag { key, name, text });
        sources.flags.extend(flag("listen", LISTEN, &self.listen));
        sources.flags.extend(flag("preview_listen", PREVIEW_LISTEN, &self.preview_listen));
        let off = self.no_worker.then(|| "false".to_owned());
        sources.flags.extend(flag("worker.enabled", NO_WORKER, &off));
        self.role.put_over(sources)
    }

    /// The first flag that was given.
    fn first(&self) -> Option<&'static str> {
        let given = [
            (self.listen.is_some(), LISTEN),
            (self.preview_listen.is_some(), PREVIEW_LISTEN),
            (self.no_worker, NO_WORKER),
            (self.role.allow_unsafe_role, ALLOW_UNSAFE_ROLE),
        ];
        given.into_iter().find_map(|(given, flag)| given.then_some(flag))
    }
}

impl RoleArgs {
    /// The same for whatever works in the database.
    pub(crate) fn put_over(&self, mut sources: Sources) -> Sources {
        let (key, name) = ("database.allow_unsafe_role", ALLOW_UNSAFE_ROLE);
        let allowed = self.allow_unsafe_role.then(|| Flag { key, name, text: "true".to_owned() });
        sources.flags.extend(allowed);
        sources
    }
}

/// Credits that may be spent: a build takes one at least.
fn credits(text: &str) -> Result<i64, &'static str> {
    let credits = text.parse().ok().filter(|credits| *credits >= 1);
    credits.ok_or("not a whole number of credits, at least 1")
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.ok_or_else(|| "write HOST:PORT, such as 127.0.0.1:8080".to_owned())
}
