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

/// SQLite's primary result codes (<https://sqlite.org/rescode.html>).
mod code {
    pub(super) const BUSY: u8 = 5;
    pub(super) const LOCKED: u8 = 6;
    pub(super) const CORRUPT: u8 = 11;
    pub(super) const CONSTRAINT: u8 = 19;
    pub(super) const NOTADB: u8 = 26;
}

/// The one place that reads database errors.
pub(crate) fn translate(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(database) => {
            // A broken guard means that the facts were not what they seemed: two copies of one
            // command met, or a bug did. Nothing was changed, and a new try sees the truth.
            if matches!(database.kind(), ErrorKind::UniqueViolation) {
                return StoreError::Contended;
            }
            match primary_code(database.code().as_deref()) {
                Some(code::BUSY | code::LOCKED) => StoreError::Contended,
                Some(code::CORRUPT | code::NOTADB) => {
                    StoreError::corrupt("database", database.message())
                }
                // What the schema refuses is a bug of ours, which no new try mends.
                Some(code::CONSTRAINT) => StoreError::corrupt("change", database.message()),
                _ => StoreError::Unavailable(database.message().to_owned()),
            }
        }
        sqlx::Error::ColumnDecode { index, source } => {
            StoreError::corrupt("column", format!("{index}: {source}"))
        }
        sqlx::Error::PoolTimedOut => StoreError::Contended,
        other => StoreError::Unavailable(other.to_string()),
    }
}

/// Extended codes carry the primary one in their low byte.
fn primary_code(code: Option<&str>) -> Option<u8> {
    let extended: u32 = code?.parse().ok()?;
    Some(extended.to_le_bytes()[0])
}

/// A guarded statement that must have changed exactly one row: else somebody was faster.
pub(crate) fn one(done: &sqlx::sqlite::SqliteQueryResult) -> Sql<()> {
    if done.rows_affected() == 1 { Ok(()) } else { Err(Broken(StoreError::Contended)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqliteConnection;
    use sqlx::{Connection, Executor};

    async fn refused(sql: &'static str) -> StoreError {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        translate(&connection.execute(sqlx::raw_sql(sql)).await.unwrap_err())
    }

    #[tokio::test]
    async fn a_full_disk_a_broken_guard_and_an_impossible_row_are_told_apart() {
        let full = "PRAGMA max_page_count = 2; CREATE TABLE t (x); CREATE TABLE u (x)";
        let message = "database or disk is full".to_owned();
        assert_eq!(refused(full).await, StoreError::Unavailable(message));
        let twice = "CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1), (1)";
        assert_eq!(refused(twice).await, StoreError::Contended);
        let impossible = "CREATE TABLE t (x CHECK (x > 0)); INSERT INTO t VALUES (0)";
        let message = "CHECK constraint failed: x > 0";
        assert_eq!(refused(impossible).await, StoreError::corrupt("change", message));
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_corrupt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "not a database, whatever its name may be".repeat(100)).unwrap();
        let url = format!("sqlite://{}", path.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let read = sqlx::query("SELECT name FROM sqlite_schema").fetch_all(&mut connection);
        let error = read.await.unwrap_err();
        assert!(matches!(translate(&error), StoreError::Corrupt { .. }), "{error}");
    }
}
