//! What pages say besides the description's own words, in each language written here.
//!
//! Texts state nothing about the subject that the description did not say: no prices, dates,
//! people or opening hours are made up, and samples are called samples.

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod he;
mod pt;

use super::kind::Kind;
use super::language::Language;
use super::pages::PageKind;

/// A title and what follows it.
pub(super) type Titled = (&'static str, &'static str);

/// The wording of a kind of undertaking.
#[derive(Debug)]
pub(super) struct KindCopy {
    /// The kind.
    pub(super) kind: Kind,
    /// What one calls it.
    pub(super) label: &'static str,
    /// The button that leads to contact or booking.
    pub(super) action: &'static str,
    /// Title of the page with what is on offer.
    pub(super) offer: &'static str,
    /// What such an undertaking usually has, where the description names too little.
    pub(super) usual: [&'static str; 4],
}

/// Every text of one language; `{}` stands for a name or topic.
#[derive(Debug)]
pub(super) struct Phrases {
    pub(super) tag: &'static str,
    pub(super) skip: &'static str,
    pub(super) main_nav: &'static str,
    pub(super) footer_nav: &'static str,
    pub(super) focus_title: &'static str,
    pub(super) idea_title: &'static str,
    pub(super) audience_title: &'static str,
    pub(super) close_title: &'static str,
    pub(super) close_body: &'static str,
    pub(super) tips_title: &'static str,
    pub(super) untitled: &'static str,
    /// Steps from interest to result.
    pub(super) steps_title: &'static str,
    pub(super) steps: [Titled; 3],
    /// One sentence each about a topic.
    pub(super) cards: [&'static str; 6],
    /// Titles and opening lines, in the order of `PageKind::ALL`.
    pub(super) pages: [Titled; 23],
    pub(super) faq: [Titled; 5],
    pub(super) sample: &'static str,
    pub(super) forms: FormCopy,
    pub(super) tools: ToolCopy,
    pub(super) articles: ArticleCopy,
    pub(super) privacy: [Titled; 3],
    pub(super) accessibility: [Titled; 3],
    /// Where a glossary term is dealt with.
    pub(super) see_page: &'static str,
    pub(super) illustration: &'static str,
    /// Column heads of the events page and what stands where nothing is known.
    pub(super) event_heads: [&'static str; 3],
    pub(super) announced_later: &'static str,
    pub(super) kinds: [KindCopy; 18],
}

/// Labels and messages of forms.
#[derive(Debug)]
pub(super) struct FormCopy {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) message: &'static str,
    pub(super) topic: &'static str,
    pub(super) send: &'static str,
    pub(super) required: &'static str,
    /// Said on every form: nothing leaves the page.
    pub(super) not_sent: &'static str,
    pub(super) done: &'static str,
    pub(super) invalid: &'static str,
    pub(super) date: &'static str,
    pub(super) time: &'static str,
    pub(super) people: &'static str,
    pub(super) book: &'static str,
    pub(super) password: &'static str,
    pub(super) password_hint: &'static str,
    pub(super) log_in: &'static str,
    pub(super) sign_up: &'static str,
    pub(super) no_account: &'static str,
    pub(super) have_account: &'static str,
    pub(super) address: &'static str,
    pub(super) city: &'static str,
    pub(super) postcode: &'static str,
    pub(super) plan: &'static str,
    pub(super) order: &'static str,
    pub(super) no_card: &'static str,
}

/// Texts of the pages that show data.
#[derive(Debug)]
pub(super) struct ToolCopy {
    pub(super) plans: [&'static str; 3],
    pub(super) choose: &'static str,
    pub(super) per_month: &'static str,
    pub(super) metrics: [&'static str; 4],
    pub(super) chart: &'static str,
    pub(super) filter: &'static str,
    pub(super) table: &'static str,
    pub(super) heads: [&'static str; 4],
    pub(super) states: [&'static str; 3],
    pub(super) endpoint_heads: [&'static str; 3],
    pub(super) endpoints: [&'static str; 5],
    pub(super) response: &'static str,
    pub(super) field_heads: [&'static str; 3],
    /// Meanings of id, name, created, state and parent.
    pub(super) fields: [&'static str; 5],
    pub(super) feed: &'static str,
    pub(super) updates: [&'static str; 4],
    pub(super) pause: &'static str,
    pub(super) resume: &'static str,
}

/// Texts of articles.
#[derive(Debug)]
pub(super) struct ArticleCopy {
    /// Title and opening line for a topic.
    pub(super) angles: [Titled; 8],
    pub(super) sections: [Titled; 6],
    pub(super) from_idea: &'static str,
    pub(super) next: &'static str,
}

impl Phrases {
    /// What a page of its kind is called in general.
    pub(super) fn title(&self, kind: PageKind) -> &'static str {
        self.pages[kind.place()].0
    }

    /// The wording of `kind`.
    pub(super) fn kind(&'static self, kind: Kind) -> &'static KindCopy {
        let [first, ..] = &self.kinds;
        self.kinds.iter().find(|copy| copy.kind == kind).unwrap_or(first)
    }
}

static ALL: [&Phrases; 7] = [
    &en::PHRASES,
    &pt::PHRASES,
    &es::PHRASES,
    &fr::PHRASES,
    &de::PHRASES,
    &ar::PHRASES,
    &he::PHRASES,
];

/// The texts for a site in `language`; English where none are written.
pub(super) fn phrases(language: Language) -> &'static Phrases {
    ALL.into_iter().find(|phrases| phrases.tag == language.tag).unwrap_or(&en::PHRASES)
}

/// `template` with `value` in the place of `{}`.
pub(super) fn fill(template: &str, value: &str) -> String {
    template.replacen("{}", value, 1)
}

/// A row of [`Phrases::kinds`].
const fn kind(
    kind: Kind,
    label: &'static str,
    action: &'static str,
    offer: &'static str,
    usual: [&'static str; 4],
) -> KindCopy {
    KindCopy { kind, label, action, offer, usual }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_their_place_and_plain_texts_have_none() {
        for p in ALL {
            let templates = [
                &p.cards[..],
                &p.tools.endpoints[..],
                &p.tools.updates[..],
                &p.articles.angles.map(|(title, _)| title),
                &p.articles.angles.map(|(_, lead)| lead),
                &[p.close_title, p.illustration, p.see_page],
            ];
            for template in templates.into_iter().flatten() {
                assert_eq!(template.matches("{}").count(), 1, "{}: {template}", p.tag);
            }
            for (title, lead) in p.pages {
                assert!(!title.contains("{}") && !title.is_empty(), "{}: {title}", p.tag);
                assert!(lead.matches("{}").count() <= 1, "{}: {lead}", p.tag);
            }
        }
    }

    #[test]
    fn every_language_words_every_kind() {
        for p in ALL {
            for (at, copy) in p.kinds.iter().enumerate() {
                assert_eq!(copy.kind, ALL[0].kinds[at].kind, "{}", p.tag);
                assert_eq!(p.kind(copy.kind).label, copy.label);
            }
        }
    }
}
