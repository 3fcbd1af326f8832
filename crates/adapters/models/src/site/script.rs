//! The script of a site: the parts that its pages work with, and no others.

use super::pages::{Page, PageKind};

const CORE: &str = include_str!("script/core.js");

/// A part and the pages that need it, in the order in which parts stand.
const PARTS: &[(&str, &[PageKind])] = &[
    (
        include_str!("script/filter.js"),
        &[PageKind::Offer, PageKind::Gallery, PageKind::Articles, PageKind::Dashboard],
    ),
    (include_str!("script/dates.js"), &[PageKind::Booking, PageKind::Dashboard]),
    // The calendar takes its place before forms look at their fields.
    (include_str!("script/booking.js"), &[PageKind::Booking]),
    (
        include_str!("script/forms.js"),
        &[
            PageKind::Contact,
            PageKind::Booking,
            PageKind::Login,
            PageKind::Signup,
            PageKind::Checkout,
        ],
    ),
    (include_str!("script/account.js"), &[PageKind::Login, PageKind::Signup]),
    (include_str!("script/sales.js"), &[PageKind::Pricing, PageKind::Checkout]),
    (include_str!("script/dashboard.js"), &[PageKind::Dashboard]),
    (include_str!("script/plan.js"), &[PageKind::Events]),
    // Pictures hang on home pages too.
    (include_str!("script/gallery.js"), &[PageKind::Home]),
    (include_str!("script/live.js"), &[PageKind::Live]),
];

pub(super) fn script(pages: &[Page]) -> String {
    let needed = |kinds: &[PageKind]| pages.iter().any(|page| page.is_one_of(kinds));
    let parts = PARTS.iter().filter(|(_, kinds)| needed(kinds)).map(|(part, _)| *part);
    let parts: Vec<&str> = [CORE].into_iter().chain(parts).collect();
    lean(&format!("{}}})();\n", parts.join("\n")))
}

/// Without indentation, and without remarks but the first, which says what the file is.
fn lean(script: &str) -> String {
    let lines = script.lines().map(str::trim_start).enumerate();
    let kept = lines.filter(|(at, line)| *at == 0 || !line.is_empty() && !line.starts_with("//"));
    kept.flat_map(|(_, line)| [line, "\n"]).collect()
}
