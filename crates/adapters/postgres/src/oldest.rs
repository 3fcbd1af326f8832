//! Who keeps the server from tidying up.
//!
//! A row that was changed or deleted stays where it was for as long as anybody may still want to
//! see it. Who may, tells the oldest transaction that they hold on to.

use std::fmt;

use keelway_kernel::{StoreError, Timestamp};
use sqlx::FromRow as _;
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::error::Sql;
use crate::reach::quoted;
use crate::tx::{Reach, Tx};

/// Who holds a snapshot of a database at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshots {
    /// When they were read, by the server's clock.
    pub at: Timestamp,
    /// All of them, oldest first.
    pub held: Vec<HeldSnapshot>,
}

/// A snapshot, for which the server keeps every row that was there when it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSnapshot {
    /// Who holds it.
    pub holder: Holder,
    /// When their transaction began, by the server's clock; unknown of a slot, and of a session
    /// that is not shown.
    pub since: Option<Timestamp>,
    /// The number of the oldest transaction that they hold on to: where it is another one than
    /// before, the snapshot is another one too.
    pub transaction: i64,
}

/// Who holds a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A session.
    Session(Session),
    /// A transaction that was prepared and never ended.
    Prepared {
        /// What it was prepared as.
        gid: String,
        /// The database in which alone it can be ended.
        database: String,
    },
    /// A replica, by the slot that keeps its place.
    Slot(String),
}

/// A session of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its process.
    pub pid: i32,
    /// Whose it is.
    pub role: String,
    /// What it calls itself; empty if nothing.
    pub application: String,
    /// The database it is in; a replica is in none.
    pub database: Option<String>,
    /// What can be seen of it.
    pub sight: Sight,
}

/// What the role of this process may see of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Everything: its state is this.
    Shown(String),
    /// Neither its state nor when its transaction began.
    Hidden {
        /// The role that would have to be granted `pg_read_all_stats`.
        from: String,
    },
}

impl Holder {
    /// Whether it is the same one, whatever it does meanwhile.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Session(one), Self::Session(other)) => one.pid == other.pid,
            (one, other) => one == other,
        }
    }

    /// The statement that makes it let go; a superuser may say it.
    pub fn end(&self) -> String {
        let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
        match self {
            Self::Session(session) => format!("SELECT pg_terminate_backend({});", session.pid),
            Self::Prepared { gid, .. } => format!("ROLLBACK PREPARED {};", literal(gid)),
            Self::Slot(name) => format!("SELECT pg_drop_replication_slot({});", literal(name)),
        }
    }

    /// The grant that shows more of it, if not all is shown.
    pub fn grant(&self) -> Option<String> {
        match self {
            Self::Session(Session { sight: Sight::Hidden { from }, .. }) => {
                Some(format!("GRANT pg_read_all_stats TO {};", quoted(from)))
            }
            Self::Session(_) | Self::Prepared { .. } | Self::Slot(_) => None,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(Session { pid, role, application, database, sight }) => {
                write!(f, "the session {pid} of {role:?}")?;
                if let Some(database) = database {
                    write!(f, " in {database:?}")?;
                }
                let state = match sight {
                    Sight::Shown(state) => state,
                    Sight::Hidden { .. } => "its state is not shown",
                };
                write!(f, " ({application:?}, {state})")
            }
            Self::Prepared { gid, database } => {
                write!(f, "the prepared transaction {gid:?} in {database:?}")
            }
            Self::Slot(name) => write!(f, "the replication slot {name:?}"),
        }
    }
}

