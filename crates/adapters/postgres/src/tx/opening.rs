//! What a transaction begins with: whom it acts for, its limits and its locks.

use std::time::Duration;

use keelway_kernel::{TenantId, TenantScope};

use super::Connections;

/// How long one statement may take, and how long a transaction may sit idle: the server ends
/// what a stuck process left open.
const LIMITS: &str = "set_config('statement_timeout', '30s', true), \
                      set_config('idle_in_transaction_session_timeout', '10s', true)";

/// A command, or a lookup, touches few rows of any table, and those by their keys. So its plans
/// are made once a connection, and go by index whatever was known of a table when they were made:
/// to plan them each time takes as long as to carry them out.
const PLANS: &str = ", set_config('plan_cache_mode', 'force_generic_plan', true), \
                     set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)";

macro_rules! in_order_of_indexes {
    () => {
        "set_config('enable_seqscan', 'off', true), \
         set_config('enable_bitmapscan', 'off', true), \
         set_config('enable_sort', 'off', true)"
    };
}

/// Has whoever works at the queue go through it in the order of its indexes, whatever the
/// planner was last told of tables that fill and empty all day.
pub const GO_BY_INDEXES: &str = concat!("SELECT ", in_order_of_indexes!());

/// Last of what a transaction begins with: when it has its locks.
const MOMENT: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// Behind a pooler each transaction gets another connection, which may hold statements that
/// somebody else prepared under the very names that ours are about to get.
const FORGET_STATEMENTS: &str = "; DEALLOCATE ALL";

/// The part of the wait that a transaction of several tenants spends on their locks.
const SHARED_WAIT: u32 = 4;

/// How long who works at the queue waits for any lock, which is to see what others are at: it
/// has one of the platform's few turns meanwhile.
const QUEUE_WAIT: Duration = Duration::from_millis(200);

/// Whom a transaction acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// These tenants, of whose rows it sees no others'.
    Tenants(Vec<TenantId>),
    /// The platform, which sees every tenant's.
    Platform,
    /// The platform at the queue.
    Queue,
}

impl From<TenantScope> for Reach {
    fn from(scope: TenantScope) -> Self {
        Self::Tenants(vec![scope.tenant()])
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    /// Reads of few rows, by their keys.
    Lookup,
    Write,
}

/// A tenant's lock among all processes.
pub(super) fn key(tenant: TenantId) -> i64 {
    let (high, low) = tenant.as_uuid().as_u64_pair();
    (high ^ low).cast_signed()
}

/// How long the way to the server and back may take.
const WAY: Duration = Duration::from_secs(1);

/// Everything a transaction begins with, in one round trip.
pub(super) struct Opening {
    /// Its texts are numbers, ids and words of this file.
    pub(super) sql: String,
    /// How long it can take a server that answers. It is far less than statements may take: who
    /// comes while a server is silent learns it here.
    pub(super) within: Duration,
}

pub(super) fn opening(connections: &Connections, reach: &Reach, mode: Mode) -> Opening {
    let begin = match mode {
        Mode::Read | Mode::Lookup => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Mode::Write => "BEGIN",
    };
    // Those who share a transaction must have time left if one of them cannot be had.
    let share = match (mode, reach) {
        (Mode::Write, Reach::Tenants(several)) if several.len() > 1 => SHARED_WAIT,
        _ => 1,
    };
    let lock_wait = match reach {
        Reach::Queue => connections.wait.min(QUEUE_WAIT),
        Reach::Tenants(_) | Reach::Platform => connections.wait / share,
    };
    let plans = match (mode, reach) {
        (Mode::Write, Reach::Tenants(_)) | (Mode::Lookup, _) => PLANS,
        (Mode::Write, Reach::Queue) => concat!(
            ", set_config('plan_cache_mode', 'force_generic_plan', true), ",
            in_order_of_indexes!()
        ),
        (Mode::Write, Reach::Platform) | (Mode::Read, _) => "",
    };
    let (role, tenants) = match reach {
        Reach::Platform | Reach::Queue => ("keelway_jobs", &[][..]),
        Reach::Tenants(tenants) => ("keelway_app", tenants.as_slice()),
    };
    let ids: Vec<String> = tenants.iter().map(|id| id.as_uuid().to_string()).collect();
    let mut keys: Vec<i64> = match mode {
        Mode::Read | Mode::Lookup => Vec::new(),
        Mode::Write => tenants.iter().copied().map(key).collect(),
    };
    keys.sort_unstable();
    keys.dedup();
    let keys: Vec<String> = keys.iter().map(i64::to_string).collect();
    let whole_wait = lock_wait.saturating_mul(u32::try_from(keys.len()).unwrap_or(u32::MAX));
    // One after the other, in the order of the array.
    let locks = match keys.as_slice() {
        [] => String::new(),
        keys => format!(
            "; SELECT pg_advisory_xact_lock(key) FROM UNNEST('{{{}}}'::bigint[]) AS key",
            keys.join(",")
        ),
    };
    let sql = format!(
        "{begin}{}; SET LOCAL ROLE {role}; \
         SELECT set_config('keelway.tenants', '{{{}}}', true), {LIMITS}{plans}, \
                set_config('lock_timeout', '{}ms', true){locks}; {MOMENT}",
        forgetting(connections),
        ids.join(","),
        lock_wait.as_millis()
    );
    Opening { sql, within: (connections.wait.max(whole_wait) + WAY).min(connections.within()) }
}

/// The same for the role that the process logged in as, which takes on no other.
pub(super) fn opening_as_itself(connections: &Connections) -> Opening {
    let sql = format!("BEGIN READ ONLY{}; {MOMENT}", forgetting(connections));
    Opening { sql, within: connections.wait + WAY }
}

const fn forgetting(connections: &Connections) -> &'static str {
    if connections.is_pooled { FORGET_STATEMENTS } else { "" }
}
