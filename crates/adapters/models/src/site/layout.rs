//! How the site of each kind is put together, and in which looks it may appear.

use super::design::Draw;
use super::kind::Kind;

/// A visual manner: type, colour, header, first screen, rhythm and trim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Theme {
    /// A printed page: display serif, rules, columns.
    Editorial,
    /// Warm paper, soft frames, a stamp.
    Craft,
    /// Grotesque on a strict grid, numerals, thick rules.
    Swiss,
    /// Pale tints, round corners, air.
    Clinical,
    /// Capitals on a flood of colour.
    Poster,
    /// Dark room, glowing accents.
    Stage,
    /// Thin serifs, hairlines, much space.
    Luxe,
    /// A window of the product, compact cards.
    Product,
}

/// What the first screen shows beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Picture,
    Words,
    Window,
}

/// How the offer is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfferLook {
    /// Names and prices joined by dots.
    Menu,
    /// Pictures with captions.
    Cards,
    /// Long rows with numerals.
    List,
    /// Numbered rows with durations.
    Tracks,
    /// A grid of short texts.
    Features,
    /// Picture and text by turns.
    Rooms,
}

/// How a timetable is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    /// A small table of opening hours.
    Hours,
    /// Dates as large as the headings.
    Dates,
}

/// A section of the home page after the first screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Offer,
    Points,
    Credo,
    Story,
    Steps,
    Schedule,
    Gallery,
    Questions,
    Articles,
    Plans,
}

/// The build of a kind's site.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) opening: Opening,
    pub(super) offer: OfferLook,
    pub(super) times: Times,
    /// Degrees on the colour wheel that suit the subject.
    pub(super) hues: [u16; 4],
    /// From the most to the least fitting.
    pub(super) themes: &'static [Theme],
    /// In the order they stand; the first always does.
    pub(super) parts: &'static [Part],
}

use Part::{Articles, Credo, Gallery, Offer, Plans, Points, Questions, Schedule, Steps, Story};
use Theme::{Clinical, Craft, Editorial, Luxe, Poster, Product, Stage, Swiss};

const fn layout(
    (opening, offer, times): (Opening, OfferLook, Times),
    hues: [u16; 4],
    themes: &'static [Theme],
    parts: &'static [Part],
) -> Layout {
    Layout { opening, offer, times, hues, themes, parts }
}

static BAKERY: Layout = layout(
    (Opening::Picture, OfferLook::Menu, Times::Hours),
    [28, 20, 36, 14],
    &[Craft, Editorial, Poster],
    &[Offer, Credo, Schedule, Gallery, Points, Steps],
);
static RESTAURANT: Layout = layout(
    (Opening::Picture, OfferLook::Menu, Times::Hours),
    [12, 355, 24, 34],
    &[Luxe, Editorial, Craft, Stage],
    &[Credo, Offer, Gallery, Story, Schedule, Questions],
);
static LAW: Layout = layout(
    (Opening::Words, OfferLook::List, Times::Hours),
    [215, 160, 350, 28],
    &[Editorial, Luxe, Swiss],
    &[Offer, Credo, Steps, Questions, Points, Schedule],
);
static CLINIC: Layout = layout(
    (Opening::Picture, OfferLook::List, Times::Hours),
    [180, 200, 160, 215],
    &[Clinical, Product],
    &[Points, Offer, Steps, Schedule, Questions],
);
static SCHOOL: Layout = layout(
    (Opening::Picture, OfferLook::Features, Times::Hours),
    [225, 150, 22, 265],
    &[Clinical, Craft, Swiss],
    &[Story, Offer, Schedule, Points, Gallery, Questions],
);
static GYM: Layout = layout(
    (Opening::Picture, OfferLook::List, Times::Hours),
    [350, 72, 22, 205],
    &[Poster, Stage],
    &[Schedule, Offer, Credo, Plans, Points, Questions],
);
static HOTEL: Layout = layout(
    (Opening::Picture, OfferLook::Rooms, Times::Hours),
    [195, 186, 205, 212],
    &[Luxe, Editorial, Craft],
    &[Story, Offer, Credo, Gallery, Points, Questions],
);
static MUSIC: Layout = layout(
    (Opening::Picture, OfferLook::Tracks, Times::Dates),
    [285, 14, 190, 48],
    &[Stage, Poster, Editorial],
    &[Schedule, Offer, Credo, Gallery, Story],
);
static CHARITY: Layout = layout(
    (Opening::Picture, OfferLook::List, Times::Hours),
    [145, 24, 200, 45],
    &[Craft, Clinical, Poster],
    &[Story, Points, Steps, Credo, Offer, Questions],
);
static PODCAST: Layout = layout(
    (Opening::Picture, OfferLook::Tracks, Times::Hours),
    [265, 18, 330, 170],
    &[Stage, Editorial, Poster],
    &[Offer, Credo, Articles, Story, Schedule],
);
static PROPERTY: Layout = layout(
    (Opening::Picture, OfferLook::Cards, Times::Hours),
    [165, 210, 32, 120],
    &[Luxe, Swiss, Editorial],
    &[Offer, Steps, Credo, Points, Gallery, Questions],
);
static EVENT: Layout = layout(
    (Opening::Words, OfferLook::List, Times::Dates),
    [320, 230, 14, 165],
    &[Poster, Swiss, Stage],
    &[Schedule, Offer, Credo, Plans, Points, Story, Questions],
);
static PORTFOLIO: Layout = layout(
    (Opening::Words, OfferLook::List, Times::Hours),
    [250, 20, 190, 340],
    &[Swiss, Editorial, Luxe, Stage],
    &[Gallery, Credo, Offer, Story, Steps],
);
static JOURNAL: Layout = layout(
    (Opening::Words, OfferLook::List, Times::Hours),
    [8, 210, 150, 45],
    &[Editorial, Swiss, Craft],
    &[Articles, Credo, Offer, Gallery, Story],
);
static SHOP: Layout = layout(
    (Opening::Picture, OfferLook::Cards, Times::Hours),
    [340, 28, 165, 210],
    &[Craft, Luxe, Poster, Swiss],
    &[Offer, Points, Story, Credo, Questions],
);
static TOOL: Layout = layout(
    (Opening::Window, OfferLook::Features, Times::Hours),
    [205, 165, 230, 20],
    &[Product, Swiss],
    &[Offer, Points, Steps, Credo, Story, Questions],
);
static SOFTWARE: Layout = layout(
    (Opening::Window, OfferLook::Features, Times::Hours),
    [240, 262, 175, 205],
    &[Product, Stage, Clinical],
    &[Points, Offer, Steps, Plans, Questions],
);
static GENERAL: Layout = layout(
    (Opening::Picture, OfferLook::List, Times::Hours),
    [200, 150, 20, 262],
    &[Craft, Clinical, Editorial, Swiss],
    &[Offer, Points, Credo, Story, Questions],
);

