//! The ledger and the event log through their ports, beside one bare writer with the same
//! pragmas and one commit each.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use futures::StreamExt as _;
use keelway_builds::ports::{BuildQueue as _, Submissions as _};
use keelway_builds::run::{Progress, Record, Take};
use keelway_builds::submit::{ProjectChoice, Submit};
use keelway_builds::{BuildRequest, Description, NewProject, Phase, ProjectName, Rules, SiteLabel};
use keelway_contract::{SeededEntropy, scope};
use keelway_credits::{AddGrant, Amount, CreditLedger as _, GrantSource, Purpose, Reserve, Terms};
use keelway_estimate::{EstimateTable, Estimator};
use keelway_kernel::{
    Actor, BuildId, BuildTier, Clock, GrantId, HoldId, ProjectId, TenantId, Timestamp, UserId,
};
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tiers::LimitTable;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::ROUNDS;
use crate::report::{Row, median};

/// Commands in one round.
const COMMANDS: u32 = 1_000;

/// The machine's own time.
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Credit reserves: one after the other, and 64 in flight.
pub async fn reserves() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    let entropy = Arc::new(SeededEntropy::new(1));
    let store = open(folder.path(), entropy.clone()).await?;
    let tenant = TenantId::generate(WallClock.now(), &*entropy);
    let grant = AddGrant {
        grant: GrantId::generate(WallClock.now(), &*entropy),
        amount: Amount::try_from(1_000_000_000)?,
        terms: Terms::unlimited(GrantSource::Promotion),
        actor: actor(),
    };
    store.grant(scope(tenant), grant).await.context("the opening grant")?;
    let mut bare = Bare::open(folder.path()).await?;

    let (mut limits, mut lone, mut crowd) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        limits.push(bare.round().await?);
        lone.push(reserve_round(&store, &entropy, tenant, 1).await?);
        crowd.push(reserve_round(&store, &entropy, tenant, 64).await?);
    }
    let limit = median(limits);
    let against = "bare: one writer, one UPDATE and one INSERT a commit, synchronous=FULL";
    Ok(vec![
        Row::against("credit reserve, SQLite, 1 in flight", "/s", limit, median(lone))
            .noted(against),
        Row::against("credit reserve, SQLite, 64 in flight", "/s", limit, median(crowd)),
    ])
}

async fn reserve_round(
    store: &SqliteStore,
    entropy: &SeededEntropy,
    tenant: TenantId,
    in_flight: usize,
) -> anyhow::Result<f64> {
    let started = Instant::now();
    let commands = (0..COMMANDS).map(|_| {
        let now = WallClock.now();
        let cmd = Reserve {
            hold: HoldId::generate(now, entropy),
            amount: Amount::ONE,
            purpose: Purpose::Build(BuildId::generate(now, entropy)),
            user: None,
            project: None,
            caps: None,
            actor: actor(),
        };
        store.reserve(scope(tenant), cmd)
    });
    let mut running = futures::stream::iter(commands).buffer_unordered(in_flight);
    while let Some(done) = running.next().await {
        done.context("a reserve")?;
    }
    Ok(f64::from(COMMANDS) / started.elapsed().as_secs_f64())
}

/// Events appended by a running build: one a commit, and ten.
pub async fn events() -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let entropy = Arc::new(SeededEntropy::new(2));
    let store = open(folder.path(), entropy.clone()).await?;
    let lease = leased(&store, &entropy).await?;
    let (mut rates, mut step) = ((Vec::new(), Vec::new()), 0);
    for _ in 0..ROUNDS {
        for (batch, rates) in [(1, &mut rates.0), (10, &mut rates.1)] {
            let commits = COMMANDS / 5;
            let started = Instant::now();
            for _ in 0..commits {
                let progress = vec![Progress::PhaseStarted(Phase::Implement); batch];
                step += 1;
                store.record(Record { lease, step, progress }).await.context("a record")?;
            }
            let events = f64::from(commits) * f64::from(u32::try_from(batch)?);
            rates.push(events / started.elapsed().as_secs_f64());
        }
    }
    let (one, ten) = (median(rates.0), median(rates.1));
    Ok(Row::alone("events appended, one a commit", "/s", one)
        .noted(format!("{ten:.0}/s with ten a commit; one build, one writer")))
}

