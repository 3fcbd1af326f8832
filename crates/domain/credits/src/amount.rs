//! Amounts that can be granted, held or refunded.

use keelway_kernel::Credits;

/// More than nothing: a command cannot even be written with zero or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Credits);

/// Zero or less where an amount was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount is at least 1 credit")]
pub struct NotPositive;

impl Amount {
    /// The least there is.
    pub const ONE: Self = Self(Credits::new(1));

    /// Takes 1 credit or more.
    pub const fn new(credits: Credits) -> Result<Self, NotPositive> {
        if credits.get() > 0 { Ok(Self(credits)) } else { Err(NotPositive) }
    }

    /// The credits, at least 1.
    pub const fn credits(self) -> Credits {
        self.0
    }
}

impl TryFrom<i64> for Amount {
    type Error = NotPositive;

    fn try_from(units: i64) -> Result<Self, NotPositive> {
        Self::new(Credits::new(units))
    }
}
