//! Finds a table's words in a text: whole words and plain inflections, in one pass, without
//! allocating.
//!
//! A word may be written joined, hyphenated or (where the table or the length of its parts
//! says it is a compound) apart: `real-time`, `real time`, `realtime`, `web sockets`.

use std::cmp::Ordering;

/// The longest word or phrase of a table, in bytes, without its joints.
const LONGEST: usize = 60;
/// The longest form: an inflection adds up to three bytes.
const WINDOW: usize = LONGEST + 3;
/// The most parts a phrase may have.
const PARTS: usize = 4;
/// Parts at least this long are taken for one word when only a space is between them:
/// `back end`, but not `a pi`.
const COMPOUND: usize = 3;
const SOFT_HYPHEN: char = '\u{ad}';

/// Whether `c` belongs to a word. A combining mark does: `api` with an accent is another word.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, SOFT_HYPHEN | '\u{300}'..='\u{36f}')
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '_' | '\u{2010}'..='\u{2013}' | '\u{2212}')
}

/// One spelling that asks for features.
#[derive(Debug, Clone)]
struct Form {
    /// Lower case, without joints.
    text: Box<[u8]>,
    /// Bit n: the table itself has a joint before byte n.
    joints: u64,
    /// Bit n: the form asks for row n.
    rows: u64,
}

/// By first byte, then by length, so that a search seldom has to compare texts.
fn in_order(a: &[u8], b: &[u8]) -> Ordering {
    (a.first(), a.len()).cmp(&(b.first(), b.len())).then_with(|| a.cmp(b))
}

/// A table's words and their inflections, sorted.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    forms: Vec<Form>,
    /// Where the forms that begin with byte n begin; most words of a text begin no form.
    by_first: [usize; 257],
    /// For each first byte, bit n: a form of n bytes begins with it.
    lengths: [u64; 256],
}

#[derive(Debug, Default)]
pub(crate) struct Builder {
    forms: Vec<Form>,
}

impl Builder {
    /// Adds `phrase` and its inflections for row `row`; `None` if no text could match it.
    pub(crate) fn add(&mut self, row: usize, phrase: &str) -> Option<()> {
        let mut text = String::new();
        let mut joints = 0_u64;
        let parts: Vec<&str> =
            phrase.split(|c| !is_letter(c)).filter(|part| !part.is_empty()).collect();
        if parts.is_empty() || parts.len() > PARTS {
            return None;
        }
        for part in parts {
            joints |= 1_u64.checked_shl(u32::try_from(text.len()).ok()?)?;
            text.extend(part.chars().filter(|c| *c != SOFT_HYPHEN).flat_map(char::to_lowercase));
        }
        if text.is_empty() || text.len() > LONGEST {
            return None;
        }
        let stem = text.strip_suffix('y').map(|stem| format!("{stem}ies"));
        let endings = ["", "s", "es", "ed", "ing"].map(|ending| format!("{text}{ending}"));
        for text in endings.into_iter().chain(stem) {
            let text = text.into_bytes().into_boxed_slice();
            self.forms.push(Form { text, joints, rows: 1 << row });
        }
        Some(())
    }

    pub(crate) fn build(mut self) -> Matcher {
        self.forms.sort_by(|a, b| in_order(&a.text, &b.text));
        self.forms.dedup_by(|next, kept| {
            let same = next.text == kept.text;
            if same {
                kept.rows |= next.rows;
                kept.joints |= next.joints;
            }
            same
        });
        let by_first = std::array::from_fn(|first| {
            self.forms.partition_point(|form| usize::from(form.text[0]) < first)
        });
        let mut lengths = [0; 256];
        for form in &self.forms {
            lengths[usize::from(form.text[0])] |= 1 << form.text.len();
        }
        Matcher { forms: self.forms, by_first, lengths }
    }
}

