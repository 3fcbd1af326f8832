//! The published tables as tables, and the laws of gates, flags and limits.

use keelway_kernel::{Credits, TenantId, Timestamp};
use keelway_tiers::{
    Amount, BuildTier, Demand, Entitlements, Evaluation, Feature, FeatureTable, FlagName, FlagSet,
    Gate, Limit, LimitExceeded, LimitTable, Limited, LimitsOverride, NotInTier, Operation, Period,
    Reason, Refusal, Rollout, Switch, Tier, TimeZoneName, Trial, may_build,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

const NOW: Timestamp = Timestamp::from_micros(1_768_473_000_000_000);

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(uuid::Uuid::from_u128(number))
}

fn of(tier: Tier) -> Entitlements {
    Entitlements::of(tenant(1), tier)
}

#[expect(
    clippy::unwrap_used,
    reason = "clippy knows tests only by their attribute"
)]
fn rollout(percent: u8) -> Rollout {
    Rollout::new(percent).unwrap()
}

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
            format!(
                "{feature:<15} {}",
                row.map(|cell| format!("{cell:<13}")).join("").trim_end()
            )
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
fn the_published_limits() {
    let limit = |limit| match limit {
        Limit::AtMost(most) => most.to_string(),
        Limit::Unlimited => "unlimited".to_owned(),
    };
    let amount = |amount| match amount {
        Amount::Of(units) => units.to_string(),
        Amount::ByContract => "by contract".to_owned(),
    };
    let table: Vec<String> = Tier::ALL
        .into_iter()
        .map(|tier| {
            let row = *LimitTable::default().of(tier);
            format!(
                "{tier}: {} credits, {} builds, {} calls, {} projects, {} members, {} at once, \
                 {} h, overdraft {}, rollover {}, {} MiB, {} days, band {}",
                amount(row.credits_per_month),
                limit(row.builds_per_month),
                limit(row.api_calls_per_month),
                limit(row.projects),
                limit(row.members),
                row.concurrent_builds,
                row.queue_hours,
                amount(row.overdraft),
                amount(row.rollover),
                limit(row.snapshot_storage_mib),
                limit(row.retention_days),
                row.priority,
            )
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    free: 300 credits, 20 builds, 10000 calls, 3 projects, 1 members, 1 at once, 24 h, overdraft 0, rollover 0, unlimited MiB, unlimited days, band 0
    starter: 2000 credits, 100 builds, 100000 calls, 20 projects, 3 members, 1 at once, 24 h, overdraft 0, rollover 0, unlimited MiB, unlimited days, band 1
    professional: 10000 credits, 500 builds, 1000000 calls, 100 projects, 10 members, 3 at once, 24 h, overdraft 0, rollover 0, unlimited MiB, unlimited days, band 2
    ultimate: 50000 credits, 2000 builds, 10000000 calls, 500 projects, 50 members, 5 at once, 24 h, overdraft 0, rollover 0, unlimited MiB, unlimited days, band 3
    enterprise: by contract credits, unlimited builds, unlimited calls, unlimited projects, unlimited members, 20 at once, 72 h, overdraft by contract, rollover 0, unlimited MiB, unlimited days, band 4
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
fn the_published_flags() {
    let flags = FlagSet::default();
    let table: Vec<String> = FlagName::all()
        .map(|flag| {
            let Evaluation {
                value,
                variant,
                reason,
            } = flags.evaluate(flag, Some(tenant(1)));
            format!("{flag}: {value} {variant} {reason:?}")
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    GUEST_MODE: true on Default
    SMART_QUEUEING: true on Default
    COST_TRACKING: true on Default
    TIERED_ACCESS: true on Default
    BUILD_ANALYTICS: true on Default
    BUILD_MEMORY: true on Default
    WEBHOOKS: true on Default
    TEAM_COLLAB: true on Default
    AUTO_TENANT: true on Default
    SIGNATURE_V2: false shadow Default
    PREVIEW_CSP_STRICT: false off Default
    POLLING_FALLBACK: true on Default
    SSE: true on Default
    ");
}

#[test]
fn a_flag_that_is_off_is_said_before_the_tier() {
    let mut gate = Gate::default();
    gate.flags.set(Feature::Webhooks, Rollout::OFF);
    let off = Err(Refusal::FlagOff {
        feature: Feature::Webhooks,
    });
    assert_eq!(gate.may(Feature::Webhooks, &of(Tier::Free), NOW), off);
    assert_eq!(gate.may(Feature::Webhooks, &of(Tier::Enterprise), NOW), off);

    gate.flags
        .set_for(Feature::Webhooks, tenant(1), Some(Switch::On));
    assert_eq!(
        gate.may(Feature::Webhooks, &of(Tier::Ultimate), NOW),
        Ok(())
    );
    assert_eq!(
        gate.may(Feature::Webhooks, &of(Tier::Free), NOW),
        not_in_tier(Tier::Ultimate)
    );
    let other = Entitlements::of(tenant(2), Tier::Ultimate);
    assert_eq!(gate.may(Feature::Webhooks, &other, NOW), off);
}

#[test]
fn grants_and_running_trials_reach_beyond_the_tier() {
    let gate = Gate::default();
    let granted = Entitlements {
        granted: BTreeSet::from([Feature::TeamCollab]),
        ..of(Tier::Starter)
    };
    assert_eq!(gate.may(Feature::TeamCollab, &granted, NOW), Ok(()));
    assert_eq!(
        gate.may(Feature::AutoTenant, &granted, NOW),
        not_in_tier(Tier::Enterprise)
    );

    let trial = Some(Trial {
        tier: Tier::Ultimate,
        ends: NOW,
    });
    let trying = Entitlements {
        trial,
        ..of(Tier::Free)
    };
    let before = NOW.plus_seconds(-1);
    assert_eq!(gate.may(Feature::Webhooks, &trying, before), Ok(()));
    assert_eq!(
        gate.may(Feature::Webhooks, &trying, NOW),
        not_in_tier(Tier::Ultimate)
    );
    assert_eq!(
        (trying.tier_at(before), trying.tier_at(NOW)),
        (Tier::Ultimate, Tier::Free)
    );

    let above = Entitlements {
        trial,
        ..of(Tier::Enterprise)
    };
    assert_eq!(above.tier_at(before), Tier::Enterprise);
}

#[test]
fn guests_have_the_free_tier_and_no_part_of_a_share() {
    let mut gate = Gate::default();
    assert_eq!(
        gate.may(Feature::GuestMode, &Entitlements::GUEST, NOW),
        Ok(())
    );
    gate.flags.set(Feature::GuestMode, rollout(99));
    let off = Err(Refusal::FlagOff {
        feature: Feature::GuestMode,
    });
    assert_eq!(gate.may(Feature::GuestMode, &Entitlements::GUEST, NOW), off);
}

#[test]
fn an_evaluation_says_why() {
    let mut flags = FlagSet::default();
    let one = Some(tenant(1));
    let v2 = Operation::SignatureV2;
    let answer = |value, variant, reason| Evaluation {
        value,
        variant,
        reason,
    };
    assert_eq!(
        flags.evaluate(v2, one),
        answer(false, "shadow", Reason::Default)
    );
    flags.set(v2, Rollout::ON);
    assert_eq!(
        flags.evaluate(v2, one),
        answer(true, "enforce", Reason::Static)
    );
    flags.set(v2, rollout(50));
    assert_eq!(
        flags.evaluate(v2, None),
        answer(false, "shadow", Reason::Split)
    );
    flags.set_for(v2, tenant(1), Some(Switch::Off));
    assert_eq!(
        flags.evaluate(v2, one),
        answer(false, "shadow", Reason::TargetingMatch)
    );
    flags.set_for(v2, tenant(1), None);
    assert_eq!(flags.evaluate(v2, one).reason, Reason::Split);
}

#[test]
fn who_is_in_a_share_is_the_same_in_every_release() {
    let mut flags = FlagSet::default();
    let drawn = [Feature::Webhooks, Feature::BuildMemory].map(|feature| {
        flags.set(feature, rollout(20));
        let inside = (0..40).filter(|n| flags.evaluate(feature, Some(tenant(*n))).value);
        let inside: Vec<String> = inside.map(|n| n.to_string()).collect();
        format!("{feature}: {}", inside.join(" "))
    });
    insta::assert_snapshot!(drawn.join("\n"), @"
    WEBHOOKS: 9 18 25 26 27 29 33 38 39
    BUILD_MEMORY: 3 6 12 15 21 27 31
    ");
}

#[test]
fn a_share_is_about_as_large_as_it_says() {
    for feature in Feature::ALL {
        for percent in [1_u8, 10, 50, 90, 99] {
            let mut flags = FlagSet::default();
            flags.set(feature, rollout(percent));
            let inside = (0..10_000)
                .filter(|n| flags.evaluate(feature, Some(tenant(*n))).value)
                .count();
            let expected = usize::from(percent) * 100;
            // Six standard deviations of a fair draw at most.
            assert!(
                inside.abs_diff(expected) <= 300,
                "{feature} {percent}%: {inside}"
            );
        }
    }
}

#[test]
fn settings_name_only_what_differs_and_misspellings_are_refused() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        features: FeatureTable,
        limits: LimitTable,
        flags: FlagSet,
    }
    let text = r#"
        features = { WEBHOOKS = "starter" }
        flags = { WEBHOOKS = 25, SIGNATURE_V2 = true, SSE = false }
        [limits.free]
        builds_per_month = "unlimited"
        projects = 4
        [limits.enterprise]
        credits_per_month = 100000
    "#;
    let settings: Settings = toml::from_str(text).unwrap();
    assert!(settings.features.includes(Tier::Starter, Feature::Webhooks));
    assert!(
        !settings
            .features
            .includes(Tier::Ultimate, Feature::TeamCollab)
    );
    assert_eq!(settings.flags.rollout(Feature::Webhooks), rollout(25));
    assert_eq!(settings.flags.rollout(Operation::SignatureV2), Rollout::ON);
    assert_eq!(settings.flags.rollout(Operation::Sse), Rollout::OFF);
    let free = settings.limits.of(Tier::Free);
    assert_eq!(
        (free.builds_per_month, free.projects),
        (Limit::Unlimited, Limit::AtMost(4))
    );
    assert_eq!(free.members, Limit::AtMost(1));
    let enterprise = settings.limits.of(Tier::Enterprise);
    assert_eq!(
        enterprise.credits_per_month.credits(),
        Credits::new(100_000)
    );
    assert_eq!(enterprise.overdraft.credits(), Credits::ZERO);
    assert_eq!(
        settings.limits.of(Tier::Starter),
        LimitTable::default().of(Tier::Starter)
    );

    let printed = toml::to_string(&settings).unwrap();
    assert_eq!(toml::from_str::<Settings>(&printed).unwrap(), settings);

    assert!(serde_json::from_str::<FeatureTable>(r#"{"WEBHOOK": "free"}"#).is_err());
    assert!(serde_json::from_str::<FlagSet>(r#"{"SSE": 101}"#).is_err());
    assert!(serde_json::from_str::<FlagSet>(r#"{"SEE": true}"#).is_err());
    for row in [
        r#"{"gold": {}}"#,
        r#"{"free": {"project": 1}}"#,
        r#"{"free": {"projects": -1}}"#,
        r#"{"free": {"projects": "many"}}"#,
        r#"{"free": {"projects": "by_contract"}}"#,
        r#"{"free": {"credits_per_month": "unlimited"}}"#,
        r#"{"free": {"concurrent_builds": 0}}"#,
    ] {
        assert!(serde_json::from_str::<LimitTable>(row).is_err(), "{row}");
    }
}

#[test]
fn the_environment_spells_shares_with_a_sign() {
    for (text, percent) in [
        ("on", 100),
        ("1", 100),
        ("true", 100),
        ("off", 0),
        ("0", 0),
        ("25%", 25),
    ] {
        assert_eq!(text.parse(), Ok(rollout(percent)), "{text}");
    }
    for text in ["", "25", "101%", "-1%", "%", "On", "yes"] {
        assert!(text.parse::<Rollout>().is_err(), "{text}");
    }
    for flag in FlagName::all() {
        assert_eq!(flag.as_str().parse(), Ok(flag));
    }
    assert!("webhooks".parse::<FlagName>().is_err());
}

fn month() -> Period {
    Period::month_containing(NOW, &TimeZoneName::UTC)
}

#[test]
fn a_refusal_says_what_would_lift_it() {
    let table = LimitTable::default();
    let plan = table.plan(Tier::Free, &LimitsOverride::default());
    let ask = |of, used, more| plan.within(Demand { of, used, more }, month());
    let february = Timestamp::parse("2026-02-01T00:00:00Z");

    assert_eq!(ask(Limited::BuildsPerMonth, 19, 1), Ok(()));
    let refused = LimitExceeded {
        of: Limited::BuildsPerMonth,
        limit: 20,
        used: 20,
        resets_at: february,
        required_tier: Some(Tier::Starter),
    };
    assert_eq!(ask(Limited::BuildsPerMonth, 20, 1), Err(refused));
    assert_eq!(
        refused.to_string(),
        "builds_per_month is limited to 20 and 20 are used"
    );

    // A batch is all or nothing, and names a tier that takes all of it.
    let batch = ask(Limited::BuildsPerMonth, 19, 100).unwrap_err();
    assert_eq!(
        (batch.used, batch.required_tier),
        (19, Some(Tier::Professional))
    );

    // What stands until something is removed does not reset.
    let projects = ask(Limited::Projects, 3, 1).unwrap_err();
    assert_eq!((projects.limit, projects.resets_at), (3, None));

    assert_eq!(
        ask(Limited::ApiCallsPerMonth, u64::MAX, 1)
            .unwrap_err()
            .required_tier,
        Some(Tier::Enterprise),
    );
}

#[test]
fn a_tenants_own_limits_go_over_its_tiers() {
    let table = LimitTable::default();
    let own = LimitsOverride {
        projects: Some(Limit::AtMost(1)),
        credits_per_month: Some(Amount::Of(7)),
        ..LimitsOverride::default()
    };
    let plan = table.plan(Tier::Enterprise, &own);
    assert_eq!(plan.limits.credits_per_month.credits(), Credits::new(7));
    assert_eq!(plan.limits.members, Limit::Unlimited);
    let refused = plan
        .within(
            Demand {
                of: Limited::Projects,
                used: 1,
                more: 1,
            },
            month(),
        )
        .unwrap_err();
    // No tier is above: nothing to recommend.
    assert_eq!(refused.required_tier, None);
}

#[test]
fn amounts_beyond_the_ledger_are_held_at_its_most() {
    assert_eq!(Amount::Of(u64::MAX).credits(), Credits::MAX);
}

fn tiers() -> impl Strategy<Value = Tier> {
    proptest::sample::select(Tier::ALL.to_vec())
}

fn features() -> impl Strategy<Value = Feature> {
    proptest::sample::select(Feature::ALL.to_vec())
}

proptest! {
    #[test]
    fn who_is_in_a_share_stays_in_while_it_grows(
        feature in features(), id in any::<u128>(), percent in 1_u8..100,
    ) {
        let on = |percent| {
            let mut flags = FlagSet::default();
            flags.set(feature, rollout(percent));
            flags.evaluate(feature, Some(tenant(id))).value
        };
        prop_assert!(!on(percent) || on(percent + 1));
        prop_assert!(on(100) && !on(0));
    }

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

    #[test]
    fn the_required_tier_is_the_lowest_that_would_do(
        tier in tiers(), used in 0_u64..20_000_000, more in 0_u64..2_000_000,
    ) {
        let table = LimitTable::default();
        let none = LimitsOverride::default();
        for of in [Limited::BuildsPerMonth, Limited::ApiCallsPerMonth, Limited::Projects, Limited::Members] {
            let demand = Demand { of, used, more };
            let fits = |tier| table.plan(tier, &none).within(demand, month()).is_ok();
            match table.plan(tier, &none).within(demand, month()) {
                Ok(()) => {}
                Err(refused) => {
                    let lowest = Tier::ALL.into_iter().find(|tier| fits(*tier));
                    prop_assert_eq!(refused.required_tier, lowest);
                }
            }
        }
    }
}
