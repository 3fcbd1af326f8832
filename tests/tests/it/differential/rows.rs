//! Every row of both databases, in one form: ids and bytes in hex, times in microseconds, truth
//! as a number. Nothing else is made equal, and no table or column is left out.

use std::path::Path;

use keelway_kernel::BuildId;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};

use super::ask::lines_that_differ;

/// What migrations leave behind: their own statements, which differ.
const NOT_COMPARED: &str = "_sqlx_migrations";

/// Both databases, seen by whoever may see everything.
pub(super) struct Rows {
    sqlite: SqlitePool,
    postgres: PgPool,
    tables: Vec<Table>,
}

struct Table {
    name: String,
    on_sqlite: String,
    on_postgres: String,
}

impl Rows {
    pub(super) async fn open(file: &Path, superuser: PgConnectOptions) -> Self {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let one = SqlitePoolOptions::new().max_connections(1);
        let sqlite = one.connect_with(options).await.unwrap();
        let one = PgPoolOptions::new().max_connections(1);
        let postgres = one.connect_with(superuser).await.unwrap();
        let tables = tables(&sqlite, &postgres).await;
        assert!(tables.len() > 30, "the tables were not found");
        Self { sqlite, postgres, tables }
    }

    /// The table and the rows in which the two differ, if they do; else how many rows there are.
    pub(super) async fn compare(&self) -> Result<usize, String> {
        let mut count = 0;
        for table in &self.tables {
            let (sqlite, postgres) = tokio::join!(
                sqlx::query_scalar::<_, String>(AssertSqlSafe(table.on_sqlite.as_str()))
                    .fetch_all(&self.sqlite),
                sqlx::query_scalar::<_, String>(AssertSqlSafe(table.on_postgres.as_str()))
                    .fetch_all(&self.postgres),
            );
            let (mut sqlite, mut postgres) = (sqlite.unwrap(), postgres.unwrap());
            sqlite.sort_unstable();
            postgres.sort_unstable();
            if sqlite != postgres {
                return Err(format!(
                    "  the rows of {}\n{}",
                    table.name,
                    lines_that_differ(&sqlite, &postgres)
                ));
            }
            count += sqlite.len();
        }
        Ok(count)
    }

    /// The number of a build's last event, and whether it is over.
    pub(super) async fn last_seq(&self, build: BuildId) -> Option<(i64, bool)> {
        let found = sqlx::query("SELECT last_seq, ended_at IS NOT NULL FROM builds WHERE id = ?")
            .bind(build.as_uuid().as_bytes().to_vec())
            .fetch_optional(&self.sqlite);
        found.await.unwrap().map(|row| (row.get(0), row.get(1)))
    }

    pub(super) async fn close(&self) {
        self.sqlite.close().await;
        self.postgres.close().await;
    }
}

/// Every table, with the query that writes its rows down on each side.
async fn tables(sqlite: &SqlitePool, postgres: &PgPool) -> Vec<Table> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
          WHERE t.type = 'table' AND t.name <> ? AND t.name NOT LIKE 'sqlite_%'
          ORDER BY t.name, c.name",
    )
    .bind(NOT_COMPARED)
    .fetch_all(sqlite)
    .await
    .unwrap();
    let typed: Vec<(String, String, String)> = sqlx::query_as(
        r#"SELECT table_name::text, column_name::text, data_type::text
             FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name <> $1
            ORDER BY table_name COLLATE "C", column_name COLLATE "C""#,
    )
    .bind(NOT_COMPARED)
    .fetch_all(postgres)
    .await
    .unwrap();
    let named: Vec<(String, String)> =
        typed.iter().map(|(table, column, _)| (table.clone(), column.clone())).collect();
    assert_eq!(columns, named, "the schemas differ");

    let mut tables: Vec<Table> = Vec::new();
    for (table, column, data_type) in typed {
        let lite = format!(
            r#"'{column}=' || COALESCE(CASE typeof("{column}") WHEN 'blob'
               THEN lower(hex("{column}")) ELSE CAST("{column}" AS TEXT) END, 'NULL')"#
        );
        let value = match data_type.as_str() {
            "uuid" => format!(r#"replace("{column}"::text, '-', '')"#),
            "bytea" => format!(r#"encode("{column}", 'hex')"#),
            "timestamp with time zone" => {
                format!(r#"(extract(epoch FROM "{column}") * 1000000)::bigint::text"#)
            }
            "boolean" => format!(r#""{column}"::int::text"#),
            _ => format!(r#""{column}"::text"#),
        };
        let full = format!("'{column}=' || COALESCE({value}, 'NULL')");
        match tables.last_mut().filter(|last| last.name == table) {
            Some(last) => {
                last.on_sqlite = format!("{} || '  ' || {lite}", last.on_sqlite);
                last.on_postgres = format!("{} || '  ' || {full}", last.on_postgres);
            }
            None => tables.push(Table {
                name: table,
                on_sqlite: format!("SELECT {lite}"),
                on_postgres: format!("SELECT {full}"),
            }),
        }
    }
    for table in &mut tables {
        table.on_sqlite = format!("{} FROM {}", table.on_sqlite, table.name);
        table.on_postgres = format!("{} FROM {}", table.on_postgres, table.name);
    }
    tables
}
