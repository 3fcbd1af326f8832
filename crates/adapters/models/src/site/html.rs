//! Writes HTML in which text is only ever text.
//!
//! Names of elements and attributes are literals of this crate; text and attribute values are
//! escaped when they are written; an address is a [`Link`], which can only name a file of the
//! site or a place on the same page. So nothing a caller typed becomes markup or a scheme.

use std::fmt::Write as _;

/// Where an `href` or `src` may point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    /// A file beside the page, which the site map or this crate named.
    File(String),
    /// An element of the same page.
    Here(&'static str),
    /// One of several like elements of the same page.
    Among(&'static str, usize),
    /// One of several like elements of another page.
    Within(String, &'static str, usize),
}

impl Link {
    fn address(&self) -> String {
        match self {
            Self::File(file) => file.clone(),
            Self::Here(id) => format!("#{id}"),
            Self::Among(id, number) => format!("#{id}-{number}"),
            Self::Within(file, id, number) => format!("{file}#{id}-{number}"),
        }
    }
}

/// Who wrote a text, and so in which language it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// The description.
    Own,
    /// This crate.
    Ours,
}

#[derive(Debug, Clone)]
enum Node {
    Element(Element),
    Text(Voice, String),
}

/// An element under construction.
#[derive(Debug, Clone)]
pub(super) struct Element {
    tag: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Node>,
}

/// An element without attributes or content.
pub(super) fn el(tag: &'static str) -> Element {
    Element { tag, attributes: Vec::new(), children: Vec::new() }
}

impl Element {
    /// Sets an attribute that is no address and no handler.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        debug_assert!(
            !matches!(name, "href" | "src" | "action" | "style") && !name.starts_with("on"),
            "{name} is not set from text"
        );
        self.attributes.push((name, value.into()));
        self
    }

    pub(super) fn class(self, class: &'static str) -> Self {
        self.with("class", class)
    }

    pub(super) fn id(self, id: &'static str) -> Self {
        self.with("id", id)
    }

    /// The identity that [`Link::Among`] leads to.
    pub(super) fn numbered(self, id: &'static str, number: usize) -> Self {
        self.with("id", format!("{id}-{number}"))
    }

    pub(super) fn href(mut self, link: &Link) -> Self {
        self.attributes.push(("href", link.address()));
        self
    }

    pub(super) fn src(mut self, link: &Link) -> Self {
        self.attributes.push(("src", link.address()));
        self
    }

    /// Text in the description's language.
    pub(super) fn own(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(Voice::Own, text.into()));
        self
    }

    /// Text in the language of this crate's wording.
    pub(super) fn ours(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(Voice::Ours, text.into()));
        self
    }

    pub(super) fn child(mut self, child: Element) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    pub(super) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    pub(super) fn is(&self, tag: &str) -> bool {
        self.tag == tag
    }

    /// Whether the element says something in our wording and nothing else by itself.
    fn is_ours(&self) -> bool {
        let mut voices = self.children.iter().filter_map(|child| match child {
            Node::Text(voice, _) => Some(*voice),
            Node::Element(_) => None,
        });
        voices.next() == Some(Voice::Ours) && voices.all(|voice| voice == Voice::Ours)
    }
}

/// A whole document around `root`, which is the `html` element.
///
/// `ours` is the language of this crate's wording where it is not the page's: elements that
/// speak it then say so.
pub(super) fn document(root: &Element, ours: Option<&str>) -> String {
    let mut out = String::from("<!DOCTYPE html>\n");
    write(root, ours, &mut out);
    out.push('\n');
    out
}

const VOID: &[&str] = &["meta", "link", "input", "img", "br", "hr"];
/// Elements that begin a line of their own, so that people can read the source.
const BLOCKS: &[&str] = &[
    "head",
    "body",
    "header",
    "main",
    "footer",
    "nav",
    "section",
    "article",
    "div",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "form",
    "table",
    "thead",
    "tbody",
    "tr",
    "dl",
    "dt",
    "dd",
    "figure",
    "blockquote",
    "fieldset",
    "meta",
    "link",
    "title",
    "script",
    "svg",
    "details",
];

fn write(element: &Element, ours: Option<&str>, out: &mut String) {
    if BLOCKS.contains(&element.tag) {
        out.push('\n');
    }
    let _ = write!(out, "<{}", element.tag);
    for (name, value) in &element.attributes {
        let _ = write!(out, " {name}=\"");
        escape(value, out);
        out.push('"');
    }
    if let Some(tag) = ours.filter(|_| element.is_ours() && element.tag != "html") {
        let _ = write!(out, " lang=\"{tag}\" dir=\"auto\"");
    }
    out.push('>');
    if VOID.contains(&element.tag) {
        return;
    }
    for child in &element.children {
        match child {
            Node::Element(child) => write(child, ours, out),
            Node::Text(_, text) => escape(text, out),
        }
    }
    let _ = write!(out, "</{}>", element.tag);
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_values_cannot_become_markup() {
        let hostile = "\"><script>alert('&')</script>";
        let page = el("p").with("title", hostile).own(hostile);
        let mut out = String::new();
        write(&page, None, &mut out);
        let escaped = "&quot;&gt;&lt;script&gt;alert('&amp;')&lt;/script&gt;";
        assert_eq!(out, format!("\n<p title=\"{escaped}\">{escaped}</p>"));
    }

    #[test]
    fn our_words_are_marked_on_a_page_of_another_language() {
        let page = el("html").child(el("p").ours("Contact")).child(el("p").own("مخبز"));
        assert_eq!(
            document(&page, Some("en")),
            "<!DOCTYPE html>\n<html>\n<p lang=\"en\" dir=\"auto\">Contact</p>\n<p>مخبز</p></html>\n"
        );
    }
}
