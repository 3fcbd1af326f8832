//! Tokens and what they cost.

use keelway_kernel::MicroUsd;

/// Tokens of `text` in `cl100k_base`.
///
/// The vocabulary is read at the first call and stays in memory; of the two common ones this
/// is the smaller.
pub(crate) fn count(text: &str) -> u64 {
    bpe_openai::cl100k_base().count(text) as u64
}

/// The price of `tokens`, rounded up to whole millionths of a dollar.
pub(crate) fn cost(tokens: u64, per_million: MicroUsd) -> MicroUsd {
    let price = u128::from(per_million.get().unsigned_abs());
    let micro_usd = (u128::from(tokens) * price).div_ceil(1_000_000);
    i64::try_from(micro_usd).map_or(MicroUsd::MAX, MicroUsd::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_the_public_vocabulary() {
        assert_eq!(count("hello world"), 2);
        assert_eq!(count("tiktoken is great!"), 6);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn cost_rounds_up() {
        let price = MicroUsd::new(3_000_000);
        assert_eq!(cost(0, price), MicroUsd::ZERO);
        assert_eq!(cost(1, price), MicroUsd::new(3));
        assert_eq!(cost(250_000, price), MicroUsd::new(750_000));
        assert_eq!(cost(1, MicroUsd::new(1)), MicroUsd::new(1));
        assert_eq!(cost(u64::MAX, MicroUsd::MAX), MicroUsd::MAX);
    }
}
