//! Numbers, sizes and times in words, without a float.

use keelway_kernel::{MicroUsd, Millis, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::num::NonZeroU32;

/// What stays as it is in paths and queries.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// A moment as pages show it: how long ago, and exactly when.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// RFC 3339, for programs.
    pub(crate) iso: String,
    /// "21 Nov 2026, 10:02:14 UTC", for whoever wants to know.
    pub(crate) exact: String,
    /// "5 min ago".
    pub(crate) ago: String,
}

impl Moment {
    pub(crate) fn of(at: Timestamp, now: Timestamp) -> Self {
        Self { iso: at.to_string(), exact: exact(at), ago: ago(at, now) }
    }
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.millis_since(at) {
        ..SECOND => "just now".to_owned(),
        past @ ..MINUTE => format!("{} s ago", past / SECOND),
        past @ ..HOUR => format!("{} min ago", past / MINUTE),
        past @ ..DAY => format!("{} h ago", past / HOUR),
        past if past < 30 * DAY => format!("{} d ago", past / DAY),
        _ => date(&at.to_string()),
    }
}

/// "in 3 min", for what is still to come.
pub(crate) fn until(at: Timestamp, now: Timestamp) -> String {
    match at.millis_since(now) {
        ..SECOND => "any moment".to_owned(),
        wait => format!("in {}", span(wait)),
    }
}

/// "10:02:14", of a day that is known.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}

pub(crate) fn exact(at: Timestamp) -> String {
    format!("{}, {} UTC", date(&at.to_string()), clock(at))
}

pub(crate) fn date(iso: &str) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day) = (iso.get(..4), iso.get(5..7), iso.get(8..10));
    let number: usize = month.and_then(|month| month.parse().ok()).unwrap_or(1);
    let month = MONTHS.get(number.saturating_sub(1)).copied().unwrap_or_default();
    let day = day.unwrap_or_default().trim_start_matches('0');
    format!("{day} {month} {}", year.unwrap_or_default())
}

/// "850 ms", "4.2 s", "38 s", "2 min 05 s", "1 h 12 min".
pub(crate) fn span(millis: Millis) -> String {
    match millis.max(0) {
        short @ ..SECOND => format!("{short} ms"),
        short if short < 10 * SECOND => format!("{}.{} s", short / SECOND, short % SECOND / 100),
        short @ ..MINUTE => format!("{} s", short / SECOND),
        long @ ..HOUR => match long % MINUTE / SECOND {
            0 => format!("{} min", long / MINUTE),
            rest => format!("{} min {rest:02} s", long / MINUTE),
        },
        long => match long % HOUR / MINUTE {
            0 => format!("{} h", long / HOUR),
            rest => format!("{} h {rest:02} min", long / HOUR),
        },
    }
}

/// "12,345".
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "12,345" or "−45".
pub(crate) fn signed(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// "980", "1.2k", "34k", "5.6M", rounded.
pub(crate) fn short(number: u64) -> String {
    let rounded = |unit: u64| number.saturating_add(unit / 2) / unit;
    let tenths = |unit: u64, sign: &str| match rounded(unit / 10) {
        tenths @ ..100 => format!("{}.{}{sign}", tenths / 10, tenths % 10),
        _ => format!("{}{sign}", grouped(rounded(unit))),
    };
    match number {
        ..1_000 => number.to_string(),
        1_000..999_500 => tenths(1_000, "k"),
        _ => tenths(1_000_000, "M"),
    }
}

/// "512 B", "4.2 KB", "1.3 MB".
pub(crate) fn bytes(number: u64) -> String {
    let tenths =
        |unit: u64, sign: &str| format!("{}.{} {sign}", number / unit, number % unit * 10 / unit);
    match number {
        ..1_024 => format!("{number} B"),
        1_024..1_048_576 => tenths(1_024, "KB"),
        _ => tenths(1_048_576, "MB"),
    }
}

/// "0.7500 USD": as exact as models are paid for.
pub(crate) fn dollars(cost: MicroUsd) -> String {
    let hundredths_of_cents = cost.get().max(0) / 100;
    if hundredths_of_cents == 0 {
        return "0 USD".to_owned();
    }
    format!("{}.{:04} USD", hundredths_of_cents / 10_000, hundredths_of_cents % 10_000)
}

/// A cost in credits with two decimals: what one agent takes is less than one.
pub(crate) fn in_credits(cost: MicroUsd, micro_usd_per_credit: NonZeroU32) -> String {
    let price = i64::from(micro_usd_per_credit.get());
    let hundredths = cost.get().max(0).saturating_mul(100) / price;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// "1 file", "12 files".
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A part of an address.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The text without characters that turn the direction of writing: letters have a direction of
/// their own, and whoever reads must see what is there.
pub(crate) fn upright(text: &str) -> String {
    let turns = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|letter| !turns(letter)).collect()
}

/// The text's beginning, on one line.
pub(crate) fn beginning(text: &str, most_chars: usize) -> String {
    let line: String = upright(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most_chars) {
        None => line,
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_told_as_people_do() {
        for (millis, text) in [
            (-5, "0 ms"),
            (999, "999 ms"),
            (4_260, "4.2 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (125_000, "2 min 05 s"),
            (3_600_000, "1 h"),
            (4_320_000, "1 h 12 min"),
        ] {
            assert_eq!(span(millis), text);
        }
    }

    #[test]
    fn moments_are_told_from_now() {
        let now = Timestamp::parse("2026-11-21T10:02:14Z").unwrap();
        for (seconds, text) in [
            (5, "just now"),
            (0, "just now"),
            (-59, "59 s ago"),
            (-61, "1 min ago"),
            (-7_200, "2 h ago"),
            (-200_000, "2 d ago"),
            (-3_000_000, "17 Oct 2026"),
        ] {
            assert_eq!(Moment::of(now.plus_seconds(seconds), now).ago, text);
        }
        assert_eq!(exact(now), "21 Nov 2026, 10:02:14 UTC");
        assert_eq!(until(now.plus_seconds(90), now), "in 1 min 30 s");
        assert_eq!(until(now, now), "any moment");
    }

    #[test]
    fn numbers_are_short_enough_to_read() {
        assert_eq!(
            [grouped(7), grouped(1_234_567), grouped(123_456)],
            ["7", "1,234,567", "123,456"]
        );
        assert_eq!([signed(-1_200), signed(0), signed(999_906)], ["−1,200", "0", "999,906"]);
        assert_eq!([short(999), short(1_250), short(34_900)], ["999", "1.3k", "35k"]);
        assert_eq!([short(9_960), short(27_500), short(999_600)], ["10k", "28k", "1.0M"]);
        assert_eq!(dollars(MicroUsd::ZERO), "0 USD");
        assert_eq!([bytes(1_023), bytes(4_301), bytes(2 << 20)], ["1023 B", "4.2 KB", "2.0 MB"]);
        assert_eq!(dollars(MicroUsd::new(751_234)), "0.7512 USD");
        let price = NonZeroU32::new(10_000).unwrap();
        assert_eq!(in_credits(MicroUsd::new(12_345), price), "1.23");
        assert_eq!(beginning(" a\n b  c ", 3), "a b…");
        assert_eq!(beginning("a b", 3), "a b");
        assert_eq!(beginning("a \u{202e}gpj.exe\u{2066}", 20), "a gpj.exe");
    }
}
