//! Puts the layers over one another and remembers where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::Deserialize as _;
use toml::Value;

use super::environment::{PREFIX, dot_env};
use super::table::{Entry, Kind, Setting, join};
use super::{Environment, RunMode, Settings};

/// The file that is read from the data directory if it is there.
const FILE: &str = "keelway.toml";

/// A setting made on the command line.
#[derive(Debug, Clone)]
pub(crate) struct Flag {
    pub(crate) key: &'static str,
    /// As it was typed, such as `--listen`.
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// Where settings are looked for.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    pub(crate) environment: Environment,
    /// The file named on the command line.
    pub(crate) file: Option<PathBuf>,
    pub(crate) flags: Vec<Flag>,
}

/// Which layer a value comes from; a later one is put over an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    DotEnv { name: String },
    Environment { name: String },
    Flag(&'static str),
}

impl Origin {
    const fn layer(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File(_) => 1,
            Self::DotEnv { .. } => 2,
            Self::Environment { .. } => 3,
            Self::Flag(_) => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::DotEnv { name } => write!(f, ".env {name}"),
            Self::Environment { name } => write!(f, "environment {name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingsError(pub(crate) Vec<String>);

impl std::error::Error for SettingsError {}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// The settings in force, and where each came from.
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(super) layers: Layers,
}

/// Reads all layers; every unknown key and every misfit is named, not only the first.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, SettingsError> {
    let mut layers = Layers::defaults(&sources.environment);
    let mut problems = Vec::new();
    layers.put_all(sources, &mut problems);
    if !problems.is_empty() {
        return Err(SettingsError(problems));
    }
    let settings = layers.settings().map_err(SettingsError)?;
    Ok(Loaded { settings, layers })
}

impl Loaded {
    /// Whether anybody said something about `key`.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.layers.values.get(key).is_some_and(|(_, origin)| *origin != Origin::Default)
    }
}

/// The table with a value and an origin in every row that has one.
pub(super) struct Layers {
    pub(super) table: Vec<Entry>,
    pub(super) values: BTreeMap<String, (Value, Origin)>,
}

impl Layers {
    pub(super) fn defaults(environment: &Environment) -> Self {
        let mut table = Vec::new();
        let data_dir = environment.data_dir().unwrap_or_default();
        Settings { data_dir, ..Settings::default() }.enter("", "", &mut table);
        let values = table
            .iter()
            .filter_map(|entry| {
                Some((entry.key.clone(), (entry.default.clone()?, Origin::Default)))
            })
            .collect();
        Self { table, values }
    }

    /// Flags and variables come first because they say which file there is; what they set
    /// stays, since a value never gives way to one of a lower layer.
    fn put_all(&mut self, sources: &Sources, problems: &mut Vec<String>) {
        for flag in &sources.flags {
            let Some(kind) = self.entry(flag.key).map(|entry| entry.kind) else { continue };
            self.put_text(flag.key, kind, &flag.text, Origin::Flag(flag.name), problems);
        }
        for (name, value) in sources.environment.ours() {
            let origin = Origin::Environment { name: name.to_owned() };
            self.put_variable(name, value, origin, problems);
        }
        if self.data_dir().as_os_str().is_empty() && sources.file.is_none() {
            problems.push(
                "there is no home directory to keep data in: say where with --data-dir or \
                 KEELWAY_DATA_DIR"
                    .to_owned(),
            );
        }
        let found = self.data_dir().join(FILE);
        let path = sources.file.as_ref().unwrap_or(&found);
        match std::fs::read_to_string(path) {
            Ok(text) => match toml::from_str::<toml::Table>(&text) {
                Ok(mut table) => {
                    if sources.file.is_none() && table.remove("data_dir").is_some() {
                        problems.push(format!(
                            "`data_dir` cannot be set in {}, which is found in it: use \
                             --data-dir, KEELWAY_DATA_DIR or --config",
                            path.display()
                        ));
                    }
                    self.put_section(&Origin::File(path.clone()), "", table, problems);
                }
                Err(error) => {
                    problems.push(format!("{} is not TOML: {}", path.display(), one_line(&error)));
                }
            },
            Err(error)
                if sources.file.is_none()
                    && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => problems.push(format!("cannot read {}: {error}", path.display())),
        }
        if self.is_development()
            && let Ok(text) = std::fs::read_to_string(sources.environment.folder().join(".env"))
        {
            self.put_dot_env(&text, problems);
        }
    }

