//! What a description says: name, subject, topics, sentences and wishes.

use super::colour::{self, Colours};
use super::copy::{Phrases, phrases};
use super::kind::{Extra, Kind, named};
use super::language::{Language, detect};
use super::layout::Layout;
use super::money::Currency;
use super::name::{proper_name, short_name, spoken_name};
use super::pack::{Group, Item, Pack};
use super::text::{capitalized, clean, sentences, shorten, without_code, words};
use super::topics::{Topic, alike, listed, topics};
use super::wishes::{asks_first, page_wanted, pieces, without_wishes};

/// What a site is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    /// What the site calls itself unless the description names it.
    pub(crate) project_name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) target_users: Option<&'a str>,
    /// Keys of the estimate's features.
    pub(crate) features: &'a [String],
    /// How many agents share the pages; each makes one at least.
    pub(crate) shares: u32,
}

/// Something that brings pages of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Accounts,
    Payments,
    Dashboard,
    Api,
    Data,
    Live,
    /// When somebody is there, or what happens when.
    Hours,
    Faq,
    Extra(Extra),
}

/// The estimate's feature keys, and words of other languages that ask for the same.
const WANTS: &[(Want, &str, &str)] = &[
    (
        Want::Accounts,
        "authentication",
        "=login =signup =register =registration =auth =accounts =conta =contas =cuenta =cuentas \
         =compte =comptes connexion anmeld registrier benutzerkont تسجيل התחברות",
    ),
    (
        Want::Payments,
        "payments",
        "payment stripe checkout pagament =pago =pagos paiement zahlung bezahl دفع תשלום",
    ),
    (Want::Dashboard, "dashboard", "dashboard =admin painel =panel tableau-de لوحة"),
    (Want::Api, "api", "=api =apis backend =rest"),
    (Want::Data, "database", "=database =databases =db datenbank banco-de base-de"),
    (Want::Live, "realtime", "realtime real-time websocket echtzeit =chat"),
    (
        Want::Extra(Extra::Booking),
        "",
        "=book =booking =bookings reservation reserva réserv appointment rendez-vous termin \
         =buchung =buchen agendament cita حجز הזמנות",
    ),
    (Want::Extra(Extra::Gallery), "", "gallery =photos =pictures galeria galería galerie fotos"),
    (Want::Extra(Extra::Events), "", "=event =events =concerts evento événement veranstaltung"),
    (Want::Extra(Extra::Articles), "", "=blog =articles =news artigos artículos artikel"),
    (
        Want::Hours,
        "",
        "=hours =timetable =schedule =calendar =programme =programa =programm =horaire =horaires \
         =horario =horarios =horário =horários calendrier calendario calendário kalender \
         öffnungszeit sprechzeit sprechstunde stundenplan",
    ),
    (Want::Faq, "", "=faq =faqs frequently frecuentes frequentes fréquentes häufig"),
    (Want::Extra(Extra::Pricing), "", "pricing =prices =plans =preços =precios =tarifs =preise"),
];

/// Everything the pages are made from.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) language: Language,
    pub(super) phrases: &'static Phrases,
    pub(super) kind: Kind,
    pub(super) name: String,
    /// What the site is, in a few of the description's words.
    pub(super) headline: String,
    /// What the site is, in a sentence.
    pub(super) lead: String,
    /// Whether the lead reads as copy rather than as a request.
    pub(super) speaks: bool,
    /// Sentences of the description, after the first, that visitors may read.
    pub(super) told: Vec<String>,
    /// The description's sentences, fit for running text.
    pub(super) sentences: Vec<String>,
    /// At least one; six or more where our wording is in the description's language.
    pub(super) topics: Vec<Topic>,
    /// What the description counts up.
    pub(super) listed: Vec<String>,
    pub(super) wants: Vec<Want>,
    /// Those wants that the description names itself.
    pub(super) asked: Vec<Want>,
    /// What sites of this kind say.
    pub(super) pack: Pack,
    /// What there is to have: the description's own things first.
    pub(super) groups: Vec<Group>,
    pub(super) currency: Currency,
    pub(super) audience: Option<String>,
    /// What the description wants pages for.
    pub(super) wanted: Vec<String>,
    /// All that it says but its colours, sentence by sentence.
    pub(super) said: Vec<String>,
    /// What the site is to look like; said nowhere on it.
    pub(super) colours: Option<Colours>,
    /// Tells sites of equal kind apart.
    pub(super) seed: u64,
}

/// Words looked at for topics; a long description has said what it is about by then.
pub(super) const TOPIC_WORDS: usize = 600;

