//! Randomness that can be had again: the seed is printed.

/// A small generator (`SplitMix64`), good enough to spread faults.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Rolls from `KEELWAY_TEST_SEED`, or from a new seed; prints how to roll the same again.
    pub fn thrown(what: &str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a run is repeated by its seed")]
        let given = std::env::var("KEELWAY_TEST_SEED").ok();
        let seed = match given {
            Some(seed) => seed.parse().unwrap(),
            None => Self::new_seed(),
        };
        println!("{what}: KEELWAY_TEST_SEED={seed}");
        Self(seed)
    }

    /// Rolls from this seed.
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed that nobody knows before.
    pub fn new_seed() -> u64 {
        getrandom::u64().unwrap()
    }

    /// Dice for somebody who rolls at the same time: what they show hangs on nobody's pace.
    pub fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// A number, all equally likely.
    #[expect(clippy::should_implement_trait, reason = "dice are rolled, and never run out")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }

    /// Puts them in any order, all equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap();
            items.swap(last, other);
        }
    }
}
