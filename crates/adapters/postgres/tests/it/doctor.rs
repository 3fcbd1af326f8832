//! A schema that is not whole is named, not stumbled over.

use keelway_builds::ports::{Inspector as _, Violation};
use sqlx::AssertSqlSafe;

use crate::opened::Opened;

const EVERY_COLUMN: &str = "
    SELECT c.relname::text, a.attname::text
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND c.relname <> '_sqlx_migrations' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY 1, a.attnum";

#[tokio::test]
async fn every_table_and_column_that_is_missing_is_named() {
    let opened = Opened::new().await;
    let mut raw = opened.raw().await;
    let columns: Vec<(String, String)> =
        sqlx::query_as(EVERY_COLUMN).fetch_all(&mut raw).await.unwrap();
    let mut run = async |sql: String| {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
    };
    let until = "restore a copy of the database; nothing else can be checked until then";
    let mut tables: Vec<&String> = columns.iter().map(|(table, _)| table).collect();
    tables.dedup();
    assert!(tables.len() > 30);
    for table in &tables {
        run(format!("ALTER TABLE {table} RENAME TO elsewhere")).await;
        let found = opened.store.inspect().await.unwrap().violations;
        let detail = format!("the table is missing: {until}");
        let expected = Violation { invariant: "database", subject: (*table).clone(), detail };
        assert_eq!(found, [expected]);
        run(format!("ALTER TABLE elsewhere RENAME TO {table}")).await;
    }
    // All of a table at once.
    for table in &tables {
        let of_it = columns.iter().filter(|(of, _)| of == *table);
        let of_it: Vec<&str> = of_it.map(|(_, column)| &**column).collect();
        for column in &of_it {
            run(format!("ALTER TABLE {table} RENAME COLUMN {column} TO {column}_elsewhere")).await;
        }
        let found = opened.store.inspect().await.unwrap().violations;
        let detail = format!("without {}: {until}", of_it.join(", "));
        let expected = Violation { invariant: "database", subject: (*table).clone(), detail };
        assert_eq!(found, [expected]);
        for column in &of_it {
            run(format!("ALTER TABLE {table} RENAME COLUMN {column}_elsewhere TO {column}")).await;
        }
    }
    assert_eq!(opened.store.inspect().await.unwrap().violations, []);
}

#[tokio::test]
async fn a_table_that_doctor_may_not_read_is_named_with_the_grant() {
    let opened = Opened::new().await;
    opened.tamper("REVOKE SELECT ON builds FROM keelway_jobs").await;
    let found = opened.store.inspect().await.unwrap().violations;
    let [found] = &*found else { panic!("{found:?}") };
    assert_eq!((&*found.subject, found.invariant), ("builds", "database"));
    assert!(found.detail.contains("GRANT SELECT ON builds TO keelway_jobs"), "{}", found.detail);
    opened.tamper("GRANT SELECT ON builds TO keelway_jobs").await;
    assert_eq!(opened.store.inspect().await.unwrap().violations, []);
}
