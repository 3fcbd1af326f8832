//! Addresses of servers, which may hold a password.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Stands for what is not shown.
pub(super) const HIDDEN: &str = "(hidden)";

/// An address that is never shown with its password.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Address(SecretString);

impl Address {
    /// All of it, to connect with.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What stands before the first colon.
    pub(crate) fn scheme(&self) -> &str {
        self.expose().split(':').next().unwrap_or_default()
    }

    /// Checks what stands behind the `?` of an address of PostgreSQL. The driver passes over what
    /// it does not know, and logs it with its value.
    pub(super) fn check_parameters(&self) -> Result<(), ParameterError> {
        let address = self.expose();
        if address.contains('#') {
            return Err(ParameterError::Fragment);
        }
        let parameters = address.split_once('?').map_or("", |(_, parameters)| parameters);
        let mut capacities = 0;
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let Some((key, value)) = parameter.split_once('=') else {
                return Err(ParameterError::Nameless);
            };
            if key == STATEMENT_CACHE {
                capacities += 1;
                if capacities > 1 || !is_plain_number(value) {
                    return Err(ParameterError::StatementCache);
                }
            } else if !PARAMETERS.contains(&key) && !is_server_option(key) {
                return Err(unknown(key));
            }
        }
        Ok(())
    }
}

/// What is wrong with the parameters of an address; never tells a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ParameterError {
    Unknown(String),
    Nameless,
    StatementCache,
    Fragment,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(key) => write!(f, "has an unknown parameter `{key}`: leave it out"),
            Self::Nameless => f.write_str(
                "has a parameter that is not written KEY=VALUE with a known key; write %26 for a \
                 `&` that belongs to a value",
            ),
            Self::StatementCache => write!(
                f,
                "has a `{STATEMENT_CACHE}` that is not one whole number, once, without leading \
                 zeros"
            ),
            Self::Fragment => f.write_str("contains a `#`: write it as %23"),
        }
    }
}

/// Read by us too, as a text, so it has to be written in one way only.
const STATEMENT_CACHE: &str = "statement-cache-capacity";

/// What else the driver reads.
const PARAMETERS: [&str; 17] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// `options[NAME]`, whose brackets may be escaped.
fn is_server_option(key: &str) -> bool {
    let name = |open, close| key.strip_prefix("options")?.strip_prefix(open)?.strip_suffix(close);
    name("[", "]").or_else(|| name("%5B", "%5D")).is_some()
}

fn is_plain_number(value: &str) -> bool {
    value.parse::<usize>().is_ok_and(|number| number.to_string() == value)
}

