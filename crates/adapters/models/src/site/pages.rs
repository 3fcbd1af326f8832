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
    Process,
    Articles,
    Glossary,
    Privacy,
    Accessibility,
    Sitemap,
    NotFound,
}

impl PageKind {
    /// In the order of `Phrases::pages`, with the file each is written to.
    pub(super) const ALL: [(Self, &'static str); 23] = [
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
        (Self::Process, "process.html"),
        (Self::Articles, "articles.html"),
        (Self::Glossary, "glossary.html"),
        (Self::Privacy, "privacy.html"),
        (Self::Accessibility, "accessibility.html"),
        (Self::Sitemap, "sitemap.html"),
        (Self::NotFound, "404.html"),
    ];

    pub(super) fn place(self) -> usize {
        Self::ALL.iter().position(|(kind, _)| *kind == self).unwrap_or_default()
    }

    pub(super) fn file(self) -> &'static str {
        Self::ALL[self.place()].1
    }
}

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matter {
    Fixed(PageKind),
    /// An article on a topic from an angle, by their numbers.
    Article {
        topic: usize,
        angle: usize,
    },
}

/// One page of the site.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub(super) matter: Matter,
    pub(super) file: String,
    pub(super) title: String,
    /// What the page opens with; also its description for search engines.
    pub(super) lead: String,
}

/// All pages of `story`, at least `least` of them besides the one for lost visitors.
///
/// The order is that of importance: navigation takes from the front.
pub(super) fn site_map(story: &Story, least: usize) -> Vec<Page> {
    let mut kinds = vec![PageKind::Home, PageKind::Offer];
    let wanted = [
        (Want::Live, &[PageKind::Live][..]),
        (Want::Dashboard, &[PageKind::Dashboard]),
        (Want::Extra(Extra::Booking), &[PageKind::Booking]),
        (Want::Extra(Extra::Gallery), &[PageKind::Gallery]),
        (Want::Extra(Extra::Events), &[PageKind::Events]),
        (Want::Extra(Extra::Pricing), &[PageKind::Pricing]),
        (Want::Payments, &[PageKind::Pricing, PageKind::Checkout]),
        (Want::Accounts, &[PageKind::Login, PageKind::Signup]),
        (Want::Api, &[PageKind::Api]),
        (Want::Data, &[PageKind::Data]),
    ];
    for (want, brings) in wanted {
        if story.wants(want) {
            kinds.extend(brings.iter().filter(|kind| !kinds.contains(kind)).collect::<Vec<_>>());
        }
    }
    kinds.extend([PageKind::About, PageKind::Contact, PageKind::Faq, PageKind::Process]);
    kinds.extend([PageKind::Privacy, PageKind::Accessibility, PageKind::Sitemap]);
    let few_articles = if story.wants(Want::Extra(Extra::Articles)) { 6 } else { 0 };
    if few_articles > 0 || least > kinds.len() {
        kinds.insert(2, PageKind::Articles);
        kinds.push(PageKind::Glossary);
    }
    let articles = match least.saturating_sub(kinds.len()).max(few_articles) {
        0 if kinds.contains(&PageKind::Articles) => 3,
        articles => articles,
    };
    let mut pages: Vec<Page> = kinds.into_iter().map(|kind| fixed(story, kind)).collect();
    for number in 0..articles {
        let article = article(story, number, &pages);
        pages.push(article);
    }
    pages
}

pub(super) fn fixed(story: &Story, kind: PageKind) -> Page {
    let (title, lead) = story.phrases.pages[kind.place()];
    let (title, lead) = match kind {
        PageKind::Home => (story.headline.clone(), story.lead.clone()),
        PageKind::Offer => (story.kind_copy().offer.to_owned(), fill(lead, &story.name)),
        _ => (title.to_owned(), fill(lead, &story.name)),
    };
    Page { matter: Matter::Fixed(kind), file: kind.file().to_owned(), title, lead }
}

fn article(story: &Story, number: usize, before: &[Page]) -> Page {
    let angles = &story.phrases.articles.angles;
    // Walks over all pairs of topic and angle, changing both from one article to the next.
    let topics = story.topics.len();
    let topic = number % topics;
    let angle = (number / topics + number) % angles.len();
    let round = number / (topics * angles.len());
    let (title, lead) = angles[angle];
    let mut title = story.topic(topic).put_into(title);
    if round > 0 || before.iter().any(|page| page.title == title) {
        title = format!("{title} ({})", number + 1);
    }
    let mut name = slug(&title);
    let taken = |name: &str| {
        let file = format!("{name}.html");
        PageKind::ALL.iter().any(|(_, known)| *known == file)
            || before.iter().any(|page| page.file == file)
    };
    if name.len() < 3 || taken(&name) {
        name = format!("article-{}", number + 1);
    }
    Page {
        matter: Matter::Article { topic, angle },
        file: format!("{name}.html"),
        title,
        lead: story.topic(topic).put_into(lead),
    }
}
