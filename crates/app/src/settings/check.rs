//! What types alone cannot say about settings.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use keelway_deploy::SiteUrl;
use keelway_estimate::Estimator;
use keelway_http::client::Cidr;
use keelway_redis::RedisSettings;
use keelway_signing::SharedKey;
use secrecy::{ExposeSecret as _, SecretString};
use toml::Value;

use super::{Address, Loaded, Settings, SettingsError};

/// The shortest lease under which a worker can tell a slow store from a lost lease.
const SHORTEST_LEASE_MS: u32 = 1_500;

/// Settings that hold together, with their texts parsed.
pub(crate) struct Checked {
    pub(crate) settings: Settings,
    pub(crate) database: Database,
    pub(crate) redis: Option<RedisSettings>,
    /// Without a slash at the end.
    pub(crate) public_url: String,
    pub(crate) sites: SiteUrl,
    pub(crate) trusted_proxies: Vec<Cidr>,
    pub(crate) estimator: Estimator,
}

/// Which database it is.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A PostgreSQL server: as the app, and as the owner of the tables.
    Postgres { url: Address, owner: Address },
}

impl Database {
    /// What it is, without saying where.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres { url, .. } => url.fmt(f),
        }
    }
}

impl Loaded {
    /// Checks what settings say about one another; names all that is wrong.
    pub(crate) fn check(self) -> Result<Checked, SettingsError> {
        let mut problems = Vec::new();
        self.no_secret_is_shown(&mut problems);
        self.nothing_is_said_in_vain(&mut problems);
        let settings = self.settings;
        settings.addresses(&mut problems);
        settings.durations(&mut problems);
        settings.secrets(&mut problems);
        let mut note = |problem: String| problems.push(problem);
        let database = settings.database().map_err(&mut note).ok();
        let redis = settings.redis().map_err(&mut note).ok().flatten();
        let public_url = settings.public_address().map_err(&mut note).ok();
        let preview_listen = reachable(settings.preview_listen).to_string();
        let sites = settings.sites_url.replace("{preview_listen}", &preview_listen);
        let sites =
            SiteUrl::parse(&sites).map_err(|error| note(format!("`sites_url`: {error}"))).ok();
        let trusted_proxies = settings
            .trusted_proxies
            .iter()
            .filter_map(|block| {
                let parsed = block.parse();
                parsed
                    .map_err(|error| note(format!("`trusted_proxies`: `{block}` is {error}")))
                    .ok()
            })
            .collect();
        let estimator = Estimator::new(settings.estimate.clone())
            .map_err(|error| note(format!("`estimate`: {error}")))
            .ok();
        match (database, public_url, sites, estimator) {
            (Some(database), Some(public_url), Some(sites), Some(estimator))
                if problems.is_empty() =>
            {
                Ok(Checked {
                    settings,
                    database,
                    redis,
                    public_url,
                    sites,
                    trusted_proxies,
                    estimator,
                })
            }
            _ => Err(SettingsError(problems)),
        }
    }

    /// No secret may stand in a setting that is shown.
    fn no_secret_is_shown(&self, problems: &mut Vec<String>) {
        let rows = self.layers.table.iter().filter_map(|row| {
            let (value, _) = self.layers.values.get(&row.key)?;
            Some((&row.key, value.as_str()?, row.kind.shown(value)))
        });
        let rows: Vec<_> = rows.collect();
        let is_hidden =
            |value: &str, shown: &Value| !value.is_empty() && shown.as_str() != Some(value);
        for (secret, value, _) in rows.iter().filter(|(_, value, shown)| is_hidden(value, shown)) {
            let shows = |shown: &Value| shown.as_str().is_some_and(|shown| shown.contains(value));
            for (key, ..) in rows.iter().filter(|(.., shown)| shows(shown)) {
                problems.push(format!(
                    "`{key}` contains the secret `{secret}`, which would be shown: remove it and \
                     replace the secret"
                ));
            }
        }
    }

    /// What only PostgreSQL reads is not set beside SQLite.
    fn nothing_is_said_in_vain(&self, problems: &mut Vec<String>) {
        if self.settings.database.url.scheme() != "sqlite" {
            return;
        }
        for key in ["database.migrations_url", "database.connections"] {
            if self.is_set(key) {
                problems.push(format!("`{key}` has no effect on SQLite: leave it out"));
            }
        }
    }
}

impl Settings {
    fn addresses(&self, problems: &mut Vec<String>) {
        let probes = self.worker.listen.map(|address| ("worker.listen", address));
        let both = [("listen", self.listen), ("preview_listen", self.preview_listen)];
        for (key, address) in both.into_iter().chain(probes) {
            if address.port() == 0 {
                problems.push(format!("`{key}`: name a port, so that people can be told"));
            }
        }
        if self.listen == self.preview_listen && self.listen.port() != 0 {
            problems.push(format!(
                "`listen` and `preview_listen` are both {}: previews need an origin of their own",
                self.listen
            ));
        }
    }

