//! The wording of controls in each language written here.
//!
//! Only what visitors use a site with: labels, forms, navigation and errors. What sites say is
//! in `packs`.

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
    pub(super) audience_title: &'static str,
    pub(super) untitled: &'static str,
    /// Titles and opening lines, in the order of `PageKind::ALL`.
    pub(super) pages: [Titled; 18],
    pub(super) sample: &'static str,
    pub(super) forms: FormCopy,
    pub(super) tools: ToolCopy,
    pub(super) parts: PartCopy,
    /// Said once on every page: what is shown is made up.
    pub(super) examples: &'static str,
    /// Before what else there is.
    pub(super) also: &'static str,
    /// For languages with general packs only.
    pub(super) kinds: &'static [KindCopy],
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
    pub(super) choose: &'static str,
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

/// Texts of the parts that one works with.
#[derive(Debug)]
pub(super) struct PartCopy {
    pub(super) menu: &'static str,
    pub(super) search: &'static str,
    pub(super) all: &'static str,
    /// How many of a list are to be seen.
    pub(super) shown: &'static str,
    /// Names the choice of tags.
    pub(super) topics: &'static str,
    pub(super) missing: &'static str,
    pub(super) bad_email: &'static str,
    pub(super) bad_number: &'static str,
    /// Titles of what a complete form is answered with.
    pub(super) sent: &'static str,
    pub(super) booked: &'static str,
    pub(super) logged_in: &'static str,
    pub(super) signed_up: &'static str,
    pub(super) ordered: &'static str,
    pub(super) reference: &'static str,
    pub(super) again: &'static str,
    /// Asks what is booked.
    pub(super) service: &'static str,
    pub(super) pick_date: &'static str,
    pub(super) pick_time: &'static str,
    /// What the date is called where one stays overnight.
    pub(super) arrival: &'static str,
    pub(super) nights: &'static str,
    pub(super) previous_month: &'static str,
    pub(super) next_month: &'static str,
    pub(super) closed: &'static str,
    /// Said of a time nobody can have.
    pub(super) taken: &'static str,
    pub(super) entry: &'static str,
    pub(super) copy: &'static str,
    pub(super) copied: &'static str,
    pub(super) show_password: &'static str,
    /// What a password is told, from short to strong.
    pub(super) strength: [&'static str; 4],
    pub(super) left: &'static str,
    pub(super) billing: &'static str,
    pub(super) monthly: &'static str,
    pub(super) yearly: &'static str,
    /// Stands in the place of what is said of a month.
    pub(super) per_year: &'static str,
    pub(super) recommended: &'static str,
    pub(super) your_order: &'static str,
    pub(super) total: &'static str,
    pub(super) period: &'static str,
    pub(super) days: &'static str,
    pub(super) as_table: &'static str,
    pub(super) day: &'static str,
    /// Names a chart over days.
    pub(super) trend: &'static str,
    pub(super) add: &'static str,
    pub(super) remove: &'static str,
    pub(super) my_plan: &'static str,
    /// Stands in an empty plan.
    pub(super) no_plan: &'static str,
    /// How long a piece takes to read.
    pub(super) minutes: &'static str,
    pub(super) previous: &'static str,
    pub(super) next: &'static str,
    pub(super) close: &'static str,
    /// As schedules write them, in small letters, from Monday.
    pub(super) weekdays: [&'static str; 7],
    pub(super) weekend: &'static str,
    /// What schedules say of days without hours.
    pub(super) closed_words: &'static [&'static str],
    /// By which a price is known to be for a month.
    pub(super) month_words: &'static [&'static str],
}

impl Phrases {
    /// What a page of its kind is called in general.
    pub(super) fn title(&self, kind: PageKind) -> &'static str {
        self.pages[kind.place()].0
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
            let parts = [p.parts.shown, p.parts.left, p.parts.days, p.parts.minutes];
            let templates = [&p.tools.endpoints[..], &p.tools.updates[..], &parts[..]];
            for template in templates.into_iter().flatten() {
                assert_eq!(template.matches("{}").count(), 1, "{}: {template}", p.tag);
            }
            for (title, lead) in p.pages {
                assert!(!title.contains("{}") && !title.is_empty(), "{}: {title}", p.tag);
                assert!(lead.matches("{}").count() <= 1, "{}: {lead}", p.tag);
            }
        }
    }
}
