//! The contract of limiters, kept within one process.

use std::sync::Arc;

use futures::FutureExt as _;
use keelway_access::ports::RateLimiter;
use keelway_access::{RateClass, RateLimits};
use keelway_local::LocalLimiter;

use crate::sessions::Hand;

async fn open(limits: RateLimits) -> Arc<dyn RateLimiter> {
    Arc::new(LocalLimiter::new(limits, Arc::new(Hand::default()), 1_000))
}

keelway_contract::limiter_suite!(open);

#[test]
fn a_look_makes_no_key_remembered() {
    let limiter = LocalLimiter::new(RateLimits::default(), Arc::new(Hand::default()), 1_000);
    let seen = limiter.peek(RateClass::Read, "k").now_or_never().unwrap();
    assert!(seen.is_allowed());
    assert_eq!(limiter.keys(), 0);
}
