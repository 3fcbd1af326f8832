//! Asks for every feature in every tier: `may`.

use keelway_kernel::Timestamp;
use keelway_tiers::{Entitlements, Feature, Gate, Tier};

fn main() {
    let gate = Gate::default();
    for feature in Feature::ALL {
        for tier in Tier::ALL {
            let who = Entitlements { tier, ..Entitlements::GUEST };
            match gate.may(feature, &who, Timestamp::from_micros(0)) {
                Ok(()) => println!("{feature} {tier}: yes"),
                Err(refusal) => println!("{feature} {tier}: no, {refusal}"),
            }
        }
    }
}
