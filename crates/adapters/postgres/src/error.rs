//! What a database error means to a caller.

use keelway_kernel::{Failure, StoreError};
use sqlx::error::ErrorKind;

/// A store error that database errors turn into by `?`.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) StoreError);

/// A query's result inside the adapter.
pub(crate) type Sql<T> = Result<T, Broken>;

/// Why a command stopped: either way its transaction is rolled back.
#[derive(Debug)]
pub(crate) enum Stop<E> {
    /// The domain refused.
    Refused(E),
    /// The store broke.
    Broken(StoreError),
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        Self(translate(&error))
    }
}

impl From<Broken> for StoreError {
    fn from(Broken(error): Broken) -> Self {
        error
    }
}

impl<E> From<Broken> for Stop<E> {
    fn from(Broken(error): Broken) -> Self {
        Self::Broken(error)
    }
}

impl<E> From<StoreError> for Stop<E> {
    fn from(error: StoreError) -> Self {
        Self::Broken(error)
    }
}

impl<E> From<sqlx::Error> for Stop<E> {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(translate(&error))
    }
}

impl<E> From<Failure<E>> for Stop<E> {
    fn from(failure: Failure<E>) -> Self {
        match failure {
            Failure::Rejected(refusal) => Self::Refused(refusal),
            Failure::Store(error) => Self::Broken(error),
        }
    }
}

impl<E> From<Stop<E>> for Failure<E> {
    fn from(stop: Stop<E>) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Rejected(refusal),
            Stop::Broken(error) => Self::Store(error),
        }
    }
}

/// PostgreSQL's error codes (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
mod code {
    pub(super) const SERIALIZATION_FAILURE: &str = "40001";
    pub(super) const DEADLOCK: &str = "40P01";
    pub(super) const LOCK_NOT_AVAILABLE: &str = "55P03";
    /// Classes: constraints, and data the schema cannot hold.
    pub(super) const INTEGRITY: &str = "23";
    pub(super) const DATA: &str = "22";
    /// Damage that the server found in its own files.
    pub(super) const DATA_CORRUPTED: &str = "XX001";
    pub(super) const INDEX_CORRUPTED: &str = "XX002";
    /// The server is stopping, has crashed or is starting, or ends sessions that are idle for long.
    pub(super) const ENDED: [&str; 4] = ["57P01", "57P02", "57P03", "57P05"];
}

/// The one place that reads database errors.
pub(crate) fn translate(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            match &*code {
                // A broken guard means that the facts were not what they seemed: two copies of
                // one command met, or a bug did. Nothing was changed, and a new try sees the
                // truth.
                _ if matches!(database.kind(), ErrorKind::UniqueViolation) => StoreError::Contended,
                code::SERIALIZATION_FAILURE | code::DEADLOCK | code::LOCK_NOT_AVAILABLE => {
                    StoreError::Contended
                }
                code::DATA_CORRUPTED | code::INDEX_CORRUPTED => {
                    StoreError::corrupt("database", database.message())
                }
                // What the schema refuses is a bug of ours, which no new try mends.
                other if [code::INTEGRITY, code::DATA].contains(&other.get(..2).unwrap_or("")) => {
                    StoreError::corrupt("change", database.message())
                }
                _ => StoreError::Unavailable(database.message().to_owned()),
            }
        }
        sqlx::Error::ColumnDecode { index, source } => {
            StoreError::corrupt("column", format!("{index}: {source}"))
        }
        // The pool tries a server that is away again and again, and tells no reason in the end.
        sqlx::Error::PoolTimedOut => StoreError::Unavailable(
            "no connection in time: the server is away, or lets in no more, or all that this \
             process may have are in use"
                .to_owned(),
        ),
        other => StoreError::Unavailable(other.to_string()),
    }
}

/// Whether the connection is of no more use, for a reason that another one may not have.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            // PgBouncer has one code for whatever stops it, and says it in no other language.
            let is_idle = code == "08P01" && database.message() == "client_idle_timeout";
            is_idle || code::ENDED.contains(&&*code)
        }
        _ => false,
    }
}

/// A guarded statement that must have changed exactly one row: else somebody was faster.
pub(crate) fn one(done: &sqlx::postgres::PgQueryResult) -> Sql<()> {
    if done.rows_affected() == 1 { Ok(()) } else { Err(Broken(StoreError::Contended)) }
}
