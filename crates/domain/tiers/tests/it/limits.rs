//! How much of everything.

use super::*;
use keelway_tiers::{
    Amount, Demand, LimitExceeded, LimitTable, Limited, LimitsOverride, Period, TimeZoneName,
};

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
    assert_eq!(refused.to_string(), "builds_per_month is limited to 20 and 20 are used");

    // A batch is all or nothing, and names a tier that takes all of it.
    let batch = ask(Limited::BuildsPerMonth, 19, 100).unwrap_err();
    assert_eq!((batch.used, batch.required_tier), (19, Some(Tier::Professional)));

    // What stands until something is removed does not reset.
    let projects = ask(Limited::Projects, 3, 1).unwrap_err();
    assert_eq!((projects.limit, projects.resets_at), (3, None));

    assert_eq!(
        ask(Limited::ApiCallsPerMonth, u64::MAX, 1).unwrap_err().required_tier,
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
    let refused =
        plan.within(Demand { of: Limited::Projects, used: 1, more: 1 }, month()).unwrap_err();
    // No tier is above: nothing to recommend.
    assert_eq!(refused.required_tier, None);
}

#[test]
fn amounts_beyond_the_ledger_are_held_at_its_most() {
    assert_eq!(Amount::Of(u64::MAX).credits(), Credits::MAX);
}

proptest! {
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
