//! Percentiles by nearest rank: always a value that really occurred.

use keelway_kernel::Millis;

/// What most of some times stay under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    /// Of how many times.
    pub count: usize,
    /// Half of them took this or less.
    pub p50: Millis,
    /// Nine in ten took this or less.
    pub p90: Millis,
    /// Nineteen in twenty took this or less.
    pub p95: Millis,
    /// All but one in a hundred took this or less.
    pub p99: Millis,
}

impl Percentiles {
    /// Of `times`, in any order; none without any.
    pub fn of(mut times: Vec<Millis>) -> Option<Self> {
        times.sort_unstable();
        let count = times.len();
        let rank = |percent: usize| {
            // The smallest rank that covers so many percent, from 1.
            let rank = (count * percent).div_ceil(100);
            times.get(rank.checked_sub(1)?).copied()
        };
        Some(Self { count, p50: rank(50)?, p90: rank(90)?, p95: rank(95)?, p99: rank(99)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranks_are_the_nearest_ones() {
        assert_eq!(Percentiles::of(vec![]), None);
        let one = Percentiles::of(vec![7]).unwrap();
        assert_eq!((one.count, one.p50, one.p99), (1, 7, 7));
        let hundred = Percentiles::of((1..=100).rev().collect()).unwrap();
        assert_eq!((hundred.p50, hundred.p90, hundred.p95, hundred.p99), (50, 90, 95, 99));
        let three = Percentiles::of(vec![30, 10, 20]).unwrap();
        assert_eq!((three.p50, three.p90), (20, 30));
    }

    proptest! {
        #[test]
        fn a_percentile_covers_its_share_and_no_smaller_time_does(
            times in proptest::collection::vec(-5_i64..1_000, 1..200),
        ) {
            let found = Percentiles::of(times.clone()).unwrap();
            for (percent, value) in
                [(50, found.p50), (90, found.p90), (95, found.p95), (99, found.p99)]
            {
                let covered = |limit: i64| times.iter().filter(|took| **took <= limit).count();
                prop_assert!(times.contains(&value));
                prop_assert!(covered(value) * 100 >= times.len() * percent);
                prop_assert!(covered(value - 1) * 100 < times.len() * percent);
            }
        }
    }
}
