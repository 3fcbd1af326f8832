//! Source text as lines of escaped HTML, with a class for what stands out.
//!
//! **Invariant:** every character that came from a file is escaped, and characters that turn
//! the direction of writing are shown and not obeyed: what is read is what is there.

use std::fmt::Write as _;
use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// Bytes of a file that are parsed; what follows is plain.
const MOST_PARSED: usize = 48 * 1024;
/// Characters of a line that are shown.
const MOST_CHARS: usize = 600;

/// Loaded when the first file is shown.
static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// What is inside one of these is one thing, whatever it is made of.
static WHOLE: LazyLock<Classes> = LazyLock::new(|| classes(&[("comment", "c"), ("string", "s")]));

/// Everything else by its innermost name.
static PARTS: LazyLock<Classes> = LazyLock::new(|| {
    classes(&[
        ("constant", "n"),
        ("keyword", "k"),
        ("storage", "k"),
        ("entity.other.attribute-name", "a"),
        ("entity.name", "f"),
        ("support.function", "f"),
        ("support.type", "a"),
        ("support.class", "a"),
    ])
});

/// Scopes by what they begin with, and the class of each.
type Classes = Vec<(Scope, &'static str)>;

fn classes(table: &[(&str, &'static str)]) -> Classes {
    table.iter().filter_map(|(name, class)| Some((Scope::new(name).ok()?, *class))).collect()
}

/// Lines `from..from + most` (from 0) of a text, as HTML; fewer when they become too long.
pub(super) fn lines(path: &str, text: &str, from: usize, most: usize) -> Vec<String> {
    let syntaxes = &*SYNTAXES;
    let syntax = syntax(syntaxes, path);
    let mut parser = syntax.map(|syntax| (ParseState::new(syntax), ScopeStack::new()));
    let mut parsed = 0;
    let mut shown = Vec::new();
    for (number, line) in text.split_inclusive('\n').enumerate().take(from.saturating_add(most)) {
        parsed += line.len();
        if parsed > MOST_PARSED {
            parser = None;
        }
        let coloured =
            parser.as_mut().and_then(|(state, stack)| coloured(line, (state, stack), syntaxes));
        if coloured.is_none() {
            // A grammar that fails once is not asked again.
            parser = None;
        }
        if number >= from {
            shown.push(coloured.unwrap_or_else(|| plain(line)));
        }
    }
    shown
}

/// One line without colours.
pub(super) fn plain(line: &str) -> String {
    let mut html = Html::default();
    html.push("", bare(line));
    html.finish()
}

fn syntax<'a>(syntaxes: &'a SyntaxSet, path: &str) -> Option<&'a SyntaxReference> {
    let name = path.rsplit('/').next()?;
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase())?;
    let known = match extension.as_str() {
        "mjs" | "cjs" => "js",
        "svg" => "xml",
        "webmanifest" | "map" => "json",
        "htm" => "html",
        other => other,
    };
    syntaxes.find_syntax_by_extension(known)
}

fn coloured(
    line: &str,
    (state, stack): (&mut ParseState, &mut ScopeStack),
    syntaxes: &SyntaxSet,
) -> Option<String> {
    let ops = state.parse_line(line, syntaxes).ok()?;
    let (text, mut html, mut at) = (bare(line), Html::default(), 0);
    for (place, op) in ops {
        let place = place.min(text.len());
        if place > at {
            html.push(class(stack), text.get(at..place)?);
            at = place;
        }
        stack.apply(&op).ok()?;
    }
    html.push(class(stack), text.get(at..)?);
    Some(html.finish())
}

fn class(stack: &ScopeStack) -> &'static str {
    let find = |scope: &Scope, table: &Classes| {
        table.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, class)| *class)
    };
    let (scopes, whole, parts) = (stack.as_slice(), &*WHOLE, &*PARTS);
    let outer = scopes.iter().find_map(|scope| find(scope, whole));
    outer.or_else(|| scopes.iter().rev().find_map(|scope| find(scope, parts))).unwrap_or_default()
}

fn bare(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// A line being written: neighbours of one class share an element, and a long line is cut.
///
/// Pages with a token are sent uncompressed, so every byte of every line counts: names are one
/// letter, attributes stand without quotes, and quotes in text stand for themselves.
#[derive(Default)]
struct Html {
    text: String,
    open: &'static str,
    chars: usize,
}

impl Html {
    fn push(&mut self, class: &'static str, text: &str) {
        if text.is_empty() || self.chars > MOST_CHARS {
            return;
        }
        // Spaces look the same in every class.
        if class != self.open && !text.trim().is_empty() {
            self.close();
            if !class.is_empty() {
                let _ = write!(self.text, "<i class={class}>");
            }
            self.open = class;
        }
        for letter in text.chars() {
            self.chars += 1;
            if self.chars > MOST_CHARS {
                self.close();
                self.text.push_str("<b class=cut>the line goes on</b>");
                return;
            }
            self.letter(letter);
        }
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '&' => self.text.push_str("&amp;"),
            '<' => self.text.push_str("&lt;"),
            '>' => self.text.push_str("&gt;"),
            letter if is_hidden(letter) => {
                let _ = write!(self.text, "<b class=hidden-char>U+{:04X}</b>", u32::from(letter));
            }
            letter => self.text.push(letter),
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.text.push_str("</i>");
        }
        self.open = "";
    }

    fn finish(mut self) -> String {
        self.close();
        self.text
    }
}

/// Characters that turn the direction of writing, or cannot be seen at all.
fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
        || (letter.is_control() && !matches!(letter, '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_a_file_stays_text() {
        for path in ["a.html", "a.js", "a.css", "a.unknown", "LICENSE"] {
            let hostile = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>\u{202e}gpj";
            let html = lines(path, hostile, 0, 10).concat();
            for part in ["<script", "<img", "\u{202e}"] {
                assert!(!html.contains(part), "{path}: {html}");
            }
            assert!(html.contains("U+202E"), "{path}: {html}");
        }
    }

    #[test]
    fn tags_are_balanced_on_every_line() {
        let text = "/* one\n two */ const a = `x\ny`; // end\n<p class=\"a\">b</p>\n";
        for path in ["a.js", "a.html", "a.css", "a.json"] {
            for line in lines(path, text, 0, 10) {
                let (opened, closed) = (line.matches("<i").count(), line.matches("</i").count());
                assert_eq!(opened, closed, "{path}: {line}");
            }
        }
    }

    #[test]
    fn comments_and_strings_are_coloured_across_lines() {
        let shown = lines("a.js", "/* one\ntwo */ let s = 'x';", 1, 1);
        assert_eq!(shown.len(), 1);
        assert!(shown[0].starts_with("<i class=c>two */ </i>"), "{}", shown[0]);
        assert!(shown[0].contains("<i class=s>'x'</i>"), "{}", shown[0]);
    }

    #[test]
    fn a_long_line_and_a_long_file_are_bounded() {
        let line = "é".repeat(MOST_CHARS * 3);
        let html = lines("a.txt", &line, 0, 1).concat();
        assert!(html.contains("the line goes on") && html.len() < MOST_CHARS * 3);
        let text = "let a = 1;\n".repeat(10_000);
        assert_eq!(lines("a.js", &text, 9_000, 100).len(), 100);
        assert_eq!(lines("a.js", &text, 20_000, 100).len(), 0);
    }
}
