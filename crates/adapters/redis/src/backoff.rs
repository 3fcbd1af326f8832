//! How long to wait before the next attempt.

use std::time::Duration;

use keelway_kernel::Entropy;

const BASE_MS: u64 = 100;
const CAP_MS: u64 = 2_000;

/// Full jitter: anything up to twice as long after every failure, and never more than two
/// seconds, so that many processes neither come back at once nor stay away for long.
pub(crate) async fn pause(entropy: &dyn Entropy, failures: u32) {
    tokio::time::sleep(full_jitter(entropy.next_u64(), failures)).await;
}

fn full_jitter(random: u64, failures: u32) -> Duration {
    let most_ms = CAP_MS.min(BASE_MS << failures.min(10));
    Duration::from_millis(random % (most_ms + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_no_further() {
        let longest = |failures: u32| {
            (0..10_000).map(|random| full_jitter(random, failures)).max().unwrap().as_millis()
        };
        assert_eq!([0, 1, 4, 5, u32::MAX].map(longest), [100, 200, 1_600, 2_000, 2_000]);
        assert_eq!(full_jitter(0, 9), Duration::ZERO);
    }
}
