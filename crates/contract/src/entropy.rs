//! Randomness that a seed repeats.

use keelway_kernel::Entropy;
use std::sync::{Mutex, PoisonError};

/// The output stream of BLAKE3 over a seed: as good as random, and the same every time.
///
/// BLAKE3 is what the workspace hashes files with, so tests need no generator of their own.
/// Threads draw from one stream, so a test that races them is repeatable only in what it drew
/// before.
pub struct SeededEntropy(Mutex<blake3::OutputReader>);

impl SeededEntropy {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        let hasher = blake3::Hasher::new_derive_key("keelway contract 2026-01 seeded entropy")
            .update(&seed.to_le_bytes())
            .finalize_xof();
        Self(Mutex::new(hasher))
    }

    /// A number below `bound`, which is small beside 2^64, so no value is noticeably favoured.
    pub fn below(&self, bound: u64) -> u64 {
        self.next_u64() % bound
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_stream_and_no_other() {
        let draw = |seed| {
            let entropy = SeededEntropy::new(seed);
            [entropy.next_u64(), entropy.next_u64()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(1)[0], draw(1)[1]);
    }
}
