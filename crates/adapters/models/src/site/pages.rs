//! Which pages a site has.

use super::brief::{Story, Want};
use super::copy::fill;
use super::kind::Extra;
use super::text::slug;

/// The pages that exist at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageKind {
    Home,
    About,
    Offer,
    Contact,
    Faq,
    Booking,
    Gallery,
    Events,
    Login,
    Signup,
    Pricing,
    Checkout,
    Dashboard,
    Api,
    Data,
    Live,
    Articles,
    NotFound,
}

impl PageKind {
    /// In the order of `Phrases::pages`, with the file each is written to.
    pub(super) const ALL: [(Self, &'static str); 18] = [
        (Self::Home, "index.html"),
        (Self::About, "about.html"),
        (Self::Offer, "overview.html"),
        (Self::Contact, "contact.html"),
        (Self::Faq, "questions.html"),
        (Self::Booking, "booking.html"),
        (Self::Gallery, "gallery.html"),
        (Self::Events, "events.html"),
        (Self::Login, "login.html"),
        (Self::Signup, "signup.html"),
        (Self::Pricing, "pricing.html"),
        (Self::Checkout, "checkout.html"),
        (Self::Dashboard, "dashboard.html"),
        (Self::Api, "api.html"),
        (Self::Data, "data.html"),
        (Self::Live, "live.html"),
        (Self::Articles, "articles.html"),
        (Self::NotFound, "404.html"),
    ];

    pub(super) fn place(self) -> usize {
        Self::ALL.iter().position(|(kind, _)| *kind == self).unwrap_or_default()
    }

    pub(super) fn file(self) -> &'static str {
        Self::ALL[self.place()].1
    }
}

/// What a page is about; numbers are places in the pack or among the topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matter {
    Fixed(PageKind),
    Article(usize),
    /// What the description wants a page for.
    Wanted(usize),
    /// One thing of the offer.
    Item {
        group: usize,
        item: usize,
    },
    Question(usize),
    /// A topic in the light of one of the pack's points.
    Note {
        topic: usize,
        point: usize,
    },
}

/// One page of the site.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) matter: Matter,
    pub(super) file: String,
    /// What links to it say.
    pub(super) title: String,
    /// What it opens with.
    pub(super) heading: String,
    /// The line below the heading; also its description for search engines.
    pub(super) lead: String,
}

impl Page {
    /// Whether it is the site's page of any of these kinds.
    pub(super) fn is_one_of(&self, kinds: &[PageKind]) -> bool {
        matches!(self.matter, Matter::Fixed(kind) if kinds.contains(&kind))
    }
}

