//! What keeps tenants apart, and history as it was, whatever a statement says.

mod catalogue;
mod rights;
mod rows;

use keelway_kernel::TenantId;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::opened::Opened;

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    /// It was refused for want of a right, or by a wall.
    Denied,
    /// It saw or changed so many rows.
    Rows(u64),
}

/// A connection as the role that processes log in as.
async fn working(opened: &Opened) -> PgConnection {
    PgConnection::connect(&opened.database.url()).await.unwrap()
}

async fn run(connection: &mut PgConnection, sql: &str) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
}

/// Begins as the store does.
async fn begin(connection: &mut PgConnection, role: &str, tenant: Option<TenantId>) {
    run(connection, &format!("BEGIN; SET LOCAL ROLE {role}")).await;
    if let Some(tenant) = tenant {
        let id = tenant.as_uuid();
        run(connection, &format!("SELECT set_config('keelway.tenants', '{{{id}}}', true)")).await;
    }
}

/// Tries a statement and undoes it.
async fn attempt(connection: &mut PgConnection, sql: &str) -> Met {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    run(connection, "SAVEPOINT attempt").await;
    let done = connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await;
    run(connection, "ROLLBACK TO attempt").await;
    match done {
        Ok(done) => Met::Rows(done.rows_affected()),
        Err(sqlx::Error::Database(error))
            if error.code().as_deref() == Some(INSUFFICIENT_PRIVILEGE) =>
        {
            Met::Denied
        }
        Err(error) => panic!("{sql}: {error}"),
    }
}
