//! What a build costs, and what to buy when credits run out.

use keelway_credits::{Bill, DEFAULT_PACKAGES, Ending, Package, charge, recommend};
use keelway_kernel::{Credits, MicroUsd};
use std::num::NonZeroU32;

#[test]
fn builds_are_charged_by_how_they_ended() {
    let bill = |used: i64, provider: i64, ceiling| Bill {
        used: MicroUsd::new(used),
        provider_charged: MicroUsd::new(provider),
        ceiling: Credits::new(ceiling),
        micro_usd_per_credit: NonZeroU32::new(10_000).unwrap(),
    };
    let row = |ending| {
        [bill(750_000, 120_001, 100), bill(750_000, 120_001, 5), bill(1, 0, 100), bill(0, 0, 100)]
            .map(|bill| charge(ending, &bill).get())
    };
    assert_eq!(row(Ending::Delivered), [75, 5, 1, 0]);
    assert_eq!(row(Ending::Cancelled), [75, 5, 1, 0]);
    assert_eq!(row(Ending::BudgetReached), [75, 5, 1, 0]);
    assert_eq!(row(Ending::ProviderFailed), [13, 5, 0, 0]);
    let overcharged = charge(Ending::ProviderFailed, &bill(10_000, 20_000, 100));
    assert_eq!(overcharged, Credits::new(1), "never more than was used");
    assert_eq!(row(Ending::OurFailure), [0; 4]);
    assert_eq!(row(Ending::NeverStarted), [0; 4]);
}

#[test]
fn the_cheapest_package_that_covers_the_gap_is_recommended() {
    let pick = |gap| {
        let found = recommend(&DEFAULT_PACKAGES, Credits::new(gap))?;
        Some((found.key.to_string(), found.credits.get(), found.price_usd()))
    };
    assert_eq!(pick(150), Some(("pro".into(), 500, "29.99".into())));
    assert_eq!(pick(100).unwrap().0, "mini");
    assert_eq!(pick(10_001), None);
    let cheap =
        Package { key: "more".into(), credits: Credits::new(600), ..DEFAULT_PACKAGES[1].clone() };
    let offers = [DEFAULT_PACKAGES[1].clone(), cheap];
    assert_eq!(recommend(&offers, Credits::new(1)).unwrap().key, "more");
}
