//! The name that a description gives its subject.

use super::brief::{RELATIVES, TOPIC_WORDS, fit};
use super::kind::named;
use super::language::Language;
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

/// Programs, which are named after whom or what they serve.
const PROGRAMS: &str = "saas =software =app =platform =tool =dashboard =tracker =planner";
const LONGEST: usize = 34;

/// What a site without a name is called: its subject, told from `headline` and what follows it.
pub(super) fn short_name(subject: &str, headline: &str, language: Language) -> String {
    let words: Vec<&str> = headline.split_whitespace().collect();
    let own = match words.as_slice() {
        [program, "for", served @ ..] if named(PROGRAMS, &program.to_lowercase()) => {
            program_name(subject, program, served, language)
        }
        [_, tells, _, rest @ ..] if RELATIVES.contains(tells) => {
            let article = |word: &&&str| language.is_function_word(&word.to_lowercase());
            let rest = &rest[rest.iter().take_while(article).count()..];
            (rest.len() > 1).then(|| rest.join(" "))
        }
        _ => None,
    };
    cut(&own.unwrap_or_else(|| headline.to_owned()), language)
}

/// `Dashboard for a small brewery` is a brewery dashboard, and `SaaS for freelancers who send
/// invoices` is about invoices for freelancers.
fn program_name(
    subject: &str,
    program: &str,
    served: &[&str],
    language: Language,
) -> Option<String> {
    let opener = |word: &&&str| language.is_opener(&word.to_lowercase());
    let served = served[served.iter().take_while(opener).count()..].join(" ");
    let (_, after) = subject.split_once(served.as_str()).filter(|_| !served.is_empty())?;
    let clause = after.split([',', ':', ';', '.']).next()?;
    let mut told = clause.split_whitespace();
    if told.next() == Some("who") {
        let joins = |word: &&str| !["and", "or", "with", "to", "for", "in"].contains(word);
        let done: Vec<&str> = told.skip(1).take_while(joins).take(3).collect();
        return (!done.is_empty()).then(|| format!("{} for {served}", done.join(" ")));
    }
    let generic = ["saas", "software"].contains(&program.to_lowercase().as_str());
    (!generic && !served.contains(' ')).then(|| format!("{served} {}", program.to_lowercase()))
}

/// `name` without what only qualifies it, where it is too long.
fn cut(name: &str, language: Language) -> String {
    let all: Vec<&str> = name.split_whitespace().collect();
    let mut kept = all.len();
    while kept > 2 && all[..kept].join(" ").chars().count() > LONGEST {
        let joins = |word: &&str| language.is_function_word(&word.to_lowercase());
        kept = all[..kept].iter().rposition(joins).filter(|at| *at > 0).unwrap_or(kept - 1);
    }
    let joins = |word: &&str| language.is_function_word(&word.to_lowercase());
    while kept > 2 && joins(&all[kept - 1]) {
        kept -= 1;
    }
    all[..kept].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_without_a_name_are_called_by_their_subject() {
        for (subject, headline, name) in [
            (
                "SaaS for freelancers who send invoices: features",
                "SaaS for freelancers",
                "invoices for freelancers",
            ),
            (
                "Dashboard for a small brewery that tracks stock",
                "Dashboard for a small brewery",
                "brewery dashboard",
            ),
            (
                "Non-profit that repairs bicycles",
                "Non-profit that repairs bicycles",
                "Non-profit that repairs bicycles",
            ),
            ("Climbing gym in Leeds: classes", "Climbing gym in Leeds", "Climbing gym in Leeds"),
        ] {
            assert_eq!(short_name(subject, headline, Language::ENGLISH), name);
        }
    }

    #[test]
    fn names_are_told_from_places() {
        let name = |text| proper_name(text, "en");
        assert_eq!(name("Home of the folk band Slow Tide: concerts").as_deref(), Some("Slow Tide"));
        assert_eq!(name("A hotel in New York with Grand Pianos"), Some("Grand Pianos".to_owned()));
        assert_eq!(name("A bakery in Buenos Aires"), None);
        assert_eq!(name("A REST API and a DB"), None);
    }
}
