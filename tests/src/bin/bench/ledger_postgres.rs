//! Credit reserves on PostgreSQL through the port, beside pgbench on the same server with the
//! same durability, in turns.

use std::path::Path;
use std::process::Stdio;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use keelway_builds::Rules;
use keelway_contract::{SeededEntropy, scope};
use keelway_credits::{AddGrant, Amount, CreditLedger as _, GrantSource, Purpose, Reserve, Terms};
use keelway_kernel::{Actor, BuildId, Clock as _, GrantId, HoldId, TenantId};
use keelway_postgres::{PostgresSettings, PostgresStore, Time};
use keelway_tiers::LimitTable;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::ROUNDS;
use crate::ledger::WallClock;
use crate::report::{Row, median};

const ACCOUNTS: usize = 1_000;
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/pgbench");
/// Of pgbench, in seconds.
const ROUND_S: u32 = 3;

/// One way to load the ledger.
struct Load {
    what: &'static str,
    accounts: usize,
    in_flight: usize,
    commands: usize,
}

const LOADS: [Load; 5] = [
    Load { what: "1 in flight", accounts: ACCOUNTS, in_flight: 1, commands: 500 },
    Load { what: "16 in flight", accounts: ACCOUNTS, in_flight: 16, commands: 3_200 },
    Load { what: "64 in flight", accounts: ACCOUNTS, in_flight: 64, commands: 6_400 },
    Load { what: "256 in flight", accounts: ACCOUNTS, in_flight: 256, commands: 12_800 },
    Load { what: "one hot account, 256 in flight", accounts: 1, in_flight: 256, commands: 12_800 },
];

/// The rows of the report.
pub async fn reserves() -> anyhow::Result<Vec<Row>> {
    let Ok(server) = std::env::var("KEELWAY_TEST_POSTGRES_URL") else {
        let why = "KEELWAY_TEST_POSTGRES_URL names no server: `cargo xtask servers` starts one";
        return Ok(vec![Row::missing("credit reserve, PostgreSQL", why)]);
    };
    let bench = Bench::open(&server).await?;
    let mut limits = [Vec::new(), Vec::new()];
    let mut rates = LOADS.map(|_| Vec::new());
    let mut lone = Vec::new();
    for _ in 0..ROUNDS {
        limits[0].push(bench.pgbench(ACCOUNTS).await?);
        limits[1].push(bench.pgbench(1).await?);
        for (load, rates) in LOADS.iter().zip(&mut rates) {
            let (rate, took) = bench.round(load).await?;
            rates.push(rate);
            if load.in_flight == 1 {
                lone.extend(took);
            }
        }
    }
    let made = ROUNDS * LOADS.iter().map(|load| load.commands).sum::<usize>();
    bench.check_books(made).await?;
    bench.close().await?;

    let limits = limits.map(median);
    let row = |(load, rates): (&Load, Vec<f64>)| {
        let limit = limits[usize::from(load.accounts == 1)];
        let what = format!("credit reserve, PostgreSQL, {}", load.what);
        Row::against(what, "/s", limit, median(rates))
            .noted("limit: pgbench, one statement a transaction, 16 clients")
    };
    let mut rows: Vec<Row> = LOADS.iter().zip(rates).map(row).collect();
    lone.sort();
    for (name, hundredths) in [("p50", 50), ("p99", 99)] {
        let took = lone[lone.len() * hundredths / 100].as_secs_f64() * 1_000.0;
        rows.push(Row::alone(format!("a lone credit reserve, PostgreSQL, {name}"), " ms", took));
    }
    Ok(rows)
}

/// A database for the product and one for pgbench, on one server.
struct Bench {
    server: PgConnectOptions,
    ours: String,
    bare: String,
    store: PostgresStore,
    entropy: Arc<SeededEntropy>,
    tenants: Arc<Vec<TenantId>>,
}

impl Bench {
    async fn open(server: &str) -> anyhow::Result<Self> {
        let server = PgConnectOptions::from_str(server)?;
        let id = std::process::id();
        let (ours, bare) = (format!("keelway_bench_{id}"), format!("keelway_bare_{id}"));
        let mut connection = server.connect().await?;
        for name in [&ours, &bare] {
            run(&mut connection, format!("CREATE DATABASE {name}")).await?;
        }
        let mut in_bare = server.clone().database(&bare).connect().await?;
        let script = std::fs::read_to_string(Path::new(SCRIPTS).join("accounts.sql"))?;
        for statement in script.split_inclusive(';') {
            run(&mut in_bare, statement.to_owned()).await?;
        }
        let entropy = Arc::new(SeededEntropy::new(3));
        let owner = store(&server, server.get_username(), &ours, &entropy)?;
        owner.migrate().await?;
        owner.close().await;
        let roles = "DO $$ BEGIN CREATE ROLE keelway_bench LOGIN NOINHERIT;
                     EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                     GRANT keelway_app, keelway_jobs TO keelway_bench";
        run(&mut connection, roles.to_owned()).await?;
        let store = store(&server, "keelway_bench", &ours, &entropy)?;
        let mut tenants = Vec::with_capacity(ACCOUNTS);
        for _ in 0..ACCOUNTS {
            let now = WallClock.now();
            let tenant = TenantId::generate(now, &*entropy);
            let grant = AddGrant {
                grant: GrantId::generate(now, &*entropy),
                amount: Amount::try_from(1_000_000_000)?,
                terms: Terms::unlimited(GrantSource::Promotion),
                actor: actor(),
            };
            store.grant(scope(tenant), grant).await.context("the opening grant")?;
            tenants.push(tenant);
        }
        let mut in_ours = server.clone().database(&ours).connect().await?;
        run(&mut in_ours, "VACUUM ANALYZE".to_owned()).await?;
        Ok(Self { server, ours, bare, store, entropy, tenants: Arc::new(tenants) })
    }

