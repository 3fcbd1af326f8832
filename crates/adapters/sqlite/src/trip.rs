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
use sqlx::{Arguments as _, AssertSqlSafe, Either, Encode, Executor as _, FromRow, Sqlite, Type};

use crate::error::{Broken, Sql};

/// Statements that are not sent yet. Their values are marked `?`, never by number.
#[derive(Default)]
pub(crate) struct Trip {
    sql: String,
    values: SqliteArguments,
    /// What each statement changes.
    changes: Vec<Rows>,
    unfit: Option<BoxDynError>,
}

/// How many rows a statement changes.
enum Rows {
    /// If it is not one, somebody was faster.
    One,
    Any,
}

impl Trip {
    /// One statement more, whose values are bound next: a look-up, or a change of exactly one
    /// row.
    pub(crate) fn add(self, sql: &'static str) -> Self {
        self.push(sql, Rows::One)
    }

    /// The same for a change of as many rows as there are.
    pub(crate) fn add_any(self, sql: &'static str) -> Self {
        self.push(sql, Rows::Any)
    }

    fn push(mut self, sql: &'static str, changes: Rows) -> Self {
        self.sql.push_str(sql);
        self.sql.push(';');
        self.changes.push(changes);
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

    /// Writes, and says how many rows were changed: where one must be, and is not, somebody was
    /// faster.
    pub(crate) async fn write(self, connection: &mut SqliteConnection) -> Sql<u64> {
        if self.is_empty() {
            return Ok(0);
        }
        let query = sqlx::query_with(AssertSqlSafe(self.sql), fit(self.values, self.unfit)?);
        let (mut steps, mut changed) = (connection.fetch_many(query), Vec::new());
        while let Some(step) = steps.try_next().await? {
            changed.extend(step.left().map(|done| done.rows_affected()));
        }
        // What goes ahead of the statements reports whatever was changed last.
        let changed = &changed[changed.len().saturating_sub(self.changes.len())..];
        let met = |(rows, changes): (&u64, &Rows)| *rows == 1 || matches!(changes, Rows::Any);
        if !changed.iter().zip(&self.changes).all(met) {
            return Err(Broken(StoreError::Contended));
        }
        Ok(changed.iter().sum())
    }

    /// The same, with `sql` ahead of it, which changes no row.
    pub(crate) fn after(mut self, sql: &'static str) -> Self {
        self.sql.insert_str(0, sql);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// What was found, as rows of one kind.
pub(crate) fn rows<T: for<'r> FromRow<'r, SqliteRow>>(found: &[SqliteRow]) -> Sql<Vec<T>> {
    Ok(found.iter().map(T::from_row).collect::<Result<_, _>>()?)
}

/// The first of what was found.
pub(crate) fn first<T: for<'r> FromRow<'r, SqliteRow>>(found: &[SqliteRow]) -> Sql<Option<T>> {
    Ok(found.first().map(T::from_row).transpose()?)
}

fn fit(
    values: SqliteArguments,
    unfit: Option<BoxDynError>,
) -> Result<SqliteArguments, sqlx::Error> {
    unfit.map_or(Ok(values), |error| Err(sqlx::Error::Encode(error)))
}
