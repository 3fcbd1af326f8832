//! What no request does: workers, other services, time, and the program's own housekeeping.
//!
//! Each is done to both stores through their ports, and what they answer is compared as text.

use std::sync::OnceLock;

use keelway_access::{
    Email, IssueOwnerLink, NewSession, NewTenant, Occasion, OwnerToken, Password, PasswordHash,
    SessionPolicy, SessionToken, SignIn, SignUp, Slug, UserAgent, WorkspaceName,
};
use keelway_builds::end::{End, Finish};
use keelway_builds::run::{Assignment, Progress, Record, Take};
use keelway_builds::{AgentWork, BlobRef, BuildFailure, FailureReason, Manifest, SiteLabel, Usage};
use keelway_contract::{SeededEntropy, amount, scope};
use keelway_credits::{
    AddGrant, Commit, DailyCaps, Finality, GrantSource, Lifetime, Purpose, Refund, Release, Renew,
    Reserve, Rollover, Terms,
};
use keelway_kernel::{
    Actor, Credits, DeploymentId, GrantId, HoldId, IdempotencyKey, MicroUsd, PageRequest,
    SnapshotId, TenantId, Tier, TimeZoneName, UserId,
};
use keelway_patch::FilePath;
use keelway_signing::{KeyId, Nonce};

use super::api::{label, path};
use super::known::{PASSWORD, Roll};
use super::pair::Side;

/// A build in a worker's hands.
#[derive(Debug, Clone)]
pub(super) struct Held {
    assignment: Assignment,
    /// How many records were sent.
    step: u32,
    /// What the agents that are done made.
    files: Vec<(FilePath, BlobRef)>,
    agents: usize,
    is_packaged: bool,
}

/// Something done without a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    SignUp,
    SignIn,
    OwnerLink,
    Take,
    Work,
    Finish,
    WholeBuild,
    RenewLease,
    Sweep,
    Grant,
    Reserve,
    Charge,
    Release,
    RenewHold,
    Refund,
    Books,
    Nonce,
    Site,
}

/// Holds of other services, as scripts remember them.
const EXTERNAL: &str = "ext";

/// What came of it.
pub(super) struct Done {
    /// Everything that was answered.
    pub(super) said: String,
    /// The builds in workers' hands from now on.
    pub(super) held: Vec<Held>,
}

impl Hand {
    pub(super) async fn run(self, side: &Side, mut roll: Roll<'_>) -> Done {
        let mut held = roll.known.held.clone();
        let said = match self {
            Self::SignUp => sign_up(side, &mut roll).await,
            Self::SignIn => sign_in(side, &mut roll).await,
            Self::OwnerLink => owner_link(side, &mut roll).await,
            Self::Take => take(side, &mut roll, &mut held).await,
            Self::Work => match any(&mut roll, &held) {
                Some(at) => work(side, &mut roll, &mut held, at).await,
                None => take(side, &mut roll, &mut held).await,
            },
            Self::Finish => match any(&mut roll, &held) {
                Some(at) => finish(side, &mut roll, &mut held, at).await,
                None => take(side, &mut roll, &mut held).await,
            },
            Self::WholeBuild => whole_build(side, &mut roll, &mut held).await,
            Self::RenewLease => match any(&mut roll, &held) {
                Some(at) => {
                    let lease = held[at].assignment.lease;
                    format!("{:?}", side.queue.renew(&lease, 60_000).await)
                }
                None => String::new(),
            },
            Self::Sweep => sweep(side, &mut roll).await,
            Self::Nonce => nonce(side, &mut roll).await,
            Self::Site => site(side, &mut roll).await,
            Self::Grant
            | Self::Reserve
            | Self::Charge
            | Self::Release
            | Self::RenewHold
            | Self::Refund
            | Self::Books => self.ledger(side, &mut roll).await,
        };
        Done { said, held }
    }
}

fn any(roll: &mut Roll<'_>, held: &[Held]) -> Option<usize> {
    let all: Vec<usize> = (0..held.len()).collect();
    (!all.is_empty()).then(|| *roll.dice.pick(&all))
}

fn actor(roll: &mut Roll<'_>) -> Actor {
    let user = roll.told("usr").and_then(|user| user.parse().ok());
    Actor { user, request_id: format!("req_{:x}", roll.dice.next()) }
}

/// The stored form of everybody's password: made once, for that is what takes time.
fn password() -> PasswordHash {
    static MADE: OnceLock<PasswordHash> = OnceLock::new();
    let make = || {
        let password = Password::presented(PASSWORD).unwrap();
        PasswordHash::new(&password, &SeededEntropy::new(1)).unwrap()
    };
    MADE.get_or_init(make).clone()
}

