//! Migrations.

use keelway_kernel::StoreError;
use sqlx::migrate::{MigrateError, Migrator};

use crate::PostgresStore;
use crate::error::{Broken, Sql, Stop};
use crate::reach::quoted;
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

/// What a role lacks to bring the schema to this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotMigrate {
    /// Its statements would be refused, some of them after others were carried out.
    #[error("the role {role:?} may not change the schema, which {owner:?} owns")]
    NotOwner {
        /// Who would migrate.
        role: String,
        /// Who can.
        owner: String,
    },
    /// The roles that transactions work as come with the first migration.
    #[error("the role {role:?} may not make the roles {}", missing.join(" and "))]
    MayNotMakeRoles {
        /// Who would migrate.
        role: String,
        /// Which are not there.
        missing: Vec<String>,
    },
}

impl CannotMigrate {
    /// What a superuser can do about it; nothing, where another role is to migrate.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NotOwner { .. } => None,
            Self::MayNotMakeRoles { missing, .. } => {
                let make =
                    |role: &String| format!("CREATE ROLE {} NOLOGIN NOINHERIT;", quoted(role));
                Some(missing.iter().map(make).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// Who the role is, who owns what it does not, and which roles there are yet to make, if it
/// cannot make them.
const MAY_MIGRATE: &str = "
    WITH ours AS (
        SELECT rolname, rolcreaterole OR rolsuper AS makes_roles
        FROM pg_roles WHERE rolname = session_user
    )
    SELECT ours.rolname::text,
           COALESCE(
               (SELECT pg_get_userbyid(c.relowner)::text FROM pg_class c
                WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
                  AND NOT pg_has_role(session_user, c.relowner, 'USAGE') LIMIT 1),
               CASE WHEN NOT COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false)
                    THEN (SELECT pg_get_userbyid(datdba)::text FROM pg_database
                          WHERE datname = current_database()) END),
           ARRAY(SELECT role FROM unnest(ARRAY['keelway_app', 'keelway_jobs']) role
                 WHERE NOT ours.makes_roles
                   AND role NOT IN (SELECT rolname FROM pg_roles))
    FROM ours";

impl PostgresStore {
    /// What this process's role lacks to migrate, if anything.
    pub async fn cannot_migrate(&self) -> Result<Option<CannotMigrate>, StoreError> {
        let (role, owner, missing) = self.may_migrate().await.map_err(StoreError::from)?;
        Ok(match owner {
            Some(owner) => Some(CannotMigrate::NotOwner { role, owner }),
            None if missing.is_empty() => None,
            None => Some(CannotMigrate::MayNotMakeRoles { role, missing }),
        })
    }

    async fn may_migrate(&self) -> Sql<(String, Option<String>, Vec<String>)> {
        let mut tx = self.0.begin_as_itself().await?;
        let found = sqlx::query_as(MAY_MIGRATE).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Brings the schema to this version, each migration whole or not at all; two processes may
    /// do so at once. The role must own the schema: it is not the one that the server works as.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let connections = std::sync::Arc::clone(&self.0);
        let migrate = async move {
            // Not given back: what migrations set for the session must not reach commands.
            let mut connection = connections.connection().await?;
            let done = MIGRATIONS.run_direct(None, &mut *connection, false).await;
            done.map_err(|error| Broken(StoreError::Unavailable(told(&error))))?;
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
        let (role, owns, working): (String, bool, Option<String>) = sqlx::query_as(
            "SELECT session_user::text, has_table_privilege('_sqlx_migrations', 'SELECT'),
                    (SELECT max(rolname::text) FROM pg_roles
                     WHERE rolname IN ('keelway_app', 'keelway_jobs')
                       AND pg_has_role(oid, 'MEMBER'))",
        )
        .fetch_one(&mut *tx)
        .await?;
        match working {
            _ if owns => {}
            Some(working) => {
                let take = sqlx::query("SELECT set_config('role', $1, true)").bind(working);
                take.execute(&mut *tx).await?;
            }
            None => {
                let role = quoted(&role);
                let why = format!(
                    "the role {role} may not read which migrations were applied; as a superuser \
                     run: GRANT keelway_app, keelway_jobs TO {role};"
                );
                return Err(StoreError::Unavailable(why).into());
            }
        }
        let applied = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
        let applied = sqlx::query_as(applied).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(applied)
    }
}

/// What the server said, without what is around it: it names lines of its own source.
fn told(error: &MigrateError) -> String {
    match error {
        MigrateError::ExecuteMigration(sqlx::Error::Database(said), version) => {
            format!("migration {version}: {}", said.message())
        }
        MigrateError::Execute(sqlx::Error::Database(said)) => said.message().to_owned(),
        other => other.to_string(),
    }
}

/// Another text for each set of migrations, so that tests can keep a migrated database.
pub fn schema_fingerprint() -> String {
    let sums = MIGRATIONS.iter().flat_map(|migration| migration.checksum.iter());
    let folded = sums.fold(0_u64, |folded, byte| folded.rotate_left(7) ^ u64::from(*byte));
    format!("{folded:016x}")
}
