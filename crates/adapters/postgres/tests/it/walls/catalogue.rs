//! What the database itself says about its walls: a table without one fails here.

use sqlx::postgres::PgConnection;

use crate::opened::Opened;

/// Tables that no wall divides, and why.
const OPEN: [(&str, &str); 10] = [
    ("_sqlx_migrations", "says which version the schema has"),
    ("guest_entries", "nobody's yet; found by an id that only its guest knows"),
    ("idempotency_keys", "found by owner, route and key at once"),
    ("nonces", "of services that sign; out of a tenant's reach"),
    ("owner_link", "the platform's; out of a tenant's reach"),
    ("queue_bands", "one clock for all tenants"),
    ("queue_pace", "one pace for all tenants"),
    ("sessions", "a person's, wherever they belong; out of a tenant's reach"),
    ("sign_in_attempts", "anybody's; out of a tenant's reach"),
    ("users", "belong to several tenants; names and addresses only"),
];

/// References that do not stay within a tenant, and why.
const ACROSS: [(&str, &str); 3] = [
    ("invitations (accepted_by) to users", "people belong to several tenants"),
    ("invitations (invited_by) to users", "people belong to several tenants"),
    ("memberships (user_id) to users", "people belong to several tenants"),
];

/// What is unique among all tenants, and why: whoever writes it learns that others have it.
const SHARED: [(&str, &str); 5] = [
    ("invitations (token_hash)", "found by the token alone, which is random"),
    ("projects (site)", "one host name space, and the label is random"),
    ("snapshots (preview)", "one host name space, and the label is random"),
    ("tenants (slug)", "one name space, and what is taken gets another suffix"),
    ("viewer_tickets (token_hash)", "found by the token alone, which is random"),
];

async fn texts(raw: &mut PgConnection, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(raw).await.unwrap()
}

fn named(list: &[(&str, &str)]) -> Vec<String> {
    list.iter().map(|(name, _)| (*name).to_owned()).collect()
}

#[tokio::test]
async fn every_table_has_a_wall_or_a_reason_for_none() {
    let opened = Opened::new().await;
    let mut raw = opened.raw().await;
    let unforced = "SELECT relname::text FROM pg_class
                     WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
                       AND NOT (relrowsecurity AND relforcerowsecurity)
                     ORDER BY 1";
    assert_eq!(texts(&mut raw, unforced).await, named(&OPEN));

    let without_policy = "SELECT format('%s for %s', c.relname, role)
           FROM pg_class c, unnest(ARRAY['keelway_app', 'keelway_jobs']) role
          WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
            AND c.relrowsecurity
            AND NOT EXISTS (SELECT 1 FROM pg_policies p
                             WHERE p.tablename = c.relname AND p.cmd = 'ALL'
                               AND p.roles = ARRAY[role::name])
          ORDER BY 1";
    // A tenant has no right there at all.
    assert_eq!(texts(&mut raw, without_policy).await, ["flag_overrides for keelway_app"]);
}

#[tokio::test]
async fn rights_and_policies_are_these() {
    let opened = Opened::new().await;
    let mut raw = opened.raw().await;
    let tables = texts(
        &mut raw,
        "SELECT format('%s: %s %s', c.relname, role.short,
                       concat_ws(' ', of_table.list, of_columns.list))
           FROM pg_class c
          CROSS JOIN (VALUES ('keelway_app', 'app'), ('keelway_jobs', 'jobs'),
                             ('public', 'anybody')) role (name, short)
          CROSS JOIN LATERAL (
                SELECT string_agg(lower(p), ' ' ORDER BY n)
                  FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
                                    'REFERENCES', 'TRIGGER']) WITH ORDINALITY rights (p, n)
                 WHERE has_table_privilege(role.name, c.oid, p)
          ) of_table (list)
          CROSS JOIN LATERAL (
                SELECT string_agg(format('%s(%s)', lower(p), columns), ' ')
                  FROM (SELECT p, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns
                          FROM pg_attribute a, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) p
                         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                           AND has_column_privilege(role.name, c.oid, a.attnum, p)
                           AND NOT has_table_privilege(role.name, c.oid, p)
                         GROUP BY p) some_columns
          ) of_columns (list)
          WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
            AND COALESCE(of_table.list, of_columns.list) IS NOT NULL
          ORDER BY c.relname, role.short",
    )
    .await;
    let policies = texts(
        &mut raw,
        "SELECT format(E'%s %s, %s to %s\\n  using %s\\n  check %s\\n  on %s',
                       lower(permissive), policyname, lower(cmd), array_to_string(roles, ', '),
                       qual, with_check, string_agg(tablename, ', ' ORDER BY tablename))
           FROM pg_policies WHERE schemaname = 'public'
          GROUP BY permissive, policyname, cmd, roles, qual, with_check
          ORDER BY 1",
    )
    .await;
    insta::assert_snapshot!([tables, policies].map(|lines| lines.join("\n")).join("\n\n"));
}

