//! What a description is about, in its own words.

use unicode_normalization::char::is_combining_mark;

use super::brief::TOPIC_WORDS;
use super::copy::fill;
use super::kind::named;
use super::language::Language;
use super::text::{capitalized, is_wordy, shorten, words};
use super::wishes::{held, is_function, page_wanted, without_wishes};

/// Something the site speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    /// As a title.
    pub(super) text: String,
    /// As typed, for use inside a sentence.
    pub(super) inline: String,
}

impl Topic {
    /// `template` about this topic, with a capital only where the topic comes first.
    pub(super) fn put_into(&self, template: &str) -> String {
        let text = if template.starts_with("{}") { &self.text } else { &self.inline };
        fill(template, text)
    }
}

const TOPICS: usize = 12;
const LEAST_TOPICS: usize = 6;

/// Runs of words between those that carry no subject, the weightiest in order of appearance;
/// `name` is no topic of its own site.
pub(super) fn topics(
    readable: &[String],
    language: Language,
    usual: &[String],
    name: &str,
) -> Vec<Topic> {
    let mut found: Vec<(String, usize)> = Vec::new();
    let wished: Vec<String> = readable.iter().map(|text| without_wishes(text)).collect();
    let clauses =
        wished.iter().flat_map(|sentence| sentence.split(|c: char| !is_wordy(c) && c != ' '));
    let mut seen = 0;
    for clause in clauses.take_while(|clause| {
        let early = seen < TOPIC_WORDS;
        seen += words(clause).count();
        early
    }) {
        let mut run: Vec<&str> = Vec::new();
        for word in words(clause).map(Some).chain([None]) {
            let subject = word.filter(|word| {
                let lower = word.to_lowercase();
                !language.is_function_word(&lower) && !language.is_opener(&lower)
            });
            run.extend(subject);
            if subject.is_none() || run.len() == 4 {
                note(&mut found, &std::mem::take(&mut run));
            }
        }
    }
    found.retain(|(text, _)| {
        !name.to_lowercase().contains(&text.to_lowercase()) && !is_function(text)
    });
    chosen(&found, usual, language)
}

fn note(found: &mut Vec<(String, usize)>, run: &[&str]) {
    let text = run.iter().map(|word| shorten(word, 24)).collect::<Vec<_>>().join(" ");
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let least = if text.is_ascii() { 3 } else { 2 };
    if letters < least {
        return;
    }
    let lower = text.to_lowercase();
    match found.iter_mut().find(|(known, _)| known.to_lowercase() == lower) {
        Some((_, weight)) => *weight += 2,
        None => found.push((text, run.len().min(3) * 2)),
    }
}

fn chosen(found: &[(String, usize)], usual: &[String], language: Language) -> Vec<Topic> {
    let mut ranked: Vec<usize> = (0..found.len()).collect();
    ranked.sort_by_key(|at| std::cmp::Reverse(found[*at].1));
    ranked.truncate(TOPICS);
    ranked.sort_unstable();
    let mut topics: Vec<Topic> = ranked
        .into_iter()
        .map(|at| found[at].0.trim_start_matches(is_combining_mark))
        .map(|text| Topic { text: capitalized(text), inline: text.to_owned() })
        .collect();
    // German nouns have capitals everywhere.
    let keeps_capitals = language.tag == "de";
    for filler in usual {
        if topics.len() >= LEAST_TOPICS {
            break;
        }
        if !topics.iter().any(|topic| topic.text == *filler) {
            let inline = if keeps_capitals { filler.clone() } else { filler.to_lowercase() };
            topics.push(Topic { text: filler.clone(), inline });
        }
    }
    topics
}

/// Things a list names at most.
const LISTED: usize = 6;
/// Words after which a description counts up what there is.
const INTRODUCERS: &str = "=with =about =selling =sells =offering =offers =featuring =serving \
                           =serves =tracks =tracking =shows =showing =covers =teaches =com =sobre =vende =con =vendiendo =avec =mit =über =verkauft \
                           =مع =يقدم =عם =עם";
/// Words that join the last of a list to the others.
const JOINERS: &str = "and & plus e y et und ed en и 和 と";
/// Words that end the naming of a thing and begin to tell of it.
const TELLERS: &str = "=that =which =who =where =with =looking =so =because =every =when =que =onde \
                       =donde =qui =dont =où =die =der =das =mit =avec =con =com =wo =che";
/// The things that a description counts up, such as `bread, cakes and coffee`; empty where it
/// counts up none.
pub(super) fn listed(readable: &[String], language: Language) -> Vec<String> {
    readable
        .iter()
        .take(4)
        .map(|sentence| counted(sentence, language))
        .find(|found| found.len() > 1)
        .unwrap_or_default()
}

fn counted(sentence: &str, language: Language) -> Vec<String> {
    let after_colon = sentence.find([':', '：']).map(|at| &sentence[at + 1..]);
    let things = after_colon.map(|list| things(list, language)).unwrap_or_default();
    if things.len() > 1 {
        return things;
    }
    after_introducer(sentence).map(|list| self::things(list, language)).unwrap_or_default()
}

fn things(list: &str, language: Language) -> Vec<String> {
    let mut things: Vec<String> = Vec::new();
    for clause in list.split([',', ';', '、', '،', '，', '：', '。', '(', ')']) {
        for piece in joined(clause) {
            let Some(thing) = thing(&piece, language) else { continue };
            if !things.contains(&thing) {
                things.push(thing);
            }
        }
    }
    things.truncate(LISTED);
    things
}

