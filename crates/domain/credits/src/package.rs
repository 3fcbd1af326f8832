//! What can be bought when credits run out.

use keelway_kernel::{Credits, MicroUsd};
use std::borrow::Cow;

/// Credits at a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its stable name, such as `pro`.
    pub key: Cow<'static, str>,
    /// What the buyer gets.
    pub credits: Credits,
    /// What the buyer pays, in whole cents.
    pub price: MicroUsd,
}

/// The packages for sale unless configured otherwise.
pub static DEFAULT_PACKAGES: [Package; 4] = [
    Package::new("mini", 100, 799),
    Package::new("pro", 500, 2_999),
    Package::new("studio", 2_000, 9_999),
    Package::new("scale", 10_000, 39_999),
];

impl Package {
    const fn new(key: &'static str, credits: i64, cents: i64) -> Self {
        Self {
            key: Cow::Borrowed(key),
            credits: Credits::new(credits),
            price: MicroUsd::new(cents * 10_000),
        }
    }

    /// The price in dollars with two decimals, such as `29.99`.
    pub fn price_usd(&self) -> String {
        let cents = self.price.get().max(0) / 10_000;
        format!("{}.{:02}", cents / 100, cents % 100)
    }
}

/// The cheapest package that covers `gap`; of equally cheap ones the one with most credits.
///
/// `None` if even the largest is too small.
pub fn recommend(packages: &[Package], gap: Credits) -> Option<&Package> {
    packages
        .iter()
        .filter(|package| package.credits >= gap)
        .min_by_key(|package| (package.price, std::cmp::Reverse(package.credits)))
}
