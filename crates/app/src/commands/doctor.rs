//! `keelway doctor`: the invariants, on the live database, and the files that it names.

mod files;

use std::fmt::Write as _;

use keelway_builds::ports::Inspection;
use serde_json::json;

use crate::cli::DoctorArgs;
use crate::exit::{Exit, cannot_begin};
use crate::settings::Sources;
use crate::wiring;
use files::{BLOBS, Depth};

/// What was found.
struct Findings {
    inspection: Inspection,
    /// Broken files besides those that are listed.
    unlisted: u64,
}

pub(super) fn run(args: &DoctorArgs, sources: &Sources) -> anyhow::Result<Exit> {
    let checked = super::quiet_settings(sources)?;
    let depth = if args.contents { Depth::Contents } else { Depth::Sizes };
    let found = super::block_on(async {
        let store = wiring::open_existing(&checked).await?;
        let inspection = store
            .inspect()
            .await
            .map_err(|error| cannot_begin(format!("cannot read {}: {error}", checked.database)))?;
        let (folder, blobs) = wiring::blobs_as_they_are(&checked.settings);
        let found = files::check(&*store, (&folder, &blobs), depth, inspection)
            .await
            .map_err(|error| cannot_begin(format!("cannot check {}: {error}", folder.display())))?;
        store.close().await;
        Ok(found)
    })?;
    if args.report.json {
        super::print_json(&to_json(&found))?;
    } else {
        super::print(&to_text(&found))?;
    }
    Ok(if found.inspection.violations.is_empty() { Exit::Done } else { Exit::No })
}

/// What each name in an inspection stands for.
const INVARIANTS: &[(&str, &str)] = &[
    ("file", "the database file is whole, and every row that is referred to is there"),
    (
        "database",
        "every constraint, index and wall is on, and every row that is referred to is there",
    ),
    ("I1", "a balance is the sum of its entries and of what is left of its grants"),
    ("I2", "what an account holds is the sum of its open holds"),
    ("I3", "no account holds or spends more than it has"),
    ("I4", "a hold ends once and charges no more than it took"),
    ("I5", "a build and its hold end together, charged as the rules say"),
    ("I6", "a project has one active build at most"),
    ("I7", "a build's events are numbered without a gap; the one that ends it is the last"),
    ("I8", "a build's state, its events, its work and its place in the queue agree"),
    ("I9", "no lease is long over without anybody noticing"),
    ("I14", "every change is in the audit log, and its chain of seals holds"),
    ("I16", "a snapshot says of its files what they are"),
    (BLOBS, "every file that a snapshot or kept work names is there as it was"),
    ("I17", "a month's usage is the sum over its builds"),
    ("I18", "a workspace has an owner, and everybody who accepted an invitation joined"),
];

fn what(invariant: &str) -> &'static str {
    let found = INVARIANTS.iter().find(|(name, _)| *name == invariant);
    found.map_or("", |(_, what)| what)
}

impl Findings {
    /// How often an invariant is broken.
    fn count(&self, invariant: &str) -> u64 {
        let listed = self.inspection.violations.iter().filter(|one| one.invariant == invariant);
        listed.count() as u64 + if invariant == BLOBS { self.unlisted } else { 0 }
    }
}

fn to_json(found: &Findings) -> serde_json::Value {
    let inspection = &found.inspection;
    let checked = inspection.checked.iter().map(|(invariant, subjects)| {
        json!({
            "invariant": invariant,
            "what": what(invariant),
            "subjects": subjects,
            "broken": found.count(invariant),
        })
    });
    let violations = inspection.violations.iter().map(|violation| {
        json!({
            "invariant": violation.invariant,
            "what": what(violation.invariant),
            "subject": violation.subject,
            "detail": violation.detail,
        })
    });
    json!({
        "checked": checked.collect::<Vec<_>>(),
        "violations": violations.collect::<Vec<_>>(),
    })
}

fn to_text(found: &Findings) -> String {
    let inspection = &found.inspection;
    let mut text = String::new();
    for (invariant, subjects) in &inspection.checked {
        let verdict = match (found.count(invariant), subjects) {
            (0, 0) => "nothing to check".to_owned(),
            (0, _) => "holds".to_owned(),
            (1, _) => "broken once".to_owned(),
            (n, _) => format!("broken {n} times"),
        };
        let about = what(invariant);
        let _ = writeln!(text, "{invariant:<9}{subjects:>8} checked   {verdict:<17} {about}");
    }
    for violation in &inspection.violations {
        let (invariant, subject) = (violation.invariant, &violation.subject);
        let _ = writeln!(text, "\n{invariant} {subject}: {}", violation.detail);
    }
    if found.unlisted > 0 {
        let _ = writeln!(text, "\n{BLOBS}: {} more files", found.unlisted);
    }
    if inspection.violations.is_empty() {
        text.push_str("Every invariant holds.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use keelway_builds::ports::Violation;

    #[test]
    fn nothing_checked_is_not_called_sound() {
        let violation =
            Violation { invariant: "I2", subject: "ten_1".to_owned(), detail: "held 1".to_owned() };
        let inspection = Inspection {
            checked: vec![("file", 40), ("I1", 2), ("I2", 2), ("I6", 0)],
            violations: vec![violation],
        };
        let found = Findings { inspection, unlisted: 0 };
        insta::assert_snapshot!(to_text(&found), @r#"
        file           40 checked   holds             the database file is whole, and every row that is referred to is there
        I1              2 checked   holds             a balance is the sum of its entries and of what is left of its grants
        I2              2 checked   broken once       what an account holds is the sum of its open holds
        I6              0 checked   nothing to check  a project has one active build at most

        I2 ten_1: held 1
        "#);
    }

    #[test]
    fn the_documentation_has_every_invariant() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ARCHITECTURE.md");
        let document = std::fs::read_to_string(path).unwrap();
        for (name, what) in INVARIANTS {
            assert!(document.contains(&format!("| {name} | {what} |")), "{name} is not there");
        }
    }
}
