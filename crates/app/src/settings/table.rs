//! The one table of settings: every key with its meaning, its kind and its default.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use keelway_estimate::EstimateTable;
use keelway_kernel::Tier;
use keelway_tiers::{FlagName, FlagSet, LimitTable, Rollout};
use secrecy::SecretString;
use serde::Serialize;
use toml::Value;

use super::address::{self, Address, HIDDEN};
use super::{LogFormat, MetricsReaders, PackageRow, RateRow, RunMode};

/// How a text becomes a value, and what a person is told to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Switch,
    /// A number, or the word that stands instead.
    NumberOrWord,
    /// On, off or a share of the tenants.
    Share,
    List,
    /// Rows, written as TOML.
    Rows,
    /// A text that is never shown.
    Secret,
    /// An address that is shown without its password.
    Address,
}

impl Kind {
    /// What is expected, to complete "is not ...".
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Text | Self::Secret | Self::Address => "a text",
            Self::Number => "a whole number",
            Self::Switch => "true or false",
            Self::NumberOrWord => "a whole number, `unlimited` or `by_contract`",
            Self::Share => "true, false or a share of the tenants in percent",
            Self::List => "a list of texts",
            Self::Rows => "a list of TOML tables",
        }
    }

    /// Reads the text of a variable or a flag; `None` if it is not of this kind.
    pub(crate) fn read(self, text: &str) -> Option<Value> {
        let number = || text.parse().ok().map(Value::Integer);
        match self {
            Self::Text | Self::Secret | Self::Address => Some(Value::String(text.to_owned())),
            Self::Number => number(),
            Self::Switch => match text {
                "true" | "on" | "1" => Some(Value::Boolean(true)),
                "false" | "off" | "0" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::NumberOrWord => number().or_else(|| Some(Value::String(text.to_owned()))),
            Self::Share => text.parse().ok().map(share),
            Self::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
            }
            Self::Rows => {
                let mut table: toml::Table = toml::from_str(&format!("rows = {text}")).ok()?;
                table.remove("rows").filter(Value::is_array)
            }
        }
    }

    /// Whether a value of this kind can be secret, or a part of it.
    pub(crate) const fn is_discreet(self) -> bool {
        matches!(self, Self::Secret | Self::Address)
    }

    /// The value as it may be shown.
    pub(crate) fn shown(self, value: &Value) -> Value {
        match (self, value) {
            (Self::Address, Value::String(text)) => Value::String(address::shown(text)),
            (Self::Secret | Self::Address, _) => Value::String(HIDDEN.to_owned()),
            _ => value.clone(),
        }
    }

    /// Whether a value from a file can be of this kind at all.
    pub(crate) fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::Secret | Self::Address => value.is_str(),
            Self::Number => value.is_integer(),
            Self::Switch => value.is_bool(),
            Self::NumberOrWord => value.is_integer() || value.is_str(),
            Self::Share => value.is_bool() || value.is_integer(),
            Self::List | Self::Rows => value.is_array(),
        }
    }
}

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The dotted path in the file, such as `worker.slots`.
    pub(crate) key: String,
    pub(crate) about: String,
    pub(crate) kind: Kind,
    /// Absent where nothing is set unless somebody sets it.
    pub(crate) default: Option<Value>,
}

impl Entry {
    /// What stands before the first dot.
    pub(crate) fn section(&self) -> &str {
        self.key.split('.').next().unwrap_or_default()
    }

    /// Whether setting it changes anything.
    pub(crate) fn is_enforced(&self) -> bool {
        let name = self.key.rsplit('.').next().unwrap_or_default();
        match self.section() {
            "features" => ASKED_FLAGS.contains(&name),
            "tiers" => !UNASKED_LIMITS.contains(&name),
            _ => true,
        }
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        match self.key.strip_prefix("features.") {
            Some(flag) => format!("KEELWAY_FEATURE_{flag}"),
            None => format!("KEELWAY_{}", self.key.replace('.', "_").to_uppercase()),
        }
    }
}

/// Flags that something asks; each of the others gets its line with what makes it live.
const ASKED_FLAGS: &[&str] = &["GUEST_MODE", "AUTO_TENANT"];

/// Limits that nothing asks; a line leaves with what makes the limit live.
const UNASKED_LIMITS: &[&str] =
    &["api_calls_per_month", "overdraft", "retention_days", "rollover", "snapshot_storage_mib"];

/// Something that knows its rows of the table.
pub(crate) trait Setting {
    /// Adds a row for every key at or below `key`, with `self` as the default.
    fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>);
}

