//! Whether the file is what SQLite wrote: the ground that every other check stands on.

use keelway_builds::ports::Inspection;
use sqlx::SqliteConnection;

use super::{count, violated};
use crate::error::{Sql, translate};

/// The name that findings about the file itself go by.
const FILE: &str = "file";

/// Every page can be read and belongs where it is.
pub(super) async fn whole(reader: &mut SqliteConnection, seen: &mut Inspection) -> Sql<()> {
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *reader).await?;
    count(seen, FILE, u64::try_from(pages).unwrap_or(0));
    let told: Result<Vec<String>, _> =
        sqlx::query_scalar("PRAGMA quick_check").fetch_all(&mut *reader).await;
    match told {
        Ok(lines) => {
            for line in lines.into_iter().filter(|line| line != "ok") {
                violated(seen, FILE, "database".to_owned(), line);
            }
            Ok(())
        }
        // Some damage keeps even the check from its end.
        Err(error) => super::corrupt(seen, FILE, "database".to_owned(), translate(&error)),
    }
}

/// Every row that a row refers to is there.
pub(super) async fn references(reader: &mut SqliteConnection, seen: &mut Inspection) -> Sql<()> {
    let dangling: Vec<(String, String, i64)> = sqlx::query_as(
        r#"SELECT "table", parent, count(*) FROM pragma_foreign_key_check
           GROUP BY "table", parent ORDER BY "table", parent"#,
    )
    .fetch_all(reader)
    .await?;
    for (table, parent, rows) in dangling {
        let detail = match rows {
            1 => format!("1 row refers to none in {parent}"),
            rows => format!("{rows} rows refer to none in {parent}"),
        };
        violated(seen, FILE, table, detail);
    }
    Ok(())
}