    /// Transactions a second of pgbench.
    async fn pgbench(&self, accounts: usize) -> anyhow::Result<f64> {
        let done = Command::new("pgbench")
            .args(["--no-vacuum", "--protocol=prepared", "--client=16", "--jobs=2"])
            .arg(format!("--time={ROUND_S}"))
            .arg(format!("--define=accounts={accounts}"))
            .arg(format!("--host={}", self.server.get_host()))
            .arg(format!("--port={}", self.server.get_port()))
            .arg(format!("--username={}", self.server.get_username()))
            .arg(format!("--file={SCRIPTS}/reserve.sql"))
            .arg(&self.bare)
            .stderr(Stdio::inherit())
            .output()
            .await
            .context("pgbench, which comes with PostgreSQL's server")?;
        ensure!(done.status.success(), "pgbench failed");
        let said = String::from_utf8_lossy(&done.stdout);
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let Some(tps) = tps.and_then(|rest| rest.split(' ').next()) else {
            bail!("pgbench said no rate: {said}");
        };
        Ok(tps.parse()?)
    }

    /// Reserves a second, and how long each took.
    async fn round(&self, load: &Load) -> anyhow::Result<(f64, Vec<Duration>)> {
        let each = load.commands / load.in_flight;
        let mut callers = JoinSet::new();
        let started = Instant::now();
        for _ in 0..load.in_flight {
            let (store, entropy) = (self.store.clone(), Arc::clone(&self.entropy));
            let (tenants, accounts) = (Arc::clone(&self.tenants), load.accounts);
            callers.spawn(async move {
                let mut took = Vec::with_capacity(each);
                for _ in 0..each {
                    let tenant = tenants[usize::try_from(entropy.below(accounts as u64))?];
                    let cmd = reserve(&entropy);
                    let asked = Instant::now();
                    store.reserve(scope(tenant), cmd).await.context("a reserve")?;
                    took.push(asked.elapsed());
                }
                anyhow::Ok(took)
            });
        }
        let mut took = Vec::with_capacity(load.commands);
        while let Some(done) = callers.join_next().await {
            took.extend(done??);
        }
        Ok((load.commands as f64 / started.elapsed().as_secs_f64(), took))
    }

    /// Every reserve is there once, and what is held is what they hold.
    async fn check_books(&self, made: usize) -> anyhow::Result<()> {
        let mut connection = self.server.clone().database(&self.ours).connect().await?;
        let (held, holds): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT SUM(held)::bigint FROM credit_accounts),
                    (SELECT count(*) FROM credit_holds WHERE state = 'open')",
        )
        .fetch_one(&mut connection)
        .await?;
        let made = i64::try_from(made)?;
        ensure!((held, holds) == (made, made), "{made} reserves: {held} held by {holds} holds");
        Ok(())
    }

    async fn close(self) -> anyhow::Result<()> {
        self.store.close().await;
        let mut connection = self.server.connect().await?;
        for name in [self.ours, self.bare] {
            run(&mut connection, format!("DROP DATABASE {name} WITH (FORCE)")).await?;
        }
        connection.close().await?;
        Ok(())
    }
}

fn store(
    server: &PgConnectOptions,
    role: &str,
    database: &str,
    entropy: &Arc<SeededEntropy>,
) -> anyhow::Result<PostgresStore> {
    let (host, port) = (server.get_host(), server.get_port());
    let settings = PostgresSettings::new(format!("postgres://{role}@{host}:{port}/{database}"));
    let rules = Arc::new(Rules::new(LimitTable::default()));
    Ok(PostgresStore::new(&settings, Time::Server, entropy.clone(), rules)?)
}

fn reserve(entropy: &SeededEntropy) -> Reserve {
    let now = WallClock.now();
    Reserve {
        hold: HoldId::generate(now, entropy),
        amount: Amount::ONE,
        purpose: Purpose::Build(BuildId::generate(now, entropy)),
        user: None,
        project: None,
        caps: None,
        actor: actor(),
    }
}

fn actor() -> Actor {
    Actor { user: None, request_id: "req_bench".to_owned() }
}

async fn run(connection: &mut PgConnection, sql: String) -> anyhow::Result<()> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    Ok(())
}
