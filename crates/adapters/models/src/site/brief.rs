//! What a description says: name, subject, topics, sentences and wishes.

use unicode_normalization::char::is_combining_mark;

use super::copy::{KindCopy, Phrases, fill, phrases};
use super::kind::{Extra, Kind, named};
use super::language::{Language, detect};
use super::text::{capitalized, clean, is_wordy, sentences, shorten, words};

/// What a site is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    /// What the site calls itself unless the description names it.
    pub(crate) project_name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) target_users: Option<&'a str>,
    /// Keys of the estimate's features.
    pub(crate) features: &'a [String],
    /// How many agents share the pages; each makes one at least.
    pub(crate) shares: u32,
}

/// Something that brings pages of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Accounts,
    Payments,
    Dashboard,
    Api,
    Data,
    Live,
    Extra(Extra),
}

/// The estimate's feature keys, and words of other languages that ask for the same.
const WANTS: &[(Want, &str, &str)] = &[
    (
        Want::Accounts,
        "authentication",
        "=login =signup =register =registration =auth =accounts =conta =contas =cuenta =cuentas \
         =compte =comptes connexion anmeld registrier benutzerkont تسجيل התחברות",
    ),
    (
        Want::Payments,
        "payments",
        "payment stripe checkout pagament =pago =pagos paiement zahlung bezahl دفع תשלום",
    ),
    (Want::Dashboard, "dashboard", "dashboard =admin painel =panel tableau-de لوحة"),
    (Want::Api, "api", "=api =apis backend =rest"),
    (Want::Data, "database", "=database =databases =db datenbank banco-de base-de"),
    (Want::Live, "realtime", "realtime real-time websocket echtzeit =chat"),
    (
        Want::Extra(Extra::Booking),
        "",
        "=book =booking =bookings reservation reserva réserv appointment rendez-vous termin \
         =buchung =buchen agendament cita حجز הזמנות",
    ),
    (Want::Extra(Extra::Gallery), "", "gallery =photos =pictures galeria galería galerie fotos"),
    (Want::Extra(Extra::Events), "", "=event =events =concerts evento événement veranstaltung"),
    (Want::Extra(Extra::Articles), "", "=blog =articles =news artigos artículos artikel"),
    (Want::Extra(Extra::Pricing), "", "pricing =prices =plans =preços =precios =tarifs =preise"),
];

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

/// Everything the pages are made from.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) language: Language,
    pub(super) phrases: &'static Phrases,
    pub(super) kind: Kind,
    pub(super) name: String,
    /// What the site is, in a few of the description's words.
    pub(super) headline: String,
    /// What the site is, in a sentence.
    pub(super) lead: String,
    /// The description's sentences, fit for running text.
    pub(super) sentences: Vec<String>,
    /// The description as it was typed, by lines.
    pub(super) verbatim: Vec<String>,
    /// At least six.
    pub(super) topics: Vec<Topic>,
    pub(super) wants: Vec<Want>,
    pub(super) audience: Option<String>,
    /// Tells sites of equal kind apart.
    pub(super) seed: u64,
}

const TOPICS: usize = 12;
const LEAST_TOPICS: usize = 6;
/// Words looked at for topics; a long description has said what it is about by then.
const TOPIC_WORDS: usize = 600;

impl Story {
    pub(super) fn read(input: &Input<'_>) -> Self {
        let text = clean(input.description);
        let plain = without_code(&text);
        let language = detect(&plain);
        let phrases = phrases(language);
        let kind = Kind::of(&text);
        let readable = sentences(&plain);
        let first = readable.first().map_or("", String::as_str);
        let subject = without_opener(first, language);
        let spoken = spoken_name(&plain);
        let (spoken, unnamed) = match spoken {
            Some((name, said)) => (Some(name), subject.replacen(said, "", 1)),
            None => (None, subject.clone()),
        };
        let usual = phrases.kind(kind);
        let topics = topics(&readable, language, usual, spoken.as_deref().unwrap_or_default());
        let name = spoken
            .or_else(|| fit(input.project_name, 48))
            .or_else(|| fit(&headline(&unnamed), 48))
            .unwrap_or_else(|| phrases.untitled.to_owned());
        let headline = fit(&headline(&unnamed), 70).unwrap_or_else(|| name.clone());
        let lead = fit(&subject, 240).unwrap_or_else(|| headline.clone());
        let sentences =
            readable.iter().map(|sentence| shorten(&capitalized(sentence), 320)).collect();
        let wants = wants(&text, kind, input.features);
        Self {
            language,
            phrases,
            kind,
            name,
            headline,
            lead,
            sentences,
            verbatim: lines(&text),
            topics,
            wants,
            audience: input.target_users.and_then(|users| fit(&clean(users), 300)),
            seed: seed(&[input.project_name, input.description]),
        }
    }

