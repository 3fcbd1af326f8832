//! Which role a process may work as.

use keelway_kernel::StoreError;

use crate::PostgresStore;
use crate::error::Broken;

/// What is done about a role that row security does not bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleCheck {
    /// It is not worked with.
    Refuse,
    /// It is, as development may.
    Allow,
}

/// What is wrong with the role that a process logs in as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeRole {
    /// Row security never binds it, or what it may become.
    #[error("the role {0:?} is a superuser")]
    Superuser(String),
    /// Row security never binds it, or what it may become.
    #[error("the role {0:?} has BYPASSRLS")]
    BypassesRowSecurity(String),
    /// It could take the walls down, or become who could.
    #[error("the role {0:?} owns tables of the database")]
    Owner(String),
    /// It would see every tenant without saying so.
    #[error("the role {0:?} inherits the rights of keelway_jobs")]
    Inherits(String),
    /// It cannot work at all.
    #[error("the role {0:?} was not granted keelway_app and keelway_jobs")]
    Powerless(String),
}

impl UnsafeRole {
    /// The statements that mend it, run by the owner of the database.
    pub fn remedy(&self) -> String {
        match self {
            Self::Superuser(_) | Self::BypassesRowSecurity(_) | Self::Owner(_) => {
                "CREATE ROLE keelway LOGIN NOINHERIT PASSWORD '...'; \
                 GRANT keelway_app, keelway_jobs TO keelway;"
                    .to_owned()
            }
            Self::Inherits(role) => format!(
                "ALTER ROLE \"{role}\" NOINHERIT; REVOKE keelway_app, keelway_jobs FROM \
                 \"{role}\"; GRANT keelway_app, keelway_jobs TO \"{role}\";"
            ),
            Self::Powerless(role) => format!(
                "ALTER ROLE \"{role}\" NOINHERIT; GRANT keelway_app, keelway_jobs TO \"{role}\";"
            ),
        }
    }
}

#[derive(sqlx::FromRow)]
struct RoleRow {
    name: String,
    is_superuser: bool,
    bypasses: bool,
    owns: bool,
    may_act: bool,
    inherits: bool,
}

impl PostgresStore {
    /// What is wrong with the role that this process logs in as, if anything is.
    pub async fn unsafe_role(&self) -> Result<Option<UnsafeRole>, StoreError> {
        let row = self.role().await.map_err(|Broken(error)| error)?;
        let wrong: [(bool, fn(String) -> UnsafeRole); 5] = [
            (row.is_superuser, UnsafeRole::Superuser),
            (row.bypasses, UnsafeRole::BypassesRowSecurity),
            (row.owns, UnsafeRole::Owner),
            (!row.may_act, UnsafeRole::Powerless),
            (row.inherits, UnsafeRole::Inherits),
        ];
        let found = wrong.into_iter().find(|(is_so, _)| *is_so);
        Ok(found.map(|(_, problem)| problem(row.name)))
    }

    async fn role(&self) -> Result<RoleRow, Broken> {
        let mut connection = self.0.connection().await?;
        Ok(sqlx::query_as(
            "SELECT r.rolname::text AS name,
                    EXISTS (SELECT 1 FROM pg_roles g
                             WHERE g.rolsuper AND pg_has_role(r.oid, g.oid, 'MEMBER'))
                    AS is_superuser,
                    EXISTS (SELECT 1 FROM pg_roles g
                             WHERE g.rolbypassrls AND pg_has_role(r.oid, g.oid, 'MEMBER'))
                    AS bypasses,
                    EXISTS (SELECT 1 FROM pg_class c
                             WHERE c.relnamespace = current_schema()::regnamespace
                               AND c.relkind IN ('r', 'p')
                               AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owns,
                    NOT EXISTS (SELECT 1 FROM unnest(ARRAY['keelway_app', 'keelway_jobs']) needed
                                 WHERE NOT EXISTS (
                                     SELECT 1 FROM pg_roles g
                                      WHERE g.rolname = needed AND pg_has_role(r.oid, g.oid, 'MEMBER')
                                 )) AS may_act,
                    EXISTS (SELECT 1 FROM pg_roles g
                             WHERE g.rolname IN ('keelway_app', 'keelway_jobs')
                               AND pg_has_role(r.oid, g.oid, 'USAGE')) AS inherits
               FROM pg_roles r WHERE r.rolname = session_user",
        )
        .fetch_one(&mut *connection)
        .await?)
    }
}
