//! The settings that build decisions rest on.

use std::num::NonZeroU32;

use keelway_kernel::Millis;
use keelway_tiers::LimitTable;

/// The settings that build decisions rest on; stores pass them in.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What each tier may do.
    pub limits: LimitTable,
    /// The list price of one credit.
    pub micro_usd_per_credit: NonZeroU32,
    /// How many failed attempts end a build; hand-backs do not count.
    pub max_attempts: u32,
    /// The longest delay before another attempt.
    pub retry_cap_ms: Millis,
}

impl Rules {
    /// 1 credit for 0.01 USD, 3 attempts, delays of up to 5 minutes.
    pub fn new(limits: LimitTable) -> Self {
        Self {
            limits,
            micro_usd_per_credit: NonZeroU32::MIN.saturating_add(9_999),
            max_attempts: 3,
            retry_cap_ms: 5 * 60 * 1000,
        }
    }

    /// How long to wait after the failure numbered `failures`: full jitter over
    /// `2^failures` seconds, at most the cap. What a provider asked for is obeyed as given:
    /// neither multiplied nor cut.
    pub fn retry_delay_ms(
        &self,
        failures: u32,
        retry_after: Option<Millis>,
        jitter: u64,
    ) -> Millis {
        if let Some(asked) = retry_after {
            return asked.max(0);
        }
        let ceiling = 1_000_i64
            .checked_shl(failures.min(40))
            .unwrap_or(Millis::MAX)
            .clamp(1, self.retry_cap_ms.max(1));
        let drawn = jitter % ceiling.unsigned_abs();
        drawn.cast_signed()
    }
}
