//! What a described app will take.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keelway_builds::Description;
use keelway_estimate::{Estimate, FinishedBuild};
use keelway_kernel::{BuildTier, Credits, Millis, StoreError, TenantScope, Timestamp};

use crate::Platform;

/// How many finished builds an estimate's range is learned from at most.
const HISTORY: u32 = 500;
/// How old the builds learned from may be: people type, and one more build teaches little.
const FRESH_MS: Millis = 3_000;
/// How many tenants' builds are kept; the platform's as a whole are kept beside them.
const MOST_KEPT: usize = 64;

/// Finished builds as they were read last, of whom they were asked for.
#[derive(Default)]
pub(crate) struct Histories(Mutex<HashMap<Option<TenantScope>, Kept>>);

struct Kept {
    builds: Arc<[FinishedBuild]>,
    read_at: Timestamp,
}

impl Kept {
    fn is_fresh(&self, now: Timestamp) -> bool {
        (0..FRESH_MS).contains(&now.millis_since(self.read_at))
    }
}

impl Histories {
    fn find(&self, of: Option<TenantScope>, now: Timestamp) -> Option<Arc<[FinishedBuild]>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&of).filter(|kept| kept.is_fresh(now)).map(|kept| kept.builds.clone())
    }

    fn keep(&self, of: Option<TenantScope>, builds: Arc<[FinishedBuild]>, read_at: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() > MOST_KEPT && !kept.contains_key(&of) {
            kept.retain(|of, kept| of.is_none() || kept.is_fresh(read_at));
            // Still too many are fresh: the oldest tenant's goes.
            let tenants = kept.iter().filter(|(of, _)| of.is_some());
            let oldest = tenants.min_by_key(|(_, kept)| kept.read_at).map(|(of, _)| *of);
            if let Some(oldest) = oldest.filter(|_| kept.len() > MOST_KEPT) {
                kept.remove(&oldest);
            }
        }
        kept.insert(of, Kept { builds, read_at });
    }
}

impl Platform {
    /// Estimates, and adds the range learned from finished builds like this one: the
    /// tenant's own if there are enough, else the platform's. Builds that finished in the last
    /// seconds may not count yet.
    pub async fn estimate(
        &self,
        scope: Option<TenantScope>,
        description: &Description,
        tier: BuildTier,
    ) -> Result<Estimate, StoreError> {
        let estimate = self.settings.estimator.estimate(description.as_str(), tier);
        if scope.is_some() {
            let own = self.finished_builds(scope).await?;
            let learned = estimate.clone().learned_from(&*own);
            if learned.range.is_some() {
                return Ok(learned);
            }
        }
        let all = self.finished_builds(None).await?;
        Ok(estimate.learned_from(&*all))
    }

    async fn finished_builds(
        &self,
        of: Option<TenantScope>,
    ) -> Result<Arc<[FinishedBuild]>, StoreError> {
        let now = self.now();
        if let Some(builds) = self.histories.find(of, now) {
            return Ok(builds);
        }
        let builds: Arc<[_]> = self.ports.builds.history(of, HISTORY).await?.into();
        self.histories.keep(of, builds.clone(), now);
        Ok(builds)
    }

    /// What is held for a build of this estimate.
    pub fn credits_of(&self, estimate: &Estimate) -> Credits {
        estimate.credits(self.settings.micro_usd_per_credit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keelway_kernel::TenantId;

    fn tenant(number: u32) -> TenantScope {
        let id = TenantId::from_uuid(uuid::Uuid::from_u128(number.into()));
        #[expect(clippy::disallowed_methods, reason = "a test vouches for its own tenants")]
        TenantScope::assume(id)
    }

    #[test]
    fn never_more_is_kept_than_may_be_and_never_longer() {
        let histories = Histories::default();
        let at = |millis| Timestamp::from_micros(0).plus_millis(millis);
        let nothing: Arc<[FinishedBuild]> = Vec::new().into();
        histories.keep(None, nothing.clone(), at(0));
        for number in 0..1_000_u32 {
            histories.keep(Some(tenant(number)), nothing.clone(), at(number.into()));
            assert!(histories.0.lock().unwrap().len() <= MOST_KEPT + 1);
            assert!(histories.find(Some(tenant(number)), at(number.into())).is_some());
        }
        // The newest are kept, and the platform's own is never pushed out.
        assert!(histories.find(Some(tenant(999)), at(999)).is_some());
        assert!(histories.find(Some(tenant(0)), at(999)).is_none());
        assert!(histories.find(None, at(FRESH_MS - 1)).is_some());
        assert!(histories.find(None, at(FRESH_MS)).is_none());
        assert!(histories.find(None, at(-1)).is_none());
    }
}