impl Story {
    pub(super) fn read(input: &Input<'_>) -> Self {
        let whole = clean(input.description);
        let (text, colours) = colour::taken(&whole);
        let plain = without_code(&text);
        let language = detect(&plain);
        let phrases = phrases(language);
        let kind = Kind::of(&text);
        let said = sentences(&plain);
        // What only wants a page is nothing to read.
        let tells = |text: &&String| pieces(text).iter().any(|piece| page_wanted(piece).is_none());
        let mut readable: Vec<String> = said.iter().filter(tells).cloned().collect();
        if readable.is_empty() {
            readable.clone_from(&said);
        }
        let first = readable.first().map_or("", String::as_str);
        let subject = without_opener(first, language);
        let spoken = spoken_name(&plain);
        let (spoken, unnamed) = match spoken {
            Some((name, said)) => {
                let rest = subject.replacen(said, "", 1);
                (Some(name), rest.replace(" :", ":").replace(" ,", ","))
            }
            None => match leading_name(&subject, language) {
                Some((name, rest)) => (Some(name), rest),
                None => (proper_name(&subject, language.tag), subject.clone()),
            },
        };
        let short = fit(&short_name(&unnamed, &headline(&unnamed), language), 40);
        // A project that was named after its description has no name yet.
        let given = clean(input.project_name).to_lowercase();
        let name = spoken
            .clone()
            .or_else(|| short.clone().filter(|_| whole.to_lowercase().contains(given.trim())))
            .or_else(|| fit(input.project_name, 48))
            .or(short)
            .unwrap_or_else(|| phrases.untitled.to_owned());
        let pack = pack(phrases, kind, &name);
        let usual: Vec<String> = if phrases.tag == language.tag {
            names(&pack.offer.groups).collect()
        } else {
            vec![name.clone()]
        };
        let topics = topics(&readable, language, &usual, spoken.as_deref().unwrap_or_default());
        let listed = listed(&readable, language);
        let headline = fit(&headline(&unnamed), 70).unwrap_or_else(|| name.clone());
        let wants = asked(&text, input.features);
        let foreign = phrases.tag != language.tag;
        let told = if foreign { unnamed.clone() } else { without_wishes(&unnamed) };
        let lead = fit(&told, 240).unwrap_or_else(|| headline.clone());
        let readable_copy = |text: &str, least: usize| {
            (least..=34).contains(&text.split_whitespace().count()) && !is_request(text)
        };
        let fitted = |sentence: &String| shorten(&capitalized(sentence), 320);
        let told = readable.iter().skip(1).filter(|text| readable_copy(text, 5)).take(3);
        Self {
            language,
            phrases,
            kind,
            name,
            speaks: readable_copy(&lead, 6) && !asks_first(&lead) && lead.chars().count() <= 190,
            headline,
            lead: ended(lead),
            told: told.map(fitted).collect(),
            sentences: readable.iter().map(fitted).collect(),
            groups: if Layout::offers_listed(kind) {
                offered(&listed, pack.offer.groups.clone())
            } else {
                pack.offer.groups.clone()
            },
            topics,
            listed,
            wants: with_usual(&wants, kind),
            asked: wants,
            currency: Currency::of(&text, phrases.tag),
            pack,
            audience: input.target_users.and_then(|users| fit(&clean(users), 300)),
            wanted: wanted(&said),
            said,
            colours,
            // Of the project alone: its next version is recognised as the same site.
            seed: seed(&[input.project_name]),
        }
    }

    pub(super) fn wants(&self, want: Want) -> bool {
        self.wants.contains(&want)
    }

    /// What a visitor may write about or ask for: the things there are to have, else the topics.
    pub(super) fn subjects(&self) -> Vec<&str> {
        let items = self.groups.iter().flat_map(|group| &group.items);
        let mut names: Vec<&str> = items.map(|item| item.name.as_str()).take(10).collect();
        if self.is_foreign() || names.is_empty() {
            names = self.topics.iter().map(|topic| topic.text.as_str()).collect();
        }
        names
    }

    /// Whether our wording is in another language than the description.
    pub(super) fn is_foreign(&self) -> bool {
        self.phrases.tag != self.language.tag
    }

    /// The topic at `index`, counting round and round.
    pub(super) fn topic(&self, index: usize) -> &Topic {
        &self.topics[index % self.topics.len()]
    }

    /// The description's sentence that speaks of `topic`, or one chosen by its place.
    pub(super) fn sentence_about(&self, topic: &str, index: usize) -> &str {
        let lower = topic.to_lowercase();
        self.sentences
            .iter()
            .find(|sentence| sentence.to_lowercase().contains(&lower))
            .or_else(|| self.sentences.get(index % self.sentences.len().max(1)))
            .map_or(self.lead.as_str(), String::as_str)
    }
}

/// `text` with a full stop where it ends without a mark.
fn ended(mut text: String) -> String {
    if text.ends_with(|c: char| c.is_alphanumeric())
        && text.contains(' ')
        && !text.contains(['。', '，', '、'])
    {
        text.push('.');
    }
    text
}

