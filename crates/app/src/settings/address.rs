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
}
