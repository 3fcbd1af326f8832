//! Drawn pictures, alone and in a gallery.

use super::super::super::art::{self, Frame};
use super::super::super::html::{Element, el};
use super::super::super::layout::Layout;
use super::super::super::pages::PageKind;
use super::super::{Site, section};
use super::draw;

/// The picture of this number as decoration; the first ones hang in the gallery.
pub(in super::super) fn picture(site: &Site, number: usize) -> Element {
    let art = art::picture(site.story.kind, draw(site, 10).at(0), number, Frame::Wide)
        .with("aria-hidden", "true");
    el("div").class("picture").child(art)
}

/// The home page's pictures.
pub(in super::super) fn gallery(site: &Site) -> Element {
    let title = site.story.phrases.title(PageKind::Gallery);
    section("gallery", [el("h2").ours(title), pictures(site, 5)])
}

/// Pictures with captions: the description's own things first.
pub(in super::super) fn pictures(site: &Site, most: usize) -> Element {
    let story = &site.story;
    let captions = &story.pack.gallery;
    let own = if Layout::shows_listed(story.kind) { 3 } else { 0 };
    let own = story.listed.iter().take(own);
    let rest = most.saturating_sub(own.len()).min(captions.len());
    let chosen = draw(site, 6).some(rest, captions.len());
    let captions = own.chain(chosen.into_iter().map(|at| &captions[at]));
    let shown = (0_usize..).zip(captions.take(most)).map(|(number, caption)| {
        let frame = if number % 3 == 0 { Frame::Tall } else { Frame::Square };
        let art = art::picture(story.kind, draw(site, 10).at(0), number, frame);
        el("figure")
            .child(art.with("role", "img").with("aria-label", caption.clone()))
            .child(el("figcaption").own(caption.clone()))
    });
    el("div").class("shots").children(shown)
}
