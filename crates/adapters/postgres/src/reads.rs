//! Reads of one statement.

use keelway_kernel::StoreError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use sqlx::{FromRow, Postgres};

use crate::PostgresStore;
use crate::tx::Reach;

/// A statement with its values, each row of which is an `R`.
pub(crate) type Asked<R> = QueryAs<'static, Postgres, R, PgArguments>;

impl PostgresStore {
    /// Every row.
    pub(crate) async fn rows<R>(&self, reach: Reach, asked: Asked<R>) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static,
    {
        self.read(reach, move |tx| Box::pin(async move { Ok(asked.fetch_all(&mut **tx).await?) }))
            .await
    }

    /// The row, if there is one.
    pub(crate) async fn row<R>(
        &self,
        reach: Reach,
        asked: Asked<R>,
    ) -> Result<Option<R>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static,
    {
        self.read(reach, move |tx| {
            Box::pin(async move { Ok(asked.fetch_optional(&mut **tx).await?) })
        })
        .await
    }
}
