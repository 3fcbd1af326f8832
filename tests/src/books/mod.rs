//! The promises, checked on the database itself: not by the product's own `doctor`, and not by
//! its code, except where a seal has to be computed.

mod checks;
mod connection;
mod proofs;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use connection::Database;
pub use connection::Row;

use crate::House;

/// A database and the folder of stored bytes beside it.
#[derive(Debug, Clone)]
pub struct Books {
    database: Database,
    /// Where the bytes are, each file named after its hash.
    pub blobs: PathBuf,
}

/// What a look into the books found.
#[derive(Debug, Default)]
pub struct Findings {
    /// On how many rows each invariant was checked.
    pub checked: BTreeMap<&'static str, u64>,
    /// What is wrong, each with the invariant before it.
    pub violations: Vec<String>,
}

/// Whether builds may still be on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Everything that was begun has ended.
    AtRest,
    /// A process may be working.
    Live,
}

impl Books {
    /// The books of a house, whichever database it uses.
    pub async fn of(house: &House) -> Self {
        let blobs = house.data_dir().join("blobs");
        match house.superuser() {
            Some(url) => Self::on_postgres(url, &blobs).await,
            None => Self::open(&house.database(), &blobs).await,
        }
    }

    /// Those in a file of SQLite's.
    pub async fn open(database: &Path, blobs: &Path) -> Self {
        Self { database: Database::sqlite(database).await, blobs: blobs.to_owned() }
    }

    /// Those in a PostgreSQL database, read as its superuser: row security hides nothing.
    pub async fn on_postgres(superuser: &str, blobs: &Path) -> Self {
        Self { database: Database::postgres(superuser).await, blobs: blobs.to_owned() }
    }

    /// Gives every connection back.
    pub async fn close(self) {
        match self.database {
            Database::Sqlite(pool) => pool.close().await,
            Database::Postgres(pool) => pool.close().await,
        }
    }

    /// Changes something behind the program's back; answers how many rows.
    pub async fn meddle(&self, sql: &'static str) -> u64 {
        self.database.connection().await.run(sql).await
    }

    /// Whether nobody is in the middle of writing to a file of SQLite's.
    pub async fn is_writable(&self) -> bool {
        let Database::Sqlite(pool) = &self.database else { return true };
        sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK").execute(pool).await.is_ok()
    }

    /// The one number that a query answers.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.rows::<(i64,)>(sql).await[0].0
    }

    /// What a query answers, in words that both databases know.
    pub async fn rows<T: Row>(&self, sql: &'static str) -> Vec<T> {
        self.database.connection().await.rows(sql).await
    }

    /// Copies the books of a house on SQLite into `folder`; the stored bytes stay where they are.
    pub async fn copied_into(&self, folder: &Path) -> Self {
        let Database::Sqlite(pool) = &self.database else { panic!("these are no file") };
        let file = folder.join("keelway.db");
        let into = file.to_str().unwrap();
        sqlx::query("VACUUM INTO ?").bind(into).execute(pool).await.unwrap();
        Self::open(&file, &self.blobs).await
    }

    /// Checks every invariant, on one consistent state.
    pub async fn inspect(&self, moment: Moment) -> Findings {
        // Boxed: what it holds on the way is of no interest to whoever waits.
        Box::pin(self.look_into(moment)).await
    }

    async fn look_into(&self, moment: Moment) -> Findings {
        let mut findings = Findings::default();
        let mut connection = self.database.connection().await;
        connection.stand_still().await;
        let always = checks::ALWAYS.iter();
        let at_rest = checks::AT_REST.iter().filter(|_| moment == Moment::AtRest);
        for check in always.chain(at_rest) {
            let subjects: Vec<(i64,)> = connection.rows(check.subjects).await;
            let broken: Vec<(String,)> = connection.rows(check.broken).await;
            findings.checked(check.invariant, u64::try_from(subjects[0].0).unwrap());
            for (subject,) in broken {
                findings.violated(check.invariant, &format!("{}: {subject}", check.promise));
            }
        }
        proofs::subjects(&mut connection, &mut findings).await;
        proofs::chains(&mut connection, &mut findings).await;
        proofs::files(&mut connection, &self.blobs, &mut findings).await;
        connection.run("COMMIT").await;
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
    pub fn total(&self) -> u64 {
        self.checked.values().sum()
    }

    /// Whether some violation is one of this invariant.
    pub fn names(&self, invariant: &str) -> bool {
        self.violations.iter().any(|found| found.split(' ').next() == Some(invariant))
    }

    /// Fails with all that is wrong, or if something was not checked at all.
    pub fn must_be_sound(&self) {
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
