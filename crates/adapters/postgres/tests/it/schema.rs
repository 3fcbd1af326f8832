//! Both stores keep the same tables.

use std::collections::BTreeSet;

use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;

use crate::opened::Opened;

static POSTGRES: Migrator = sqlx::migrate!("../../../migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("../../../migrations/sqlite");

/// Columns, keys, references and indexes, a sentence each. What holds a number, a time or a
/// truth is a number in SQLite, and what holds an id is bytes.
const OF_POSTGRES: &str = r"
    SELECT format('%s.%s: %s%s', c.relname, a.attname,
               CASE format_type(a.atttypid, a.atttypmod)
                   WHEN 'uuid' THEN 'BLOB' WHEN 'bytea' THEN 'BLOB'
                   WHEN 'bigint' THEN 'INTEGER' WHEN 'boolean' THEN 'INTEGER'
                   WHEN 'timestamp with time zone' THEN 'INTEGER'
                   WHEN 'text' THEN 'TEXT'
                   ELSE format_type(a.atttypid, a.atttypmod) END,
               CASE WHEN a.attnotnull THEN ' NOT NULL' END)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('%s: %s (%s)%s', t.relname,
               CASE WHEN i.indisprimary THEN 'PRIMARY KEY'
                    WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid
                                 AND k.contype = 'u') THEN 'UNIQUE'
                    WHEN i.indisunique THEN 'UNIQUE INDEX ' || c.relname
                    ELSE 'INDEX ' || c.relname END,
               (SELECT string_agg(a.attname, ', ' ORDER BY n)
                FROM unnest(i.indkey::int[]) WITH ORDINALITY k (attnum, n)
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum),
               CASE WHEN i.indpred IS NOT NULL THEN ' of some' END)
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('%s: (%s) REFERENCES %s (%s)', conrelid::regclass,
               (SELECT string_agg(a.attname, ', ' ORDER BY n)
                FROM unnest(conkey) WITH ORDINALITY k (attnum, n)
                JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.attnum),
               confrelid::regclass,
               (SELECT string_agg(a.attname, ', ' ORDER BY n)
                FROM unnest(confkey) WITH ORDINALITY k (attnum, n)
                JOIN pg_attribute a ON a.attrelid = confrelid AND a.attnum = k.attnum))
    FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace";

const OF_SQLITE: &str = r#"
    WITH t AS (SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%')
    SELECT format('%s.%s: %s%s', t.name, c.name, c.type, iif(c."notnull", ' NOT NULL', ''))
    FROM t JOIN pragma_table_info(t.name) c
    UNION ALL
    SELECT format('%s: PRIMARY KEY (%s)', t.name, group_concat(c.name, ', ' ORDER BY c.pk))
    FROM t JOIN pragma_table_info(t.name) c
    WHERE c.pk > 0
    GROUP BY t.name
    UNION ALL
    SELECT format('%s: %s (%s)%s', t.name,
               CASE WHEN i.origin = 'u' THEN 'UNIQUE'
                    WHEN i."unique" THEN 'UNIQUE INDEX ' || i.name
                    ELSE 'INDEX ' || i.name END,
               (SELECT group_concat(name, ', ' ORDER BY seqno) FROM pragma_index_info(i.name)),
               iif(i.partial, ' of some', ''))
    FROM t JOIN pragma_index_list(t.name) i
    WHERE i.origin <> 'pk'
    UNION ALL
    SELECT format('%s: (%s) REFERENCES %s (%s)', t.name,
               group_concat(f."from", ', ' ORDER BY f.seq), f."table",
               group_concat(f."to", ', ' ORDER BY f.seq))
    FROM t JOIN pragma_foreign_key_list(t.name) f
    GROUP BY t.name, f.id"#;

/// What one says that the other does not, without what `sqlx` keeps for itself.
fn only(of: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    of.difference(other).filter(|said| !said.starts_with("_sqlx")).cloned().collect()
}

async fn of_postgres(raw: &mut PgConnection) -> BTreeSet<String> {
    sqlx::query_scalar(OF_POSTGRES).fetch_all(raw).await.unwrap().into_iter().collect()
}

async fn of_sqlite() -> BTreeSet<String> {
    let mut raw = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    SQLITE.run_direct(None, &mut raw, false).await.unwrap();
    sqlx::query_scalar(OF_SQLITE).fetch_all(&mut raw).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn both_have_the_same_columns_keys_references_and_indexes() {
    let opened = Opened::new().await;
    let postgres = of_postgres(&mut opened.raw().await).await;
    let sqlite = of_sqlite().await;
    assert_eq!((only(&postgres, &sqlite), only(&sqlite, &postgres)), (vec![], vec![]));
    for part in [
        "builds.version: INTEGER NOT NULL",
        "builds: PRIMARY KEY (tenant_id, id)",
        "snapshots: UNIQUE (preview)",
        "builds: UNIQUE INDEX builds_active (tenant_id, project_id) of some",
        "projects: (tenant_id, live_snapshot_id) REFERENCES snapshots (tenant_id, id)",
    ] {
        assert!(postgres.contains(part), "{part} is not compared: {postgres:#?}");
    }
}

#[tokio::test]
async fn whatever_one_lacks_is_named() {
    let opened = Opened::new().await;
    let mut raw = opened.raw().await;
    let sqlite = of_sqlite().await;
    sqlx::raw_sql(
        "DROP TABLE nonces;
         DROP INDEX builds_by_state;
         ALTER TABLE snapshots DROP COLUMN parent_id;
         ALTER TABLE tenants ALTER COLUMN name DROP NOT NULL;
         ALTER TABLE users ADD COLUMN phone text;
         ALTER TABLE projects ALTER COLUMN name TYPE varchar(80)",
    )
    .execute(&mut raw)
    .await
    .unwrap();
    let postgres = of_postgres(&mut raw).await;
    assert_eq!(
        only(&postgres, &sqlite),
        [
            "projects.name: character varying(80) NOT NULL",
            "tenants.name: TEXT",
            "users.phone: TEXT"
        ]
    );
    assert_eq!(
        only(&sqlite, &postgres),
        [
            "builds: INDEX builds_by_state (state, id)",
            "nonces.expires_at: INTEGER NOT NULL",
            "nonces.key_id: TEXT NOT NULL",
            "nonces.nonce: TEXT NOT NULL",
            "nonces: INDEX nonces_expiring (expires_at)",
            "nonces: PRIMARY KEY (key_id, nonce)",
            "projects.name: TEXT NOT NULL",
            "snapshots.parent_id: BLOB",
            "snapshots: (tenant_id, parent_id) REFERENCES snapshots (tenant_id, id)",
            "tenants.name: TEXT NOT NULL",
        ]
    );
}

#[test]
fn migrations_have_the_same_numbers_and_names() {
    let names = |migrator: &'static Migrator| {
        migrator.iter().map(|step| (step.version, &*step.description)).collect::<Vec<_>>()
    };
    assert_eq!(names(&POSTGRES), names(&SQLITE));
    assert!(names(&POSTGRES).len() >= 3);
}
