//! Migrations.

use keelway_kernel::StoreError;
use sqlx::migrate::Migrator;

use crate::PostgresStore;
use crate::error::{Broken, Stop};
use crate::tx::{detached, only_broken};

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations/postgres");

/// How far a database's schema is from what this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Migrations still to be applied.
    pub pending: usize,
    /// Migrations applied by a newer version.
    pub unknown: usize,
    /// Migrations applied under a known number but with other statements.
    pub modified: usize,
    /// The newest one applied.
    pub newest: Option<i64>,
}

impl MigrationStatus {
    /// Whether this version can work on the database.
    pub const fn is_current(&self) -> bool {
        self.pending == 0 && self.unknown == 0 && self.modified == 0
    }
}

impl PostgresStore {
    /// Brings the schema to this version, each migration whole or not at all; two processes may
    /// do so at once. The role must own the schema: it is not the one that the server works as.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let connections = std::sync::Arc::clone(&self.0);
        let migrate = async move {
            let mut connection = connections.connection().await?;
            // Not put back: what migrations set for the session must not reach commands.
            connection.close_on_drop();
            let done = MIGRATIONS.run_direct(None, &mut *connection, false).await;
            done.map_err(|error| Broken(StoreError::Unavailable(error.to_string())))?;
            Ok::<_, Stop<std::convert::Infallible>>(())
        };
        detached(migrate).await.map_err(only_broken)
    }

    /// How far the schema is; a database with somebody else's tables is corrupt.
    pub async fn migration_status(&self) -> Result<MigrationStatus, StoreError> {
        let applied = self.applied_migrations().await.map_err(|Broken(error)| error)?;
        let known = |version| MIGRATIONS.iter().find(|known| known.version == version);
        let is_applied = |known: i64| applied.iter().any(|(version, _)| *version == known);
        let differs = |(version, sum): &&(i64, Vec<u8>)| {
            known(*version).is_some_and(|known| *known.checksum != **sum)
        };
        Ok(MigrationStatus {
            pending: MIGRATIONS.iter().filter(|known| !is_applied(known.version)).count(),
            unknown: applied.iter().filter(|(version, _)| known(*version).is_none()).count(),
            modified: applied.iter().filter(differs).count(),
            newest: applied.last().map(|(version, _)| *version),
        })
    }

    /// Versions and checksums, oldest first.
    async fn applied_migrations(&self) -> Result<Vec<(i64, Vec<u8>)>, Broken> {
        let mut tx = self.0.begin_as_itself().await?;
        let (tables, ours): (i64, bool) = sqlx::query_as(
            "SELECT count(*), COALESCE(bool_or(tablename = '_sqlx_migrations'), false)
               FROM pg_tables WHERE schemaname = current_schema()",
        )
        .fetch_one(&mut *tx)
        .await?;
        match (tables, ours) {
            (0, _) => {
                tx.commit().await?;
                return Ok(Vec::new());
            }
            // Migrating would mix our tables with somebody else's.
            (_, false) => {
                return Err(StoreError::corrupt("database", "has other tables").into());
            }
            (_, true) => {}
        }
        // The working role reads it as one of the two that it may take on.
        let (owns, may): (bool, bool) = sqlx::query_as(
            "SELECT has_table_privilege('_sqlx_migrations', 'SELECT'),
                    COALESCE((SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles
                              WHERE rolname = 'keelway_jobs'), false)",
        )
        .fetch_one(&mut *tx)
        .await?;
        if !owns && may {
            sqlx::query("SET LOCAL ROLE keelway_jobs").execute(&mut *tx).await?;
        }
        let applied = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
        let applied = sqlx::query_as(applied).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(applied)
    }
}

/// Another text for each set of migrations, so that tests can keep a migrated database.
pub fn schema_fingerprint() -> String {
    let sums = MIGRATIONS.iter().flat_map(|migration| migration.checksum.iter());
    let folded = sums.fold(0_u64, |folded, byte| folded.rotate_left(7) ^ u64::from(*byte));
    format!("{folded:016x}")
}
