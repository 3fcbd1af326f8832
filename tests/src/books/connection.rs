//! One way to ask either database.

use std::path::Path;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, Postgres, Sqlite};

/// What PostgreSQL lacks of the words that the checks are written in.
const LENT: &str = "
    CREATE SCHEMA IF NOT EXISTS books;
    CREATE OR REPLACE FUNCTION books.hex(id uuid) RETURNS text LANGUAGE sql
        AS 'SELECT id::text';
    CREATE OR REPLACE FUNCTION books.json_extract(body text, path text) RETURNS text LANGUAGE sql
        AS 'SELECT body::json ->> substr(path, 3)';
    CREATE OR REPLACE FUNCTION books.zeroblob(bytes integer) RETURNS bytea LANGUAGE sql
        AS $$ SELECT decode(repeat('00', bytes), 'hex') $$;
    CREATE OR REPLACE FUNCTION books.moment(micros bigint) RETURNS timestamptz LANGUAGE sql
        AS 'SELECT to_timestamp(micros / 1000000.0)';
    CREATE OR REPLACE FUNCTION books.micros(at timestamptz) RETURNS bigint LANGUAGE sql
        AS 'SELECT (extract(epoch FROM at) * 1000000)::bigint';";

/// What can be read from a row of either database.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

/// A database that is looked into from outside, by the one who may see everything.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Database {
    pub(crate) async fn sqlite(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        Self::Sqlite(pool.unwrap())
    }

    pub(crate) async fn postgres(superuser: &str) -> Self {
        let options: PgConnectOptions = superuser.parse().unwrap();
        let options = options.options([("search_path", "public,books")]);
        // A connection that a restart of the server broke is not used again.
        let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(true);
        let pool = pool.connect_with(options).await.unwrap();
        sqlx::raw_sql(LENT).execute(&pool).await.unwrap();
        Self::Postgres(pool)
    }

    pub(crate) async fn connection(&self) -> Connection {
        match self {
            Self::Sqlite(pool) => Connection::Sqlite(pool.acquire().await.unwrap()),
            Self::Postgres(pool) => Connection::Postgres(pool.acquire().await.unwrap()),
        }
    }
}

/// A connection to either.
pub(crate) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Connection {
    /// Sees one and the same state from now on.
    pub(crate) async fn stand_still(&mut self) {
        match self {
            Self::Sqlite(_) => self.run("BEGIN").await,
            Self::Postgres(_) => self.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await,
        };
    }

    /// Runs statements; answers how many rows they changed.
    pub(crate) async fn run(&mut self, sql: &'static str) -> u64 {
        let done = match self {
            Self::Sqlite(to) => {
                let done = sqlx::raw_sql(for_sqlite(sql)).execute(&mut **to).await;
                done.map(|done| done.rows_affected())
            }
            Self::Postgres(to) => {
                sqlx::raw_sql(sql).execute(&mut **to).await.map(|done| done.rows_affected())
            }
        };
        done.unwrap_or_else(|error| panic!("{error}\n{sql}"))
    }

    /// What a query answers.
    pub(crate) async fn rows<T: Row>(&mut self, sql: &'static str) -> Vec<T> {
        let rows = match self {
            Self::Sqlite(to) => sqlx::query_as(for_sqlite(sql)).fetch_all(&mut **to).await,
            Self::Postgres(to) => sqlx::query_as(sql).fetch_all(&mut **to).await,
        };
        rows.unwrap_or_else(|error| panic!("{error}\n{sql}"))
    }
}

/// SQLite keeps the numbers that `micros(..)` makes of times and `moment(..)` makes times of.
fn for_sqlite(sql: &'static str) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql.replace("micros(", "(").replace("moment(", "("))
}
