//! Which role a process may work as.

use std::fmt;

use keelway_kernel::StoreError;

use crate::PostgresStore;
use crate::error::{Broken, Sql};
use crate::reach::quoted;

/// What a role can do past the walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Row security does not bind it.
    Superuser,
    /// Row security does not bind it.
    BypassesRowSecurity,
    /// It could give itself any right that others have.
    MakesRoles,
    /// It could copy the whole server.
    Replicates,
    /// PostgreSQL's own role that reads, writes or runs things around tables and their walls.
    Predefined,
    /// It could take the walls down.
    Owns,
    /// It would see every tenant without saying so.
    Inherits,
}

/// One thing that a role can do past the walls, and how it comes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Danger {
    /// What it can do.
    pub power: Power,
    /// The role that can: the one that a process logs in as, or one that it may become.
    pub holder: String,
    /// The grant that has to go, of the first to the second, if it comes by one.
    pub grant: Option<(String, String)>,
}

/// Whom a process may log in as instead.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    name: String,
    exists: bool,
    is_ready: bool,
    database: String,
}

/// A role that a process must not log in as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsafeRole {
    /// Its name.
    pub role: String,
    /// Why not; never empty.
    pub dangers: Vec<Danger>,
    other: Other,
}

impl fmt::Display for UnsafeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the role {:?} ", self.role)?;
        for (number, danger) in self.dangers.iter().enumerate() {
            if number > 0 {
                f.write_str("; it ")?;
            }
            let holder = &danger.holder;
            let is_itself = *holder == self.role;
            if !is_itself && !matches!(danger.power, Power::Predefined | Power::Inherits) {
                write!(f, "may become {holder:?}, which ")?;
            }
            match danger.power {
                Power::Superuser => f.write_str("is a superuser")?,
                Power::BypassesRowSecurity => f.write_str("has BYPASSRLS")?,
                Power::MakesRoles => f.write_str("has CREATEROLE")?,
                Power::Replicates => f.write_str("has REPLICATION")?,
                Power::Predefined => write!(f, "is a member of {holder}")?,
                Power::Owns => f.write_str("owns tables, their schema or the database")?,
                Power::Inherits => write!(f, "inherits the rights of {holder}")?,
            }
            match &danger.grant {
                Some((_, through)) if through != holder => write!(f, " (through {through:?})")?,
                Some(_) | None => {}
            }
        }
        Ok(())
    }
}

/// What to do about a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// Statements for a superuser; none, if all that is needed is there.
    pub sql: Vec<String>,
    /// Whom to log in as from then on, if as another role.
    pub log_in_as: Option<String>,
}

impl UnsafeRole {
    /// What makes all of it safe.
    pub fn remedy(&self) -> Remedy {
        // What it is for is not taken from it: processes log in as another one.
        let is_anothers = |danger: &&Danger| {
            danger.holder == self.role && matches!(danger.power, Power::Superuser | Power::Owns)
        };
        if self.dangers.iter().any(|danger| is_anothers(&danger)) {
            return self.other.remedy();
        }
        let mut sql: Vec<String> = Vec::new();
        for danger in &self.dangers {
            let (role, holder) = (quoted(&self.role), quoted(&danger.holder));
            let alter = |option: &str| format!("ALTER ROLE {holder} {option};");
            let statement = match (&danger.grant, danger.power) {
                (Some((whom, what)), _) => {
                    format!("REVOKE {} FROM {};", quoted(what), quoted(whom))
                }
                (None, Power::Superuser) => alter("NOSUPERUSER"),
                (None, Power::BypassesRowSecurity) => alter("NOBYPASSRLS"),
                (None, Power::MakesRoles) => alter("NOCREATEROLE"),
                (None, Power::Replicates) => alter("NOREPLICATION"),
                (None, Power::Owns) => format!("REASSIGN OWNED BY {holder} TO keelway_owner;"),
                // What is granted later is not inherited; what was granted before may be.
                (None, Power::Predefined | Power::Inherits) => format!(
                    "ALTER ROLE {role} NOINHERIT; REVOKE keelway_app, keelway_jobs FROM {role}; \
                     GRANT keelway_app, keelway_jobs TO {role};"
                ),
            };
            if !sql.contains(&statement) {
                sql.push(statement);
            }
        }
        Remedy { sql, log_in_as: None }
    }
}

