//! What a reviewer finds in a finished tree, whoever wrote it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
    TokenizerOpts,
};
use keelway_patch::FileTree;

/// Counts of what was looked at, and findings in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Audit {
    pub(crate) pages: usize,
    pub(crate) links: usize,
    pub(crate) findings: Vec<String>,
}

/// What one page declares.
#[derive(Debug, Default)]
struct Seen {
    ids: BTreeSet<String>,
    links: Vec<String>,
    titles: usize,
    headings: usize,
    language: bool,
    images_without_text: usize,
}

struct Sink(RefCell<Seen>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let TagToken(tag) = token
            && tag.kind == StartTag
        {
            self.0.borrow_mut().note(&tag);
        }
        TokenSinkResult::Continue
    }
}

impl Seen {
    fn note(&mut self, tag: &Tag) {
        let mut described = false;
        for attribute in &tag.attrs {
            let value = attribute.value.to_string();
            match &*attribute.name.local {
                "id" => _ = self.ids.insert(value),
                "href" | "src" => self.links.push(value),
                "alt" => described = true,
                "lang" if &*tag.name == "html" => self.language = !value.is_empty(),
                _ => {}
            }
        }
        match &*tag.name {
            "title" => self.titles += 1,
            "h1" => self.headings += 1,
            "img" if !described => self.images_without_text += 1,
            _ => {}
        }
    }
}

fn read(html: &str) -> Seen {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// Reads every HTML file of `files` and follows its links within the tree.
pub(crate) fn audit(files: &FileTree<Vec<u8>>) -> Audit {
    let pages: BTreeMap<&str, Seen> = files
        .iter()
        .filter(|(path, _)| path.extension() == Some("html"))
        .map(|(path, content)| (path.as_str(), read(&String::from_utf8_lossy(content))))
        .collect();
    let mut audit = Audit { pages: pages.len(), ..Audit::default() };
    for (path, page) in &pages {
        audit.links += page.links.len();
        let mut find = |what: String| audit.findings.push(format!("{path}: {what}"));
        if page.titles != 1 {
            find(format!("{} titles", page.titles));
        }
        if page.headings != 1 {
            find(format!("{} main headings", page.headings));
        }
        if !page.language {
            find("no language".to_owned());
        }
        if page.images_without_text > 0 {
            find(format!("{} images without text", page.images_without_text));
        }
        for link in &page.links {
            if !resolves(path, link, files, &pages) {
                find(format!("broken link `{link}`"));
            }
        }
    }
    audit
}

fn resolves(
    from: &str,
    link: &str,
    files: &FileTree<Vec<u8>>,
    pages: &BTreeMap<&str, Seen>,
) -> bool {
    if link.split_once(':').is_some_and(|(scheme, _)| !scheme.contains(['/', '#', '?'])) {
        // Another origin, which cannot be looked at from here.
        return true;
    }
    let (target, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = if target.is_empty() { from.to_owned() } else { beside(from, target) };
    let exists = files.iter().any(|(path, _)| path.as_str() == target);
    let lands = fragment.is_empty()
        || pages.get(target.as_str()).is_some_and(|page| page.ids.contains(fragment));
    exists && lands
}

/// `target` as a path from the root of the tree, seen from the file `from`.
fn beside(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    let target = target.split('?').next().unwrap_or_default();
    if target.starts_with('/') {
        parts.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            name => parts.push(name),
        }
    }
    if target.ends_with('/') || parts.is_empty() {
        parts.push("index.html");
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use keelway_patch::FilePath;

    #[test]
    fn findings_are_counted_from_the_files() {
        let mut files = FileTree::default();
        for (path, html) in [
            (
                "index.html",
                "<html lang=en><title>t</title><h1>x</h1><a href='a/b.html#here'>1</a>\
                 <a href='a/'>2</a><a href='#nowhere'>3</a><a href='https://example.org'>4</a>",
            ),
            ("a/b.html", "<title>t</title><h1 id=here>x</h1><img src='../index.html'><img alt=''>"),
        ] {
            let path = FilePath::parse(path).expect("a path");
            files.insert(path, html.as_bytes().to_vec()).expect("room");
        }
        assert_eq!(
            audit(&files),
            Audit {
                pages: 2,
                links: 5,
                findings: [
                    "a/b.html: no language",
                    "a/b.html: 1 images without text",
                    "index.html: broken link `a/`",
                    "index.html: broken link `#nowhere`",
                ]
                .map(str::to_owned)
                .to_vec(),
            }
        );
    }
}
