//! Money as integers. No float ever holds an amount.

/// An amount that does not fit into 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount does not fit")]
pub struct MoneyError;

macro_rules! amounts {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// The most that can be said.
            pub const MAX: Self = Self(i64::MAX);

            /// An amount in whole units; negative amounts are debts or debits.
            pub const fn new(units: i64) -> Self {
                Self(units)
            }

            /// The whole units.
            pub const fn get(self) -> i64 {
                self.0
            }

            /// Whether anything is owed or owned at all.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The sum, or an error instead of a wrapped number.
            pub const fn plus(self, other: Self) -> Result<Self, MoneyError> {
                match self.0.checked_add(other.0) {
                    Some(units) => Ok(Self(units)),
                    None => Err(MoneyError),
                }
            }

            /// The difference, or an error instead of a wrapped number.
            pub const fn minus(self, other: Self) -> Result<Self, MoneyError> {
                match self.0.checked_sub(other.0) {
                    Some(units) => Ok(Self(units)),
                    None => Err(MoneyError),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

amounts! {
    /// What tenants are charged in: 1 credit stands for 0.01 USD of model cost at list price.
    Credits;
    /// Millionths of a US dollar, in which model cost is counted.
    MicroUsd;
}

impl MicroUsd {
    /// The credits that cover this cost, rounded up to whole ones.
    ///
    /// Called once per build, never per model call, so that rounding costs a tenant at most
    /// one credit a build. A cost of zero or less costs nothing.
    pub const fn to_credits(self, micro_usd_per_credit: std::num::NonZeroU32) -> Credits {
        if self.0 <= 0 {
            return Credits::ZERO;
        }
        let price = micro_usd_per_credit.get() as i64;
        Credits((self.0 - 1) / price + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn cost_rounds_up_once() {
        let price = NonZeroU32::new(10_000).unwrap();
        for (micro_usd, credits) in [
            (i64::MIN, 0),
            (-1, 0),
            (0, 0),
            (1, 1),
            (9_999, 1),
            (10_000, 1),
            (10_001, 2),
            (750_000, 75),
        ] {
            assert_eq!(MicroUsd::new(micro_usd).to_credits(price), Credits::new(credits));
        }
    }

    #[test]
    fn sums_that_do_not_fit_are_refused() {
        assert_eq!(Credits::MAX.plus(Credits::new(1)), Err(MoneyError));
        assert_eq!(Credits::new(i64::MIN).minus(Credits::new(1)), Err(MoneyError));
    }
}
