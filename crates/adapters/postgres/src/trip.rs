//! Several changes in one statement.
//!
//! The way to the server and back costs more than most changes do, and all the while the
//! tenant's lock is held. So what a command changes is sent together: each change is a part of
//! one `WITH`.
//!
//! **Invariant:** every part sees what was there before any of them. So no two may change the
//! same row, and none can look for what another wrote, but by that one's name. References
//! between their rows are checked once all are written.

use std::fmt::Write as _;

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Postgres, Type};

use keelway_kernel::StoreError;

use crate::error::{Broken, Sql};

/// Changes that are not sent yet.
#[derive(Default)]
pub(crate) struct Trip {
    parts: String,
    guards: String,
    values: PgArguments,
    unfit: Option<BoxDynError>,
}

impl Trip {
    /// A change of exactly one row, of which later parts find one by the name: where there is
    /// none, somebody was faster.
    pub(crate) fn one(&mut self, name: &'static str, sql: &'static str) -> &mut Self {
        self.guard(name, "1");
        self.add(name, sql, " RETURNING true")
    }

    /// A change of many rows, a column of which is the first value: of every one of them, or
    /// somebody was faster.
    pub(crate) fn each(&mut self, name: &'static str, sql: &'static str) -> &mut Self {
        let column = self.values.len() + 1;
        self.guard(name, &format!("cardinality(${column})"));
        self.add(name, sql, " RETURNING true")
    }

    fn guard(&mut self, name: &str, rows: &str) {
        let and = if self.guards.is_empty() { "" } else { " AND " };
        self.guards.extend([and, "(SELECT count(*) = ", rows, " FROM ", name, ")"]);
    }

    /// A change of as many rows as there are, or a look-up that a later part names.
    pub(crate) fn any(&mut self, name: &'static str, sql: &'static str) -> &mut Self {
        self.add(name, sql, "")
    }

    fn add(&mut self, name: &str, sql: &str, end: &str) -> &mut Self {
        let with = if self.parts.is_empty() { "WITH " } else { ", " };
        self.parts.extend([with, name, " AS MATERIALIZED ("]);
        number(&mut self.parts, sql, self.values.len());
        self.parts.extend([end, ")"]);
        self
    }

    /// The next value of the part added last, whose first is `$1`.
    pub(crate) fn bind<'v, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'v, Postgres> + Type<Postgres>,
    {
        if let Err(error) = self.values.add(value) {
            self.unfit.get_or_insert(error);
        }
        self
    }

    /// Carries the changes out; says whether each met all the rows that it must. Where one did
    /// not, others may have: then the transaction must not be committed.
    pub(crate) async fn met(self, connection: &mut PgConnection) -> Sql<bool> {
        if let Some(unfit) = self.unfit {
            return Err(sqlx::Error::Encode(unfit).into());
        }
        if self.parts.is_empty() {
            return Ok(true);
        }
        let guards = if self.guards.is_empty() { "true" } else { &self.guards };
        let sql = format!("{} SELECT {guards}", self.parts);
        let query = sqlx::query_scalar_with(AssertSqlSafe(sql), self.values);
        Ok(query.fetch_one(connection).await?)
    }

    /// Carries the changes out, each of which must meet what it was decided on.
    pub(crate) async fn write(self, connection: &mut PgConnection) -> Sql<()> {
        if self.met(connection).await? { Ok(()) } else { Err(Broken(StoreError::Contended)) }
    }
}

/// Appends `sql` with its values numbered on from `bound`.
fn number(parts: &mut String, sql: &str, bound: usize) {
    let mut pieces = sql.split('$');
    parts.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(digits);
        // Nothing else in our statements begins like this.
        let number = number.parse().unwrap_or(0) + bound;
        let _ = write!(parts, "${number}{rest}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_counts_its_own_values() {
        let mut trip = Trip::default();
        trip.one("first", "UPDATE a SET b = $1 WHERE c = $2").bind(1_i64).bind(2_i64);
        trip.any("other", "INSERT INTO d SELECT $2, $1 WHERE $1 > 0").bind(3_i64).bind(4_i64);
        trip.one("last", "DELETE FROM e WHERE f = $1").bind(5_i64);
        let each = "UPDATE g SET h = i FROM UNNEST($1::bigint[], $2::bigint[]) AS new (g, i)";
        trip.each("many", each).bind(vec![6_i64]).bind(vec![7_i64]);
        assert_eq!(
            trip.parts,
            "WITH first AS MATERIALIZED (UPDATE a SET b = $1 WHERE c = $2 RETURNING true), \
             other AS MATERIALIZED (INSERT INTO d SELECT $4, $3 WHERE $3 > 0), \
             last AS MATERIALIZED (DELETE FROM e WHERE f = $5 RETURNING true), \
             many AS MATERIALIZED (UPDATE g SET h = i \
             FROM UNNEST($6::bigint[], $7::bigint[]) AS new (g, i) RETURNING true)"
        );
        let guards = "(SELECT count(*) = 1 FROM first) AND (SELECT count(*) = 1 FROM last) \
                      AND (SELECT count(*) = cardinality($6) FROM many)";
        assert_eq!((trip.guards.as_str(), trip.values.len()), (guards, 7));
    }
}
