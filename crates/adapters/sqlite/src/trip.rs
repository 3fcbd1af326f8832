//! Several statements in one go.
//!
//! A connection lives on a thread of its own, and the way there and back costs more than most
//! statements do. Every command holds the write lock all that time, so where it matters what is
//! read together is asked for together, and what is written together is sent together.

use std::mem::take;

use futures::TryStreamExt as _;
use keelway_kernel::StoreError;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Either, Encode, Executor as _, Sqlite, Type};

use crate::error::{Broken, Sql};

/// Statements that are not sent yet. Their values are marked `?`, never by number.
#[derive(Default)]
pub(crate) struct Trip {
    sql: String,
    values: SqliteArguments,
    statements: usize,
    unfit: Option<BoxDynError>,
}

impl Trip {
    /// One statement more, whose values are bound next.
    pub(crate) fn add(mut self, sql: &'static str) -> Self {
        self.sql.push_str(sql);
        self.sql.push(';');
        self.statements += 1;
        self
    }

    /// The next value of the statement added last.
    pub(crate) fn bind<'v, T: Encode<'v, Sqlite> + Type<Sqlite>>(mut self, value: T) -> Self {
        if let Err(error) = self.values.add(value) {
            self.unfit.get_or_insert(error);
        }
        self
    }

    /// Reads: the rows of each of the `N` statements, all of one state within a transaction.
    pub(crate) async fn read<const N: usize>(
        self,
        connection: &mut SqliteConnection,
    ) -> Sql<[Vec<SqliteRow>; N]> {
        let (mut found, mut rows) = (Vec::with_capacity(N), Vec::new());
        let query = sqlx::query_with(AssertSqlSafe(self.sql), fit(self.values, self.unfit)?);
        let mut steps = connection.fetch_many(query);
        while let Some(step) = steps.try_next().await? {
            match step {
                Either::Right(row) => rows.push(row),
                Either::Left(_) => found.push(take(&mut rows)),
            }
        }
        found.try_into().map_err(|found: Vec<_>| {
            let statements = format!("{} of {N} statements answered", found.len());
            Broken(StoreError::Unavailable(statements))
        })
    }

    /// Writes: each statement must change exactly one row: else somebody was faster.
    pub(crate) async fn write(self, connection: &mut SqliteConnection) -> Sql<()> {
        if self.is_empty() {
            return Ok(());
        }
        let query = sqlx::query_with(AssertSqlSafe(self.sql), fit(self.values, self.unfit)?);
        let (mut steps, mut changed) = (connection.fetch_many(query), Vec::new());
        while let Some(step) = steps.try_next().await? {
            changed.extend(step.left().map(|done| done.rows_affected()));
        }
        // What goes ahead of the statements reports whatever was changed last.
        let ahead = changed.len().saturating_sub(self.statements);
        let each_one = changed[ahead..].iter().all(|rows| *rows == 1);
        if each_one { Ok(()) } else { Err(Broken(StoreError::Contended)) }
    }

    /// The same, with `sql` ahead of it, which changes no row.
    pub(crate) fn after(mut self, sql: &'static str) -> Self {
        self.sql.insert_str(0, sql);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.statements == 0
    }
}

fn fit(
    values: SqliteArguments,
    unfit: Option<BoxDynError>,
) -> Result<SqliteArguments, sqlx::Error> {
    unfit.map_or(Ok(values), |error| Err(sqlx::Error::Encode(error)))
}
