//! Prices: in which currency, and how they are written.

use super::kind::named;
use super::text::words;

/// A currency as a place uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Currency {
    sign: &'static str,
    /// What costs 1 elsewhere costs about as many here.
    times: u32,
}

struct Row {
    currency: Currency,
    /// Languages in which it is meant unless a place says otherwise.
    languages: &'static str,
    /// Beginnings of words, `=` for whole ones, that tell the place.
    places: &'static str,
}

const fn row(sign: &'static str, times: u32, languages: &'static str, places: &'static str) -> Row {
    Row { currency: Currency { sign, times }, languages, places }
}

/// The first place that the description names decides; the first row is for all others.
const TABLE: &[Row] = &[
    row("€", 1, "", "lisbo berlin =paris =madrid dublin =rome vienna"),
    row("$", 1, "en", "=usa =american york brooklyn chicago boston seattle texas california"),
    row(
        "£",
        1,
        "",
        "london england =uk britain british scot edinburgh glasgow leeds manchester \
                     bristol =wales cardiff liverpool cornwall oxford",
    ),
    row("R$", 5, "", "brasil brazil paulo =rio bahia curitiba recife salvador"),
    row("CHF", 1, "", "schweiz suisse switzerland zürich zurich genève geneva basel bern lausanne"),
    row("₪", 4, "he", "israel tel-aviv jerusalem haifa"),
    row("E£", 50, "", "القاهرة مصر cairo egypt"),
    row("MX$", 20, "", "méxico mexico guadalajara monterrey oaxaca"),
    row("₹", 80, "", "india mumbai delhi bangalore bengaluru"),
    row("C$", 1, "", "canada toronto vancouver montréal montreal"),
    row("A$", 2, "", "australia sydney melbourne brisbane"),
];

impl Currency {
    /// The money of the place that `text` names, else of its language.
    pub(super) fn of(text: &str, language: &str) -> Self {
        let place = words(text)
            .take(400)
            .map(str::to_lowercase)
            .find_map(|word| TABLE.iter().find(|row| named(row.places, &word)));
        let spoken = || TABLE.iter().find(|row| row.languages == language);
        place.or_else(spoken).unwrap_or(&TABLE[0]).currency
    }

    /// `hundredths` as people of `language` write an amount; whole amounts without zeros.
    pub(super) fn price(self, hundredths: u32, language: &str) -> String {
        let amount = u64::from(hundredths) * u64::from(self.times);
        let (whole, rest) = (amount / 100, amount % 100);
        // Where prices run high nobody counts the small coins.
        let rest = if self.times >= 20 { 0 } else { rest };
        let before = language == "en" || self.sign == "R$" || self.sign.ends_with('£');
        let (comma, thousands) = match language {
            "en" | "he" | "ar" | "ja" | "zh" => ('.', ","),
            "fr" | "ru" => (',', "\u{202f}"),
            _ => (',', "."),
        };
        let mut digits = grouped(whole, thousands);
        if rest > 0 {
            digits = format!("{digits}{comma}{rest:02}");
        }
        match (before, self.sign.len() > 2 && self.sign.is_ascii() || self.sign == "R$") {
            (true, true) => format!("{}\u{a0}{digits}", self.sign),
            (true, false) => format!("{}{digits}", self.sign),
            (false, _) => format!("{digits}\u{a0}{}", self.sign),
        }
    }

    /// The amount of whole units `units`.
    pub(super) fn units(self, units: u32, language: &str) -> String {
        self.price(units.saturating_mul(100), language)
    }
}

/// `number` with `separator` between its thousands, from five digits on.
pub(super) fn grouped(number: u64, separator: &str) -> String {
    let digits = number.to_string();
    if digits.len() < 5 && separator != "," || digits.len() < 4 {
        return digits;
    }
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push_str(separator);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_as_people_there_write_them() {
        for (text, language, hundredths, written) in [
            ("A bakery in Leeds", "en", 520, "£5.20"),
            ("A bakery", "en", 4200, "$42"),
            ("A bakery in Lisbon", "en", 520, "€5.20"),
            ("Eine Bäckerei in Köln", "de", 520, "5,20\u{a0}€"),
            ("Eine Bäckerei in Zürich", "de", 500, "5\u{a0}CHF"),
            ("Padaria em São Paulo", "pt", 520, "R$\u{a0}26"),
            ("Une agence", "fr", 42_000_000, "420\u{202f}000\u{a0}€"),
            ("An agency", "en", 42_000_000, "$420,000"),
            ("מאפייה", "he", 520, "20.80\u{a0}₪"),
        ] {
            assert_eq!(Currency::of(text, language).price(hundredths, language), written);
        }
    }
}
