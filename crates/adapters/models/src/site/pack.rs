//! What sites say beyond their descriptions: a file for each kind and language.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use toml::{Table, Value};

use super::kind::Kind;

/// A title and the text below it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Point {
    pub(super) title: String,
    pub(super) text: String,
}

/// Something a visitor can have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) note: String,
    /// A short measure, or nothing.
    pub(super) fact: String,
    /// In hundredths of the currency; 0 where there is no price.
    pub(super) price: u32,
}

/// Items that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) title: String,
    pub(super) items: Vec<Item>,
}

/// Everything there is to have.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    pub(super) title: String,
    pub(super) intro: String,
    pub(super) groups: Vec<Group>,
}

/// A line of a timetable.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slot {
    pub(super) when: String,
    pub(super) what: String,
    pub(super) note: String,
}

/// Opening hours, a timetable or a programme.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schedule {
    pub(super) title: String,
    pub(super) intro: String,
    pub(super) rows: Vec<Slot>,
}

/// A short piece to read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Article {
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) paragraphs: [String; 3],
}

/// A way to buy, in whole units of the currency.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) price: u32,
    pub(super) note: String,
    pub(super) features: Vec<String>,
}

/// A number that a dashboard shows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figure {
    pub(super) label: String,
    pub(super) value: f64,
    pub(super) unit: String,
}

/// One file: the voice of a kind in a language.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pack {
    pub(super) label: String,
    pub(super) headlines: [String; 3],
    pub(super) leads: [String; 3],
    pub(super) action: String,
    pub(super) second: String,
    pub(super) offer: Offer,
    pub(super) points_title: String,
    pub(super) points: [Point; 6],
    pub(super) credos: [String; 3],
    pub(super) story_title: String,
    pub(super) story: [String; 3],
    pub(super) steps_title: String,
    pub(super) steps: [Point; 3],
    pub(super) schedule: Schedule,
    pub(super) gallery: [String; 8],
    pub(super) questions: [Point; 6],
    pub(super) articles: [Article; 3],
    pub(super) plans: [Plan; 3],
    pub(super) closes: [Point; 2],
    pub(super) figures: [Figure; 4],
}

const FILES: &[(&str, &str, &str)] = &include!(concat!(env!("OUT_DIR"), "/packs.rs"));

type Parsed = BTreeMap<(&'static str, &'static str), Table>;

fn tables() -> &'static Parsed {
    static TABLES: OnceLock<Parsed> = OnceLock::new();
    TABLES.get_or_init(|| {
        let parsed = |(language, kind, text): &(&'static str, &'static str, &str)| {
            Some(((*language, *kind), text.parse().ok()?))
        };
        FILES.iter().filter_map(parsed).collect()
    })
}

impl Pack {
    /// The voice of `kind` in `language` with `name` in its places; the general one of the
    /// language, then the English ones, where there is none. A test reads every file, so that
    /// an unreadable one never gets here.
    pub(super) fn of(language: &str, kind: Kind, name: &str) -> Self {
        let general = Kind::General.file();
        [(language, kind.file()), (language, general), ("en", kind.file()), ("en", general)]
            .into_iter()
            .find_map(|key| named(tables().get(&key)?, name))
            .unwrap_or_default()
    }

    /// Whether `kind` has words of its own in `language`.
    pub(super) fn exists(language: &str, kind: Kind) -> bool {
        tables().contains_key(&(language, kind.file()))
    }
}

fn named(table: &Table, name: &str) -> Option<Pack> {
    let mut value = Value::Table(table.clone());
    put(&mut value, name);
    value.try_into().ok()
}

/// Puts `name` in the place of every `{}`.
fn put(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if text.contains("{}") => *text = text.replace("{}", name),
        Value::Array(values) => values.iter_mut().for_each(|value| put(value, name)),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| put(value, name)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const WRITTEN: [&str; 5] = ["en", "pt", "es", "fr", "de"];

    fn fits(place: &str, text: &str, most: usize) {
        let chars = text.chars().count();
        assert!(chars > 0 && chars <= most, "{place}: {chars} of at most {most}: {text}");
    }

    fn strings(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::String(text) => into.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| strings(value, into)),
            Value::Table(table) => table.iter().for_each(|(_, value)| strings(value, into)),
            _ => {}
        }
    }

    #[test]
    fn every_kind_speaks_every_written_language() {
        let names: Vec<_> = FILES.iter().map(|(language, kind, _)| (*language, *kind)).collect();
        for language in WRITTEN {
            for kind in Kind::ALL {
                assert!(names.contains(&(language, kind.file())), "{language}/{}", kind.file());
            }
        }
        for language in ["ar", "he"] {
            assert!(names.contains(&(language, "general")), "{language}");
        }
        let known = |kind: &str| Kind::ALL.iter().any(|known| known.file() == kind);
        assert!(names.iter().all(|(_, kind)| known(kind)), "{names:?}");
    }

    #[test]
    fn every_pack_keeps_its_measure() {
        for (language, kind, text) in FILES {
            let place = format!("{language}/{kind}");
            let pack: Pack = toml::from_str(text).unwrap_or_else(|why| panic!("{place}: {why}"));
            let all =
                |texts: &[String], most| texts.iter().for_each(|text| fits(&place, text, most));
            all(&pack.headlines, 44);
            all(&pack.leads, 130);
            all(&pack.credos, 80);
            all(&pack.gallery, 36);
            all(&[pack.action, pack.second, pack.offer.title.clone()], 22);
            all(&[pack.label], 30);
            for point in &pack.points {
                fits(&place, &point.text, 130);
            }
            assert!((2..=3).contains(&pack.offer.groups.len()), "{place}: groups");
            for group in &pack.offer.groups {
                assert!((2..=5).contains(&group.items.len()), "{place}: {}", group.title);
            }
            assert!((4..=6).contains(&pack.schedule.rows.len()), "{place}: schedule");
            for plan in &pack.plans {
                assert!((3..=4).contains(&plan.features.len()), "{place}: {}", plan.name);
            }
            assert!(!pack.figures.iter().any(|figure| figure.value < 0.0), "{place}: figures");
        }
    }

    #[test]
    fn no_two_packs_share_a_sentence() {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for (language, kind, text) in FILES {
            let place = format!("{language}/{kind}");
            let mut said = Vec::new();
            strings(&Value::Table(text.parse().expect("TOML")), &mut said);
            // Short labels such as `Closed` are no one's property.
            let sentences: BTreeSet<_> =
                said.into_iter().filter(|text| text.split_whitespace().count() > 5).collect();
            for sentence in sentences {
                if let Some(other) = known.insert(sentence.clone(), place.clone()) {
                    panic!("{place} and {other} both say: {sentence}");
                }
            }
        }
    }

    #[test]
    fn the_name_stands_in_its_places_and_cannot_break_out() {
        let name = "\" {}\n[offer]";
        let pack = Pack::of("en", Kind::Bakery, name);
        assert!(pack.leads[0].starts_with(name), "{}", pack.leads[0]);
        assert_eq!(pack.label, "Bakery");
    }
}