async fn leased(
    store: &SqliteStore,
    entropy: &SeededEntropy,
) -> anyhow::Result<keelway_builds::Lease> {
    use keelway_access::{Accounts as _, SignUp};
    let fixture = keelway_contract::password();
    let now = WallClock.now();
    let user = UserId::generate(now, entropy);
    let tenant = TenantId::generate(now, entropy);
    let name = keelway_access::WorkspaceName::parse("Bench")?;
    let token = keelway_access::SessionToken::generate(entropy);
    let cmd = SignUp {
        user,
        email: keelway_access::Email::parse("bench@example.com")?,
        password: fixture,
        name: None,
        workspace: Some(keelway_access::NewTenant {
            id: tenant,
            slug: keelway_access::Slug::from_name(&name),
            name,
            tier: keelway_kernel::Tier::Free,
            time_zone: keelway_kernel::TimeZoneName::UTC,
            grant: GrantId::generate(now, entropy),
            monthly_credits: keelway_kernel::Credits::new(300),
        }),
        session: keelway_access::NewSession {
            hash: token.hash(),
            user_agent: None,
            policy: keelway_access::SessionPolicy::default(),
        },
        request_id: "req_bench".to_owned(),
    };
    store.sign_up(cmd).await.context("the tenant")?;
    let description = Description::parse("A landing page for a bakery")?;
    let estimator = Estimator::new(EstimateTable::default())?;
    let submit = Submit {
        scope: scope(tenant),
        user,
        request_id: "req_bench".to_owned(),
        build: BuildId::generate(now, entropy),
        hold: HoldId::generate(now, entropy),
        estimate: estimator.estimate(description.as_str(), BuildTier::Starter),
        request: BuildRequest {
            description,
            tier: BuildTier::Starter,
            target_users: None,
            tech_constraints: None,
            use_conductor: true,
            max_credits: None,
            script: None,
        },
        project: ProjectChoice::New(NewProject {
            id: ProjectId::generate(now, entropy),
            name: ProjectName::parse("Bench")?,
            site: SiteLabel::random(entropy),
        }),
        guest: None,
        keyed: None,
    };
    store.submit(submit).await.context("the build")?;
    let take = Take { worker: "bench".to_owned(), ttl_ms: 3_600_000 };
    let assignment = store.take(take).await?.context("a build to take")?;
    Ok(assignment.lease)
}

async fn open(folder: &Path, entropy: Arc<SeededEntropy>) -> anyhow::Result<SqliteStore> {
    let settings = SqliteSettings::new(folder.join("keelway.db"));
    let rules = Arc::new(Rules::new(LimitTable::default()));
    let store = SqliteStore::open(settings, Arc::new(WallClock), entropy, rules).await?;
    store.migrate().await?;
    Ok(store)
}

fn actor() -> Actor {
    Actor { user: None, request_id: "req_bench".to_owned() }
}

/// The least a durable reserve could be: one row changed, one row added, one commit.
struct Bare(SqliteConnection, i64);

impl Bare {
    async fn open(folder: &Path) -> anyhow::Result<Self> {
        let mut connection = SqliteConnectOptions::new()
            .filename(folder.join("bare.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .connect()
            .await?;
        for statement in [
            "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, held INTEGER) STRICT",
            "CREATE TABLE hold (id INTEGER PRIMARY KEY, account INTEGER, amount INTEGER) STRICT",
            "INSERT INTO account VALUES (1, 1000000000, 0)",
        ] {
            sqlx::query(statement).execute(&mut connection).await?;
        }
        Ok(Self(connection, 0))
    }

    async fn round(&mut self) -> anyhow::Result<f64> {
        let started = Instant::now();
        for _ in 0..COMMANDS {
            self.1 += 1;
            let mut tx = self.0.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query("UPDATE account SET held = held + 1 WHERE id = 1 AND balance - held >= 1")
                .execute(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO hold VALUES (?1, 1, 1)")
                .bind(self.1)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
        Ok(f64::from(COMMANDS) / started.elapsed().as_secs_f64())
    }
}