/// What does not look like a key may be a piece of a password with a `&` in it.
fn unknown(key: &str) -> ParameterError {
    let is_key = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.bytes().all(is_key) {
        ParameterError::Unknown(key.to_owned())
    } else {
        ParameterError::Nameless
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.expose()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The address without its password and without parameters, which may hold one too. All of it
/// is hidden where it is not certain which part the password is.
pub(super) fn shown(address: &str) -> String {
    if address.starts_with("sqlite:") {
        return address.to_owned();
    }
    server(address).unwrap_or_else(|| HIDDEN.to_owned())
}

fn server(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let (authority, after) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // A password that was not escaped goes on behind what seems to be its end.
    if after.contains('@') || authority.matches('@').count() > 1 {
        return None;
    }
    let (user, hosts) = authority.split_once('@').unwrap_or(("", authority));
    let (path, parameters) = match after.split_once(['?', '#']) {
        Some((path, _)) => (path, "?(hidden)"),
        None => (after, ""),
    };
    let user = match user.split(':').next() {
        None | Some("") => String::new(),
        Some(name) => format!("{name}@"),
    };
    hosts.split(',').all(is_host).then(|| format!("{scheme}://{user}{hosts}{path}{parameters}"))
}

/// Whether what may stand behind a colon is a port.
fn is_host(host: &str) -> bool {
    let port = host.rsplit_once(':').map(|(_, port)| port);
    host.ends_with(']') || port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        for (address, expected) in [
            ("sqlite:{data_dir}/keelway.db", "sqlite:{data_dir}/keelway.db"),
            ("postgres://app:hunter2@db:5432/keelway", "postgres://app@db:5432/keelway"),
            ("postgres://app@db/keelway", "postgres://app@db/keelway"),
            ("postgres://db", "postgres://db"),
            ("postgres:///keelway?host=/run&password=hunter2", "postgres:///keelway?(hidden)"),
            ("postgres://a:hunter2@%2Frun%2Fpg/keelway", "postgres://a@%2Frun%2Fpg/keelway"),
            ("postgres://a:hunter2@one:1,two:2/k", "postgres://a@one:1,two:2/k"),
            ("redis://:hunter2@[::1]:6379/0", "redis://[::1]:6379/0"),
            ("redis://[::1]", "redis://[::1]"),
            // Not escaped as it has to be: where the password ends is a guess.
            ("postgres://app:hun/ter2@db/keelway", "(hidden)"),
            ("postgres://app:hun?ter2@db/keelway", "(hidden)"),
            ("postgres://app:hun@ter2@db/keelway", "(hidden)"),
            ("postgres://app:hunter2", "(hidden)"),
            ("postgres:app:hunter2@db", "(hidden)"),
            ("hunter2", "(hidden)"),
        ] {
            assert_eq!(Address::from(address).to_string(), expected);
            assert_eq!(format!("{:?}", Address::from(address)), expected);
        }
    }

    #[test]
    fn what_the_driver_would_log_is_refused_and_no_value_is_told() {
        for parameters in [
            "",
            "?",
            "?statement-cache-capacity=0",
            "?sslmode=require&&statement-cache-capacity=256&",
            "?host=/run&password=hunter2&application_name=x&options=-c%20a=b",
            "?options[search_path]=x&options%5Bjit%5D=off",
        ] {
            let address = format!("postgres://app:hunter2@db/k{parameters}");
            assert_eq!(Address::from(&*address).check_parameters(), Ok(()), "{parameters}");
        }
        let unknown = |key: &str| ParameterError::Unknown(key.to_owned());
        for (parameters, expected) in [
            ("?passwrod=hunter2", unknown("passwrod")),
            ("?sslmode=require&channel_binding=hunter2", unknown("channel_binding")),
            ("?statement_cache_capacity=0", unknown("statement_cache_capacity")),
            ("?=hunter2", ParameterError::Nameless),
            ("?hunter2", ParameterError::Nameless),
            ("?password=a&hunter2", ParameterError::Nameless),
            ("?password=a&Hunter2=b", ParameterError::Nameless),
            ("?pass%77ord=hunter2", ParameterError::Nameless),
            ("?options[hunter2=x", ParameterError::Nameless),
            ("?statement-cache-capacity=", ParameterError::StatementCache),
            ("?statement-cache-capacity=00", ParameterError::StatementCache),
            ("?statement-cache-capacity=+0", ParameterError::StatementCache),
            ("?statement-cache-capacity=%30", ParameterError::StatementCache),
            ("?statement-cache-capacity=hunter2", ParameterError::StatementCache),
            ("?statement-cache-capacity=99999999999999999999", ParameterError::StatementCache),
            (
                "?statement-cache-capacity=0&statement-cache-capacity=9",
                ParameterError::StatementCache,
            ),
            ("#?statement-cache-capacity=0", ParameterError::Fragment),
            ("?sslmode=require#hunter2", ParameterError::Fragment),
        ] {
            let address = format!("postgres://app:hunter2@db/k{parameters}");
            let error = Address::from(&*address).check_parameters().unwrap_err();
            assert!(!error.to_string().to_lowercase().contains("hunter2"), "{error}");
            assert_eq!(error, expected, "{parameters}");
        }
    }
}
