//! Random text of letters and digits, and small numbers in the same alphabet.

use keelway_kernel::Entropy;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn digit(value: u64) -> char {
    char::from(ALPHABET[(value % 62) as usize])
}

/// `length` uniformly random characters, 5.95 bits each.
///
/// Each is drawn from 64 bits, so the remainder favours none by more than 2^-58.
pub(crate) fn random(length: usize, entropy: &dyn Entropy) -> String {
    (0..length).map(|_| digit(entropy.next_u64())).collect()
}

/// `value` in exactly six digits; 62^6 is more than 2^32, so every value fits.
pub(crate) fn six_digits(value: u32) -> String {
    (0..6).rev().map(|place| digit(u64::from(value) / 62_u64.pow(place))).collect()
}

/// Whether `text` is exactly `length` characters of the alphabet.
pub(crate) fn is_text(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_hold_every_value_in_order() {
        let texts = [0, 1, 61, 62, 3_843, 3_844, u32::MAX].map(six_digits);
        assert_eq!(texts, ["000000", "000001", "00000z", "000010", "0000zz", "000100", "4gfFC3"]);
    }
}