    fn durations(&self, problems: &mut Vec<String>) {
        if self.worker.lease_ttl_ms < SHORTEST_LEASE_MS {
            problems.push(format!(
                "`worker.lease_ttl_ms`: {} is less than {SHORTEST_LEASE_MS}",
                self.worker.lease_ttl_ms
            ));
        }
        let sessions = &self.sessions;
        if sessions.idle_s == 0 || sessions.idle_s > sessions.absolute_s {
            problems.push(
                "`sessions.idle_s` must be at least 1 and at most `sessions.absolute_s`".to_owned(),
            );
        }
        if sessions.renew_every_s >= sessions.idle_s {
            problems
                .push("`sessions.renew_every_s` must be less than `sessions.idle_s`".to_owned());
        }
    }

    fn secrets(&self, problems: &mut Vec<String>) {
        let viewer = &self.viewer;
        for (name, key) in [("key", &viewer.key), ("previous_key", &viewer.previous_key)] {
            if key.as_ref().is_some_and(is_short) {
                problems.push(format!(
                    "`viewer.{name}` has fewer than {} bytes; `openssl rand -hex 32` makes one \
                     that is long enough",
                    SharedKey::MIN_BYTES
                ));
            }
        }
    }

    fn database(&self) -> Result<Database, String> {
        let set = &self.database;
        let url = set.url.expose();
        match url.strip_prefix("sqlite:") {
            Some("" | ":memory:") => Err(
                "`database.url` names no file: write sqlite:PATH; a database in memory would be \
                 lost at every stop"
                    .to_owned(),
            ),
            Some(path) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                let path = path.replace("{data_dir}", &self.data_dir.to_string_lossy());
                Ok(Database::Sqlite(path.into()))
            }
            None if is_postgres(&set.url) => {
                let owner = set.migrations_url.as_ref().unwrap_or(&set.url);
                for (key, url) in [("url", &set.url), ("migrations_url", owner)] {
                    names_a_database(key, url)?;
                    url.check_parameters()
                        .map_err(|problem| format!("`database.{key}` {problem}"))?;
                }
                Ok(Database::Postgres { url: set.url.clone(), owner: owner.clone() })
            }
            // What stands behind the scheme may hold a password.
            None => Err(format!(
                "`database.url`: {} is no database known here; write sqlite:PATH or {POSTGRES_FORM}",
                scheme_of(&set.url)
            )),
        }
    }

    fn redis(&self) -> Result<Option<RedisSettings>, String> {
        let read = |url: &Address| {
            RedisSettings::parse(url.expose())
                .map_err(|error| format!("`redis.url`: failed to {error}"))
        };
        self.redis.url.as_ref().map(read).transpose()
    }

    fn public_address(&self) -> Result<String, String> {
        let Some(url) = &self.public_url else {
            return Ok(format!("http://{}", reachable(self.listen)));
        };
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = host.map(|rest| rest.trim_end_matches('/')).unwrap_or_default();
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            // Not repeated: it may hold a password.
            return Err(
                "`public_url` is not an address such as https://keelway.example, without a path \
                 and without a password"
                    .to_owned(),
            );
        }
        Ok(url.trim_end_matches('/').to_owned())
    }
}

/// What to write for PostgreSQL.
const POSTGRES_FORM: &str = "postgres://USER:PASSWORD@HOST:PORT/NAME";

fn is_postgres(url: &Address) -> bool {
    matches!(url.scheme(), "postgres" | "postgresql")
}

/// The scheme, quoted; what is not certainly one may be a part of a password.
fn scheme_of(url: &Address) -> String {
    let scheme = url.expose().split_once("://").map(|(scheme, _)| scheme);
    let is_plain = |scheme: &&str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    scheme.filter(is_plain).map_or_else(|| "that".to_owned(), |scheme| format!("{scheme:?}"))
}

fn names_a_database(key: &str, url: &Address) -> Result<(), String> {
    let address = url.expose().split(['?', '#']).next().unwrap_or_default();
    let name = address.split_once("://").and_then(|(_, rest)| rest.rsplit_once('/'));
    if is_postgres(url) && name.is_some_and(|(_, name)| !name.is_empty()) {
        return Ok(());
    }
    Err(format!("`database.{key}` names no PostgreSQL database: write {POSTGRES_FORM}"))
}

/// An address to call at, for one that listens on all of them.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

fn is_short(key: &SecretString) -> bool {
    key.expose_secret().len() < SharedKey::MIN_BYTES
}
