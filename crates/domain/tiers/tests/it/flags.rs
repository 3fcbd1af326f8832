//! What a flag answers, and who is in a share.

use super::*;
use keelway_kernel::Timestamp;
use keelway_tiers::{Evaluation, FlagSet, Operation, OverrideChange, Overrides, Reason, Switch};

#[test]
fn the_published_flags() {
    let flags = FlagSet::default();
    let table: Vec<String> = FlagName::all()
        .map(|flag| {
            let Evaluation { value, variant, reason } = flags.evaluate(flag, Some(tenant(1)));
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
fn an_evaluation_says_why() {
    let mut flags = FlagSet::default();
    let one = Some(tenant(1));
    let v2 = Operation::SignatureV2;
    let answer = |value, variant, reason| Evaluation { value, variant, reason };
    assert_eq!(flags.evaluate(v2, one), answer(false, "shadow", Reason::Default));
    flags.set(v2, Rollout::ON);
    assert_eq!(flags.evaluate(v2, one), answer(true, "enforce", Reason::Static));
    flags.set(v2, rollout(50));
    assert_eq!(flags.evaluate(v2, None), answer(false, "shadow", Reason::Split));
    assert_eq!(overridden(&flags, &[]).evaluate(v2, one).reason, Reason::Split);
}

fn overridden(flags: &FlagSet, changes: &[OverrideChange]) -> FlagSet {
    let mut overrides = Overrides::default();
    for change in changes {
        overrides.apply(Operation::SignatureV2.into(), *change, (None, Timestamp::from_micros(0)));
    }
    flags.overridden(overrides)
}

#[test]
fn what_is_set_at_run_time_goes_before_the_settings_and_a_tenants_switch_before_both() {
    use OverrideChange::{Everywhere, Tenant};
    let mut flags = FlagSet::default();
    let v2 = Operation::SignatureV2;
    flags.set(v2, Rollout::ON);
    for (changes, guest, first, second) in [
        (vec![], true, true, true),
        (vec![Everywhere(Some(Rollout::OFF))], false, false, false),
        (vec![Tenant(tenant(1), Some(Switch::Off))], true, false, true),
        (
            vec![Everywhere(Some(Rollout::OFF)), Tenant(tenant(1), Some(Switch::On))],
            false,
            true,
            false,
        ),
        (vec![Everywhere(Some(Rollout::OFF)), Everywhere(None)], true, true, true),
        (vec![Tenant(tenant(1), Some(Switch::Off)), Tenant(tenant(1), None)], true, true, true),
    ] {
        let set = overridden(&flags, &changes);
        let answers = [None, Some(tenant(1)), Some(tenant(2))].map(|who| set.evaluate(v2, who));
        assert_eq!(answers.map(|answer| answer.value), [guest, first, second], "{changes:?}");
        for answer in answers {
            // What differs from the settings always says why.
            assert!(answer.value || answer.reason == Reason::Override, "{changes:?}");
        }
        assert_eq!(set.configured(v2), Rollout::ON);
    }
    let share = overridden(&flags, &[Everywhere(Some(rollout(50)))]);
    assert_eq!(share.rollout(v2), rollout(50));
    assert_eq!(share.evaluate(v2, Some(tenant(1))).reason, Reason::Override);
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
            let inside =
                (0..10_000).filter(|n| flags.evaluate(feature, Some(tenant(*n))).value).count();
            let expected = usize::from(percent) * 100;
            // Six standard deviations of a fair draw at most.
            assert!(inside.abs_diff(expected) <= 300, "{feature} {percent}%: {inside}");
        }
    }
}

#[test]
fn the_environment_spells_shares_with_a_sign() {
    for (text, percent) in
        [("on", 100), ("1", 100), ("true", 100), ("off", 0), ("0", 0), ("25%", 25)]
    {
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
}