fn after_introducer(sentence: &str) -> Option<&str> {
    let mut at = 0;
    for word in words(sentence) {
        at += sentence[at..].find(word)? + word.len();
        if named(INTRODUCERS, &word.to_lowercase()) {
            return sentence.get(at..);
        }
    }
    None
}

fn joined(clause: &str) -> Vec<String> {
    let mut pieces = vec![Vec::new()];
    for word in clause.split_whitespace() {
        if JOINERS.split_whitespace().any(|joiner| joiner == word.to_lowercase()) {
            pieces.push(Vec::new());
        } else if let Some(rest) = after_joined_and(word)
            && pieces.last().is_some_and(|piece| !piece.is_empty())
        {
            pieces.push(vec![rest]);
        } else if let Some(last) = pieces.last_mut() {
            last.push(word);
        }
    }
    pieces.iter().map(|piece| piece.join(" ")).collect()
}

/// `word` without the `and` that Arabic and Hebrew write together with it.
fn after_joined_and(word: &str) -> Option<&str> {
    word.strip_prefix(['و', 'ו']).filter(|rest| rest.chars().count() >= 3)
}

/// Words before the one that uses a thing; few of these make a name, many a sentence.
const USERS: &str = "=for =für =para =pour";

/// `piece` as a title, if it names something briefly.
fn thing(piece: &str, language: Language) -> Option<String> {
    let all: Vec<&str> = piece.split_whitespace().collect();
    let is_lead = |word: &&&str| language.is_function_word(&word.to_lowercase());
    let from = all.iter().take_while(is_lead).count();
    let article = all[..from].last().copied().unwrap_or_default();
    let told = |word: &&str| !named(TELLERS, &word.to_lowercase());
    let kept: Vec<&str> = held(&all[from..]).into_iter().take_while(told).collect();
    let used = kept.iter().position(|word| named(USERS, &word.to_lowercase()));
    let kept = match used {
        Some(at) if kept.len() > 4 => &kept[..at],
        _ => &kept[..],
    };
    let text = if language.tag == "de" { nominative(article, kept) } else { kept.join(" ") };
    let text =
        text.trim_matches(|c: char| !c.is_alphanumeric() && !is_combining_mark(c) && c != ')');
    let fits = (1..=5).contains(&kept.len())
        && (2..=40).contains(&text.chars().count())
        && text.chars().any(char::is_alphabetic)
        && !is_function(text)
        && page_wanted(piece).is_none();
    fits.then(|| capitalized(text.trim_start_matches(is_combining_mark)))
}

/// German words after `mit` as they stand in a list: adjectives in the dative go, as their
/// endings without it depend on a gender that nobody knows; feminine ones tell theirs.
fn nominative(article: &str, kept: &[&str]) -> String {
    let feminine = article.ends_with("er");
    let is_adjective = |word: &str, next: Option<&&str>| {
        word.chars().next().is_some_and(char::is_lowercase)
            && word.ends_with(['n', 'm', 'r'])
            && word.len() > 4
            && next.is_some_and(|next| next.chars().next().is_some_and(char::is_uppercase))
    };
    let mut out: Vec<String> = Vec::new();
    for (at, word) in kept.iter().enumerate() {
        match is_adjective(word, kept.get(at + 1)) {
            true if at == 0 && (feminine && word.ends_with("en") || word.ends_with("er")) => {
                out.push(word[..word.len() - 1].to_owned());
            }
            true if out.is_empty() => {}
            _ => out.push((*word).to_owned()),
        }
    }
    out.join(" ")
}

/// Whether two names are of the same thing, so that one may stand for the other.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let stems = |text: &str| -> Vec<String> {
        words(text)
            .map(str::to_lowercase)
            .map(|word| word.trim_end_matches('s').to_owned())
            .filter(|word| word.chars().count() >= 4)
            .collect()
    };
    let others = stems(other);
    stems(one).iter().any(|stem| others.contains(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, tag: &str) -> Vec<String> {
        let mut language = super::super::language::detect(text);
        language.tag = if tag == language.tag { language.tag } else { "en" };
        listed(&[text.to_owned()], language)
    }

    #[test]
    fn lists_are_read_as_they_are_counted_up() {
        assert_eq!(
            of(
                "A family hotel by the sea with twelve rooms, breakfast on the terrace and boat trips",
                "en"
            ),
            ["Twelve rooms", "Breakfast on the terrace", "Boat trips"]
        );
        assert_eq!(
            of(
                "SaaS for translators: glossaries, invoices, team accounts with login and REST API",
                "en"
            ),
            ["Glossaries", "Invoices"]
        );
        assert_eq!(
            of(
                "Un site pour notre cabinet d'avocats à Lyon : droit du travail, droit de la famille et première consultation gratuite",
                "fr"
            ),
            ["Droit du travail", "Droit de la famille", "Première consultation gratuite"]
        );
        assert_eq!(of("A landing page for a bakery", "en"), Vec::<String>::new());
        assert_eq!(
            of(
                "Eine Bäckerei mit frischem Brot, einer ruhigen Terrasse und einem kleinen Café",
                "de"
            ),
            ["Brot", "Ruhige Terrasse", "Café"]
        );
        assert_eq!(
            of("Portfolio of an artist with a gallery of bowls and vases and a contact form", "en"),
            ["Bowls", "Vases"]
        );
    }

    #[test]
    fn names_of_one_thing_are_alike() {
        assert!(alike("Sourdough bread", "Country sourdough") && alike("Wedding cakes", "Cake"));
        assert!(!alike("Coffee", "Bread") && !alike("Dark rye", "Rye loaf"));
    }
}