fn session(token: &SessionToken) -> NewSession {
    NewSession {
        hash: token.hash(),
        user_agent: UserAgent::trimmed("Script/1.0"),
        policy: SessionPolicy::default(),
    }
}

async fn sign_up(side: &Side, roll: &mut Roll<'_>) -> String {
    let ports = side.platform.ports();
    let (now, entropy) = (ports.clock.now(), &*side.entropy);
    let token = SessionToken::generate(entropy);
    let name = WorkspaceName::parse("Analytical Bakery").unwrap();
    let tier = *roll.dice.pick(&[Tier::Free, Tier::Free, Tier::Professional, Tier::Enterprise]);
    let workspace = NewTenant {
        id: TenantId::generate(now, entropy),
        slug: Slug::from_name(&name),
        name,
        tier,
        time_zone: TimeZoneName::UTC,
        grant: GrantId::generate(now, entropy),
        monthly_credits: Credits::new(*roll.dice.pick(&[300, 300, 2_000, 20])),
    };
    let cmd = SignUp {
        user: UserId::generate(now, entropy),
        email: Email::parse(&roll.email_of(roll.known.sessions())).unwrap(),
        password: password(),
        name: None,
        workspace: roll.chance(80).then_some(workspace),
        session: session(&token),
        request_id: "req_sign_up".into(),
    };
    match ports.accounts.sign_up(cmd).await {
        Ok(done) => {
            let slug = done.tenant.as_ref().map(|tenant| tenant.slug.to_string());
            format!("{} /w/{} {done:?}", token.expose(), slug.unwrap_or_default())
        }
        refused => format!("{refused:?}"),
    }
}

async fn sign_in(side: &Side, roll: &mut Roll<'_>) -> String {
    let Some(user) = roll.told("usr").and_then(|user| user.parse::<UserId>().ok()) else {
        return sign_up(side, roll).await;
    };
    let ports = side.platform.ports();
    let Ok(Some(known)) = ports.accounts.find_user(user).await else { return user.to_string() };
    let begun = ports.accounts.begin_sign_in(&known.email).await;
    let Ok(Some(credentials)) = begun else { return format!("{user} {begun:?}") };
    let token = SessionToken::generate(&*side.entropy);
    let cmd = SignIn {
        user,
        checked: if roll.chance(90) { credentials.password } else { password() },
        session: session(&token),
        replaces: None,
        rehashed: None,
        request_id: "req_sign_in".into(),
    };
    let done = ports.sessions.sign_in(cmd).await;
    format!("{user} {} {done:?}", token.expose())
}

async fn owner_link(side: &Side, roll: &mut Roll<'_>) -> String {
    let token = OwnerToken::generate(&*side.entropy);
    let occasion = if roll.chance(30) { Occasion::Start } else { Occasion::LockedOut };
    let cmd = IssueOwnerLink { token: token.hash(), occasion, request_id: "req_owner_link".into() };
    let done = side.platform.ports().staff.issue_owner_link(cmd).await;
    format!("{} {done:?}", token.expose())
}

async fn take(side: &Side, roll: &mut Roll<'_>, held: &mut Vec<Held>) -> String {
    let worker = roll.pick(&["worker-1", "worker-2"]);
    let ttl_ms = *roll.dice.pick(&[30_000, 30_000, 600_000]);
    let taken = side.queue.take(Take { worker, ttl_ms }).await;
    let said = format!("{taken:?}");
    if let Ok(Some(assignment)) = taken {
        let files = assignment.work.iter().flat_map(|work| work.files.clone()).collect();
        let is_packaged = assignment.packaged.is_some();
        let agents = assignment.work.len();
        held.push(Held { assignment, step: 0, files, agents, is_packaged });
    }
    said
}

