//! Drawn pictures, alone and in a gallery.

use super::super::super::art::{self, Frame, Place};
use super::super::super::html::{Element, Link, el};
use super::super::super::layout::Layout;
use super::super::super::pages::PageKind;
use super::super::{Site, section};
use super::draw;

/// The picture of this number as decoration; the first ones hang in the gallery.
pub(in super::super) fn picture(site: &Site, number: usize) -> Element {
    let place = Place { seed: draw(site, 10).at(0), number, frame: Frame::Wide };
    let art = art::picture(site.story.kind, place).with("aria-hidden", "true");
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
    let framed = (0_usize..).zip(captions.take(most)).map(|(number, caption)| {
        (if number % 3 == 0 { Frame::Tall } else { Frame::Square }, caption.clone())
    });
    let drawn = art::pictures(story.kind, draw(site, 10).at(0), framed);
    let shown = drawn.into_iter().enumerate().map(|(number, (caption, art))| {
        let art = art.with("role", "img").with("aria-label", caption.clone());
        // Without the script the link makes its picture the large one.
        el("figure")
            .numbered("shot", number)
            .child(el("a").href(&Link::Among("shot", number)).child(art))
            .child(el("figcaption").own(caption))
    });
    let parts = &story.phrases.parts;
    el("div")
        .class("shots")
        .with("data-previous", parts.previous)
        .with("data-next", parts.next)
        .with("data-close", parts.close)
        .children(shown)
}
