//! Who may do what.

use super::*;
use keelway_tiers::{
    BuildTier, FeatureTable, FlagSet, Gate, NotInTier, OverrideChange, Overrides, Refusal, Switch,
    Trial, may_build,
};
use std::collections::BTreeSet;

fn not_in_tier(required_tier: Tier) -> Result<(), Refusal> {
    Err(Refusal::NotInTier(NotInTier { required_tier }))
}

#[test]
fn the_published_feature_table() {
    let gate = Gate::default();
    let table: Vec<String> = Feature::ALL
        .into_iter()
        .map(|feature| {
            let row = Tier::ALL.map(|tier| match gate.may(feature, &of(tier), NOW) {
                Ok(()) => "x".to_owned(),
                Err(Refusal::NotInTier(NotInTier { required_tier })) => required_tier.to_string(),
                Err(Refusal::FlagOff { .. }) => "off".to_owned(),
            });
            format!("{feature:<15} {}", row.map(|cell| format!("{cell:<13}")).join("").trim_end())
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    GUEST_MODE      x            x            x            x            x
    SMART_QUEUEING  starter      x            x            x            x
    COST_TRACKING   starter      x            x            x            x
    TIERED_ACCESS   professional professional x            x            x
    BUILD_ANALYTICS professional professional x            x            x
    BUILD_MEMORY    ultimate     ultimate     ultimate     x            x
    WEBHOOKS        ultimate     ultimate     ultimate     x            x
    TEAM_COLLAB     enterprise   enterprise   enterprise   enterprise   x
    AUTO_TENANT     enterprise   enterprise   enterprise   enterprise   x
    ");
}

#[test]
fn the_published_build_sizes() {
    let table: Vec<String> = Tier::ALL
        .into_iter()
        .map(|tier| {
            let row = BuildTier::ALL.map(|build| match may_build(tier, build) {
                Ok(()) => "x".to_owned(),
                Err(NotInTier { required_tier }) => required_tier.to_string(),
            });
            format!("{tier}: {}", row.join(", "))
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    free: x, professional, ultimate, enterprise
    starter: x, professional, ultimate, enterprise
    professional: x, x, ultimate, enterprise
    ultimate: x, x, x, enterprise
    enterprise: x, x, x, x
    ");
}

#[test]
fn a_flag_that_is_off_is_said_before_the_tier() {
    let mut gate = Gate::default();
    gate.flags.set(Feature::Webhooks, Rollout::OFF);
    let off = Err(Refusal::FlagOff { feature: Feature::Webhooks });
    assert_eq!(gate.may(Feature::Webhooks, &of(Tier::Free), NOW), off);
    assert_eq!(gate.may(Feature::Webhooks, &of(Tier::Enterprise), NOW), off);

    let mut overrides = Overrides::default();
    let on = OverrideChange::Tenant(tenant(1), Some(Switch::On));
    overrides.apply(Feature::Webhooks.into(), on, (None, Timestamp::from_micros(0)));
    gate.flags = gate.flags.overridden(overrides);
    assert_eq!(gate.may(Feature::Webhooks, &of(Tier::Ultimate), NOW), Ok(()));
    assert_eq!(gate.may(Feature::Webhooks, &of(Tier::Free), NOW), not_in_tier(Tier::Ultimate));
    let other = Entitlements::of(tenant(2), Tier::Ultimate);
    assert_eq!(gate.may(Feature::Webhooks, &other, NOW), off);
}

#[test]
fn grants_and_running_trials_reach_beyond_the_tier() {
    let gate = Gate::default();
    let granted =
        Entitlements { granted: BTreeSet::from([Feature::TeamCollab]), ..of(Tier::Starter) };
    assert_eq!(gate.may(Feature::TeamCollab, &granted, NOW), Ok(()));
    assert_eq!(gate.may(Feature::AutoTenant, &granted, NOW), not_in_tier(Tier::Enterprise));

    let trial = Some(Trial { tier: Tier::Ultimate, ends: NOW });
    let trying = Entitlements { trial, ..of(Tier::Free) };
    let before = NOW.plus_seconds(-1);
    assert_eq!(gate.may(Feature::Webhooks, &trying, before), Ok(()));
    assert_eq!(gate.may(Feature::Webhooks, &trying, NOW), not_in_tier(Tier::Ultimate));
    assert_eq!((trying.tier_at(before), trying.tier_at(NOW)), (Tier::Ultimate, Tier::Free));

    let above = Entitlements { trial, ..of(Tier::Enterprise) };
    assert_eq!(above.tier_at(before), Tier::Enterprise);
}

#[test]
fn guests_have_the_free_tier_and_no_part_of_a_share() {
    let mut gate = Gate::default();
    assert_eq!(gate.may(Feature::GuestMode, &Entitlements::GUEST, NOW), Ok(()));
    gate.flags.set(Feature::GuestMode, rollout(99));
    let off = Err(Refusal::FlagOff { feature: Feature::GuestMode });
    assert_eq!(gate.may(Feature::GuestMode, &Entitlements::GUEST, NOW), off);
}

proptest! {
    #[test]
    fn a_feature_of_a_tier_is_one_of_every_higher_tier(
        feature in features(), from in tiers(), a in tiers(), b in tiers(),
    ) {
        let gate = Gate {
            features: FeatureTable::from_iter([(feature, from)]),
            flags: FlagSet::default(),
        };
        let (low, high) = (a.min(b), a.max(b));
        let may = |tier| gate.may(feature, &of(tier), NOW).is_ok();
        prop_assert!(!may(low) || may(high));
        prop_assert_eq!(may(low), from <= low);
    }
}
