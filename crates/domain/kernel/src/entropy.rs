//! Randomness as an argument.

/// The only way a decision or a use case obtains randomness.
///
/// The app passes the operating system's generator; tests pass a seeded one, so that one
/// seed replays a whole run.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random data fit for keys and tokens.
    fn fill(&self, bytes: &mut [u8]);

    /// A uniformly random number, for jitter.
    fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}