/// `None` if no letter or digit is left to show.
pub(super) fn fit(text: &str, chars: usize) -> Option<String> {
    let text = clean(text);
    let one_spaced: Vec<&str> = text.split_whitespace().collect();
    words(&text).next()?;
    Some(capitalized(&shorten(&one_spaced.join(" "), chars)))
}

/// What sites of `kind` say; in languages that have only the general words, with the label,
/// the call and the things that are usual for the kind.
fn pack(phrases: &Phrases, kind: Kind, name: &str) -> Pack {
    let mut pack = Pack::of(phrases.tag, kind, name);
    let own = phrases.kinds.iter().find(|copy| copy.kind == kind);
    if let Some(copy) = own.filter(|_| !Pack::exists(phrases.tag, kind)) {
        copy.label.clone_into(&mut pack.label);
        copy.action.clone_into(&mut pack.action);
        copy.offer.clone_into(&mut pack.second);
        copy.offer.clone_into(&mut pack.offer.title);
        let usual = copy.usual.map(|name| Item { name: name.to_owned(), ..Item::default() });
        pack.offer.groups = vec![Group { title: copy.label.to_owned(), items: usual.to_vec() }];
    }
    pack
}

fn names(groups: &[Group]) -> impl Iterator<Item = String> {
    groups.iter().flat_map(|group| &group.items).map(|item| item.name.clone())
}

/// The description's things, each with the words of the pack's item that is like it, and then
/// the pack's others, unless most of the description's are unlike them: those belong to another
/// line of work.
fn offered(listed: &[String], mut groups: Vec<Group>) -> Vec<Group> {
    if listed.is_empty() {
        return groups;
    }
    let mut own = Vec::new();
    for name in listed {
        let known = groups.iter_mut().find_map(|group| {
            let at = group.items.iter().position(|item| alike(&item.name, name))?;
            Some(group.items.remove(at))
        });
        own.push(Item { name: name.clone(), ..known.unwrap_or_default() });
    }
    let known = own.iter().filter(|item| !item.note.is_empty()).count();
    groups.retain(|group| known * 2 > own.len() && !group.items.is_empty());
    groups.insert(0, Group { title: String::new(), items: own });
    groups
}

/// Words of somebody who orders a site rather than of somebody who shows one.
const REQUESTS: &str = "=site =sites website web-site =page =pages landing homepage =app should =must \
                        please =want =need build create generate =make layout =seite =seiten webseit \
                        =soll sollen möchte brauch erstell página páginas =sitio =web deve debe \
                        quiero quero precis necesit crear criar =doit voudr créer =mettre موقع صفحة \
                        =אתר =דף сайт ignore instruction prompt サイト 网站";

fn is_request(text: &str) -> bool {
    let told =
        |word: &str| named(REQUESTS, word) || word.contains("サイト") || word.contains("网站");
    words(text).any(|word| told(&word.to_lowercase()))
}

/// A name that `subject` begins with, set off by a comma: `Casa Aurora, a small hotel`.
fn leading_name(subject: &str, language: Language) -> Option<(String, String)> {
    let (name, rest) = subject.split_once(',')?;
    let all: Vec<&str> = name.split_whitespace().collect();
    let capital = |word: &&str| word.chars().next().is_some_and(char::is_uppercase);
    let tells = rest.split_whitespace().next().is_some_and(|word| language.is_opener(word));
    let fits = (2..=4).contains(&all.len()) && all.iter().all(capital) && tells;
    let name = fits.then(|| fit(name, 48))??;
    Some((name, without_opener(rest.trim(), language)))
}

/// `sentence` from where it comes to the point; whole if it is all opening.
fn without_opener(sentence: &str, language: Language) -> String {
    let opens = |word: &str| language.is_opener(&word.to_lowercase());
    let all: Vec<&str> = words(sentence).collect();
    let start = all.iter().take_while(|word| opens(word)).count();
    // `A booking site for a barber shop` is about a barber shop.
    let site = |at: &usize| is_request(all[*at]) && all.get(at + 1).is_some_and(|next| opens(next));
    let from = (start..all.len().min(start + 3)).find(site).map_or(start, |site| {
        site + 1 + all[site + 1..].iter().take_while(|word| opens(word)).count()
    });
    let mut at = 0;
    for (number, word) in all.iter().enumerate() {
        let Some(found) = sentence[at..].find(word) else { break };
        if number == from {
            return capitalized(&sentence[at + found..]);
        }
        at += found + word.len();
    }
    capitalized(sentence)
}

/// Words after which a subject is only qualified.
const QUALIFIERS: &str = "with that where which who including featuring and com que onde con donde \
                          avec qui dont où mit die der das wo und con";
/// Those of them that tell what it does.
pub(super) const RELATIVES: [&str; 5] = ["that", "which", "who", "que", "qui"];
const HEADLINE_WORDS: usize = 8;