    fn put_section(
        &mut self,
        origin: &Origin,
        section: &str,
        table: toml::Table,
        problems: &mut Vec<String>,
    ) {
        for (name, value) in table {
            let key = join(section, &name);
            match value {
                value if self.entry(&key).is_some() => {
                    self.put(&key, value, origin.clone(), problems);
                }
                Value::Table(inner) if !inner.is_empty() => {
                    self.put_section(origin, &key, inner, problems);
                }
                _ => {
                    let known = self.table.iter().map(|entry| entry.key.clone());
                    problems.push(unknown("key", &key, &origin.to_string(), known));
                }
            }
        }
    }

    fn put_dot_env(&mut self, text: &str, problems: &mut Vec<String>) {
        for (name, value) in dot_env(text) {
            if name == "KEELWAY_MODE" {
                problems.push(
                    "`KEELWAY_MODE` cannot be set in .env, which only development mode reads"
                        .to_owned(),
                );
                continue;
            }
            let origin = Origin::DotEnv { name: name.clone() };
            self.put_variable(&name, &value, origin, problems);
        }
    }

    fn put_variable(&mut self, name: &str, text: &str, origin: Origin, problems: &mut Vec<String>) {
        let Some(entry) = self.table.iter().find(|entry| entry.variable() == name) else {
            let place = if matches!(origin, Origin::DotEnv { .. }) { ".env" } else { "" };
            let known = self.table.iter().map(Entry::variable);
            problems.push(unknown("variable", name, place, known));
            return;
        };
        let (key, kind) = (entry.key.clone(), entry.kind);
        self.put_text(&key, kind, text, origin, problems);
    }

    fn put_text(
        &mut self,
        key: &str,
        kind: Kind,
        text: &str,
        origin: Origin,
        problems: &mut Vec<String>,
    ) {
        match kind.read(text) {
            Some(value) => self.put(key, value, origin, problems),
            None => problems.push(misfit(key, kind, &format!("`{text}`"), &origin)),
        }
    }

    fn put(&mut self, key: &str, value: Value, origin: Origin, problems: &mut Vec<String>) {
        let Some(kind) = self.entry(key).map(|entry| entry.kind) else { return };
        if kind.fits(&value) {
            let higher = self.values.get(key).is_some_and(|(_, put)| put.layer() > origin.layer());
            if !higher {
                self.values.insert(key.to_owned(), (value, origin));
            }
        } else {
            let shown = if kind.is_discreet() { "the value".into() } else { format!("`{value}`") };
            problems.push(misfit(key, kind, &shown, &origin));
        }
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.table.iter().find(|entry| entry.key == key)
    }

    fn text(&self, key: &str) -> &str {
        self.values.get(key).and_then(|(value, _)| value.as_str()).unwrap_or_default()
    }

    fn data_dir(&self) -> PathBuf {
        PathBuf::from(self.text("data_dir"))
    }

    fn is_development(&self) -> bool {
        let mode = self.values.get("mode").map(|(value, _)| value.clone());
        mode.is_some_and(|mode| matches!(RunMode::deserialize(mode), Ok(RunMode::Development)))
    }

    /// Reads the values into the tree; every value that fits no type is named with its origin.
    fn settings(&self) -> Result<Settings, Vec<String>> {
        let values = self.values.iter().map(|(key, (value, _))| (key.as_str(), value));
        read(values.clone()).map_err(|whole| {
            let defaults: Vec<(&str, &Value)> = self
                .table
                .iter()
                .filter_map(|entry| Some((entry.key.as_str(), entry.default.as_ref()?)))
                .collect();
            // Each value alone over the defaults, which are known to be right.
            let alone = |key: &str, value| read(defaults.iter().copied().chain([(key, value)]));
            let problems: Vec<String> = values
                .filter_map(|(key, value)| {
                    let (_, origin) = self.values.get(key)?;
                    let why = alone(key, value).err()?;
                    Some(self.unreadable(key, &why, origin))
                })
                .collect();
            if problems.is_empty() { vec![whole.to_string()] } else { problems }
        })
    }