    pub(super) fn wants(&self, want: Want) -> bool {
        self.wants.contains(&want)
    }

    pub(super) fn kind_copy(&self) -> &'static KindCopy {
        self.phrases.kind(self.kind)
    }

    /// Name and headline, or the name alone where both are one.
    pub(super) fn headline_with_name(&self) -> String {
        if self.headline == self.name {
            self.name.clone()
        } else {
            format!("{} – {}", self.name, self.headline)
        }
    }

    /// The topic at `index`, counting round and round.
    pub(super) fn topic(&self, index: usize) -> &Topic {
        &self.topics[index % self.topics.len()]
    }

    /// The description's sentence that speaks of `topic`, or one chosen by its place.
    pub(super) fn sentence_about(&self, topic: &str, index: usize) -> &str {
        let lower = topic.to_lowercase();
        self.sentences
            .iter()
            .find(|sentence| sentence.to_lowercase().contains(&lower))
            .or_else(|| self.sentences.get(index % self.sentences.len().max(1)))
            .map_or(self.lead.as_str(), String::as_str)
    }
}

/// `None` if no letter or digit is left to show.
fn fit(text: &str, chars: usize) -> Option<String> {
    let text = clean(text);
    let one_spaced: Vec<&str> = text.split_whitespace().collect();
    words(&text).next()?;
    Some(capitalized(&shorten(&one_spaced.join(" "), chars)))
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .map(|line| match line.chars().next() {
            // A paragraph must not begin with a mark that combines with nothing.
            Some(c) if is_combining_mark(c) => {
                format!("\u{25cc}{line}")
            }
            _ => line,
        })
        .collect()
}

