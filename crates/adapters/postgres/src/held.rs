//! Rows that a command locks for itself, outside the lock of any tenant.

use keelway_rows::Moment;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use sqlx::{FromRow, Postgres};

use crate::error::Sql;
use crate::tx::Tx;

/// A row, and when its lock was had.
#[derive(sqlx::FromRow)]
pub(crate) struct Held<T> {
    #[sqlx(flatten)]
    row: T,
    held_at: Moment,
}

/// A look-up that locks its row, with the time at which it did: around it, because what stands
/// in its own list is taken before the wait.
macro_rules! held {
    ($look_up:literal) => {
        concat!("SELECT *, clock_timestamp() AS held_at FROM (", $look_up, ") AS held")
    };
}
pub(crate) use held;

impl Tx {
    /// The row that a [`held`] look-up finds. The transaction's moment is when it has it: whether
    /// something is over is not judged by a time before the wait.
    pub(crate) async fn hold<R>(
        &mut self,
        asked: QueryAs<'_, Postgres, Held<R>, PgArguments>,
    ) -> Sql<Option<R>>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let Some(held) = asked.fetch_optional(&mut **self).await? else { return Ok(None) };
        self.found(held.held_at.into());
        Ok(Some(held.row))
    }
}
