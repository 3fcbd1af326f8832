//! `keelway doctor`: the invariants, on the live database.

use std::fmt::Write as _;

use keelway_builds::ports::{Inspection, Inspector as _};
use serde_json::json;

use crate::cli::ReportArgs;
use crate::exit::{Exit, cannot_begin};
use crate::settings::Environment;
use crate::wiring;

pub(super) fn run(args: &ReportArgs, environment: &Environment) -> anyhow::Result<Exit> {
    let checked = super::quiet_settings(&args.data.sources(environment))?;
    let inspection = super::block_on(async {
        let store = wiring::open_existing(&checked).await?;
        let inspection = store.inspect().await.map_err(|error| {
            cannot_begin(format!("cannot read {}: {error}", checked.database.display()))
        })?;
        store.close().await;
        Ok(inspection)
    })?;
    if args.json {
        super::print_json(&to_json(&inspection))?;
    } else {
        super::print(&to_text(&inspection))?;
    }
    Ok(if inspection.violations.is_empty() { Exit::Done } else { Exit::No })
}

fn to_json(inspection: &Inspection) -> serde_json::Value {
    let checked = inspection.checked.iter();
    let checked = checked.map(|(invariant, n)| json!({ "invariant": invariant, "subjects": n }));
    let violations = inspection.violations.iter().map(|violation| {
        json!({
            "invariant": violation.invariant,
            "subject": violation.subject,
            "detail": violation.detail,
        })
    });
    json!({
        "checked": checked.collect::<Vec<_>>(),
        "violations": violations.collect::<Vec<_>>(),
    })
}

fn to_text(inspection: &Inspection) -> String {
    let mut text = String::new();
    for (invariant, subjects) in &inspection.checked {
        let of_it = inspection.violations.iter().filter(|broken| broken.invariant == *invariant);
        let verdict = match of_it.count() {
            0 => "holds".to_owned(),
            n => format!("broken {n} times"),
        };
        let _ = writeln!(text, "{invariant:<6}{subjects:>8} checked   {verdict}");
    }
    for violation in &inspection.violations {
        let (invariant, subject) = (violation.invariant, &violation.subject);
        let _ = writeln!(text, "\n{invariant} {subject}: {}", violation.detail);
    }
    if inspection.violations.is_empty() {
        text.push_str("Every invariant holds.\n");
    }
    text
}
