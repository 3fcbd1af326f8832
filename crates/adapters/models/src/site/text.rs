//! Text as people type it, made fit for pages: no invisible characters, no loose ends.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// `text` in normal form, without characters that are invisible, private or not characters.
///
/// Line breaks stay; every other space becomes a plain one. This is for looks and valid
/// documents; what keeps a page safe is that all text is escaped when it is written.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        match c {
            '\n' => out.push('\n'),
            c if c.is_whitespace() => out.push(' '),
            c if is_unfit(c) => {}
            c => out.push(c),
        }
    }
    out
}

fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0xad | 0x34f
                | 0x61c
                | 0x115f..=0x1160
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x200b
                | 0x200e..=0x200f
                | 0x202a..=0x202e
                | 0x2060..=0x206f
                | 0x3164
                | 0xe000..=0xf8ff
                | 0xfdd0..=0xfdef
                | 0xfeff
                | 0xffa0
                | 0xfff0..=0xffff
                | 0xe0000..=0xe0fff
                | 0xf0000..
        )
        || u32::from(c) & 0xfffe == 0xfffe
}

/// At most `chars` characters, cut between words where there are any, with an ellipsis.
pub(crate) fn shorten(text: &str, chars: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(chars) else {
        return text.to_owned();
    };
    let head = &text[..cut];
    let at = head.rfind(' ').filter(|at| *at > cut / 2).unwrap_or(cut);
    format!("{}…", head[..at].trim_end_matches(|c: char| !c.is_alphanumeric()))
}

/// With a capital first letter, and no combining mark before it.
pub(super) fn capitalized(text: &str) -> String {
    let text = text.trim_start_matches(is_combining_mark);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        let upper: String = first.to_uppercase().collect();
        // `ß` and ligatures would become two capitals.
        let first = if upper.chars().count() == 1 { upper } else { first.to_string() };
        first + chars.as_str()
    })
}

/// A run of letters and digits; apostrophes and hyphens inside it belong to it.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_wordy(c))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .map(without_elision)
        .filter(|word| !word.is_empty())
}

/// `d'avocats` and `l’école` are articles and nouns written together.
fn without_elision(word: &str) -> &str {
    let mut chars = word.chars();
    match (chars.next(), chars.next()) {
        (Some('d' | 'l' | 'j' | 's' | 'n' | 'D' | 'L' | 'J' | 'S' | 'N'), Some('\'' | '’')) => {
            chars.as_str()
        }
        _ => word,
    }
}

pub(super) fn is_wordy(c: char) -> bool {
    c.is_alphanumeric()
        || is_combining_mark(c)
        || matches!(c, '\'' | '’' | '-' | '\u{200c}' | '\u{200d}')
}

/// Sentences and lines, trimmed, without empty ones.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            found.push(std::mem::take(&mut current));
            continue;
        }
        current.push(c);
        let wide_stop = matches!(c, '。' | '！' | '？' | '؟' | '।' | '۔');
        let stop =
            matches!(c, '.' | '!' | '?') && chars.peek().is_none_or(|next| next.is_whitespace());
        if wide_stop || stop {
            found.push(std::mem::take(&mut current));
        }
    }
    found.push(current);
    found
        .iter()
        .map(|sentence| {
            let one_spaced: Vec<&str> = sentence.split_whitespace().collect();
            one_spaced.join(" ").trim_matches(['-', '*', '#', '•', ' ']).to_owned()
        })
        .filter(|sentence| words(sentence).next().is_some())
        .collect()
}

/// For running text: tags, templates and addresses are not words of the subject.
///
/// Safety does not rest on this; the writer escapes whatever is left.
pub(super) fn without_code(text: &str) -> String {
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

/// Lower-case Latin letters and digits with hyphens between; empty if there are none.
pub(super) fn slug(text: &str) -> String {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
    let plain = plain.to_lowercase().replace('ß', "ss").replace('æ', "ae").replace('ø', "o");
    let parts: Vec<&str> =
        plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let joined = parts.join("-");
    let mut end = joined.len().min(48);
    if end < joined.len() {
        end = joined[..end].rfind('-').unwrap_or(end);
    }
    joined[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_go_and_letters_stay() {
        assert_eq!(clean("a\u{200b}b\u{202e}c\u{feff}\u{e000}d\u{ffff}e\u{7}\tf"), "abcde f");
        assert_eq!(clean("cafe\u{301}"), "café");
        assert_eq!(clean("👩‍🍳 خبز"), "👩‍🍳 خبز");
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        assert_eq!(
            sentences("Version 2.0 is out. Buy it!\n- now\n\n!!!\nمرحبا؟ نعم"),
            ["Version 2.0 is out.", "Buy it!", "now", "مرحبا؟", "نعم"]
        );
    }

    #[test]
    fn slugs_are_plain_and_short() {
        assert_eq!(slug("Crème Brûlée & Weißbrot!"), "creme-brulee-weissbrot");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("مخبز"), "");
        assert!(slug(&"word ".repeat(40)).len() <= 48);
    }

    #[test]
    fn shortening_cuts_between_words() {
        assert_eq!(shorten("bread and butter", 12), "bread and…");
        assert_eq!(shorten("aaaaaaaaaaaa", 5), "aaaaa…");
        assert_eq!(shorten("short", 5), "short");
    }
}
