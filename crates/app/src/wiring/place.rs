//! What is said of a database that is of no use, and what to do about it.

use std::fmt;

use keelway_kernel::StoreError;
use keelway_postgres::{CannotMigrate, Powerless, Unreached, UnsafeRole};

use crate::exit::cannot_begin;
use crate::settings::{Checked, Database};

const URL: &str = "database.url";
const MIGRATIONS_URL: &str = "database.migrations_url";

/// A database, under the address that was used for it; shown without a password.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(super) checked: &'a Checked,
    /// The setting that holds the address.
    setting: &'static str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.checked.database {
            Database::Sqlite(path) => path.display().fmt(f),
            Database::Postgres { owner, .. } if self.setting == MIGRATIONS_URL => owner.fmt(f),
            Database::Postgres { url, .. } => url.fmt(f),
        }
    }
}

impl<'a> Place<'a> {
    /// As servers and workers see it.
    pub(crate) const fn of_app(checked: &'a Checked) -> Self {
        Self { checked, setting: URL }
    }

    /// As migrations see it.
    pub(crate) fn of_owner(checked: &'a Checked) -> Self {
        let is_set = checked.settings.database.migrations_url.is_some();
        Self { checked, setting: if is_set { MIGRATIONS_URL } else { URL } }
    }

    /// What a person may do about a database that is of no use.
    pub(super) fn elsewhere(&self) -> String {
        match self.checked.database {
            Database::Sqlite(_) => "choose another place with --data-dir".to_owned(),
            Database::Postgres { .. } => format!("name another one as `{}`", self.setting),
        }
    }

    pub(super) fn unusable(&self, error: &StoreError) -> anyhow::Error {
        cannot_begin(match error {
            StoreError::Corrupt { id, .. } => format!(
                "the database {self} is not a Keelway database, or damaged ({id}): restore a \
                 copy, or {}",
                self.elsewhere()
            ),
            StoreError::Unavailable(why) => format!("cannot use the database {self}: {why}"),
            StoreError::Contended => format!("cannot use the database {self}: {error}"),
        })
    }

    /// Nobody was let in.
    pub(super) fn unreached(&self, error: &Unreached) -> anyhow::Error {
        let (act, remedy) = match error {
            Unreached::Pooled => ("migrate", format!("{} as `{MIGRATIONS_URL}`", error.remedy())),
            _ => ("connect to", error.remedy()),
        };
        self.refusal(act, &error.to_string(), &[remedy])
    }

    /// Somebody else has to migrate.
    pub(super) fn not_to_migrate(&self, lacks: &CannotMigrate) -> anyhow::Error {
        let remedy = match (lacks, lacks.remedy()) {
            (_, Some(sql)) => format!("as a superuser run: {sql}"),
            (
                CannotMigrate::NotOwner { owner, .. }
                | CannotMigrate::MayNotMakeRoles { role: owner, .. },
                None,
            ) => {
                format!("let `{MIGRATIONS_URL}` log in as {owner:?}")
            }
        };
        self.refusal("migrate", &lacks.to_string(), &[remedy])
    }

    /// Row-level security is no wall for it.
    pub(super) fn unsafe_role(&self, role: &UnsafeRole) -> anyhow::Error {
        let remedy = role.remedy();
        let mut lines = Vec::new();
        if !remedy.sql.is_empty() {
            lines.push(format!("as a superuser run: {}", remedy.sql.join(" ")));
        }
        if let Some(other) = remedy.log_in_as {
            let there = if lines.is_empty() { ", which is there for it" } else { "" };
            lines.push(format!("let `{}` log in as {other:?}{there}", self.setting));
        }
        lines.push("for development, serve and worker take --allow-unsafe-role".to_owned());
        self.refusal("work in", &role.to_string(), &lines)
    }

    /// No transaction could begin.
    pub(super) fn powerless(&self, lacks: &Powerless, remedy: &str) -> anyhow::Error {
        let remedy = format!("as a superuser run: {remedy}");
        self.refusal("work in", &lacks.to_string(), &[remedy])
    }

    fn refusal(&self, act: &str, why: &str, remedies: &[String]) -> anyhow::Error {
        let first = format!("cannot {act} the database {self} (`{}`): {why}", self.setting);
        let lines: Vec<String> =
            std::iter::once(&first).chain(remedies).map(|line| on_one_line(line)).collect();
        cannot_begin(lines.join("\n"))
    }
}

/// Names of roles and databases, and what servers say, may hold what a terminal obeys.
fn on_one_line(text: &str) -> String {
    text.chars().fold(String::new(), |mut line, char| {
        if char.is_control() {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_neither_begins_a_line_nor_colours_one() {
        let told = on_one_line("there is no \"caf\u{e9}\nkeelway: all is well\u{1b}[31m\u{9b}\"");
        assert_eq!(told, "there is no \"caf\u{e9}\\nkeelway: all is well\\u{1b}[31m\\u{9b}\"");
    }
}
