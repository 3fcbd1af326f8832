//! Why a server lets nobody in: asked past the pool, which goes on trying until the wait is over
//! and then knows no reason.

use std::io::ErrorKind;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};

use crate::PostgresSettings;

/// What kept a connection from being made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// The URL is none.
    #[error("the address cannot be read")]
    Address,
    /// There is a machine, and no server on it.
    #[error("nothing listens at {0}")]
    NothingListens(String),
    /// There is no such machine.
    #[error("the host {0} is not known")]
    UnknownHost(String),
    /// Not a word within the wait.
    #[error("{0} does not answer")]
    NoAnswer(String),
    /// Something else listens.
    #[error("what listens at {0} is no PostgreSQL")]
    NotPostgres(String),
    /// The role may not exist either: servers do not tell.
    #[error("the password of the role {0:?} is wrong or missing")]
    Password(String),
    /// `pg_hba.conf`, or the role itself.
    #[error("the role {role:?} is not let in: {why}")]
    NotLetIn {
        /// Who asked.
        role: String,
        /// In the server's words.
        why: String,
    },
    /// The role is let in on an encrypted connection only.
    #[error("the server lets the role {0:?} in with TLS only")]
    TlsRequired(String),
    /// The role is let in on a plain connection only.
    #[error("the server lets the role {0:?} in without TLS only")]
    TlsUnwanted(String),
    /// The address asks for what the server does not have.
    #[error("the server offers no TLS, which the address asks for")]
    TlsNotOffered,
    /// One side does not trust the other's certificate.
    #[error("no TLS connection could be agreed on: {0}")]
    Tls(String),
    /// The server has others.
    #[error("there is no database {0:?}")]
    UnknownDatabase(String),
    /// The right is missing.
    #[error("the role {role:?} may not connect to the database {database:?}")]
    MayNotConnect {
        /// Who asked.
        role: String,
        /// For what.
        database: String,
    },
    /// All are taken, by these processes or others.
    #[error("the server has no connection left: {0}")]
    NoneLeft(String),
    /// For a moment, as a rule.
    #[error("the server is starting or stopping: {0}")]
    NotNow(String),
    /// Connections are somebody's for one transaction only.
    #[error("a pooler stands in between, and migrations hold a lock of their session")]
    Pooled,
    /// It answers, and has no connection itself.
    #[error("a pooler in between gets no connection: {0}")]
    PoolerOnItsOwn(String),
    /// Anything else, in the words of whoever said it.
    #[error("{0}")]
    Other(String),
}

impl Unreached {
    /// What whoever runs the process can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Address => {
                "write postgres://ROLE:PASSWORD@HOST:PORT/DATABASE, with %25 for a % that belongs \
                 to a part of it"
                    .to_owned()
            }
            Self::NothingListens(_) => {
                "start PostgreSQL there, or correct the host and port".to_owned()
            }
            Self::UnknownHost(_) => "correct the host".to_owned(),
            Self::NoAnswer(_) => {
                "see whether it hangs or a firewall is in between, or correct the host and port"
                    .to_owned()
            }
            Self::NotPostgres(_) => "correct the host and port".to_owned(),
            Self::Password(role) => format!(
                "correct the role or the password; as a superuser, ALTER ROLE {} PASSWORD '...'; \
                 sets another one",
                quoted(role)
            ),
            Self::NotLetIn { role, .. } => format!(
                "correct the role, or as a superuser run deploy/postgres/roles.sql, which makes \
                 `keelway`, or: ALTER ROLE {} LOGIN; and let pg_hba.conf have a line for it, this \
                 database and this machine",
                quoted(role)
            ),
            Self::TlsRequired(_) => "add sslmode=require to the address".to_owned(),
            Self::TlsUnwanted(_) => {
                "add sslmode=disable to the address, or give it a `host` line in pg_hba.conf"
                    .to_owned()
            }
            Self::TlsNotOffered => {
                "set ssl = on in postgresql.conf, or leave sslmode out of the address".to_owned()
            }
            Self::Tls(_) => "name the authority that signed the server's certificate with \
                             sslrootcert=FILE, and the host as the certificate does"
                .to_owned(),
            Self::UnknownDatabase(database) => format!(
                "correct the database, or as a superuser run deploy/postgres/roles.sql, which \
                 makes the roles and `keelway`, or: CREATE DATABASE {} OWNER keelway_owner;",
                quoted(database)
            ),
            Self::MayNotConnect { role, database } => format!(
                "as a superuser run: GRANT CONNECT ON DATABASE {} TO {};",
                quoted(database),
                quoted(role)
            ),
            Self::NoneLeft(_) => "lower `database.connections` of all processes, raise \
                                  max_connections, or put PgBouncer in between"
                .to_owned(),
            Self::NotNow(_) => "try again once it is up".to_owned(),
            Self::Pooled => "name the PostgreSQL server itself".to_owned(),
            Self::PoolerOnItsOwn(_) => {
                "start PostgreSQL behind it, or correct what it says of it; its log says more"
                    .to_owned()
            }
            Self::Other(_) => "look into the log of the server".to_owned(),
        }
    }
}

/// How a name is written in SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// How long lasts what may pass by itself, such as a start of the server, between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Sent to the server as a connection begins; a pooler refuses it or keeps it to itself.
const DIRECT: &str = "keelway.direct";

