//! Rows within a row: what is looked up beside other things, each as one column.
//!
//! A command rests on rows of many tables, and each time to ask for some is a way to the server
//! and back. Look-ups that stand side by side in one list are each made by their own keys: there
//! is no order of tables that the planner could choose wrongly, whatever it knew of them when it
//! made its plan.

use keelway_rows::credits::{AccountRow, GrantRow, HoldRow};
use keelway_rows::guest::GuestRow;
use keelway_rows::project::{LockRow, ProjectRow};
use keelway_rows::reply::ReplyRow;
use keelway_rows::tenant::PlanRow;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::PgRecordDecoder;
use sqlx::postgres::{PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// A row that is one column of another.
pub(crate) struct Record<R>(pub(crate) R);

/// A row whose columns come in the order of its `record!`.
pub(crate) trait InOrder: Sized {
    fn read(record: &mut PgRecordDecoder<'_>) -> Result<Self, BoxDynError>;
}

impl<R> Type<Postgres> for Record<R> {
    fn type_info() -> PgTypeInfo {
        <(bool,) as Type<Postgres>>::type_info()
    }
}

impl<R> PgHasArrayType for Record<R> {
    fn array_type_info() -> PgTypeInfo {
        <(bool,) as PgHasArrayType>::array_type_info()
    }
}

impl<'r, R: InOrder> Decode<'r, Postgres> for Record<R> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        R::read(&mut PgRecordDecoder::new(value)?).map(Self)
    }
}

/// What is within each.
pub(crate) fn within<R>(records: Vec<Record<R>>) -> Vec<R> {
    records.into_iter().map(|Record(row)| row).collect()
}

/// Says once in which order the columns of a row are asked for, by `$name!()`, and read.
macro_rules! record {
    ($name:ident, $row:ident { $first:ident $(, $column:ident)* $(,)? }) => {
        impl InOrder for $row {
            fn read(record: &mut PgRecordDecoder<'_>) -> Result<Self, BoxDynError> {
                Ok(Self {
                    $first: record.try_decode()?,
                    $($column: record.try_decode()?,)*
                })
            }
        }

        macro_rules! $name {
            () => { concat!("ROW(", stringify!($first) $(, ", ", stringify!($column))*, ")") };
        }
    };
}

record!(account_row, AccountRow { tenant_id, balance, held, overdraft, last_entry, version });
record!(
    grant_row,
    GrantRow {
        id,
        amount,
        remaining,
        source,
        priority,
        expires_at,
        rollover_up_to,
        rollover_until,
        refunds,
        granted_at,
    }
);
record!(
    hold_row,
    HoldRow {
        id,
        amount,
        captured,
        refunded,
        state,
        charged,
        ended_at,
        build_id,
        reference,
        lifetime_ms,
        user_id,
        project_id,
        opened_at,
        expires_at,
        weight,
    }
);
record!(guest_row, GuestRow { id, request, claimed_build_id, created_at, expires_at });
record!(lock_row, LockRow { id, requested_by, created_at });
record!(plan_row, PlanRow { id, tier, own_limits, time_zone });
record!(project_row, ProjectRow { tenant_id, id, name, slug, site, live_snapshot_id, created_at });
record!(reply_row, ReplyRow { fingerprint, status, headers, body, first_request_id });
