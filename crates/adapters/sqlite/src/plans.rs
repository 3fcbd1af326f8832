//! What the planner makes of statements, for tests: whether pages stay cheap as tables grow.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection};

/// An empty database of this version.
pub(crate) struct Database(SqliteConnection);

impl Database {
    pub(crate) async fn migrated() -> Self {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        crate::MIGRATIONS.run_direct(None, &mut connection, false).await.unwrap();
        Self(connection)
    }

    /// The steps in which `sql` is carried out.
    pub(crate) async fn plan(&mut self, sql: &str) -> Vec<String> {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).fetch_all(&mut self.0).await.unwrap();
        steps.into_iter().map(|(.., step)| step).collect()
    }
}

/// Every table is searched by an index, except `scanned` and what is made for the statement
/// itself.
#[track_caller]
pub(crate) fn assert_searched(plan: &[String], scanned: &[&str]) {
    const OWN: [&str; 4] = ["json_each", "wanted", "(subquery", "CONSTANT"];
    for step in plan {
        let Some(scan) = step.strip_prefix("SCAN ") else { continue };
        let of = scan.split_whitespace().next().unwrap_or_default();
        let is_own = OWN.iter().any(|own| scan.starts_with(own));
        assert!(is_own || scanned.contains(&of), "{step} in {plan:#?}");
    }
}
