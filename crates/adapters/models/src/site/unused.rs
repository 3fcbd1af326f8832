//! What of a description came to nothing.

use super::brief::{Story, TOPIC_WORDS, is_served};
use super::kind::Kind;
use super::text::words;
use super::wishes::pieces;

/// Languages that part their words by nothing, so that pieces cannot be told.
const UNPARTED: [&str; 3] = ["zh", "ja", "th"];
/// Words that ask for a part of a site and not for which.
const GENERAL: &str = "page pages site website section button seite página página web add include \
                       make create";

/// The pieces of the description, after the one that says what the site is, that bring no page
/// and of which `pages` say no word.
pub(super) fn unused(story: &Story, pages: &[String]) -> Vec<String> {
    if UNPARTED.contains(&story.language.tag) {
        return Vec::new();
    }
    let shown: String = pages.iter().map(|page| text_of(page)).collect();
    let all = story.said.iter().flat_map(|sentence| pieces(sentence)).skip(1).take(TOPIC_WORDS);
    let mut found: Vec<String> = Vec::new();
    for piece in all {
        let carries = |word: &String| {
            word.chars().count() > 2
                && !story.language.is_function_word(word)
                && !story.language.is_opener(word)
                && !GENERAL.split_whitespace().any(|general| general == word)
        };
        let told: Vec<String> = words(&piece).map(str::to_lowercase).filter(carries).collect();
        let appears = told.iter().any(|word| shown.contains(stem(word)));
        let kind = Kind::of(&piece);
        let served = is_served(&piece) || kind == story.kind && kind != Kind::General;
        if !told.is_empty() && !appears && !served && !found.contains(&piece) {
            found.push(piece);
        }
    }
    found
}

/// `word` without an ending that another form of it may not have.
fn stem(word: &str) -> &str {
    let count = word.chars().count();
    let kept = if count > 6 { count - 2 } else { count - usize::from(count > 4) };
    word.char_indices().nth(kept).map_or(word, |(at, _)| &word[..at])
}

/// What `page` says between its tags, in small letters.
fn text_of(page: &str) -> String {
    let body = page.split_once("<body").map_or(page, |(_, body)| body);
    let texts = body.split('<').filter_map(|piece| piece.split_once('>'));
    texts.flat_map(|(_, text)| [text, " "]).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::{Input, Site};

    fn unused(description: &str) -> Vec<String> {
        Site::plan(&Input {
            project_name: "My project",
            description,
            target_users: None,
            features: &[],
            shares: 2,
        })
        .unused()
    }

    #[test]
    fn what_came_to_nothing_is_told() {
        for (text, left) in [
            ("A sauna in Gdańsk with login, bookings and a newsletter", &["a newsletter"][..]),
            ("A bakery in Lisbon with cakes, in dark green, and a page for jobs", &[]),
            ("Uma padaria em Braga com bolos, pagamentos e newsletter", &["newsletter"]),
            ("A landing page for a bakery", &[]),
        ] {
            assert_eq!(unused(text), left, "{text}");
        }
    }
}