fn headline(subject: &str) -> String {
    let clause = subject.split(['.', ',', ';', ':', '!', '?', '،', '。', '，', '(']).next();
    let mut out: Vec<&str> = Vec::new();
    for word in clause.unwrap_or_default().split_whitespace() {
        let lower = word.to_lowercase();
        // One word alone is a sort of thing and not this one.
        let tells = out.len() == 1 && RELATIVES.contains(&lower.as_str());
        let qualifies = QUALIFIERS.split_whitespace().any(|listed| listed == lower);
        let enough = out.len() >= HEADLINE_WORDS || !out.is_empty() && qualifies && !tells;
        if enough {
            break;
        }
        out.push(word);
    }
    // Cut off by the count of words, it may end in one that promises another.
    if out.len() == HEADLINE_WORDS {
        let promises =
            |word: &&str| word.chars().count() <= 3 && word.chars().all(char::is_lowercase);
        while out.last().is_some_and(promises) {
            out.pop();
        }
    }
    out.join(" ")
}

/// Pages of its own words that a description gets at most, so that all fit the navigation.
const WANTED: usize = 3;

/// What is wanted a page for; what comes first is the site itself.
fn wanted(readable: &[String]) -> Vec<String> {
    let all = readable.iter().flat_map(|sentence| pieces(sentence)).skip(1);
    let mut found: Vec<String> = Vec::new();
    for page in all.take(TOPIC_WORDS).filter_map(|piece| page_wanted(&piece)) {
        if asked(&page, &[]).is_empty() && !found.contains(&page) && found.len() < WANTED {
            found.push(page);
        }
    }
    found
}

/// Whether the engine makes something of its own of what `text` names.
pub(super) fn is_served(text: &str) -> bool {
    !asked(text, &[]).is_empty() || page_wanted(text).is_some()
}

fn asked(text: &str, features: &[String]) -> Vec<Want> {
    let lower: Vec<String> = words(text).take(TOPIC_WORDS * 3).map(str::to_lowercase).collect();
    let named_there = |(_, key, list): &&(Want, &str, &str)| {
        features.iter().any(|feature| feature == key) || lower.iter().any(|word| named(list, word))
    };
    WANTS.iter().filter(named_there).map(|(want, ..)| *want).collect()
}

/// What is asked for, and what sites of `kind` have unasked.
fn with_usual(asked: &[Want], kind: Kind) -> Vec<Want> {
    let mut all = asked.to_vec();
    let usual = kind.extras().iter().map(|extra| Want::Extra(*extra));
    all.extend(usual.filter(|want| !asked.contains(want)));
    all
}

/// FNV-1a: stable everywhere and for ever, unlike the standard library's hashes.
pub(super) fn seed(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(description: &str) -> Story {
        Story::read(&Input {
            project_name: "My project",
            description,
            target_users: None,
            features: &[],
            shares: 1,
        })
    }

    #[test]
    fn the_point_of_a_request_becomes_the_headline() {
        for (text, headline) in [
            ("A landing page for a bakery in Lisbon with fresh bread.", "Bakery in Lisbon"),
            ("Please build me a website for our law firm, Smith & Sons", "Law firm"),
            ("Quero um site para a minha padaria em Braga com encomendas", "Padaria em Braga"),
            ("Eine Website für unsere Bäckerei in Köln mit Torten", "Bäckerei in Köln"),
            ("<script>alert(1)</script> tea shop", "Tea shop"),
            ("!!!!!!!!!!!!", "My project"),
        ] {
            assert_eq!(story(text).headline, headline, "{text}");
        }
    }

    #[test]
    fn a_name_in_the_description_wins() {
        for text in
            ["A bakery called \"Crumb & Co\" in Porto", "A bakery called Crumb & Co in Porto"]
        {
            let story = story(text);
            assert_eq!(
                (story.name.as_str(), story.headline.as_str()),
                ("Crumb & Co", "Bakery in Porto")
            );
        }
        assert_eq!(story("A gym named Iron Temple with classes").name, "Iron Temple");
        assert_eq!(story("A gym that is named after nobody").name, "My project");
    }

    #[test]
    fn topics_are_the_descriptions_own_words() {
        let story = story("A bakery in Lisbon: sourdough bread, wedding cakes and coffee to go");
        let topics: Vec<&str> = story.topics.iter().map(|topic| topic.text.as_str()).collect();
        assert_eq!(topics[..4], ["Bakery", "Lisbon", "Sourdough bread", "Wedding cakes"]);
    }

    #[test]
    fn features_are_found_in_other_languages() {
        let story = story("Loja de chá com pagamentos e área de conta dos clientes");
        assert!(story.wants(Want::Payments) && story.wants(Want::Accounts));
        assert!(!story.wants(Want::Live));
    }
}