    fn unreadable(&self, key: &str, why: &Unreadable, origin: &Origin) -> String {
        let kind = self.entry(key).map_or(Kind::Text, |entry| entry.kind);
        let shown = match self.values.get(key) {
            Some((value, _)) if !kind.is_discreet() => format!("`{value}`"),
            _ => "the value".to_owned(),
        };
        let message = one_line(why.inner());
        if kind.is_discreet() || message.contains("untagged enum") {
            return misfit(key, kind, &shown, origin);
        }
        if message.contains("socket address") {
            let port = self.text(key).strip_prefix("localhost:");
            let advice = match port.and_then(|port| port.parse::<u16>().ok()) {
                Some(port) => format!("write it as 127.0.0.1:{port}"),
                None => "write an address and a port, such as 127.0.0.1:8080".to_owned(),
            };
            return format!("`{key}`: {shown} is no address: {advice} ({origin})");
        }
        // Inside a list of tables the place matters.
        let place = why.path().to_string();
        let place = if place.starts_with(key) { place.as_str() } else { key };
        format!("`{place}`: {message} ({origin})")
    }
}

type Unreadable = serde_path_to_error::Error<toml::de::Error>;

/// Reads dotted paths with their values into the tree; a later value of a path counts.
fn read<'a>(values: impl Iterator<Item = (&'a str, &'a Value)>) -> Result<Settings, Unreadable> {
    let mut tree = toml::Table::new();
    for (key, value) in values {
        insert(&mut tree, key, value.clone());
    }
    serde_path_to_error::deserialize(tree)
}

/// Puts a value under a dotted path.
fn insert(tree: &mut toml::Table, key: &str, value: Value) {
    let Some((section, rest)) = key.split_once('.') else {
        tree.insert(key.to_owned(), value);
        return;
    };
    let inner = tree.entry(section).or_insert_with(|| Value::Table(toml::Table::new()));
    if let Value::Table(inner) = inner {
        insert(inner, rest, value);
    }
}

fn misfit(key: &str, kind: Kind, shown: &str, origin: &Origin) -> String {
    let shown = if kind.is_discreet() { "the value" } else { shown };
    format!("`{key}`: {shown} is not {} ({origin})", kind.expected())
}

/// Names a key nobody knows, and the known one it was probably meant to be.
fn unknown(what: &str, name: &str, place: &str, known: impl Iterator<Item = String>) -> String {
    let place = if place.is_empty() { String::new() } else { format!(" in {place}") };
    if is_public_secret(name) {
        return format!(
            "`{name}`{place} puts a secret under a public name: rename it and replace the secret"
        );
    }
    match nearest(name, known) {
        Some(nearest) => format!("unknown {what} `{name}`{place}; did you mean `{nearest}`?"),
        None => format!("unknown {what} `{name}`{place}"),
    }
}

/// Whether the name says both that everybody may see it and that nobody should.
fn is_public_secret(name: &str) -> bool {
    let name = name.to_uppercase().replace('.', "_");
    let name = name.strip_prefix(PREFIX).unwrap_or(&name);
    name.starts_with("PUBLIC_")
        && ["KEY", "SECRET", "TOKEN", "PASSWORD"].iter().any(|word| name.contains(word))
}

/// The known name that is least different, if it is not too different; one that only stands
/// in another section is hardly different at all.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let last = |key: &str| key.rsplit('.').next().map(str::to_owned);
    known
        .map(|candidate| {
            let whole = strsim::damerau_levenshtein(name, &candidate);
            let misplaced = last(&candidate) == last(name);
            (if misplaced { 1.min(whole) } else { whole }, whole, candidate)
        })
        .min()
        .filter(|(distance, ..)| *distance <= (name.chars().count() / 4).max(2))
        .map(|(.., candidate)| candidate)
}

/// An error of the TOML reader without its drawing of the place.
fn one_line(error: &toml::de::Error) -> String {
    error.message().trim_end_matches('\n').replace('\n', ", ")
}