impl Layout {
    /// The theme for a site with this draw: the first twice as likely as the last.
    pub(super) fn theme(&self, draw: &mut Draw) -> Theme {
        let count = self.themes.len();
        let (one, other) = (draw.index(count), draw.index(count));
        self.themes[one.min(other)]
    }

    /// How many of its parts a home page has: few where one voice speaks for many subjects, so
    /// that two of them do not read alike.
    pub(super) const fn parts_shown(kind: Kind) -> usize {
        match kind {
            Kind::General => 3,
            Kind::Tool | Kind::Event => 4,
            _ => 5,
        }
    }

    /// How far the second colour of a picture may stand from the first: food keeps to colours
    /// that one would eat, the sea to its own.
    pub(super) const fn seconds(kind: Kind) -> [u16; 5] {
        match kind {
            Kind::Bakery | Kind::Restaurant => [10, 18, 26, 342, 350],
            // Sand and stone by the water.
            Kind::Hotel => [12, 188, 195, 200, 205],
            _ => [28, 40, 165, 195, 320],
        }
    }

    /// Whether a site of `kind` may have `part` unasked.
    pub(super) const fn fits(kind: Kind, part: Part) -> bool {
        match part {
            Part::Schedule => matches!(
                kind,
                Kind::Bakery
                    | Kind::Restaurant
                    | Kind::Law
                    | Kind::Clinic
                    | Kind::Gym
                    | Kind::Music
                    | Kind::Event
            ),
            Part::Articles => matches!(kind, Kind::Journal | Kind::Podcast),
            _ => true,
        }
    }

    /// Whether the things a description counts up can be drawn and hung in a gallery.
    pub(super) const fn shows_listed(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::Bakery
                | Kind::Restaurant
                | Kind::Portfolio
                | Kind::Shop
                | Kind::Hotel
                | Kind::Journal
        )
    }

    /// Whether the things a description counts up are what is offered, and not what the site
    /// has besides.
    pub(super) const fn offers_listed(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::Bakery
                | Kind::Restaurant
                | Kind::Law
                | Kind::Clinic
                | Kind::Gym
                | Kind::Charity
                | Kind::Portfolio
                | Kind::Journal
                | Kind::Shop
                | Kind::Tool
                | Kind::Software
                | Kind::General
        )
    }

    pub(super) const fn of(kind: Kind) -> &'static Self {
        match kind {
            Kind::Bakery => &BAKERY,
            Kind::Restaurant => &RESTAURANT,
            Kind::Law => &LAW,
            Kind::Clinic => &CLINIC,
            Kind::School => &SCHOOL,
            Kind::Gym => &GYM,
            Kind::Hotel => &HOTEL,
            Kind::Music => &MUSIC,
            Kind::Charity => &CHARITY,
            Kind::Podcast => &PODCAST,
            Kind::Property => &PROPERTY,
            Kind::Event => &EVENT,
            Kind::Portfolio => &PORTFOLIO,
            Kind::Journal => &JOURNAL,
            Kind::Shop => &SHOP,
            Kind::Tool => &TOOL,
            Kind::Software => &SOFTWARE,
            Kind::General => &GENERAL,
        }
    }
}