/// For running text: tags, templates and addresses are not words of the subject.
///
/// Safety does not rest on this; the writer escapes whatever is left.
fn without_code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '{']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        out.push(' ');
        rest = after_code(tail);
    }
    out.push_str(rest);
    let plain = |word: &&str| {
        let code = [
            "//", "script:", "data:", "../", "..\\", "=\"", "='", "');", "=>", "url(", "@import",
            "${", "$(", "`", "%>", "%}", "/.", "\\",
        ];
        let lower = word.to_lowercase();
        !lower.starts_with(['/', '.', '%']) && !code.iter().any(|mark| lower.contains(mark))
    };
    out.lines()
        .map(|line| line.split(' ').filter(plain).collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What follows the tag, script or template that `tail` begins with; code is short, so a sign
/// that nothing closes soon stands for itself.
fn after_code(tail: &str) -> &str {
    let is_element =
        |name: &str| tail.get(1..=name.len()).is_some_and(|at| at.eq_ignore_ascii_case(name));
    for (name, end) in [("script", "</script>"), ("style", "</style>")] {
        if is_element(name)
            && let Some(at) = tail.find(end)
        {
            return &tail[at + end.len()..];
        }
    }
    let close = if tail.starts_with('<') { '>' } else { '}' };
    let end = tail.char_indices().take(200).find(|(_, c)| *c == close);
    end.map_or(&tail[1..], |(at, _)| tail[at + 1..].trim_start_matches(close))
}

/// `sentence` from where it comes to the point; whole if it is all opening.
fn without_opener(sentence: &str, language: Language) -> String {
    let mut at = 0;
    for word in words(sentence) {
        let Some(found) = sentence[at..].find(word) else { break };
        if !language.is_opener(&word.to_lowercase()) {
            return capitalized(&sentence[at + found..]);
        }
        at += found + word.len();
    }
    capitalized(sentence)
}

/// Words after which a subject is only qualified.
const QUALIFIERS: &str = "with that where which who including featuring and com que onde con donde \
                          avec qui dont où mit die der das wo und con";
const HEADLINE_WORDS: usize = 8;

fn headline(subject: &str) -> String {
    let clause = subject.split(['.', ',', ';', ':', '!', '?', '،', '。', '，', '(']).next();
    let mut out: Vec<&str> = Vec::new();
    for word in clause.unwrap_or_default().split_whitespace() {
        let lower = word.to_lowercase();
        let enough = out.len() >= HEADLINE_WORDS
            || (!out.is_empty() && QUALIFIERS.split_whitespace().any(|listed| listed == lower));
        if enough {
            break;
        }
        out.push(word);
    }
    out.join(" ")
}

const NAMERS: &str = "=called =named =chamado =chamada =llamado =llamada =appelé =appelée =nommé \
                      =nommée =namens =genannt";
const QUOTES: &[(char, char)] = &[('"', '"'), ('“', '”'), ('«', '»'), ('„', '“'), ('\'', '\'')];

/// The name that the description gives the site, after a word such as `called`, and the words
/// that give it.
fn spoken_name(text: &str) -> Option<(String, &str)> {
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

fn wants(text: &str, kind: Kind, features: &[String]) -> Vec<Want> {
    let lower: Vec<String> = words(text).take(TOPIC_WORDS * 3).map(str::to_lowercase).collect();
    WANTS
        .iter()
        .filter(|(want, key, list)| {
            features.iter().any(|feature| feature == key)
                || lower.iter().any(|word| named(list, word))
                || matches!(want, Want::Extra(extra) if kind.extras().contains(extra))
        })
        .map(|(want, ..)| *want)
        .collect()
}

/// Runs of words between those that carry no subject, the weightiest in order of appearance;
/// `name` is no topic of its own site.
fn topics(readable: &[String], language: Language, usual: &KindCopy, name: &str) -> Vec<Topic> {
    let mut found: Vec<(String, usize)> = Vec::new();
    let clauses =
        readable.iter().flat_map(|sentence| sentence.split(|c: char| !is_wordy(c) && c != ' '));
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
    found.retain(|(text, _)| !name.to_lowercase().contains(&text.to_lowercase()));
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

fn chosen(found: &[(String, usize)], usual: &KindCopy, language: Language) -> Vec<Topic> {
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
    let fillers = usual.usual.into_iter().chain([usual.label, usual.offer]);
    for filler in fillers {
        if topics.len() >= LEAST_TOPICS {
            break;
        }
        if !topics.iter().any(|topic| topic.text == filler) {
            let inline = if keeps_capitals { filler.to_owned() } else { filler.to_lowercase() };
            topics.push(Topic { text: filler.to_owned(), inline });
        }
    }
    topics
}

/// FNV-1a: stable everywhere and for ever, unlike the standard library's hashes.
pub(super) fn seed(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(description: &str) -> Story {
        Story::read(&Input {
            project_name: "My project",
            description,
            target_users: None,
            features: &[],
            shares: 1,
        })
    }

    #[test]
    fn the_point_of_a_request_becomes_the_headline() {
        for (text, headline) in [
            ("A landing page for a bakery in Lisbon with fresh bread.", "Bakery in Lisbon"),
            ("Please build me a website for our law firm, Smith & Sons", "Law firm"),
            ("Quero um site para a minha padaria em Braga com encomendas", "Padaria em Braga"),
            ("Eine Website für unsere Bäckerei in Köln mit Torten", "Bäckerei in Köln"),
            ("<script>alert(1)</script> tea shop", "Tea shop"),
            ("!!!!!!!!!!!!", "My project"),
        ] {
            assert_eq!(story(text).headline, headline, "{text}");
        }
    }

    #[test]
    fn a_name_in_the_description_wins() {
        for text in
            ["A bakery called \"Crumb & Co\" in Porto", "A bakery called Crumb & Co in Porto"]
        {
            let story = story(text);
            assert_eq!(
                (story.name.as_str(), story.headline.as_str()),
                ("Crumb & Co", "Bakery in Porto")
            );
        }
        assert_eq!(story("A gym named Iron Temple with classes").name, "Iron Temple");
        assert_eq!(story("A gym that is named after nobody").name, "My project");
    }

    #[test]
    fn topics_are_the_descriptions_own_words() {
        let story = story("A bakery in Lisbon: sourdough bread, wedding cakes and coffee to go");
        let topics: Vec<&str> = story.topics.iter().map(|topic| topic.text.as_str()).collect();
        assert_eq!(topics[..4], ["Bakery", "Lisbon", "Sourdough bread", "Wedding cakes"]);
    }

    #[test]
    fn features_are_found_in_other_languages() {
        let story = story("Loja de chá com pagamentos e área de conta dos clientes");
        assert!(story.wants(Want::Payments) && story.wants(Want::Accounts));
        assert!(!story.wants(Want::Live));
    }
}
