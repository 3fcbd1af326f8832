//! Shows settings: what is in force and where it came from, and what there is to set.

use std::fmt::Write as _;

use keelway_kernel::Tier;
use serde_json::json;
use toml::Value;

use super::Environment;
use super::address::HIDDEN;
use super::layers::{Layers, Loaded};
use super::table::{Entry, Kind};

const UNSET: &str = "(not set)";
const NOT_ENFORCED: &str = "not enforced yet";

impl Loaded {
    /// One line for each setting: `key = value  # origin`.
    pub(crate) fn to_text(&self) -> String {
        let rows: Vec<(String, String)> = self
            .layers
            .table
            .iter()
            .map(|row| {
                let origin = self.origin(row);
                let origin =
                    if row.is_enforced() { origin } else { format!("{origin}, {NOT_ENFORCED}") };
                (format!("{} = {}", row.key, self.shown(row)), origin)
            })
            .collect();
        let width = rows.iter().map(|(line, _)| line.chars().count()).filter(|n| *n <= 60).max();
        let width = width.unwrap_or(0);
        rows.iter().fold(String::new(), |mut text, (line, origin)| {
            let _ = writeln!(text, "{line:width$}  # {origin}");
            text
        })
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let rows = self.layers.table.iter().map(|row| {
            let value = match self.layers.values.get(&row.key) {
                Some((value, _)) => json!(row.kind.shown(value)),
                None => serde_json::Value::Null,
            };
            let (origin, enforced) = (self.origin(row), row.is_enforced());
            (row.key.clone(), json!({ "value": value, "origin": origin, "enforced": enforced }))
        });
        rows.collect::<serde_json::Map<_, _>>().into()
    }

    fn shown(&self, row: &Entry) -> String {
        match self.layers.values.get(&row.key) {
            Some(_) if row.kind == Kind::Secret => HIDDEN.to_owned(),
            Some((value, _)) => row.kind.shown(value).to_string(),
            None => UNSET.to_owned(),
        }
    }

    fn origin(&self, row: &Entry) -> String {
        let found = self.layers.values.get(&row.key);
        found.map_or_else(|| "default".to_owned(), |(_, origin)| origin.to_string())
    }
}

/// All settings in Markdown, as they stand in `docs/configuration.md`: one table for tiers, one
/// for features, and one for everything else.
pub(crate) fn reference() -> String {
    let table = Layers::defaults(&Environment::default()).table;
    let (tiers, rest): (Vec<_>, Vec<_>) = table.iter().partition(|row| row.section() == "tiers");
    let (features, rest): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|row| row.section() == "features");
    let mut text = "| setting | variable | default | meaning |\n|---|---|---|---|\n".to_owned();
    for row in rest {
        let (default, about) = (default_of(row), row.about.replace('|', "\\|"));
        let _ = writeln!(text, "| `{}` | `{}` | {default} | {about} |", row.key, row.variable());
    }
    if let Some(row) = features.first() {
        let _ = write!(text, "\n### Features\n\n{}\n\n", row.about);
    }
    text.push_str("| setting | variable | default | effect |\n|---|---|---|---|\n");
    for row in features {
        let (default, effect) = (default_of(row), effect(row));
        let _ = writeln!(text, "| `{}` | `{}` | {default} | {effect} |", row.key, row.variable());
    }
    if let Some(row) = tiers.first() {
        let _ = write!(text, "\n### Limits of tiers\n\n{}\n\n", row.about);
    }
    let _ = writeln!(
        text,
        "| `tiers.<tier>.` | {} | effect |",
        Tier::ALL.map(Tier::as_str).join(" | ")
    );
    let _ = writeln!(text, "|---{}|---|", "|---".repeat(Tier::ALL.len()));
    let limits = |tier: Tier| {
        let prefix = format!("tiers.{tier}.");
        tiers.iter().filter_map(move |row| Some((row.key.strip_prefix(&prefix)?, *row)))
    };
    for (limit, row) in limits(Tier::Free) {
        let of_tier = |tier| limits(tier).find(|(name, _)| *name == limit);
        let defaults = Tier::ALL
            .map(|tier| of_tier(tier).map_or_else(String::new, |(_, row)| default_of(row)));
        let _ = writeln!(text, "| `{limit}` | {} | {} |", defaults.join(" | "), effect(row));
    }
    text
}

fn effect(row: &Entry) -> &'static str {
    if row.is_enforced() { "enforced" } else { NOT_ENFORCED }
}

fn default_of(row: &Entry) -> String {
    match &row.default {
        _ if row.key == "data_dir" => "`~/.local/share/keelway`".to_owned(),
        None => "not set".to_owned(),
        Some(Value::Array(rows)) if row.kind == Kind::Rows => format!("{} rows", rows.len()),
        Some(value) => format!("`{value}`"),
    }
}
