//! The published tables as tables, and the laws of gates, flags and limits.

use keelway_kernel::{Credits, TenantId, Timestamp};
use keelway_tiers::{
    Entitlements, Feature, FeatureTable, FlagName, FlagSet, Limit, LimitTable, Operation, Rollout,
    Tier,
};
use proptest::prelude::*;

mod flags;
mod gates;
mod limits;

const NOW: Timestamp = Timestamp::from_micros(1_768_473_000_000_000);

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(uuid::Uuid::from_u128(number))
}

fn of(tier: Tier) -> Entitlements {
    Entitlements::of(tenant(1), tier)
}

#[expect(clippy::unwrap_used, reason = "clippy knows tests only by their attribute")]
fn rollout(percent: u8) -> Rollout {
    Rollout::new(percent).unwrap()
}

fn tiers() -> impl Strategy<Value = Tier> {
    proptest::sample::select(Tier::ALL.to_vec())
}

fn features() -> impl Strategy<Value = Feature> {
    proptest::sample::select(Feature::ALL.to_vec())
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
    assert!(!settings.features.includes(Tier::Ultimate, Feature::TeamCollab));
    assert_eq!(settings.flags.rollout(Feature::Webhooks), rollout(25));
    assert_eq!(settings.flags.rollout(Operation::SignatureV2), Rollout::ON);
    assert_eq!(settings.flags.rollout(Operation::Sse), Rollout::OFF);
    let free = settings.limits.of(Tier::Free);
    assert_eq!((free.builds_per_month, free.projects), (Limit::Unlimited, Limit::AtMost(4)));
    assert_eq!(free.members, Limit::AtMost(1));
    let enterprise = settings.limits.of(Tier::Enterprise);
    assert_eq!(enterprise.credits_per_month.credits(), Credits::new(100_000));
    assert_eq!(enterprise.overdraft.credits(), Credits::ZERO);
    assert_eq!(settings.limits.of(Tier::Starter), LimitTable::default().of(Tier::Starter));

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
