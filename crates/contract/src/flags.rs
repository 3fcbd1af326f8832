//! Flags set at run time.

use keelway_access::AuditAction;
use keelway_kernel::{Actor, TenantId};
use keelway_tiers::{
    Feature, FlagName, OverrideChange, Overrides, Rollout, SetFlag, SetFlagError, Switch,
};

use crate::{Fixture, Owned, rejected};

crate::cases! {
    flag_cases in flags:
    a_flag_is_set_with_who_set_it_and_lifted_again,
    every_change_is_audited_in_the_chain_of_whom_it_is_for,
    a_refusal_never_changes_anything,
}

const FLAG: FlagName = FlagName::Feature(Feature::GuestMode);

fn set(owned: Owned, flag: FlagName, change: OverrideChange) -> SetFlag {
    let actor = Actor { user: Some(owned.user), request_id: "req_flag".into() };
    SetFlag { flag, change, actor }
}

async fn overrides(fx: &Fixture) -> Overrides {
    fx.store.flag_overrides.overrides().await.unwrap()
}

async fn a_flag_is_set_with_who_set_it_and_lifted_again(fx: Fixture) {
    use OverrideChange::{Everywhere, Tenant};
    let (one, other) = (fx.tenant().await, fx.tenant().await);
    let mut expected = Overrides::default();
    assert_eq!(overrides(&fx).await, expected);
    let flags: Vec<FlagName> = FlagName::all().collect();
    for step in 0..200 {
        let flag = flags[usize::try_from(fx.entropy.below(flags.len() as u64)).unwrap()];
        let by = if fx.entropy.below(2) == 0 { one } else { other };
        let tenant = if fx.entropy.below(2) == 0 { one } else { other }.scope.tenant();
        let share = u8::try_from(fx.entropy.below(101)).unwrap();
        let change = match fx.entropy.below(5) {
            0 => Everywhere(Rollout::new(share)),
            1 => Everywhere(None),
            2 => Tenant(tenant, Some(Switch::On)),
            3 => Tenant(tenant, Some(Switch::Off)),
            _ => Tenant(tenant, None),
        };
        fx.clock.advance(step % 3);
        fx.store.flag_overrides.set_flag(set(by, flag, change)).await.unwrap();
        expected.apply(flag, change, (Some(by.user), fx.now()));
        assert_eq!(overrides(&fx).await, expected);
    }
}

async fn every_change_is_audited_in_the_chain_of_whom_it_is_for(fx: Fixture) {
    let owned = fx.tenant().await;
    let tenant = owned.scope.tenant();
    for change in [
        OverrideChange::Everywhere(Rollout::new(25)),
        OverrideChange::Everywhere(None),
        OverrideChange::Tenant(tenant, Some(Switch::Off)),
    ] {
        fx.store.flag_overrides.set_flag(set(owned, FLAG, change)).await.unwrap();
    }
    for (chain, expected) in [(None, vec!["25%", "lifted"]), (Some(tenant), vec!["off"])] {
        let mut entries = fx.store.audit_trail.entries(chain).await;
        entries.retain(|entry| entry.action == AuditAction::FlagSet);
        let to: Vec<_> = entries.iter().map(|entry| entry.data["to"].as_str()).collect();
        assert_eq!(to, expected);
        for entry in &entries {
            assert_eq!(
                (entry.subject.as_str(), entry.actor.user),
                ("GUEST_MODE", Some(owned.user))
            );
        }
    }
}

async fn a_refusal_never_changes_anything(fx: Fixture) {
    let owned = fx.tenant().await;
    let nobody = TenantId::generate(fx.now(), &*fx.entropy);
    let change = OverrideChange::Tenant(nobody, Some(Switch::On));
    let refused = fx.store.flag_overrides.set_flag(set(owned, FLAG, change)).await;
    assert_eq!(rejected(refused), SetFlagError::TenantUnknown);
    assert_eq!(overrides(&fx).await, Overrides::default());
    assert_eq!(fx.store.audit_trail.entries(Some(nobody)).await, []);
}
