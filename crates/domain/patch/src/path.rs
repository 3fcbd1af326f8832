//! One path of a generated file.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A relative path with `/` between its components, safe to write below any directory.
///
/// Two spellings of one path never both parse: a path that is not in normal form is refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FilePath(String);

/// The rule that a text breaks, so that it is no [`FilePath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// There is nothing.
    #[error("the path is empty")]
    Empty,
    /// More than [`FilePath::MAX_BYTES`].
    #[error("the path has {bytes} bytes; at most 512 are allowed")]
    TooLong {
        /// Bytes in the path.
        bytes: usize,
    },
    /// Not in Unicode's normalization form C, so it could be spelled twice.
    #[error("the path is not in Unicode normalization form C")]
    NotNormalized,
    /// NUL, a line break, or another control character.
    #[error("the path contains the control character {character:?}")]
    Control {
        /// The first one found.
        character: char,
    },
    /// A separator on one system and a plain character on another.
    #[error("the path contains a backslash")]
    Backslash,
    /// Names a drive or a stream on Windows.
    #[error("the path contains a colon")]
    Colon,
    /// Starts at the root.
    #[error("the path is absolute")]
    Absolute,
    /// Two slashes in a row, or one at the end.
    #[error("the path has an empty component")]
    EmptyComponent,
    /// `.` or `..`.
    #[error("the path has the component `{component}`")]
    Dots {
        /// Which of the two.
        component: String,
    },
    /// A component of more than [`FilePath::MAX_COMPONENT_BYTES`].
    #[error("a component of the path has {bytes} bytes; at most 255 are allowed")]
    ComponentTooLong {
        /// Bytes in the component.
        bytes: usize,
    },
    /// Windows drops it, so that two names become one.
    #[error("the component `{component}` ends with a dot or a space")]
    TrailingDotOrSpace {
        /// The component.
        component: String,
    },
    /// Opens a device on Windows, with or without an extension.
    #[error("the component `{component}` names a Windows device")]
    DeviceName {
        /// The component.
        component: String,
    },
    /// Git would take commands from it.
    #[error("the component `{component}` belongs to git")]
    Git {
        /// The component.
        component: String,
    },
}

impl FilePath {
    /// Most bytes of a whole path.
    pub const MAX_BYTES: usize = 512;
    /// Most bytes between two slashes.
    pub const MAX_COMPONENT_BYTES: usize = 255;

    /// Takes `text` as it is, or names the first rule it breaks.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(PathError::TooLong { bytes: text.len() });
        }
        if let Some(character) = text.chars().find(|c| c.is_control()) {
            return Err(PathError::Control { character });
        }
        if text.contains('\\') {
            return Err(PathError::Backslash);
        }
        if text.contains(':') {
            return Err(PathError::Colon);
        }
        if !is_nfc(text) {
            return Err(PathError::NotNormalized);
        }
        if text.starts_with('/') {
            return Err(PathError::Absolute);
        }
        text.split('/').try_for_each(check_component)?;
        Ok(Self(text.to_owned()))
    }

    /// The path as it was parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last dot of the file name; `.env` and `LICENSE` have none.
    pub fn extension(&self) -> Option<&str> {
        let name = self.0.rsplit('/').next()?;
        match name.rsplit_once('.') {
            Some(("", _)) | None => None,
            Some((_, extension)) => Some(extension),
        }
    }

    /// A key that is equal for paths which some systems hold to be one file.
    ///
    /// Upper-casing first unites letters that share an upper case, such as `ß` and `ss`.
    pub(crate) fn folded(&self) -> String {
        fold(&self.0)
    }

    /// The directories above, from the outermost; none for a file at the root.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }
}

pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

fn check_component(component: &str) -> Result<(), PathError> {
    let named = || component.to_owned();
    if component.is_empty() {
        return Err(PathError::EmptyComponent);
    }
    if matches!(component, "." | "..") {
        return Err(PathError::Dots { component: named() });
    }
    if component.len() > FilePath::MAX_COMPONENT_BYTES {
        return Err(PathError::ComponentTooLong { bytes: component.len() });
    }
    if component.ends_with(['.', ' ']) {
        return Err(PathError::TrailingDotOrSpace { component: named() });
    }
    if is_device(component) {
        return Err(PathError::DeviceName { component: named() });
    }
    if fold(component) == ".git" {
        return Err(PathError::Git { component: named() });
    }
    Ok(())
}