impl Other {
    fn remedy(&self) -> Remedy {
        let (name, database) = (quoted(&self.name), quoted(&self.database));
        let sql = match (self.exists, self.is_ready) {
            (true, true) => Vec::new(),
            (true, false) => vec![
                format!("ALTER ROLE {name} LOGIN NOINHERIT;"),
                format!("GRANT keelway_app, keelway_jobs TO {name};"),
                format!("GRANT CONNECT ON DATABASE {database} TO {name};"),
            ],
            (false, _) => vec![
                format!("CREATE ROLE {name} LOGIN NOINHERIT PASSWORD '...';"),
                format!("GRANT keelway_app, keelway_jobs TO {name};"),
                format!("GRANT CONNECT ON DATABASE {database} TO {name};"),
            ],
        };
        Remedy { sql, log_in_as: Some(self.name.clone()) }
    }
}

/// A role that cannot take on those that transactions work as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the role {role:?} may not take on {}", lacks.join(" and "))]
pub struct Powerless {
    /// Its name.
    pub role: String,
    /// Which of them it cannot take on.
    pub lacks: Vec<&'static str>,
    /// Whether it would have their rights without taking them on.
    inherits: bool,
}

impl Powerless {
    /// What makes it fit for work.
    pub fn grant(&self) -> String {
        format!("GRANT {} TO {};", self.lacks.join(", "), quoted(&self.role))
    }

    /// What makes it fit for work, and keeps it safe.
    pub fn remedy(&self) -> String {
        let grant = self.grant();
        if !self.inherits {
            return grant;
        }
        format!("ALTER ROLE {} NOINHERIT; {grant}", quoted(&self.role))
    }
}

/// What transactions work as.
const WORKING_ROLES: [&str; 2] = ["keelway_app", "keelway_jobs"];

/// Every role that the one of the session is or may become, and the first grant on the way that
/// is not one of those it needs. CREATEDB is no danger: it reaches no database that is there.
const DANGERS: &str = "
    WITH RECURSIVE held AS (
        SELECT oid, rolname, NULL::name AS whom, NULL::name AS what
        FROM pg_roles WHERE rolname = session_user
        UNION
        SELECT r.oid, r.rolname,
               CASE WHEN h.what IS NOT NULL THEN h.whom
                    WHEN r.rolname NOT IN ('keelway_app', 'keelway_jobs') THEN h.rolname END,
               CASE WHEN h.what IS NOT NULL THEN h.what
                    WHEN r.rolname NOT IN ('keelway_app', 'keelway_jobs') THEN r.rolname END
        FROM held h
        JOIN pg_auth_members m ON m.member = h.oid
        JOIN pg_roles r ON r.oid = m.roleid
    ),
    owners AS (
        SELECT relowner AS oid FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        UNION SELECT nspowner FROM pg_namespace WHERE oid = current_schema()::regnamespace
        UNION SELECT datdba FROM pg_database WHERE datname = current_database()
    )
    SELECT d.power, r.rolname::text, h.whom::text, h.what::text
    FROM held h
    JOIN pg_roles r USING (oid)
    CROSS JOIN LATERAL (VALUES
        (1, 'superuser', r.rolsuper),
        (2, 'bypasses', r.rolbypassrls AND NOT r.rolsuper),
        (3, 'makes_roles', r.rolcreaterole AND NOT r.rolsuper),
        (4, 'replicates', r.rolreplication AND NOT r.rolsuper),
        (5, 'predefined', r.rolname IN ('pg_read_all_data', 'pg_write_all_data',
             'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')),
        (6, 'owns', EXISTS (SELECT FROM owners o WHERE o.oid = r.oid) AND NOT r.rolsuper),
        (7, 'inherits', r.rolname IN ('keelway_app', 'keelway_jobs') AND h.what IS NULL
             AND pg_has_role(session_user, r.oid, 'USAGE')
             AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user))
    ) AS d (number, power, holds)
    WHERE d.holds
    ORDER BY r.rolname <> session_user, d.number, r.rolname";

