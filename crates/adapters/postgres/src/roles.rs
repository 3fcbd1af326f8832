//! Which role a process may work as.

use keelway_kernel::StoreError;

use crate::PostgresStore;
use crate::error::{Broken, Sql};

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
    /// The statements that mend it, for whoever may make and grant roles.
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

impl PostgresStore {
    /// What is wrong with the role that this process logs in as, if anything is; the worst, if
    /// several things are.
    pub async fn unsafe_role(&self) -> Result<Option<UnsafeRole>, StoreError> {
        let (name, problem) = self.role().await.map_err(|Broken(error)| error)?;
        Ok(match problem.as_deref() {
            None => None,
            Some("superuser") => Some(UnsafeRole::Superuser(name)),
            Some("bypasses") => Some(UnsafeRole::BypassesRowSecurity(name)),
            Some("owns") => Some(UnsafeRole::Owner(name)),
            Some("inherits") => Some(UnsafeRole::Inherits(name)),
            Some(_) => Some(UnsafeRole::Powerless(name)),
        })
    }

    async fn role(&self) -> Sql<(String, Option<String>)> {
        let mut tx = self.0.begin_as_itself().await?;
        let found = sqlx::query_as(
            "WITH may_become AS (
                 SELECT g.oid, g.rolname, g.rolsuper, g.rolbypassrls FROM pg_roles g
                  WHERE pg_has_role(session_user, g.oid, 'MEMBER')
             )
             SELECT session_user::text, CASE
                 WHEN EXISTS (SELECT 1 FROM may_become WHERE rolsuper) THEN 'superuser'
                 WHEN EXISTS (SELECT 1 FROM may_become WHERE rolbypassrls) THEN 'bypasses'
                 WHEN EXISTS (SELECT 1 FROM pg_class c JOIN may_become m ON m.oid = c.relowner
                               WHERE c.relnamespace = current_schema()::regnamespace
                                 AND c.relkind IN ('r', 'p')) THEN 'owns'
                 WHEN (SELECT count(*) FROM may_become
                        WHERE rolname IN ('keelway_app', 'keelway_jobs')) < 2 THEN 'powerless'
                 WHEN EXISTS (SELECT 1 FROM may_become
                               WHERE rolname IN ('keelway_app', 'keelway_jobs')
                                 AND pg_has_role(session_user, oid, 'USAGE')) THEN 'inherits'
             END",
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(found)
    }
}