/// Sends the next record: some agents, and the snapshot once all are done.
async fn work(side: &Side, roll: &mut Roll<'_>, held: &mut Vec<Held>, at: usize) -> String {
    let ports = side.platform.ports();
    let mut next = held[at].clone();
    let mut progress = Vec::new();
    if next.step == 0 {
        progress.push(Progress::Engine { introduction: "Builds by script.".into() });
    }
    let agents = next.assignment.build.plan().agents;
    let most = if roll.chance(50) { agents.len() } else { 2 };
    for agent in agents.iter().skip(next.agents).take(most) {
        let number = agent.number;
        let mut files = Vec::new();
        for name in ["index.html", "{}/B.html", "{}/a-b.html", "{}/Ä.html", "{}/_.css"] {
            if name == "index.html" && number != 1 {
                continue;
            }
            let path = FilePath::parse(&name.replace("{}", &number.to_string())).unwrap();
            let bytes = format!("<p>{path} {}</p>\n", roll.dice.below(3)).into_bytes();
            files.push((path, ports.blobs.put(bytes).await.unwrap()));
        }
        next.files.extend(files.clone());
        let usage = Usage {
            provider: "script".into(),
            model: "script-1".into(),
            tokens_in: roll.dice.below(5_000),
            tokens_out: roll.dice.below(5_000),
            cost: MicroUsd::new(i64::try_from(roll.dice.below(200_000)).unwrap()),
        };
        let (started_at, ended_at) = (ports.clock.now(), ports.clock.now());
        let summary = format!("{} is done: 100 % \u{1f980}", agent.name());
        let agent = agent.clone();
        let phase = agent.phase;
        progress.push(Progress::PhaseStarted(phase));
        progress.push(Progress::AgentStarted(agent.clone()));
        let work = AgentWork { agent, usage, summary, files, started_at, ended_at };
        progress.push(Progress::AgentCompleted(work));
        let duration_ms = i64::try_from(roll.dice.below(60_000)).unwrap();
        progress.push(Progress::PhaseCompleted { phase, duration_ms });
        next.agents += 1;
    }
    if next.agents == agents.len() && !next.is_packaged {
        let mut manifest = Manifest::default();
        manifest.merge(next.files.iter().cloned()).unwrap();
        let id = SnapshotId::generate(ports.clock.now(), &*side.entropy);
        let preview = SiteLabel::random(&*side.entropy);
        progress.push(Progress::Packaged { id, preview, manifest });
        next.is_packaged = true;
    }
    // What was sent before may be sent again, and what went before may be lost.
    let step = match roll.dice.below(20) {
        0 => next.step,
        1 => next.step + 2,
        _ => next.step + 1,
    };
    let cmd = Record { lease: next.assignment.lease, step, progress };
    let recorded = side.queue.record(cmd).await;
    match &recorded {
        Ok(_) if step == next.step + 1 => held[at] = Held { step, ..next },
        Ok(_) => {}
        Err(_) => drop(held.remove(at)),
    }
    format!("{recorded:?}")
}

async fn finish(side: &Side, roll: &mut Roll<'_>, held: &mut Vec<Held>, at: usize) -> String {
    let ports = side.platform.ports();
    let one = &held[at];
    let end = match roll.dice.below(10) {
        0..=5 if one.is_packaged => End::Deployed {
            deployment: DeploymentId::generate(ports.clock.now(), &*side.entropy),
            target: "local".into(),
            url: format!("http://{}.sites.test/", one.assignment.project.site.as_str()),
        },
        6 => End::Cancelled,
        7 => End::HandedBack,
        _ => {
            let reasons = [
                FailureReason::Provider,
                FailureReason::Provider,
                FailureReason::Budget,
                FailureReason::Deployment,
                FailureReason::Internal,
            ];
            End::Failed {
                failure: BuildFailure {
                    reason: *roll.dice.pick(&reasons),
                    message: "It did not work: 100 % ünlucky.".into(),
                    retryable: roll.chance(60),
                },
                charged: MicroUsd::new(i64::try_from(roll.dice.below(100_000)).unwrap()),
                retry_after: roll.chance(20).then_some(5_000),
                jitter: roll.dice.next(),
            }
        }
    };
    let finished = side.queue.finish(Finish { lease: one.assignment.lease, end }).await;
    // At times it is ended twice.
    if roll.chance(85) {
        held.remove(at);
    }
    format!("{finished:?}")
}

/// Takes a build, and does all of it.
async fn whole_build(side: &Side, roll: &mut Roll<'_>, held: &mut Vec<Held>) -> String {
    let before = held.len();
    let mut said = take(side, roll, held).await;
    for _ in 0..6 {
        if held.len() == before || held[before].is_packaged {
            break;
        }
        said += &work(side, roll, held, before).await;
    }
    if held.len() > before {
        said += &finish(side, roll, held, before).await;
    }
    said
}

async fn sweep(side: &Side, roll: &mut Roll<'_>) -> String {
    let ports = side.platform.ports();
    match roll.dice.below(8) {
        0 => format!("{:?}", ports.accounts.sweep_attempts().await),
        1 => format!("{:?}", ports.sessions.sweep_expired().await),
        2 => format!("{:?}", ports.tickets.sweep().await),
        3 => format!("{:?}", side.nonces.sweep().await),
        4 => {
            let actor = Actor { user: None, request_id: "sweep".into() };
            format!("{:?}", ports.ledger.expire(10, actor).await)
        }
        _ => format!("{:?}", side.queue.sweep(roll.dice.next()).await),
    }
}

async fn nonce(side: &Side, roll: &mut Roll<'_>) -> String {
    let key = KeyId::parse(&roll.pick(&["one", "other"])).unwrap();
    let nonce = Nonce::parse(&format!("script-{:016}", roll.dice.below(3))).unwrap();
    format!("{:?}", side.nonces.remember(&key, &nonce).await)
}

