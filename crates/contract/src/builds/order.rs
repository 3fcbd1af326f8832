//! Whose turn it is.

use keelway_kernel::{BuildId, TenantScope, Tier};

use super::setup::{cancel, take};
use crate::{Fixture, Owned, race};

crate::cases! {
    build_order_cases in builds::order:
    a_build_is_never_handed_to_two_workers,
    higher_tiers_are_taken_first,
    a_tenants_builds_are_taken_in_the_order_they_came,
    a_tenant_with_a_thousand_waiting_builds_delays_another_by_at_most_two_slots,
    two_busy_tenants_share_equally,
    a_newcomer_is_owed_nothing_for_the_time_before_it_came,
    never_more_builds_of_a_tenant_at_once_than_its_tier_allows,
    ending_a_build_lets_exactly_the_next_one_in,
    a_waiting_build_sees_its_place_fall,
}

impl Fixture {
    /// A tenant that can afford anything its tier allows.
    pub(super) async fn rich(&self, tier: Tier) -> Owned {
        let owned = self.tenant_of(tier).await;
        self.store.ledger.grant(owned.scope, self.grant(1_000_000)).await.unwrap();
        owned
    }
}

async fn a_build_is_never_handed_to_two_workers(fx: Fixture) {
    for _ in 0..10 {
        let owned = fx.funded(100).await;
        fx.submitted(owned).await;
    }
    let answers = race(40, |_| {
        let fx = fx.clone();
        async move { fx.store.queue.take(take()).await.unwrap() }
    })
    .await;
    let mut taken: Vec<BuildId> = answers.into_iter().flatten().map(|a| a.build.id).collect();
    assert_eq!(taken.len(), 10);
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 10);
}

async fn higher_tiers_are_taken_first(fx: Fixture) {
    let mut submitted = Vec::new();
    for tier in Tier::ALL {
        let owned = fx.rich(tier).await;
        submitted.push(fx.submitted(owned).await.build.id);
    }
    for id in submitted.into_iter().rev() {
        assert_eq!(fx.taken().await.build.id, id);
    }
}

async fn a_tenants_builds_are_taken_in_the_order_they_came(fx: Fixture) {
    let owned = fx.rich(Tier::Enterprise).await;
    let mut submitted = Vec::new();
    for _ in 0..25 {
        submitted.push(fx.submitted(owned).await.build.id);
    }
    for id in submitted {
        let taken = fx.taken().await;
        assert_eq!(taken.build.id, id);
        fx.deployed(&taken.lease, 10_000).await;
    }
}

async fn a_tenant_with_a_thousand_waiting_builds_delays_another_by_at_most_two_slots(fx: Fixture) {
    let (large, small) = (fx.rich(Tier::Enterprise).await, fx.rich(Tier::Enterprise).await);
    for _ in 0..1_000 {
        fx.submitted(large).await;
    }
    for taken_before in [0, 1, 7] {
        for _ in 0..taken_before {
            let taken = fx.taken().await;
            fx.deployed(&taken.lease, 10_000).await;
        }
        let id = fx.submitted(small).await.build.id;
        let mut slots = 0;
        loop {
            let taken = fx.taken().await;
            fx.deployed(&taken.lease, 10_000).await;
            if taken.build.id == id {
                break;
            }
            slots += 1;
            assert!(slots <= 2, "delayed by {slots} builds of another tenant");
        }
    }
}

async fn two_busy_tenants_share_equally(fx: Fixture) {
    let tenants = [fx.rich(Tier::Enterprise).await, fx.rich(Tier::Enterprise).await];
    for owned in tenants {
        for _ in 0..30 {
            fx.submitted(owned).await;
        }
    }
    let mut served = [0_i32; 2];
    for _ in 0..30 {
        let taken = fx.taken().await;
        served[usize::from(taken.lease.scope == tenants[1].scope)] += 1;
        fx.deployed(&taken.lease, 10_000).await;
        assert!((served[0] - served[1]).abs() <= 1, "{served:?}");
    }
}

async fn a_newcomer_is_owed_nothing_for_the_time_before_it_came(fx: Fixture) {
    let (first, newcomer) = (fx.rich(Tier::Enterprise).await, fx.rich(Tier::Enterprise).await);
    for _ in 0..30 {
        fx.submitted(first).await;
    }
    for _ in 0..15 {
        let taken = fx.taken().await;
        fx.deployed(&taken.lease, 10_000).await;
    }
    for _ in 0..30 {
        fx.submitted(newcomer).await;
    }
    let mut served = 0;
    for _ in 0..10 {
        let taken = fx.taken().await;
        served += i32::from(taken.lease.scope == newcomer.scope);
        fx.deployed(&taken.lease, 10_000).await;
    }
    assert!((4..=6).contains(&served), "{served} of 10");
}

async fn never_more_builds_of_a_tenant_at_once_than_its_tier_allows(fx: Fixture) {
    let owned = fx.rich(Tier::Professional).await;
    for _ in 0..5 {
        fx.submitted(owned).await;
    }
    for _ in 0..3 {
        fx.taken().await;
    }
    assert!(fx.find_taken().await.is_none());
}

async fn ending_a_build_lets_exactly_the_next_one_in(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let first = fx.submitted(owned).await.build.id;
    let second = fx.submitted(owned).await.build.id;
    let third = fx.submitted(owned).await.build.id;
    let taken = fx.taken().await;
    assert_eq!(taken.build.id, first);
    assert!(fx.find_taken().await.is_none());
    fx.deployed(&taken.lease, 10_000).await;
    assert_eq!(fx.taken().await.build.id, second);
    assert!(fx.find_taken().await.is_none());
    // A parked build that is called off makes no room: it took none.
    fx.store.submissions.cancel(cancel(owned, third)).await.unwrap();
    assert!(fx.find_taken().await.is_none());
}

async fn a_waiting_build_sees_its_place_fall(fx: Fixture) {
    let mut waiting: Vec<(TenantScope, BuildId)> = Vec::new();
    for place in 1..=4 {
        let owned = fx.funded(100).await;
        let submitted = fx.submitted(owned).await;
        assert_eq!(submitted.position.place, place);
        // Between equal tags, age decides.
        fx.clock.advance(1);
        waiting.push((owned.scope, submitted.build.id));
    }
    for taken in 0..4 {
        for (place, (scope, id)) in (1..).zip(&waiting[taken..]) {
            let position = fx.store.builds.position(*scope, *id).await.unwrap().unwrap();
            assert_eq!(position.place, place);
            assert!(position.estimated_start >= fx.now());
        }
        assert_eq!(fx.taken().await.build.id, waiting[taken].1);
        let (scope, id) = waiting[taken];
        assert_eq!(fx.store.builds.position(scope, id).await.unwrap(), None);
    }
}