impl Matcher {
    /// The rows that `text` asks for, one bit each.
    pub(crate) fn find(&self, text: &str) -> u64 {
        let mut found = 0;
        let mut window = Window::default();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() || !c.is_ascii() && is_letter(c) {
                window.push(c);
            } else {
                found |= window.close(self);
                window.separate(c);
            }
        }
        found | window.close(self)
    }

    fn form(&self, text: &[u8]) -> Option<&Form> {
        let first = usize::from(*text.first()?);
        if self.lengths[first] >> text.len() & 1 == 0 {
            return None;
        }
        let forms = &self.forms[self.by_first[first]..self.by_first[first + 1]];
        let place = forms.binary_search_by(|form| in_order(&form.text, text)).ok()?;
        Some(&forms[place])
    }
}

/// What stands between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Gap {
    /// Nothing yet: a part is being read.
    None,
    Space,
    Hyphen,
    /// Anything that no compound is written across.
    #[default]
    Break,
}

/// The last few parts of a text, lower-cased and joined.
#[derive(Debug)]
struct Window {
    bytes: [u8; WINDOW],
    len: usize,
    /// Where each part begins, and what stood before it.
    parts: [(usize, Gap); PARTS],
    count: usize,
    gap: Gap,
    /// The part being read is longer than any form.
    overlong: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            bytes: [0; WINDOW],
            len: 0,
            parts: [(0, Gap::Break); PARTS],
            count: 0,
            gap: Gap::Break,
            overlong: false,
        }
    }
}

impl Window {
    fn push(&mut self, c: char) {
        if self.gap != Gap::None {
            self.begin_part();
        }
        if c.is_ascii() {
            self.push_byte(c.to_ascii_lowercase() as u8);
        } else if c != SOFT_HYPHEN {
            for lower in c.to_lowercase() {
                for byte in lower.encode_utf8(&mut [0; 4]).bytes() {
                    self.push_byte(byte);
                }
            }
        }
    }

    fn begin_part(&mut self) {
        if self.gap == Gap::Break {
            (self.len, self.count) = (0, 0);
        } else if self.count == PARTS {
            self.drop_first();
        }
        self.parts[self.count] = (self.len, self.gap);
        self.count += 1;
        self.gap = Gap::None;
    }

    fn push_byte(&mut self, byte: u8) {
        while self.len == WINDOW && self.count > 1 {
            self.drop_first();
        }
        match self.bytes.get_mut(self.len) {
            Some(free) => {
                *free = byte;
                self.len += 1;
            }
            None => self.overlong = true,
        }
    }

    fn drop_first(&mut self) {
        let (cut, _) = self.parts[1];
        self.bytes.copy_within(cut..self.len, 0);
        self.len -= cut;
        self.parts.copy_within(1..self.count, 0);
        self.count -= 1;
        for (start, _) in &mut self.parts[..self.count] {
            *start -= cut;
        }
    }

    fn separate(&mut self, c: char) {
        self.gap = match self.gap {
            Gap::None if is_hyphen(c) => Gap::Hyphen,
            Gap::None | Gap::Space if c.is_whitespace() => Gap::Space,
            _ => Gap::Break,
        };
    }

    /// Looks up the part just read, alone and joined with those before it.
    fn close(&mut self, matcher: &Matcher) -> u64 {
        if self.gap != Gap::None {
            return 0;
        }
        if self.overlong {
            (self.overlong, self.len, self.count) = (false, 0, 0);
            return 0;
        }
        (0..self.count)
            .filter_map(|first| {
                let form = matcher.form(&self.bytes[self.parts[first].0..self.len])?;
                self.is_joined(first, form).then_some(form.rows)
            })
            .fold(0, |found, rows| found | rows)
    }

    /// Whether the parts from `first` on are written as `form` may be.
    fn is_joined(&self, first: usize, form: &Form) -> bool {
        let start_of = |part: usize| {
            if part < self.count { self.parts[part].0 } else { self.len }
        };
        (first + 1..self.count).all(|part| {
            let (start, gap) = self.parts[part];
            let before = start - start_of(part - 1);
            let after = start_of(part + 1) - start;
            gap == Gap::Hyphen
                || before.min(after) >= COMPOUND
                || form.joints >> (start - start_of(first)) & 1 == 1
        })
    }
}
