//! The kinds of numbers in a tier's row.

use keelway_kernel::Credits;
use serde::{Deserialize, Serialize};

/// How many of something there may be. In settings a number or `"unlimited"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written<Unlimited>", into = "Written<Unlimited>")]
pub enum Limit {
    /// So many and no more.
    AtMost(u64),
    /// Never refused.
    Unlimited,
}

impl Limit {
    /// Whether a total of `count` is within it.
    pub const fn allows(self, count: u64) -> bool {
        match self {
            Self::AtMost(most) => count <= most,
            Self::Unlimited => true,
        }
    }
}

/// How much is given. In settings a number of credits or `"by_contract"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written<ByContract>", into = "Written<ByContract>")]
pub enum Amount {
    /// So much.
    Of(u64),
    /// What the tenant's own override says; nothing until there is one.
    ByContract,
}

impl Amount {
    /// The credits, held at the most there can be.
    pub fn credits(self) -> Credits {
        match self {
            Self::Of(units) => i64::try_from(units).map_or(Credits::MAX, Credits::new),
            Self::ByContract => Credits::ZERO,
        }
    }
}

/// The form in settings: a number, or the one word that stands instead.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<W> {
    Number(u64),
    Word(W),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Unlimited {
    Unlimited,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ByContract {
    ByContract,
}

impl From<Written<Unlimited>> for Limit {
    fn from(written: Written<Unlimited>) -> Self {
        match written {
            Written::Number(most) => Self::AtMost(most),
            Written::Word(Unlimited::Unlimited) => Self::Unlimited,
        }
    }
}

impl From<Limit> for Written<Unlimited> {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::AtMost(most) => Self::Number(most),
            Limit::Unlimited => Self::Word(Unlimited::Unlimited),
        }
    }
}

impl From<Written<ByContract>> for Amount {
    fn from(written: Written<ByContract>) -> Self {
        match written {
            Written::Number(units) => Self::Of(units),
            Written::Word(ByContract::ByContract) => Self::ByContract,
        }
    }
}

impl From<Amount> for Written<ByContract> {
    fn from(amount: Amount) -> Self {
        match amount {
            Amount::Of(units) => Self::Number(units),
            Amount::ByContract => Self::Word(ByContract::ByContract),
        }
    }
}