async fn site(side: &Side, roll: &mut Roll<'_>) -> String {
    let (label, path) = (SiteLabel::parse(&label(roll)), FilePath::parse(&path(roll)));
    let (Some(label), Ok(path)) = (label, path) else { return String::new() };
    format!("{:?}", side.platform.ports().sites.site_file(&label, &path).await)
}

impl Hand {
    /// What another service asks of the ledger.
    async fn ledger(self, side: &Side, roll: &mut Roll<'_>) -> String {
        let ports = side.platform.ports();
        let (ledger, books) = (&ports.ledger, &ports.books);
        let Some(tenant) = roll.own("ten").and_then(|ten| ten.parse::<TenantId>().ok()) else {
            return String::new();
        };
        let (scope, now, entropy) = (scope(tenant), ports.clock.now(), &*side.entropy);
        let actor = actor(roll);
        // Whoever may do this to holds of builds breaks I5: other services know their own.
        let hold: Option<HoldId> =
            roll.own(EXTERNAL).and_then(|id| id.replace(EXTERNAL, HoldId::PREFIX).parse().ok());
        let hold = hold.unwrap_or_else(|| HoldId::generate(now, entropy));
        let fresh = roll.chance(85);
        let grant: Option<GrantId> = roll.told("grt").and_then(|id| id.parse().ok());
        let grant = grant.filter(|_| !fresh).unwrap_or_else(|| GrantId::generate(now, entropy));
        let key = format!("op-{}", if fresh { roll.dice.next() } else { 1 });
        let key = IdempotencyKey::parse(&key).unwrap();
        let credits = i64::try_from(1 + roll.dice.below(120)).unwrap();
        let amount = amount(credits);
        let said = match self {
            Self::Grant => {
                let terms = terms(roll, now);
                let cmd = AddGrant { grant, amount, terms, actor };
                format!("{grant} {:?}", ledger.grant(scope, cmd).await)
            }
            Self::Reserve => {
                let hold = if fresh { HoldId::generate(now, entropy) } else { hold };
                let lifetime = *roll.dice.pick(&[1_000, 60_000, 86_400_000]);
                let lifetime = Lifetime::from_millis(lifetime).unwrap();
                let caps = roll.chance(20).then(|| DailyCaps {
                    since: now.plus_seconds(-3_600),
                    resets_at: now.plus_seconds(3_600),
                    tenant: Some(Credits::new(200)),
                    user: Some(Credits::new(100)),
                    project: None,
                });
                let cmd = Reserve {
                    hold,
                    amount,
                    purpose: Purpose::External { reference: "job ü".into(), lifetime },
                    user: actor.user,
                    project: None,
                    caps,
                    actor,
                };
                let told = hold.to_string().replace(HoldId::PREFIX, EXTERNAL);
                format!("{told} {:?}", ledger.reserve(scope, cmd).await)
            }
            Self::Charge => {
                let finality = if roll.chance(50) { Finality::Final } else { Finality::Partial };
                let cmd = Commit { key, hold, used: Credits::new(credits / 2), finality, actor };
                format!("{:?}", ledger.commit(scope, cmd).await)
            }
            Self::Release => {
                format!("{:?}", ledger.release(scope, Release { key, hold, actor }).await)
            }
            Self::RenewHold => format!("{:?}", ledger.renew(scope, Renew { hold, actor }).await),
            Self::Refund => {
                let amount = keelway_contract::amount(1 + credits % 4);
                let cmd = Refund { grant, hold, amount, actor };
                format!("{:?}", ledger.refund(scope, cmd).await)
            }
            _ => {
                let page = PageRequest::new(3, None);
                format!(
                    "{:?}\n{:?}\n{:?}\n{:?}",
                    books.statement(scope).await,
                    books.available(scope).await,
                    books.entries(scope, page).await,
                    books.find_hold(scope, hold).await,
                )
            }
        };
        format!("{tenant} {said}")
    }
}

fn terms(roll: &mut Roll<'_>, now: keelway_kernel::Timestamp) -> Terms {
    let source =
        *roll.dice.pick(&[GrantSource::Plan, GrantSource::Purchase, GrantSource::Promotion]);
    let mut terms = Terms::unlimited(source);
    if roll.chance(50) {
        terms.expires_at = Some(now.plus_seconds(*roll.dice.pick(&[60, 3_600, 86_400])));
        if roll.chance(40) {
            let until = now.plus_seconds(2 * 86_400);
            terms.rollover = Some(Rollover { up_to: Credits::new(10), until });
        }
    }
    terms
}
