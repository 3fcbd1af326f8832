//! Whether the database guards what is in it: the ground that every other check stands on.
//!
//! A server reads its own pages and says when one is damaged; what nobody says by himself is
//! that a guard is off.

use keelway_builds::ports::Inspection;
use sqlx::postgres::PgConnection;

use super::{count, violated};
use crate::error::Sql;

/// The name that findings about the database itself go by.
pub(super) const DATABASE: &str = "database";

/// Constraints, indexes and tables: what can be off.
const GUARDS: &str = "SELECT
         (SELECT count(*) FROM pg_constraint
          WHERE connamespace = current_schema()::regnamespace)
       + (SELECT count(*) FROM pg_class
          WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i'))";

/// Which of them are.
const OFF: &str = "
     SELECT conrelid::regclass::text, 'constraint ' || conname || ' was never validated'
     FROM pg_constraint
     WHERE connamespace = current_schema()::regnamespace AND NOT convalidated
     UNION ALL
     SELECT t.tgrelid::regclass::text, 'constraint ' || c.conname || ' is not enforced'
     FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint
     WHERE c.connamespace = current_schema()::regnamespace AND t.tgenabled NOT IN ('O', 'A')
     UNION ALL
     SELECT i.indrelid::regclass::text, 'index ' || c.relname || ' is not valid'
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = current_schema()::regnamespace
       AND NOT (i.indisvalid AND i.indisready AND i.indislive)
     UNION ALL
     SELECT c.oid::regclass::text, 'row security is not forced'
     FROM pg_class c
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
       AND (EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
            OR EXISTS (SELECT FROM pg_attribute a
                       WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'))
     UNION ALL
     SELECT 'database', checksum_failures || ' pages did not match their checksums'
     FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0";

/// A reference between tables, under the name that PostgreSQL gave it.
struct Reference {
    name: &'static str,
    table: &'static str,
    parent: &'static str,
    /// Counts the rows that refer to none.
    dangling: &'static str,
}

macro_rules! references {
    ($($table:ident ($($column:ident),+) => $parent:ident ($($there:ident),+);)+) => {
        &[$(Reference {
            name: concat!(stringify!($table), $("_", stringify!($column),)+ "_fkey"),
            table: stringify!($table),
            parent: stringify!($parent),
            dangling: concat!(
                "SELECT count(*) FROM ", stringify!($table), " c WHERE ",
                $("c.", stringify!($column), " IS NOT NULL AND ",)+
                "NOT EXISTS (SELECT FROM ", stringify!($parent), " p WHERE true",
                $(" AND p.", stringify!($there), " = c.", stringify!($column),)+ ")"
            ),
        },)+]
    };
}

const REFERENCES: &[Reference] = references! {
    memberships (tenant_id) => tenants (id);
    memberships (user_id) => users (id);
    sessions (user_id) => users (id);
    invitations (tenant_id) => tenants (id);
    invitations (invited_by) => users (id);
    invitations (accepted_by) => users (id);
    credit_grants (tenant_id) => credit_accounts (tenant_id);
    credit_holds (tenant_id) => credit_accounts (tenant_id);
    credit_entries (tenant_id) => credit_accounts (tenant_id);
    credit_operations (tenant_id) => credit_accounts (tenant_id);
    projects (tenant_id) => tenants (id);
    projects (tenant_id, live_snapshot_id) => snapshots (tenant_id, id);
    builds (tenant_id, project_id) => projects (tenant_id, id);
    builds (tenant_id, hold_id) => credit_holds (tenant_id, id);
    builds (tenant_id, snapshot_id) => snapshots (tenant_id, id);
    build_work (tenant_id, build_id) => builds (tenant_id, id);
    build_work_files (tenant_id, build_id, number) => build_work (tenant_id, build_id, number);
    build_events (tenant_id, build_id) => builds (tenant_id, id);
    snapshots (tenant_id, project_id) => projects (tenant_id, id);
    snapshots (tenant_id, build_id) => builds (tenant_id, id);
    snapshots (tenant_id, parent_id) => snapshots (tenant_id, id);
    snapshot_files (tenant_id, snapshot_id) => snapshots (tenant_id, id);
    deployments (tenant_id, project_id) => projects (tenant_id, id);
    deployments (tenant_id, build_id) => builds (tenant_id, id);
    deployments (tenant_id, snapshot_id) => snapshots (tenant_id, id);
    build_queue (tenant_id, build_id) => builds (tenant_id, id);
};

/// Which references are not those above.
const DIFFERENT: &str = "
     SELECT conrelid::regclass::text, 'reference ' || conname || ' is none of this version'
     FROM pg_constraint
     WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
       AND conname <> ALL ($1::text[])
     UNION ALL
     SELECT 'database', 'reference ' || name || ' is missing'
     FROM unnest($1::text[]) name
     WHERE name NOT IN (SELECT conname FROM pg_constraint
                        WHERE contype = 'f' AND connamespace = current_schema()::regnamespace)";

/// Every constraint, index and wall is there and on.
pub(super) async fn guards(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<()> {
    let guards: i64 = sqlx::query_scalar(GUARDS).fetch_one(&mut *reader).await?;
    count(seen, DATABASE, u64::try_from(guards).unwrap_or(0));
    let off: Vec<(String, String)> = sqlx::query_as(OFF).fetch_all(&mut *reader).await?;
    let names: Vec<&str> = REFERENCES.iter().map(|reference| reference.name).collect();
    let different: Vec<(String, String)> =
        sqlx::query_as(DIFFERENT).bind(names).fetch_all(reader).await?;
    for (subject, detail) in off.into_iter().chain(different) {
        violated(seen, DATABASE, subject, detail);
    }
    Ok(())
}

/// Every row that a row refers to is there, whatever the guards were when it was written.
pub(super) async fn references(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<()> {
    for &Reference { table, parent, dangling, .. } in REFERENCES {
        let rows: i64 = sqlx::query_scalar(dangling).fetch_one(&mut *reader).await?;
        let detail = match rows {
            0 => continue,
            1 => format!("1 row refers to none in {parent}"),
            rows => format!("{rows} rows refer to none in {parent}"),
        };
        violated(seen, DATABASE, table.to_owned(), detail);
    }
    Ok(())
}