/// Declares a section: the struct it is read into, its defaults and its rows, from one text.
macro_rules! sections {
    ($($(#[doc = $section:literal])+ $(#[expect($($lint:tt)+)])? $name:ident {
        $($(#[doc = $about:literal])+ $field:ident: $kind:ty = $default:expr,)+
    })+) => {$(
        $(#[doc = $section])+
        $(#[expect($($lint)+)])?
        #[derive(Debug, Clone, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[doc = $about])+ pub(crate) $field: $kind,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $crate::settings::table::Setting for $name {
            fn enter(
                &self,
                key: &str,
                _about: &str,
                table: &mut Vec<$crate::settings::table::Entry>,
            ) {
                $(
                    let at = $crate::settings::table::join(key, stringify!($field));
                    self.$field.enter(&at, concat!($($about),+).trim(), table);
                )+
            }
        }
    )+};
}
pub(crate) use sections;

pub(crate) fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

fn row(key: &str, about: &str, kind: Kind, default: Option<Value>) -> Entry {
    Entry { key: key.to_owned(), about: about.to_owned(), kind, default }
}

/// The value as a file would hold it; nothing for what a file cannot say.
fn written(value: impl Serialize) -> Option<Value> {
    Value::try_from(value).ok()
}

macro_rules! plain {
    ($($kind:ident: $($leaf:ty),+;)+) => {$($(
        impl Setting for $leaf {
            fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>) {
                table.push(row(key, about, Kind::$kind, written(self)));
            }
        }
    )+)+};
}

plain! {
    Text: String, PathBuf, SocketAddr, Option<SocketAddr>, Tier, Option<String>, RunMode, LogFormat, MetricsReaders;
    Number: u32, NonZeroU32, Option<NonZeroU32>;
    Switch: bool;
    List: Vec<String>;
    Rows: Vec<PackageRow>;
}

impl Setting for Address {
    fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>) {
        let text = Value::String(self.expose().to_owned());
        table.push(row(key, about, Kind::Address, Some(text)));
    }
}

impl Setting for Option<Address> {
    fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>) {
        table.push(row(key, about, Kind::Address, None));
    }
}

impl Setting for Option<SecretString> {
    fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>) {
        table.push(row(key, about, Kind::Secret, None));
    }
}

impl Setting for RateRow {
    fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>) {
        let [limit, window_s] = ["limit", "window_s"].map(|name| join(key, name));
        let most = format!("The most {about}, within `{window_s}` seconds.");
        self.limit.enter(&limit, &most, table);
        let window = format!("The seconds within which `{limit}` counts.");
        self.window_s.enter(&window_s, &window, table);
    }
}

impl Setting for LimitTable {
    fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>) {
        for tier in Tier::ALL {
            let Some(Value::Table(limits)) = written(self.of(tier)) else { continue };
            for (name, value) in limits {
                let key = join(key, &join(tier.as_str(), &name));
                table.push(row(&key, about, Kind::NumberOrWord, Some(value)));
            }
        }
    }
}

impl Setting for FlagSet {
    fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>) {
        for flag in FlagName::all() {
            let key = join(key, flag.as_str());
            table.push(row(&key, about, Kind::Share, Some(share(self.rollout(flag)))));
        }
    }
}

/// What the numbers of [`EstimateTable`] mean, by their names or how those begin.
const ESTIMATES: &[(&str, &str)] = &[
    ("base_agents", "Agents of a build that asks for none of `estimate.features`."),
    (
        "features",
        "What a description can ask for: `{ key, label, words, agents, complexity_percent }` each. \
         The label or one of the words asks for it; it adds so many agents, and multiplies the \
         whole build by so many percent.",
    ),
    (
        "micro_usd_per_million_tokens",
        "The price of a million tokens that estimates reckon with, in millionths of a dollar.",
    ),
    ("minutes_per_agent", "Minutes that each agent is estimated to take."),
    (
        "tier_percent",
        "What builds of this tier are multiplied by, in percent: 100 leaves them as they are.",
    ),
    ("tokens_per_agent", "Tokens that each agent is estimated to spend."),
];

impl Setting for EstimateTable {
    fn enter(&self, key: &str, about: &str, table: &mut Vec<Entry>) {
        let Some(Value::Table(numbers)) = written(self) else { return };
        let meaning = |name: &str| {
            let found = ESTIMATES.iter().find(|(known, _)| name.starts_with(known));
            found.map_or(about, |(_, meaning)| meaning)
        };
        let mut add = |name: &str, value: Value| {
            let kind = if value.is_array() { Kind::Rows } else { Kind::Number };
            table.push(row(&join(key, name), meaning(name), kind, Some(value)));
        };
        for (name, value) in numbers {
            match value {
                Value::Table(inner) => {
                    inner.into_iter().for_each(|(tier, value)| add(&join(&name, &tier), value));
                }
                value => add(&name, value),
            }
        }
    }
}

/// `true`, `false`, or percent.
fn share(rollout: Rollout) -> Value {
    match rollout {
        Rollout::ON => Value::Boolean(true),
        Rollout::OFF => Value::Boolean(false),
        share => Value::Integer(i64::from(share.percent())),
    }
}
