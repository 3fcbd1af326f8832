//! Where Redis is.

use std::fmt;
use std::time::Duration;

use deadpool_redis::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

/// Where Redis is, how it is reached, and under which name this installation uses it.
///
/// | form | what |
/// |---|---|
/// | `redis://[[user]:password@]host[:port][/db]` | one server |
/// | `redis+sentinel://[[user]:password@]host:port[,host:port…]/master[/db]` | the master that these sentinels name |
/// | `redis+cluster://[[user]:password@]host:port[,host:port…]` | a Cluster, found through these nodes |
///
/// `rediss` instead of `redis` speaks TLS to every host, and believes the system's roots.
/// User and password are those of the servers that hold data; sentinels are asked without.
/// Reserved characters in them are percent-encoded. Neither `Debug` nor `Display` shows them.
#[derive(Clone)]
pub struct RedisSettings {
    pub(crate) servers: Servers,
    pub(crate) namespace: String,
    pub(crate) patience: Duration,
}

#[derive(Clone)]
pub(crate) enum Servers {
    Single(ConnectionInfo),
    Sentinel { sentinels: Vec<ConnectionInfo>, master: String, data: ConnectionInfo },
    Cluster(Vec<ConnectionInfo>),
}

/// Why a text does not say where Redis is. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It begins with none of the known schemes.
    #[error(
        "read the Redis URL: it must begin with redis, redis+sentinel or redis+cluster (or rediss for TLS) and ://"
    )]
    Scheme,
    /// A host, port, user or password does not read.
    #[error("read the Redis URL: host number {0} is not of the form host:port")]
    Host(usize),
    /// Several hosts without Sentinel or Cluster.
    #[error("read the Redis URL: several hosts need redis+sentinel or redis+cluster")]
    SeveralHosts,
    /// Sentinels were named, but not whose master is asked for.
    #[error("read the Redis URL: sentinels need the name of the master, as in /mymaster")]
    NoMaster,
    /// What follows the hosts is no database, or the Cluster, which has one only, was given one.
    #[error(
        "read the Redis URL: after the hosts there may only be a database number, and none for a Cluster"
    )]
    Database,
    /// `?` or `#` and something.
    #[error("read the Redis URL: it takes no options after ? or #")]
    Options,
    /// A namespace that could not stand in a key.
    #[error("read the Redis namespace: 1 to 32 of a-z, 0-9, - and _")]
    Namespace,
}

impl RedisSettings {
    /// What keys and channels begin with unless [`RedisSettings::within`] says otherwise.
    pub const NAMESPACE: &'static str = "keelway";

    /// The longest that a call waits for Redis unless [`RedisSettings::patient`] says otherwise.
    pub const PATIENCE: Duration = Duration::from_millis(50);

    /// Reads a URL of one of the forms above; looks nothing up and connects to nothing.
    pub fn parse(url: &str) -> Result<Self, SettingsError> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(SettingsError::Scheme)?;
        let (plain, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        if !matches!(plain, "redis" | "rediss") {
            return Err(SettingsError::Scheme);
        }
        if rest.contains(['?', '#']) {
            return Err(SettingsError::Options);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        let hosts: Vec<&str> = hosts.split(',').collect();
        let node = |place: usize, db: &str| {
            let url = format!("{plain}://{user}{}/{db}", hosts[place]);
            url.into_connection_info().map_err(|_| SettingsError::Host(place + 1))
        };
        let nodes =
            |db: &str| (0..hosts.len()).map(|place| node(place, db)).collect::<Result<Vec<_>, _>>();

        let servers = match kind {
            "" if !scheme.contains('+') => match hosts.len() {
                1 => Servers::Single(node(0, database(path)?)?),
                _ => return Err(SettingsError::SeveralHosts),
            },
            "sentinel" => {
                let (master, db) = path.split_once('/').unwrap_or((path, ""));
                if master.is_empty() {
                    return Err(SettingsError::NoMaster);
                }
                let nodes = nodes(database(db)?)?;
                let sentinels = nodes
                    .iter()
                    .map(|node| node.addr().clone().into_connection_info())
                    .collect::<Result<_, _>>()
                    .map_err(|_| SettingsError::Host(1))?;
                let data = nodes.into_iter().next().ok_or(SettingsError::Host(1))?;
                Servers::Sentinel { sentinels, master: master.to_owned(), data }
            }
            "cluster" if path.is_empty() => Servers::Cluster(nodes("")?),
            "cluster" => return Err(SettingsError::Database),
            _ => return Err(SettingsError::Scheme),
        };
        let namespace = Self::NAMESPACE.to_owned();
        Ok(Self { servers, namespace, patience: Self::PATIENCE })
    }

    /// Keeps apart from other installations on the same servers: keys and channels begin with
    /// `namespace`.
    pub fn within(self, namespace: &str) -> Result<Self, SettingsError> {
        let known = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        };
        if (1..=32).contains(&namespace.len()) && namespace.bytes().all(known) {
            Ok(Self { namespace: namespace.to_owned(), ..self })
        } else {
            Err(SettingsError::Namespace)
        }
    }

