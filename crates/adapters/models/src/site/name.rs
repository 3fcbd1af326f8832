//! The name that a description gives its subject.

use super::brief::{TOPIC_WORDS, fit};
use super::kind::named;
use super::text::words;

const NAMERS: &str = "=called =named =chamado =chamada =llamado =llamada =appelé =appelée =nommé \
                      =nommée =namens =genannt";
const QUOTES: &[(char, char)] = &[('"', '"'), ('“', '”'), ('«', '»'), ('„', '“'), ('\'', '\'')];

/// The name that the description gives the site, after a word such as `called`, and the words
/// that give it.
pub(super) fn spoken_name(text: &str) -> Option<(String, &str)> {
    let mut at = 0;
    for word in words(text).take(TOPIC_WORDS) {
        let from = at + text[at..].find(word)?;
        at = from + word.len();
        if !named(NAMERS, &word.to_lowercase()) {
            continue;
        }
        let tail = text[at..].trim_start();
        let quoted = tail.chars().next().and_then(|first| {
            let (_, close) = QUOTES.iter().find(|(open, _)| *open == first)?;
            let inner = &tail[first.len_utf8()..];
            Some(&inner[..inner.find(*close)?])
        });
        let before = text.len() - tail.len();
        if let Some(name) = quoted {
            let to = before + name.len() + tail.chars().next().map_or(0, char::len_utf8);
            let close = text[to..].chars().next().map_or(0, char::len_utf8);
            return fit(name, 48).map(|name| (name, &text[from..to + close]));
        }
        let capital =
            |word: &&str| *word == "&" || word.chars().next().is_some_and(char::is_uppercase);
        let clause = tail.split(['.', ',', ';', ':', '\n']).next()?;
        let name = clause.split(' ').take_while(capital).take(4).collect::<Vec<_>>().join(" ");
        return fit(&name, 48).map(|fit| (fit, &text[from..before + name.len()]));
    }
    None
}

/// Words before a place or a source rather than before a name.
const BEFORE_PLACES: &str = "in at from near of by de da do em en à a au aux aus bei von im zu di su \
                             nel la el les los san são saint new";

/// Two or more words with capitals in the middle of a sentence, such as `the folk band Slow
/// Tide`; none in languages that write every noun so.
pub(super) fn proper_name(sentence: &str, language: &str) -> Option<String> {
    if language == "de" {
        return None;
    }
    let is_name = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        bare.chars().next().is_some_and(char::is_uppercase)
            && bare.chars().skip(1).any(char::is_lowercase)
    };
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let mut at = 1;
    while at < words.len() {
        let run = words[at..].iter().take(4).take_while(|word| is_name(word)).count();
        let ends = |word: &&str| word.ends_with([',', '.', ':', ';', '!', '?']);
        let run = words[at..at + run].iter().position(ends).map_or(run, |end| end + 1);
        let before = words[at - 1].to_lowercase();
        let after_stop = words[at - 1].ends_with(['.', ':', '!', '?']);
        let place = BEFORE_PLACES.split_whitespace().any(|listed| listed == before);
        if run >= 2 && !place && !after_stop && !is_name(words[at - 1]) {
            let name = words[at..at + run].join(" ");
            return fit(name.trim_end_matches(|c: char| !c.is_alphanumeric()), 48);
        }
        at += run.max(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_places() {
        let name = |text| proper_name(text, "en");
        assert_eq!(name("Home of the folk band Slow Tide: concerts").as_deref(), Some("Slow Tide"));
        assert_eq!(name("A hotel in New York with Grand Pianos"), Some("Grand Pianos".to_owned()));
        assert_eq!(name("A bakery in Buenos Aires"), None);
        assert_eq!(name("A REST API and a DB"), None);
    }
}
