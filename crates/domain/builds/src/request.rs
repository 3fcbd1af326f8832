//! What a caller asks for.

use keelway_kernel::{Credits, MicroUsd};
use serde::{Deserialize, Serialize};

use crate::BuildTier;

/// What the app should be: 10 to 10,000 characters after trimming, no NUL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Description(String);

/// A description that cannot be built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// Fewer than [`Description::MIN_CHARS`] characters are left after trimming.
    #[error("the description has {chars} characters; at least 10 are needed")]
    TooShort {
        /// Characters left after trimming.
        chars: usize,
    },
    /// More than [`Description::MAX_CHARS`] characters.
    #[error("the description has {chars} characters; at most 10,000 are allowed")]
    TooLong {
        /// Characters left after trimming.
        chars: usize,
    },
    /// A NUL character, which not every store can keep.
    #[error("the description contains a NUL character")]
    Nul,
}

impl Description {
    /// Fewest characters after trimming.
    pub const MIN_CHARS: usize = 10;
    /// Most characters after trimming.
    pub const MAX_CHARS: usize = 10_000;

    /// Trims and measures `text` in Unicode characters, not bytes.
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        let trimmed = text.trim();
        let chars = trimmed.chars().count();
        match chars {
            _ if trimmed.contains('\0') => Err(DescriptionError::Nul),
            _ if chars < Self::MIN_CHARS => Err(DescriptionError::TooShort { chars }),
            _ if chars > Self::MAX_CHARS => Err(DescriptionError::TooLong { chars }),
            _ => Ok(Self(trimmed.to_owned())),
        }
    }

    /// The trimmed text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Description {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Everything a person says about a build, already checked; also what a guest parks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildRequest {
    /// What the app should be.
    pub description: Description,
    /// The size of the build.
    pub tier: BuildTier,
    /// Who the app is for.
    pub target_users: Option<String>,
    /// What it must be made with.
    pub tech_constraints: Option<String>,
    /// Whether agents of a phase may run side by side; without it, one after the other.
    pub use_conductor: bool,
    /// The most the caller is willing to spend; the estimate if absent.
    pub max_credits: Option<Credits>,
    /// A failure to act out, accepted in development mode only.
    pub script: Option<Script>,
}

/// A scripted failure: lets demos and tests see what a real one would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fail", deny_unknown_fields)]
pub enum Script {
    /// The provider fails in this phase, on every attempt up to `times`.
    Provider {
        /// Where it fails.
        phase: crate::Phase,
        /// How many attempts fail before one succeeds.
        times: u32,
        /// What the provider charged for the failed call.
        charged: MicroUsd,
    },
    /// Keelway's own code fails in this phase, on every attempt.
    Internal {
        /// Where it fails.
        phase: crate::Phase,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_measured_in_characters_after_trimming() {
        assert!(Description::parse(&"é".repeat(10)).is_ok());
        assert!(Description::parse(&format!("  {}  ", "x".repeat(10_000))).is_ok());
        assert_eq!(
            Description::parse(&"é".repeat(10_001)),
            Err(DescriptionError::TooLong { chars: 10_001 })
        );
        assert_eq!(
            Description::parse("   123456789   "),
            Err(DescriptionError::TooShort { chars: 9 })
        );
        assert_eq!(Description::parse("0123456\u{0}789"), Err(DescriptionError::Nul));
    }
}