#[tokio::test]
async fn nothing_walks_around_the_walls() {
    let opened = Opened::new().await;
    let mut raw = opened.raw().await;
    let ours = "(VALUES ('keelway_app'), ('keelway_jobs'), ('keelway_test')) ours (name)";
    let nothing: [&str; 0] = [];
    for (what, sql) in [
        (
            "a role that row security does not bind, or that may make more roles",
            format!(
                "SELECT rolname::text FROM pg_roles JOIN {ours} ON rolname = name
                  WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
                     OR rolinherit"
            ),
        ),
        (
            "a role that logs in without saying for whom it acts",
            "SELECT rolname::text FROM pg_roles
              WHERE rolname IN ('keelway_app', 'keelway_jobs') AND rolcanlogin"
                .to_owned(),
        ),
        (
            "something owned by whom a process may be",
            format!(
                "SELECT relname::text FROM pg_class, {ours}
                  WHERE relnamespace = 'public'::regnamespace
                    AND pg_has_role(name, relowner, 'MEMBER')"
            ),
        ),
        (
            "a right to make things",
            format!(
                "SELECT name FROM {ours}
                  WHERE has_schema_privilege(name, 'public', 'CREATE')
                     OR has_database_privilege(name, current_database(), 'CREATE')"
            ),
        ),
        (
            "a function that runs as its owner",
            "SELECT proname::text FROM pg_proc
              WHERE prosecdef AND pronamespace = 'public'::regnamespace"
                .to_owned(),
        ),
        (
            "a view, which reads as its owner, or rows kept outside their tables",
            "SELECT relname::text FROM pg_class
              WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'f')"
                .to_owned(),
        ),
    ] {
        let found: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut raw).await.unwrap();
        assert_eq!(found, nothing, "{what}");
    }
}

#[tokio::test]
async fn references_stay_within_their_tenant() {
    let opened = Opened::new().await;
    let across = texts(
        &mut opened.raw().await,
        "SELECT format('%s (%s) to %s', f.conrelid::regclass,
                       (SELECT string_agg(a.attname, ', ' ORDER BY n)
                          FROM unnest(f.conkey) WITH ORDINALITY k (attnum, n)
                          JOIN pg_attribute a ON (a.attrelid, a.attnum) = (f.conrelid, k.attnum)),
                       f.confrelid::regclass)
           FROM pg_constraint f
           JOIN pg_attribute own ON own.attrelid = f.conrelid AND own.attname = 'tenant_id'
          WHERE f.contype = 'f'
            AND NOT EXISTS (
                SELECT 1 FROM unnest(f.conkey, f.confkey) k (from_column, to_column)
                  JOIN pg_attribute t ON (t.attrelid, t.attnum) = (f.confrelid, k.to_column)
                 WHERE k.from_column = own.attnum
                   AND t.attname = CASE f.confrelid WHEN 'tenants'::regclass THEN 'id'
                                                    ELSE 'tenant_id' END)
          ORDER BY 1",
    )
    .await;
    assert_eq!(across, named(&ACROSS));
}

#[tokio::test]
async fn what_is_unique_is_unique_within_its_tenant() {
    let opened = Opened::new().await;
    let shared = texts(
        &mut opened.raw().await,
        "SELECT format('%s (%s)', c.relname, string_agg(a.attname, ', ' ORDER BY n))
           FROM pg_index i
           JOIN pg_class c ON c.oid = i.indrelid
          CROSS JOIN unnest(i.indkey::int[]) WITH ORDINALITY k (attnum, n)
           JOIN pg_attribute a ON (a.attrelid, a.attnum) = (i.indrelid, k.attnum)
          WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
            AND (c.relname = 'tenants'
                 OR EXISTS (SELECT 1 FROM pg_attribute t
                             WHERE t.attrelid = c.oid AND t.attname = 'tenant_id'))
          GROUP BY c.relname, i.indexrelid
         HAVING NOT bool_or(a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END)
          ORDER BY 1",
    )
    .await;
    assert_eq!(shared, named(&SHARED));
}