/// Windows looks at the name before the first dot and ignores spaces after it.
fn is_device(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let stem = stem.to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let Some(port) = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")) else {
        return false;
    };
    let mut characters = port.chars();
    matches!(
        (characters.next(), characters.next()),
        (Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'), None)
    )
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for FilePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> PathError {
        FilePath::parse(text).expect_err(text)
    }

    #[test]
    fn plain_paths_are_taken_as_they_are() {
        for text in [
            "index.html",
            "assets/style.css",
            ".well-known/security.txt",
            ".gitignore",
            ".github/workflows/ci.yml",
            "caf\u{e9}/men\u{fa}.html",
            "console.html",
            "com10.txt",
            "com/lpt.html",
            "a b/c d.txt",
            "..a/...b",
            "صفحة.html",
        ] {
            assert_eq!(FilePath::parse(text).map(|path| path.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn each_rule_has_its_own_refusal() {
        use PathError::{
            Absolute, Backslash, Colon, ComponentTooLong, Control, DeviceName, Dots, Empty,
            EmptyComponent, Git, NotNormalized, TooLong, TrailingDotOrSpace,
        };
        let component = |text: &str| text.to_owned();
        assert_eq!(refused(""), Empty);
        assert_eq!(refused(&"a/".repeat(257)), TooLong { bytes: 514 });
        assert_eq!(refused("a\0b"), Control { character: '\0' });
        assert_eq!(refused("a\nb"), Control { character: '\n' });
        assert_eq!(refused("a\u{85}b"), Control { character: '\u{85}' });
        assert_eq!(refused("a\\..\\b"), Backslash);
        assert_eq!(refused("C:/boot.ini"), Colon);
        assert_eq!(refused("cafe\u{301}"), NotNormalized);
        assert_eq!(refused("/etc/passwd"), Absolute);
        assert_eq!(refused("a//b"), EmptyComponent);
        assert_eq!(refused("a/"), EmptyComponent);
        for dots in [".", ".."] {
            assert_eq!(refused(&format!("a/{dots}/b")), Dots { component: component(dots) });
        }
        assert_eq!(refused(&"a".repeat(256)), ComponentTooLong { bytes: 256 });
        for name in ["a.", "a ", "..."] {
            assert_eq!(refused(name), TrailingDotOrSpace { component: component(name) });
        }
        for name in ["con", "NUL.txt", "Aux .tar.gz", "com1", "LPT9.html", "COM\u{b9}", "conin$"] {
            assert_eq!(refused(name), DeviceName { component: component(name) });
        }
        for name in [".git", ".GIT", ".Git"] {
            assert_eq!(refused(&format!("{name}/config")), Git { component: component(name) });
        }
    }

    #[test]
    fn limits_are_inclusive() {
        let component = "a".repeat(255);
        assert!(FilePath::parse(&component).is_ok());
        assert!(FilePath::parse(&format!("{component}/{component}/")[..511]).is_ok());
        assert!(FilePath::parse(&format!("a/{}/{}", "b".repeat(255), "c".repeat(254))).is_ok());
    }

    #[test]
    fn the_extension_follows_the_last_dot() {
        let extension =
            |text| FilePath::parse(text).expect("a path").extension().map(str::to_owned);
        assert_eq!(extension("a.b/c.tar.gz"), Some("gz".to_owned()));
        assert_eq!(extension("a.b/c"), None);
        assert_eq!(extension(".env"), None);
    }

    #[test]
    fn reading_checks_like_parsing() {
        let path: FilePath = serde_json::from_str(r#""a/b.txt""#).expect("a path");
        assert_eq!(serde_json::to_string(&path).expect("text"), r#""a/b.txt""#);
        assert!(serde_json::from_str::<FilePath>(r#""../b.txt""#).is_err());
    }
}
