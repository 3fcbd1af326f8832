//! Whether the schema is whole: what is missing would stop every other check half way.

use keelway_builds::ports::Inspection;
use sqlx::postgres::PgConnection;

use super::database::DATABASE;
use super::{count, violated};
use crate::error::Sql;

/// Every table of this version with its columns.
const TABLES: &[(&str, &str)] = &[
    ("audit_log", "tenant_id seq at user_id request_id action subject data seal"),
    ("build_events", "tenant_id build_id seq at request_id kind body"),
    ("build_queue", "tenant_id build_id standing band tag due_at worker enqueued_at"),
    (
        "build_work",
        "tenant_id build_id number agent provider model tokens_in tokens_out cost summary \
         started_at ended_at",
    ),
    ("build_work_files", "tenant_id build_id number position path digest bytes"),
    (
        "builds",
        "tenant_id id project_id kind state request estimate hold_id held attempt failures \
         recorded cancel_requested last_seq tokens_in tokens_out cost phase snapshot_id \
         deployment_url captured requested_by request_id created_at started_at deadline \
         ended_at failure_reason failure_message failure_retryable version",
    ),
    ("credit_accounts", "tenant_id balance held overdraft last_entry version"),
    (
        "credit_entries",
        "tenant_id seq amount reason balance_after hold_id grant_id user_id request_id at",
    ),
    (
        "credit_grants",
        "tenant_id id amount remaining source priority expires_at rollover_up_to \
         rollover_until refunds granted_at",
    ),
    (
        "credit_holds",
        "tenant_id id amount captured refunded state charged ended_at build_id reference \
         lifetime_ms user_id project_id opened_at expires_at weight",
    ),
    ("credit_operations", "tenant_id key request hold_id captured released balance held at"),
    ("deployments", "tenant_id id project_id build_id snapshot_id target url created_at"),
    ("flag_overrides", "flag tenant_id percent set_by set_at"),
    ("guest_entries", "id request claimed_build_id created_at expires_at"),
    (
        "idempotency_keys",
        "owner route key fingerprint status headers body first_request_id expires_at",
    ),
    (
        "invitations",
        "tenant_id id token_hash role email invited_by created_at expires_at accepted_by",
    ),
    ("memberships", "tenant_id user_id role created_at"),
    ("nonces", "key_id nonce expires_at"),
    ("owner_link", "one token_hash expires_at"),
    ("projects", "tenant_id id name slug site live_snapshot_id created_at name_key active_at"),
    ("queue_bands", "band virtual_time"),
    ("queue_pace", "one pace_ms"),
    ("queue_tenants", "tenant_id band last_tag"),
    ("sessions", "token_hash user_id created_at last_seen_at expires_at user_agent"),
    ("sign_in_attempts", "attempt_key failures last_at"),
    ("snapshot_files", "tenant_id snapshot_id path digest bytes"),
    ("snapshots", "tenant_id id project_id build_id parent_id tree files bytes preview created_at"),
    (
        "tenant_usage",
        "tenant_id period_start period_end builds_created builds_completed builds_failed \
         tokens cost credits",
    ),
    ("tenants", "id slug name tier own_limits time_zone created_at"),
    ("users", "id email email_key name password_hash created_at staff_since"),
    ("viewer_tickets", "token_hash tenant_id build_id user_id expires_at session_hash"),
];

/// What of them is not there, or not to be read by whom doctor works as.
const MISSING: &str = "
    SELECT t.name,
           CASE WHEN c.oid IS NULL THEN 'the table is missing'
                WHEN gone.columns IS NOT NULL THEN 'without ' || gone.columns END,
           c.oid IS NOT NULL AND NOT has_table_privilege(c.oid, 'SELECT')
    FROM unnest($1::text[], $2::text[]) AS t (name, columns)
    LEFT JOIN pg_class c ON c.relname = t.name AND c.relkind IN ('r', 'p')
                        AND c.relnamespace = current_schema()::regnamespace
    CROSS JOIN LATERAL (
        SELECT string_agg(name, ', ') AS columns
        FROM string_to_table(t.columns, ' ') name
        WHERE NOT EXISTS (SELECT FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attname = name AND NOT a.attisdropped)
    ) gone
    ORDER BY t.name";

/// Whether everything can be looked at; what cannot is told.
pub(super) async fn are_whole(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<bool> {
    let (names, columns): (Vec<&str>, Vec<&str>) = TABLES.iter().copied().unzip();
    let looked: Vec<(String, Option<String>, bool)> =
        sqlx::query_as(MISSING).bind(names).bind(columns).fetch_all(reader).await?;
    count(seen, DATABASE, looked.len() as u64);
    let mut are_whole = true;
    for (table, missing, is_closed) in looked {
        let detail = match missing {
            Some(missing) => format!(
                "{missing}: restore a copy of the database; nothing else can be checked until then"
            ),
            None if is_closed => format!(
                "keelway_jobs may not read it: GRANT SELECT ON {table} TO keelway_jobs; nothing \
                 else can be checked until then"
            ),
            None => continue,
        };
        are_whole = false;
        violated(seen, DATABASE, table, detail);
    }
    Ok(are_whole)
}
