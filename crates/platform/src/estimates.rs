//! What a described app will take.

use keelway_builds::Description;
use keelway_estimate::Estimate;
use keelway_kernel::{BuildTier, Credits, StoreError, TenantScope};

use crate::Platform;

/// How many finished builds an estimate's range is learned from at most.
const HISTORY: u32 = 500;

impl Platform {
    /// Estimates, and adds the range learned from finished builds like this one: the
    /// tenant's own if there are enough, else the platform's.
    pub async fn estimate(
        &self,
        scope: Option<TenantScope>,
        description: &Description,
        tier: BuildTier,
    ) -> Result<Estimate, StoreError> {
        let estimate = self.settings.estimator.estimate(description.as_str(), tier);
        if scope.is_some() {
            let own = self.ports.builds.history(scope, HISTORY).await?;
            let learned = estimate.clone().learned_from(&own);
            if learned.range.is_some() {
                return Ok(learned);
            }
        }
        let all = self.ports.builds.history(None, HISTORY).await?;
        Ok(estimate.learned_from(&all))
    }

    /// What is held for a build of this estimate.
    pub fn credits_of(&self, estimate: &Estimate) -> Credits {
        estimate.credits(self.settings.micro_usd_per_credit)
    }
}