impl PostgresSettings {
    /// Connects once, and says at once why that is not possible; what may pass by itself is
    /// waited for.
    pub async fn reach(&self) -> Result<(), Unreached> {
        let options = self.options()?;
        let mut seen = Unreached::NoAnswer(place(&options));
        let passing = async {
            loop {
                match attempt(&options).await {
                    Err(error @ (Unreached::NotNow(_) | Unreached::NoneLeft(_))) => seen = error,
                    done => return done,
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        match tokio::time::timeout(self.wait, passing).await {
            Ok(done) => done,
            Err(_) => Err(seen),
        }
    }

    /// Makes sure that a session is one of the server's own, as migrations need it.
    pub async fn reach_directly(&self) -> Result<(), Unreached> {
        self.reach().await?;
        let options = self.options()?;
        let place = place(&options);
        let look = async {
            let marked = options.options([(DIRECT, "on")]);
            let mut connection = match PgConnection::connect_with(&marked).await {
                Ok(connection) => connection,
                // The one answer of a pooler that the server, which was reached, does not give.
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("08P01") => {
                    return Err(Unreached::Pooled);
                }
                Err(error) => return Err(explain(&marked, &error)),
            };
            let mark = sqlx::query_scalar("SELECT current_setting($1, true)").persistent(false);
            let mark: Result<Option<String>, _> =
                mark.bind(DIRECT).fetch_one(&mut connection).await;
            let _ = connection.close().await;
            if matches!(mark, Ok(Some(on)) if on == "on") { Ok(()) } else { Err(Unreached::Pooled) }
        };
        let looked = tokio::time::timeout(self.wait, look).await;
        looked.unwrap_or(Err(Unreached::NoAnswer(place)))
    }

    pub(crate) fn options(&self) -> Result<PgConnectOptions, Unreached> {
        // The text of the error may repeat the URL.
        let options = PgConnectOptions::from_str(&self.url).map_err(|_| Unreached::Address)?;
        Ok(options.application_name("keelway"))
    }
}

async fn attempt(options: &PgConnectOptions) -> Result<(), Unreached> {
    is_known(options).await?;
    let error = match connect(options).await {
        Ok(()) => return Ok(()),
        Err(error) => explain(options, &error),
    };
    let Unreached::NotLetIn { role, .. } = &error else { return Err(error) };
    // Servers say why in their own language: what it is about, another try tells.
    let is_plain = matches!(options.get_ssl_mode(), PgSslMode::Disable | PgSslMode::Allow);
    let (other, reason) = if is_plain {
        (PgSslMode::Require, Unreached::TlsRequired(role.clone()))
    } else {
        (PgSslMode::Disable, Unreached::TlsUnwanted(role.clone()))
    };
    let again = options.clone().ssl_mode(other);
    Err(match connect(&again).await {
        Err(same) if matches!(explain(&again, &same), Unreached::NotLetIn { .. }) => error,
        // The server has no TLS to choose.
        Err(sqlx::Error::Tls(_)) => error,
        Ok(()) | Err(_) => reason,
    })
}

/// Looked up apart, because the driver's error does not say in a form for programs.
async fn is_known(options: &PgConnectOptions) -> Result<(), Unreached> {
    let host = options.get_host();
    if options.get_socket().is_some() || host.starts_with('/') {
        return Ok(());
    }
    let host = host.trim_matches(['[', ']']);
    let found = tokio::net::lookup_host((host, options.get_port())).await;
    let is_found = found.is_ok_and(|mut found| found.next().is_some());
    if is_found { Ok(()) } else { Err(Unreached::UnknownHost(host.to_owned())) }
}

/// A pooler lets in before it has a connection itself: a statement tells.
async fn connect(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::raw_sql("SELECT 1").execute(&mut connection).await?;
    // Nothing hangs on how it ends.
    let _ = connection.close().await;
    Ok(())
}

fn explain(options: &PgConnectOptions, error: &sqlx::Error) -> Unreached {
    let role = || options.get_username().to_owned();
    match error {
        sqlx::Error::Io(error) => match error.kind() {
            // No socket, or nobody behind it.
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
                Unreached::NothingListens(place(options))
            }
            // A certificate is data that was not valid.
            ErrorKind::InvalidData => Unreached::Tls(error.to_string()),
            ErrorKind::UnexpectedEof => Unreached::NotPostgres(place(options)),
            _ => Unreached::Other(error.to_string()),
        },
        sqlx::Error::Tls(error) if is_ours(&**error) => Unreached::TlsNotOffered,
        sqlx::Error::Tls(error) => Unreached::Tls(error.to_string()),
        sqlx::Error::Protocol(_) => Unreached::NotPostgres(place(options)),
        sqlx::Error::Database(error) => {
            let why = error.message().to_owned();
            match error.code().as_deref().unwrap_or_default() {
                "28P01" => Unreached::Password(role()),
                // How PgBouncer says it, in no other language.
                "08P01" if why.contains("authentication failed") => Unreached::Password(role()),
                "08P01" if why.ends_with(" does not exist") => {
                    Unreached::UnknownDatabase(database(options))
                }
                "08P01" => Unreached::PoolerOnItsOwn(why),
                "28000" => Unreached::NotLetIn { role: role(), why },
                "3D000" => Unreached::UnknownDatabase(database(options)),
                "42501" => Unreached::MayNotConnect { role: role(), database: database(options) },
                "53300" => Unreached::NoneLeft(why),
                "57P01" | "57P02" | "57P03" => Unreached::NotNow(why),
                _ => Unreached::Other(why),
            }
        }
        error => Unreached::Other(error.to_string()),
    }
}

/// The driver's own word, where no certificate was at fault.
fn is_ours(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.source().is_none() && error.to_string() == "server does not support TLS"
}

fn database(options: &PgConnectOptions) -> String {
    options.get_database().unwrap_or(options.get_username()).to_owned()
}

fn place(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(folder) => format!("{}/.s.PGSQL.{}", folder.display(), options.get_port()),
        None if options.get_host().starts_with('/') => {
            format!("{}/.s.PGSQL.{}", options.get_host(), options.get_port())
        }
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}
