//! Places, and when builds start.

use keelway_builds::ports::Builds as _;
use keelway_builds::queue::FIRST_PACE_MS;
use keelway_kernel::Tier;

use super::{next, rich};
use crate::opened::Opened;

#[tokio::test(flavor = "multi_thread")]
async fn places_are_the_order_in_which_builds_are_taken() {
    let opened = Opened::new().await;
    let fx = &opened.fx;
    let mut waiting = Vec::new();
    let tiers = [Tier::Professional, Tier::Free, Tier::Enterprise, Tier::Professional];
    let mut all = Vec::new();
    for tier in tiers {
        all.push(rich(fx, tier).await);
    }
    // As many as every tier but the lowest runs at once.
    for _ in 0..3 {
        for owned in &all {
            waiting.push((owned.scope, fx.submitted(*owned).await.build.id));
            fx.clock.advance(1);
        }
    }
    // The lowest tier's others are parked: they are behind it, and not ready.
    let parked = all[1].scope;
    let mut taken = 0;
    loop {
        let mut places = Vec::new();
        for (scope, id) in &waiting {
            let place = opened.store.position(*scope, *id).await.unwrap().expect("a place");
            let ahead = i64::try_from(place.place).unwrap() - 1;
            let wait_ms = match taken {
                0 => ahead * FIRST_PACE_MS,
                running => (ahead / running + 1) * FIRST_PACE_MS,
            };
            assert_eq!(place.estimated_start, fx.now().plus_millis(wait_ms));
            places.push((place.place, *scope, *id));
        }
        places.sort_unstable_by_key(|(place, ..)| *place);
        let numbers: Vec<u64> = places.iter().map(|(place, ..)| *place).collect();
        assert_eq!(numbers, (1..=waiting.len() as u64).collect::<Vec<_>>());
        let Some(id) = next(&opened).await else { break };
        assert_eq!(id, places[0].2);
        waiting.retain(|(_, waits)| *waits != id);
        taken += 1;
    }
    assert_eq!(taken, 10);
    assert!(waiting.len() == 2 && waiting.iter().all(|(scope, _)| *scope == parked));
}