/// All pages of `story`, at least `least` of them besides the one for lost visitors.
///
/// The order is that of importance: navigation takes from the front.
pub(super) fn site_map(story: &Story, least: usize) -> Vec<Page> {
    let mut kinds = vec![PageKind::Home, PageKind::Offer];
    let wanted = [
        (Want::Live, &[PageKind::Live][..]),
        (Want::Dashboard, &[PageKind::Dashboard]),
        (Want::Extra(Extra::Events), &[PageKind::Events]),
        (Want::Extra(Extra::Articles), &[PageKind::Articles]),
        (Want::Extra(Extra::Gallery), &[PageKind::Gallery]),
        (Want::Extra(Extra::Pricing), &[PageKind::Pricing]),
        (Want::Payments, &[PageKind::Pricing, PageKind::Checkout]),
        (Want::Extra(Extra::Booking), &[PageKind::Booking]),
        (Want::Accounts, &[PageKind::Login, PageKind::Signup]),
        (Want::Api, &[PageKind::Api]),
        (Want::Data, &[PageKind::Data]),
        (Want::Faq, &[PageKind::Faq]),
    ];
    let mut add = |kind: PageKind| {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    };
    for (want, brings) in wanted {
        if story.wants(want) {
            brings.iter().copied().for_each(&mut add);
        }
    }
    add(PageKind::About);
    add(PageKind::Contact);
    if least > kinds.len() {
        for kind in [PageKind::Articles, PageKind::Faq] {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    let articles = if kinds.contains(&PageKind::Articles) { story.pack.articles.len() } else { 0 };
    let mut pages: Vec<Page> = kinds.into_iter().map(|kind| fixed(story, kind)).collect();
    for number in 0..story.wanted.len() {
        let page = more(story, Matter::Wanted(number), &pages);
        let about = pages.iter().position(|page| page.is_one_of(&[PageKind::About]));
        if !pages.iter().any(|known| known.title == page.title) {
            pages.insert(about.unwrap_or(pages.len()), page);
        }
    }
    for number in 0..articles {
        let page = more(story, Matter::Article(number), &pages);
        pages.push(page);
    }
    for matter in further(story) {
        if pages.len() >= least {
            break;
        }
        let page = more(story, matter, &pages);
        pages.push(page);
    }
    pages
}

/// What else there is to write about, without end.
fn further(story: &Story) -> impl Iterator<Item = Matter> {
    let items = story.groups.iter().enumerate().flat_map(|(group, of)| {
        // A thing without a word about it fills no page.
        let told = of.items.iter().enumerate().filter(|(_, item)| !item.note.is_empty());
        told.map(move |(item, _)| Matter::Item { group, item })
    });
    let questions = (0..story.pack.questions.len()).map(Matter::Question);
    let (topics, points) = (story.topics.len(), story.pack.points.len());
    let notes = (0..).map(move |number| Matter::Note {
        topic: number % topics,
        point: (number + number / topics) % points,
    });
    items.chain(questions).chain(notes)
}

pub(super) fn fixed(story: &Story, kind: PageKind) -> Page {
    let (title, lead) = story.phrases.pages[kind.place()];
    let pack = &story.pack;
    let own = |title: &str, heading: &str, lead: &str| {
        (title.to_owned(), heading.to_owned(), lead.to_owned())
    };
    let [first, second] = &pack.closes;
    let (title, heading, lead) = match kind {
        PageKind::Home => own(title, &story.headline, &story.lead),
        PageKind::Offer => own(&pack.offer.title, &pack.offer.title, &pack.offer.intro),
        PageKind::About => own(title, &pack.story_title, &pack.credos[2]),
        PageKind::Contact => own(title, &first.title, &first.text),
        PageKind::Booking => own(title, &pack.action, &second.text),
        PageKind::Events => own(&pack.schedule.title, &pack.schedule.title, &pack.schedule.intro),
        PageKind::Faq => own(title, title, &pack.leads[0]),
        PageKind::Gallery => own(title, title, &pack.credos[0]),
        PageKind::Pricing => own(title, title, &pack.leads[1]),
        PageKind::Articles => own(title, title, &pack.credos[1]),
        _ => own(title, title, &fill(lead, &story.name)),
    };
    Page { matter: Matter::Fixed(kind), file: kind.file().to_owned(), title, heading, lead }
}

fn more(story: &Story, matter: Matter, before: &[Page]) -> Page {
    let pack = &story.pack;
    let (mut title, lead) = match matter {
        Matter::Wanted(number) => (story.wanted[number].clone(), String::new()),
        Matter::Article(number) => {
            (pack.articles[number].title.clone(), pack.articles[number].summary.clone())
        }
        Matter::Item { group, item } => {
            let item = &story.groups[group].items[item];
            (item.name.clone(), item.note.clone())
        }
        Matter::Question(number) => {
            (pack.questions[number].title.clone(), pack.questions[number].text.clone())
        }
        Matter::Note { topic, point } => {
            let point = &pack.points[point];
            (format!("{} · {}", story.topic(topic).text, point.title), point.text.clone())
        }
        Matter::Fixed(kind) => return fixed(story, kind),
    };
    let wanted = matches!(matter, Matter::Wanted(_));
    if !wanted && before.iter().any(|page| page.title == title) {
        title = format!("{title} ({})", before.len());
    }
    let mut name = slug(&title);
    let taken = |name: &str| {
        let file = format!("{name}.html");
        PageKind::ALL.iter().any(|(_, known)| *known == file)
            || before.iter().any(|page| page.file == file)
    };
    if name.len() < 3 || taken(&name) {
        name = format!("page-{}", before.len() + 1);
    }
    Page { matter, file: format!("{name}.html"), heading: title.clone(), title, lead }
}
