//! A short name out of a description.

/// Longest name made up here, in characters; people may choose longer ones.
const LONGEST: usize = 48;

/// Words that describe the order and not the thing, in the languages sites are written in.
const ORDERS: &[&str] = &[
    // English
    "build",
    "make",
    "create",
    "me",
    "us",
    "please",
    "i",
    "we",
    "want",
    "need",
    "would",
    "like",
    "simple",
    "modern",
    "landing",
    "page",
    "website",
    "web",
    "site",
    "app",
    "application",
    // Portuguese, Spanish
    "cria",
    "crie",
    "criar",
    "quero",
    "crea",
    "crear",
    "quiero",
    "página",
    "pagina",
    "sítio",
    "sitio",
    "aplicação",
    "aplicación",
    // French
    "crée",
    "créer",
    "je",
    "veux",
    "page",
    "d'accueil",
    "appli",
    // German
    "erstelle",
    "baue",
    "mir",
    "bitte",
    "ich",
    "möchte",
    "brauche",
    "eine",
    "webseite",
    "internetseite",
    "landingpage",
];

/// Words that may stand between the order and the thing.
const JOINTS: &[&str] = &[
    "a", "an", "the", "my", "our", "for", "of", "about", "to", "um", "uma", "para", "de", "do",
    "da", "un", "una", "une", "pour", "mon", "notre", "ein", "einen", "einer", "für", "mein",
    "meine", "unsere", "unser", "o", "el", "la", "le", "der", "die", "das",
];

/// Kinds of app that nobody would call theirs.
const KINDS: &[&str] = &[
    "site",
    "website",
    "page",
    "app",
    "application",
    "dashboard",
    "platform",
    "portal",
    "sítio",
    "sitio",
    "página",
    "plataforma",
    "appli",
    "plateforme",
    "webseite",
    "plattform",
];

/// What leads from the kind to the thing.
const PURPOSES: &[&str] = &["for", "of", "para", "pour", "für", "de"];

/// Words that promise another one after them.
const LINKS: &[&str] =
    &["with", "and", "in", "com", "e", "em", "con", "y", "en", "avec", "et", "à", "mit", "und"];

/// The thing described: the first clause without the order in front, at most 48 characters,
/// cut between words. Empty if the text has no letter or digit.
pub(crate) fn subject(text: &str) -> String {
    let clause = text.split(['.', '!', '?', '\n', ';', ':', ',']).find(|part| has_word(part));
    let words: Vec<String> = clause.unwrap_or_default().split_whitespace().map(plain).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| has_word(word)).collect();
    let start = words.iter().position(|word| !is(word, ORDERS) && !is(word, JOINTS)).unwrap_or(0);
    let start = past_the_kind(&words).unwrap_or(start);
    let mut name = String::new();
    for word in &words[start..] {
        if !name.is_empty() && name.chars().count() + 1 + word.chars().count() > LONGEST {
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.extend(word.chars().take(LONGEST));
    }
    // A cut must not leave "with" or "and a" at the end.
    while let Some((front, last)) = name.rsplit_once(' ')
        && (is(last, JOINTS) || is(last, LINKS))
    {
        name.truncate(front.len());
    }
    capitalised(name.trim_end_matches(|c: char| !c.is_alphanumeric()))
}

/// Where the thing begins after "a booking site for": a kind of app, early on, and what it is
/// for.
fn past_the_kind(words: &[&str]) -> Option<usize> {
    let early = &words[..words.len().min(7)];
    let purpose =
        early.windows(2).position(|pair| is(pair[0], KINDS) && is(pair[1], PURPOSES))? + 2;
    (purpose..words.len()).find(|place| !is(words[*place], JOINTS))
}

fn is(word: &str, list: &[&str]) -> bool {
    let lower = word.to_lowercase();
    list.contains(&lower.as_str())
}

fn has_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// The word without what could be markup or punctuation.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || "'’-&+".contains(*c)).collect()
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::subject;

    #[test]
    fn the_order_is_left_out_and_the_thing_kept() {
        for (text, name) in [
            ("A landing page for a bakery in Lisbon", "Bakery in Lisbon"),
            ("Please build me a simple website for our chess club, with news", "Chess club"),
            ("Dashboard with login and stripe payment", "Dashboard with login and stripe payment"),
            (
                "Um portfólio para uma fotógrafa de casamentos",
                "Portfólio para uma fotógrafa de casamentos",
            ),
            ("Ich möchte eine Webseite für meine Tierarztpraxis", "Tierarztpraxis"),
            ("Un site pour une librairie de quartier", "Librairie de quartier"),
            ("website website", "Website website"),
            (
                "Booking site for a yoga studio in Porto with login and payments",
                "Yoga studio in Porto with login and payments",
            ),
            (
                "A real-time dashboard for the night shift of a hospital in Zagreb with alarms",
                "Night shift of a hospital in Zagreb with alarms",
            ),
            (
                "Handmade candles from the coast of Brittany sold in jars with labels",
                "Handmade candles from the coast of Brittany sold",
            ),
            ("<script>alert(1)</script> bakery", "Scriptalert1script bakery"),
            ("!!!!!!!!!!", ""),
            ("متجر للزهور في دبي", "متجر للزهور في دبي"),
        ] {
            assert_eq!(subject(text), name, "{text}");
        }
    }

    #[test]
    fn a_name_is_cut_between_words_and_never_longer_than_its_bound() {
        let long = "bread ".repeat(100);
        assert_eq!(subject(&long).chars().count(), 47);
        assert_eq!(subject(&"é".repeat(500)).chars().count(), 48);
    }
}