/// First, as whom to look: others' rows are shown to whoever has the rights of
/// `pg_read_all_stats`, which a role that inherits nothing has to take on, and its own are not
/// shown to those that its transactions work as. And for how long at most: it can wait.
///
/// Then everyone who holds on to a transaction. A session does by its snapshot, and by its own
/// transaction's number once it has one: that one counts in all databases, because every new
/// snapshot in any of them has to allow for it. Where nobody tells how long it has been open, it
/// comes before snapshots that are only as old because of it.
///
/// Left out is vacuum, the server's own, which is no role's session, and anybody else's; what a
/// slot's `catalog_xmin` holds on to, which is no row of our tables; and whoever does not tell
/// since when but is up to date: all that would grow old is that nobody has written.
const SNAPSHOTS: &str = "
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
           session_user::text,
           set_config('statement_timeout', '5s', true),
           set_config('role', CASE WHEN pg_has_role(
               session_user, 'pg_read_all_stats',
               CASE WHEN current_setting('server_version_num')::int < 160000
                    THEN 'MEMBER' ELSE 'SET' END
           ) THEN 'pg_read_all_stats' ELSE 'none' END, true);
    WITH held AS (
        SELECT 'session' AS kind, a.pid, a.usename::text AS name, a.application_name AS application,
               a.datname::text AS database,
               CASE WHEN a.backend_type IS NOT NULL THEN COALESCE(a.state, a.backend_type) END
                   AS state,
               a.xact_start AS since, h.transaction, h.is_own
        FROM pg_stat_activity a
        CROSS JOIN LATERAL (VALUES
            (a.backend_xid, true),
            (CASE WHEN COALESCE(a.datname = current_database(), true) THEN a.backend_xmin END,
             false)
        ) AS h (transaction, is_own)
        WHERE a.pid <> pg_backend_pid()
          AND a.usename IS NOT NULL
          AND a.leader_pid IS NULL
          AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.pid = a.pid)
        UNION ALL
        SELECT 'prepared', NULL, gid, NULL, database::text, NULL, prepared, transaction, true
        FROM pg_prepared_xacts
        UNION ALL
        SELECT 'slot', NULL, slot_name::text, NULL, NULL, NULL, NULL, xmin, true
        FROM pg_replication_slots
    )
    SELECT kind, pid, name, application, database, state,
           (extract(epoch FROM since) * 1000000)::bigint, transaction::text::bigint
    FROM held
    WHERE age(transaction) >= CASE WHEN since IS NULL THEN 1 ELSE 0 END
    ORDER BY age(transaction) DESC, (is_own AND since IS NULL) DESC, since, pid";

/// A holder as the server tells of it.
type Told =
    (String, Option<i32>, String, Option<String>, Option<String>, Option<String>, Option<i64>, i64);

impl PostgresStore {
    /// Who holds a snapshot that keeps this server from tidying up this database, without who
    /// asks. Where it takes more than seconds, it ends with an error.
    pub async fn snapshots(&self) -> Result<Snapshots, StoreError> {
        self.read(Reach::Platform, |tx| Box::pin(async move { Ok(snapshots(tx).await?) })).await
    }
}

async fn snapshots(tx: &mut Tx) -> Sql<Snapshots> {
    let rows = sqlx::raw_sql(SNAPSHOTS).fetch_all(&mut **tx).await?;
    let (first, rest) = rows.split_first().ok_or(sqlx::Error::RowNotFound)?;
    let (at, reader, ..) = <(i64, String, String, String)>::from_row(first)?;
    let held = rest.iter().map(|row| held(row, &reader)).collect::<Sql<_>>()?;
    Ok(Snapshots { at: Timestamp::from_micros(at), held })
}

fn held(row: &PgRow, reader: &str) -> Sql<HeldSnapshot> {
    let (kind, pid, name, application, database, state, since, transaction) = Told::from_row(row)?;
    let holder = match (&*kind, pid, database) {
        ("session", Some(pid), database) => Holder::Session(Session {
            pid,
            role: name,
            application: application.unwrap_or_default(),
            database,
            sight: state.map_or_else(|| Sight::Hidden { from: reader.to_owned() }, Sight::Shown),
        }),
        ("prepared", None, Some(database)) => Holder::Prepared { gid: name, database },
        ("slot", None, None) => Holder::Slot(name),
        (other, ..) => return Err(StoreError::corrupt("snapshot", other).into()),
    };
    Ok(HeldSnapshot { holder, since: since.map(Timestamp::from_micros), transaction })
}