    /// Waits this long for an answer before going on without.
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

/// The client would take a negative number, and a name for none.
fn database(text: &str) -> Result<&str, SettingsError> {
    let number = text.is_empty() || text.parse::<u16>().is_ok();
    number.then_some(text).ok_or(SettingsError::Database)
}

/// Hosts and database, without user and password.
impl fmt::Display for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = |nodes: &[ConnectionInfo]| {
            nodes.iter().map(|node| node.addr().to_string()).collect::<Vec<_>>().join(",")
        };
        let s = |node: &ConnectionInfo| match node.addr() {
            ConnectionAddr::TcpTls { .. } => "s",
            _ => "",
        };
        match &self.servers {
            Servers::Single(node) => {
                write!(f, "redis{}://{}/{}", s(node), node.addr(), node.redis_settings().db())
            }
            Servers::Sentinel { sentinels, master, data } => write!(
                f,
                "redis{}+sentinel://{}/{master}/{}",
                s(data),
                hosts(sentinels),
                data.redis_settings().db()
            ),
            Servers::Cluster(nodes) => {
                write!(f, "redis{}+cluster://{}", nodes.first().map_or("", s), hosts(nodes))
            }
        }
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisSettings({self}, {})", self.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_and_shows_no_password() {
        for (url, shown) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://:p%40ss@10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"),
            ("rediss://me:secret@cache.example/1", "rediss://cache.example:6379/1"),
            ("redis://[::1]:7000", "redis://::1:7000/0"),
            (
                "redis+sentinel://:secret@a:26379,b:26380/mymaster/2",
                "redis+sentinel://a:26379,b:26380/mymaster/2",
            ),
            ("rediss+sentinel://a:26379/m", "rediss+sentinel://a:26379/m/0"),
            ("redis+cluster://me:secret@a:7000,b:7001", "redis+cluster://a:7000,b:7001"),
            ("rediss+cluster://a:7000", "rediss+cluster://a:7000"),
        ] {
            let settings = RedisSettings::parse(url).unwrap();
            assert_eq!(settings.to_string(), shown, "{url}");
            assert!(!format!("{settings:?}").contains("secret"));
        }
    }

    #[test]
    fn what_does_not_read_is_named_without_being_repeated() {
        for (url, error) in [
            ("localhost:6379", SettingsError::Scheme),
            ("http://localhost", SettingsError::Scheme),
            ("redis+://localhost", SettingsError::Scheme),
            ("redis+ring://localhost", SettingsError::Scheme),
            ("redis://", SettingsError::Host(1)),
            ("redis://a:port", SettingsError::Host(1)),
            ("redis+cluster://a:1,:secret", SettingsError::Host(2)),
            ("redis://a,b", SettingsError::SeveralHosts),
            ("redis://a/mymaster", SettingsError::Database),
            ("redis://a/-1", SettingsError::Database),
            ("redis+sentinel://a:1", SettingsError::NoMaster),
            ("redis+sentinel://a:1//0", SettingsError::NoMaster),
            ("redis+sentinel://a:1/m/x", SettingsError::Database),
            ("redis+cluster://a:1/0", SettingsError::Database),
            ("rediss://a#insecure", SettingsError::Options),
            ("redis://a?protocol=resp3", SettingsError::Options),
        ] {
            assert_eq!(RedisSettings::parse(url).unwrap_err(), error, "{url}");
        }
    }

    #[test]
    fn user_and_password_go_to_the_data_and_not_to_sentinels() {
        let settings = RedisSettings::parse("redis+sentinel://me:p%40ss@a:1,b:2/m/4").unwrap();
        let Servers::Sentinel { sentinels, master, data } = settings.servers else { panic!() };
        assert_eq!(master, "m");
        let data = data.redis_settings();
        assert_eq!((data.username(), data.password(), data.db()), (Some("me"), Some("p@ss"), 4));
        for sentinel in &sentinels {
            assert_eq!(sentinel.redis_settings().password(), None);
        }
    }

    #[test]
    fn namespaces_fit_into_keys() {
        let settings = RedisSettings::parse("redis://a").unwrap();
        assert!(settings.clone().within("green-2").is_ok());
        for bad in ["", "a b", "{a}", "a:b", &"a".repeat(33)] {
            assert_eq!(settings.clone().within(bad).unwrap_err(), SettingsError::Namespace);
        }
    }
}
