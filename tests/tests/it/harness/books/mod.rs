//! The promises, checked on the database file itself: not by the product's own `doctor`, and
//! not by its code, except where a seal has to be computed.

mod checks;
mod proofs;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use super::House;

/// A database file and the folder of stored bytes beside it.
pub(crate) struct Books {
    pub(crate) pool: SqlitePool,
    pub(crate) blobs: PathBuf,
}

/// What a look into the books found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// On how many rows each invariant was checked.
    pub(crate) checked: BTreeMap<&'static str, u64>,
    /// What is wrong, each with the invariant before it.
    pub(crate) violations: Vec<String>,
}

/// Whether builds may still be on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Everything that was begun has ended.
    AtRest,
    /// A process may be working.
    Live,
}

impl Books {
    pub(crate) async fn of(house: &House) -> Self {
        Self::open(&house.database(), &house.data_dir().join("blobs")).await
    }

    pub(crate) async fn open(database: &Path, blobs: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(database).foreign_keys(false);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        Self { pool: pool.unwrap(), blobs: blobs.to_owned() }
    }

    /// Changes something behind the program's back; answers how many rows.
    pub(crate) async fn meddle(&self, sql: &'static str) -> u64 {
        let done = sqlx::raw_sql(sql).execute(&self.pool).await;
        done.unwrap_or_else(|error| panic!("{error}\n{sql}")).rows_affected()
    }

    /// Whether nobody is in the middle of writing.
    pub(crate) async fn is_writable(&self) -> bool {
        sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK").execute(&self.pool).await.is_ok()
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let count = sqlx::query_scalar(sql).fetch_one(&self.pool).await;
        count.unwrap_or_else(|error| panic!("{error}\n{sql}"))
    }

    /// Checks every invariant, on one consistent state.
    pub(crate) async fn inspect(&self, moment: Moment) -> Findings {
        let mut findings = Findings::default();
        let mut tx = self.pool.acquire().await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&mut *tx).await.unwrap();
        let always = checks::ALWAYS.iter();
        let at_rest = checks::AT_REST.iter().filter(|_| moment == Moment::AtRest);
        for check in always.chain(at_rest) {
            let subjects: i64 = sqlx::query_scalar(check.subjects)
                .fetch_one(&mut *tx)
                .await
                .unwrap_or_else(|error| panic!("{error}\n{}", check.subjects));
            let broken: Vec<String> = sqlx::query_scalar(check.broken)
                .fetch_all(&mut *tx)
                .await
                .unwrap_or_else(|error| panic!("{error}\n{}", check.broken));
            findings.checked(check.invariant, u64::try_from(subjects).unwrap());
            for subject in broken {
                findings.violated(check.invariant, &format!("{}: {subject}", check.promise));
            }
        }
        proofs::subjects(&mut tx, &mut findings).await;
        proofs::chains(&mut tx, &mut findings).await;
        proofs::files(&mut tx, &self.blobs, &mut findings).await;
        sqlx::raw_sql("COMMIT").execute(&mut *tx).await.unwrap();
        findings
    }
}

impl Findings {
    fn checked(&mut self, invariant: &'static str, subjects: u64) {
        *self.checked.entry(invariant).or_default() += subjects;
    }

    fn violated(&mut self, invariant: &'static str, what: &str) {
        self.violations.push(format!("{invariant} {what}"));
    }

    /// How many checks were made in all.
    pub(crate) fn total(&self) -> u64 {
        self.checked.values().sum()
    }

    /// Whether some violation is one of this invariant.
    pub(crate) fn names(&self, invariant: &str) -> bool {
        self.violations.iter().any(|found| found.split(' ').next() == Some(invariant))
    }

    pub(crate) fn must_be_sound(&self) {
        assert!(self.violations.is_empty(), "{self}");
        // I16 is about snapshots, of which there may be none.
        let always = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I14", "I17"];
        for invariant in always {
            let checked = self.checked.get(invariant).copied().unwrap_or(0);
            assert!(checked > 0, "{invariant} was checked on nothing: {self}");
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bad, all) = (self.violations.len(), self.total());
        write!(f, "{bad} violations in {all} checks {:?}", self.checked)?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))
    }
}