/// The usual name, if it is another one's.
const OTHER: &str = "
    SELECT n.name, r.oid IS NOT NULL,
           COALESCE(r.rolcanlogin AND NOT r.rolinherit AND NOT r.rolsuper
                    AND has_database_privilege(r.oid, current_database(), 'CONNECT')
                    AND (SELECT count(*) = 2 FROM pg_roles w
                         WHERE w.rolname IN ('keelway_app', 'keelway_jobs')
                           AND pg_has_role(r.oid, w.oid, 'MEMBER')), false),
           current_database()::text
    FROM (VALUES (1, 'keelway'), (2, 'keelway_server')) AS n (number, name)
    LEFT JOIN pg_roles r ON r.rolname = n.name
    WHERE n.name <> session_user
    ORDER BY n.number
    LIMIT 1";

impl PostgresStore {
    /// Why this process must not work as the role that it logs in as, if it must not.
    pub async fn unsafe_role(&self) -> Result<Option<UnsafeRole>, StoreError> {
        self.dangers().await.map_err(StoreError::from)
    }

    async fn dangers(&self) -> Sql<Option<UnsafeRole>> {
        let mut tx = self.0.begin_as_itself().await?;
        let role: String =
            sqlx::query_scalar("SELECT session_user::text").fetch_one(&mut *tx).await?;
        let found: Vec<(String, String, Option<String>, Option<String>)> =
            sqlx::query_as(DANGERS).fetch_all(&mut *tx).await?;
        let (name, exists, is_ready, database) = sqlx::query_as(OTHER).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        let danger = |(power, holder, whom, what): (String, _, Option<_>, Option<_>)| {
            let power = match &*power {
                "superuser" => Power::Superuser,
                "bypasses" => Power::BypassesRowSecurity,
                "makes_roles" => Power::MakesRoles,
                "replicates" => Power::Replicates,
                "predefined" => Power::Predefined,
                "owns" => Power::Owns,
                _ => Power::Inherits,
            };
            Danger { power, holder, grant: whom.zip(what) }
        };
        let dangers: Vec<Danger> = found.into_iter().map(danger).collect();
        let other = Other { name, exists, is_ready, database };
        Ok((!dangers.is_empty()).then_some(UnsafeRole { role, dangers, other }))
    }

    /// Which of the roles that transactions work as this process cannot take on: tried, whatever
    /// the catalogue says.
    pub async fn powerless_role(&self) -> Result<Option<Powerless>, StoreError> {
        self.lacks().await.map_err(StoreError::from)
    }

    async fn lacks(&self) -> Sql<Option<Powerless>> {
        let mut lacks = Vec::new();
        let mut itself = (String::new(), false);
        for working in WORKING_ROLES {
            let mut tx = self.0.begin_as_itself().await?;
            let named =
                "SELECT rolname::text, rolinherit FROM pg_roles WHERE rolname = session_user";
            itself = sqlx::query_as(named).fetch_one(&mut *tx).await?;
            let taken = sqlx::query("SELECT set_config('role', $1, true)").bind(working);
            match taken.execute(&mut *tx).await {
                Ok(_) => {}
                Err(sqlx::Error::Database(error))
                    // Not granted, or not there.
                    if matches!(error.code().as_deref(), Some("42501" | "22023")) =>
                {
                    lacks.push(working);
                }
                Err(error) => return Err(Broken::from(error)),
            }
            tx.roll_back().await;
        }
        let (role, inherits) = itself;
        Ok((!lacks.is_empty()).then_some(Powerless { role, lacks, inherits }))
    }
}
