//! What the servers do by themselves: pgbench and redis-benchmark.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::process::Command;

use crate::place;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/pgbench");

/// A database of its own on the same server, with the same durability.
pub struct Pgbench {
    server: PgConnectOptions,
    database: String,
}

impl Pgbench {
    /// With the tables that this script makes.
    pub async fn open(tables: &str) -> anyhow::Result<Self> {
        let server: PgConnectOptions = place::postgres()?.parse()?;
        let name = Path::new(tables).with_extension("");
        let database = format!("bench_bare_{}_{}", name.display(), std::process::id());
        let mut connection = server.connect().await?;
        for sql in [
            format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"),
            format!("CREATE DATABASE {database}"),
        ] {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
        }
        connection.close().await?;
        let mut connection = server.clone().database(&database).connect().await?;
        let script = std::fs::read_to_string(Path::new(SCRIPTS).join(tables))?;
        // One at a time: VACUUM is for itself.
        for statement in script.split_inclusive(';') {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(Self { server, database })
    }

    /// How often a second the script is carried out.
    pub async fn rate(&self, script: &str, clients: u32, length: Duration) -> anyhow::Result<f64> {
        let mut pgbench = Command::new(program("pgbench"));
        pgbench
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--define=accounts=1000"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", length.as_secs()))
            .arg(format!("--host={}", self.server.get_host()))
            .arg(format!("--port={}", self.server.get_port()))
            .arg(format!("--username={}", self.server.get_username()))
            .arg(format!("--file={SCRIPTS}/{script}"))
            .arg(&self.database);
        let said = said(&mut pgbench).await?;
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let tps = tps.and_then(|rest| rest.split(' ').next());
        Ok(tps.with_context(|| format!("pgbench said no rate: {said}"))?.parse()?)
    }
}

/// How often a second Redis runs a script for so many clients.
pub async fn redis_script(
    script: &str,
    arguments: &[&str],
    clients: u32,
    calls: u32,
) -> anyhow::Result<f64> {
    let url = place::redis()?;
    let address = url.strip_prefix("redis://").context("a plain address")?;
    let (host, port) = address.split_once(':').context("a port")?;
    let load = ["-h", host, "-p", port, "SCRIPT", "LOAD", script];
    let hash = said(Command::new("redis-cli").args(load)).await?;
    let mut bench = Command::new("redis-benchmark");
    bench
        .args(["--csv", "-h", host, "-p", port, "-r", "10000"])
        .args(["-c", &clients.to_string(), "-n", &calls.to_string()])
        .args(["EVALSHA", hash.trim()])
        .args(arguments);
    let said = said(&mut bench).await?;
    // A heading, then a line for the command: its name, its rate, and its latencies.
    let rate = said.lines().last().and_then(|line| line.split("\",\"").nth(1));
    Ok(rate.with_context(|| format!("redis-benchmark said no rate: {said}"))?.parse()?)
}

/// Beside the server's programs, or wherever programs are.
fn program(name: &str) -> PathBuf {
    let beside =
        std::env::var_os("KEELWAY_TEST_POSTGRES_BIN").map(|bin| Path::new(&bin).join(name));
    beside.filter(|path| path.exists()).unwrap_or_else(|| name.into())
}

async fn said(command: &mut Command) -> anyhow::Result<String> {
    let done = command.stderr(Stdio::piped()).output().await;
    let done =
        done.with_context(|| format!("start {}", command.as_std().get_program().display()))?;
    let complained = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{:?}: {complained}", command.as_std());
    Ok(String::from_utf8(done.stdout)?)
}
