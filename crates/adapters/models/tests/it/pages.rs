//! Reads pages with the tokenizer of a browser engine, independently of what wrote them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, EndTag, ParseError, StartTag, TagToken, Token, TokenSink,
    TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// A start tag.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
pub(crate) struct PageRead {
    pub(crate) tags: Vec<Start>,
    pub(crate) errors: Vec<String>,
    /// All text outside of scripts.
    pub(crate) text: String,
    /// The text of each main heading.
    pub(crate) headings: Vec<String>,
    open: Vec<String>,
}

struct Sink(RefCell<PageRead>);

const VOID: &[&str] = &["meta", "link", "input", "img", "br", "hr"];

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            TagToken(tag) if tag.kind == StartTag => {
                let name = tag.name.to_string();
                if !VOID.contains(&name.as_str()) {
                    page.open.push(name.clone());
                }
                let attributes = tag
                    .attrs
                    .iter()
                    .map(|a| (a.name.local.to_string(), a.value.to_string()))
                    .collect();
                page.tags.push(Start { name, attributes });
            }
            TagToken(tag) if tag.kind == EndTag => {
                let open = page.open.pop();
                if open.as_deref() != Some(&*tag.name) {
                    page.errors.push(format!("line {line}: {} closes {open:?}", tag.name));
                }
            }
            CharacterTokens(text) => {
                page.text.push_str(&text);
                if page.open.last().is_some_and(|name| name == "h1") {
                    page.headings.push(text.to_string());
                }
            }
            ParseError(error) => page.errors.push(format!("line {line}: {error}")),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

pub(crate) fn read(html: &str) -> PageRead {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut page = tokenizer.sink.0.into_inner();
    let open = std::mem::take(&mut page.open);
    page.errors.extend(open.into_iter().map(|name| format!("{name} is left open")));
    page
}

impl PageRead {
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Start> {
        self.tags.iter().filter(move |tag| tag.name == name)
    }

    /// Panics with `place` if anything on the page could run or load what it should not.
    pub(crate) fn assert_harmless(&self, place: &str) {
        assert_eq!(self.errors, Vec::<String>::new(), "{place}");
        let scripts: Vec<_> = self.named("script").map(|tag| &tag.attributes).collect();
        assert_eq!(scripts.len(), 1, "{place}");
        assert_eq!(scripts[0]["src"], "assets/site.js", "{place}");
        for tag in &self.tags {
            let dangerous = ["iframe", "object", "embed", "base", "style", "frame", "template"];
            assert!(!dangerous.contains(&tag.name.as_str()), "{place}: <{}>", tag.name);
            assert!(!tag.attributes.contains_key("http-equiv"), "{place}");
            for (name, value) in &tag.attributes {
                assert!(!name.starts_with("on") && name != "style", "{place}: {name}={value}");
                let loads = ["href", "src", "srcset", "action", "formaction", "poster", "data"];
                if loads.contains(&name.as_str()) || name.ends_with(":href") {
                    let plain = value.chars().all(|c| {
                        c.is_ascii_lowercase() || c.is_ascii_digit() || "-./#".contains(c)
                    });
                    assert!(plain && !value.starts_with('/'), "{place}: {name}={value}");
                }
            }
        }
    }

    /// Panics with `place` if assistive technology would miss something on the page.
    pub(crate) fn assert_accessible(&self, place: &str) {
        for landmark in ["main", "header", "footer", "h1", "title"] {
            assert_eq!(self.named(landmark).count(), 1, "{place}: {landmark}");
        }
        let labels: Vec<_> =
            self.named("label").filter_map(|label| label.attributes.get("for")).collect();
        for name in ["input", "select", "textarea"] {
            for input in self.named(name) {
                assert!(labels.contains(&&input.attributes["id"]), "{place}: {input:?}");
            }
        }
        for image in self.tags.iter().filter(|tag| matches!(tag.name.as_str(), "img" | "svg")) {
            let named = ["alt", "aria-label", "aria-hidden"];
            assert!(named.iter().any(|name| image.attributes.contains_key(*name)), "{place}");
        }
        let mut level = 0;
        for heading in &self.tags {
            let next = match heading.name.as_str() {
                "h1" => 1,
                "h2" => 2,
                "h3" => 3,
                _ => continue,
            };
            assert!(next <= level + 1, "{place}: {} after level {level}", heading.name);
            level = next;
        }
    }
}
