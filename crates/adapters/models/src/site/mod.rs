//! A static site out of a description: pure, and the same for the same input.
//!
//! Each agent plans the site anew from the same brief and writes its own part of it, so they
//! need nothing from each other but the brief.

mod art;
mod brief;
mod colour;
mod copy;
mod design;
mod html;
mod kind;
mod language;
mod layout;
mod lean;
mod money;
mod name;
mod pack;
mod pages;
mod render;
mod script;
mod style;
mod text;
mod topics;
mod unused;
mod wishes;

pub(crate) use brief::Input;
pub(crate) use text::shorten;

use brief::Story;
use design::Design;
use pages::{Page, PageKind};

/// The file that pages load their style from.
const STYLE_FILE: &str = "assets/style.css";
const SCRIPT_FILE: &str = "assets/site.js";
const ICON_FILE: &str = "assets/icon.svg";
const MAP_FILE: &str = "site.json";

/// A file's path and text.
pub(crate) type File = (String, String);

/// A planned site.
#[derive(Debug)]
pub(crate) struct Site {
    story: Story,
    design: Design,
    pages: Vec<Page>,
    shares: usize,
}

impl Site {
    /// Reads the brief and decides pages and looks.
    pub(crate) fn plan(input: &Input<'_>) -> Self {
        let story = Story::read(input);
        let design = Design::of(&story);
        let shares = usize::try_from(input.shares).unwrap_or(1).max(1);
        let pages = pages::site_map(&story, shares);
        Self { story, design, pages, shares }
    }

    /// Pages without the one for lost visitors.
    pub(crate) fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// The BCP 47 tag of the pages.
    pub(crate) fn language(&self) -> &'static str {
        self.story.language.tag
    }

    /// The colours that the description asks for, in its words.
    pub(crate) fn colours(&self) -> Option<&str> {
        self.story.colours.as_ref().map(|colours| colours.said.as_str())
    }

    /// What the site calls itself.
    pub(crate) fn name(&self) -> &str {
        &self.story.name
    }

    /// What the description asks for and the pages do not have, in its words.
    pub(crate) fn unused(&self) -> Vec<String> {
        let pages: Vec<String> = self.pages.iter().map(|page| render::page(self, page)).collect();
        unused::unused(&self.story, &pages)
    }

    /// The site map for programs, such as a later edit.
    pub(crate) fn map(&self) -> Vec<File> {
        let pages: Vec<_> = self
            .pages
            .iter()
            .map(|page| serde_json::json!({ "file": page.file, "title": page.title }))
            .collect();
        let topics: Vec<_> = self.story.topics.iter().map(|topic| &topic.text).collect();
        let map = serde_json::json!({
            "name": self.story.name,
            "language": self.story.language.tag,
            "headline": self.story.headline,
            "topics": topics,
            "pages": pages,
        });
        vec![(MAP_FILE.to_owned(), format!("{map:#}\n"))]
    }

    /// The style sheet, with what the pages need of it.
    pub(crate) fn style(&self) -> Vec<File> {
        let lost = pages::fixed(&self.story, PageKind::NotFound);
        let pages = self.pages.iter().chain([&lost]).map(|page| render::page(self, page));
        let pages: Vec<String> = pages.collect();
        let used = lean::classes(pages.iter().map(String::as_str));
        vec![(STYLE_FILE.to_owned(), lean::lean(&style::style_sheet(&self.design), &used))]
    }

    /// What all pages share besides the style sheet.
    pub(crate) fn scaffold(&self) -> Vec<File> {
        let lost = pages::fixed(&self.story, PageKind::NotFound);
        vec![
            (SCRIPT_FILE.to_owned(), script::script(&self.pages)),
            (ICON_FILE.to_owned(), render::icon(self)),
            (lost.file.clone(), render::page(self, &lost)),
            ("robots.txt".to_owned(), "User-agent: *\nAllow: /\n".to_owned()),
        ]
    }

    /// The pages of share `part`, from 1: at least one, since there are as many as shares.
    pub(crate) fn share(&self, part: u32) -> Vec<File> {
        let first = usize::try_from(part).unwrap_or(1).saturating_sub(1);
        self.pages
            .iter()
            .skip(first)
            .step_by(self.shares)
            .map(|page| (page.file.clone(), render::page(self, page)))
            .collect()
    }
}
