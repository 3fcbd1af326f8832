//! Words that ask for parts of a site rather than name what its owner has.

use super::kind::named;
use super::text::{capitalized, words};

/// What a site does rather than what its owner offers.
const FUNCTIONS: &str = "login log-in sign =account =accounts payment stripe checkout =api =apis =rest \
    =database =db =admin dashboard realtime real-time websocket =chat backend =cart =newsletter \
    booking reservation appointment =form =forms =contact gallery =photo =photos =page =site \
    website =blog =menu =timetable =calendar =schedule =pricing =price =prices =hours =faq =faqs \
    =questions =features \
    pagament =pago =pagos =reserva =reservas galeria galería formulári =formulario =contacto \
    =contactos =contato =fotos =ementa =carta =horário =horários =horario =horarios =preços \
    =precios =tarifas =calendário =calendario =perguntas =preguntas =programa =inscripciones \
    =inscrições marcaç =agenda \
    connexion paiement galerie formulaire =horaire =horaires =tarif =tarifs =prix calendrier \
    réservation =réservations =inscription =programme =programmes \
    anmeldung bezahlung öffnungszeit sprechzeit sprechstunde =preise preisliste =termine termin \
    kontakt speisekarte =programm =fragen =bilder \
    =صفحة הזמנת";
/// Parts of words that say the same in a language that joins its nouns.
const JOINED: [&str; 5] = ["formular", "galerie", "kalender", "buchung", "reservierung"];
/// What every site has, where nothing more is said of it.
const PLAIN: &str = "=services =leistungen =serviços =servicios =prestations =products =produkte \
                     =team =equipo =équipe =equipa =about =entradas =tickets =bilhetes =billets \
                     =news =preis =location =anfahrt =directions =map";

/// Whether `text` speaks of what a site does.
pub(super) fn is_function(text: &str) -> bool {
    let all: Vec<String> = words(text).map(str::to_lowercase).collect();
    let alone = matches!(all.as_slice(), [word] if named(PLAIN, word));
    let asks =
        |word: &String| named(FUNCTIONS, word) || JOINED.iter().any(|part| word.contains(part));
    alone || all.iter().any(asks)
}

/// Parts of a site that hold what they are said to be of.
const HOLDERS: &str = "=gallery galeri galería =carta =carte =calendar calendri calendario calendário kalender \
                       =programme =program =programa =programm =collection =selection";
const OF: [&str; 8] = ["of", "de", "des", "do", "da", "dos", "das", "von"];

/// `all` without a part of a site that only holds the rest: `a gallery of bowls` is bowls.
pub(super) fn held<'a>(all: &[&'a str]) -> Vec<&'a str> {
    let holder = all.iter().take(3).position(|word| named(HOLDERS, &word.to_lowercase()));
    let Some([first, rest @ ..]) = holder.map(|at| &all[at + 1..]) else { return all.to_vec() };
    if let Some(elided) = ["d'", "d’"].iter().find_map(|elision| first.strip_prefix(elision)) {
        return [elided].into_iter().chain(rest.iter().copied()).collect();
    }
    if OF.contains(first) && !rest.is_empty() { rest.to_vec() } else { all.to_vec() }
}

/// Words that begin what a subject has.
const WITH: &str = "=with =including =featuring =com =con =avec =mit =inklusive =plus";
/// Words that join a clause to the one before it.
const JOIN: &str = "=and =e =y =et =und";

/// A piece of a sentence and what stands before it.
struct Clause<'a> {
    /// A mark that ends the one before, such as `,`.
    mark: &'a str,
    joiner: &'a str,
    text: Vec<&'a str>,
}

fn clauses(sentence: &str) -> Vec<Clause<'_>> {
    let mut all = vec![Clause { mark: "", joiner: "", text: Vec::new() }];
    for word in sentence.split_whitespace() {
        let lower = word.to_lowercase();
        let Some(last) = all.last_mut() else { break };
        if named(WITH, &lower) || named(JOIN, &lower) {
            if last.text.is_empty() && last.joiner.is_empty() {
                last.joiner = word;
            } else {
                all.push(Clause { mark: "", joiner: word, text: Vec::new() });
            }
            continue;
        }
        let bare = word.trim_end_matches([',', ';', ':']);
        if !bare.is_empty() {
            last.text.push(bare);
        }
        if bare.len() < word.len() {
            all.push(Clause { mark: &word[bare.len()..], joiner: "", text: Vec::new() });
        }
    }
    all
}

/// `sentence` without the clauses after its first that only ask for parts of a site: `Hotel with
/// six rooms, with booking and a gallery` has six rooms.
pub(super) fn without_wishes(sentence: &str) -> String {
    // What only asks for parts tells its subject among them.
    if matches!(clauses(sentence).as_slice(), [one, _, ..] if one.text.len() == 1)
        && asks_first(sentence)
    {
        return sentence.to_owned();
    }
    let mut out = String::new();
    // The mark and the joiner of clauses that went, for the next one to stand on.
    let mut left: Option<(&str, &str)> = None;
    for (at, Clause { mark, joiner, text }) in clauses(sentence).into_iter().enumerate() {
        let wish = at > 0
            && (is_function(&held(&text).join(" ")) || page_wanted(&text.join(" ")).is_some());
        let text = text.join(" ");
        if text.is_empty() || wish {
            left = left.or(Some((mark, joiner)));
            continue;
        }
        let (mark, joiner) = match left.take() {
            Some((mark, joiner)) if mark == ":" || named(WITH, &joiner.to_lowercase()) => {
                (mark, joiner)
            }
            _ => (mark, joiner),
        };
        out.push_str(mark);
        for part in [joiner, &text] {
            if !part.is_empty() {
                out.extend([if out.is_empty() { "" } else { " " }, part]);
            }
        }
    }
    capitalized(&out)
}

/// The pieces of `sentence` that ask or tell one thing each.
pub(super) fn pieces(sentence: &str) -> Vec<String> {
    let texts = clauses(sentence).into_iter().map(|clause| clause.text.join(" "));
    let bare = |text: String| text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    texts.map(bare).filter(|text| !text.is_empty()).collect()
}

const PAGE: &str = "=page =página =seite";
/// Words between a page and what it is for.
const FOR: &str = "=for =about =on =para =sobre =de =do =da =pour =sur =für =über =zu";
/// Words before a page that say nothing of it.
const ONE: &str = "=a =an =one =another =add =also =please =extra =own =separate =new =we =i =need \
                   =want =the =uma =outra =quero =mais =una =otra =quiero =une =autre =ajoutez \
                   =eine =einer =weitere =eigene =bitte";
/// Words at the head of what a page is for.
const OUR: &str = "=our =the =my =a =an =o =a =os =as =nossa =nosso =la =el =los =las =nuestro \
                   =nuestra =le =les =nos =notre =unsere =unser =die =das =den =der";
/// Pages that every site has, by other names.
const USUAL: &str = "=landing =home =main =front =first =start =single =web =inicio =início =accueil \
                     =us =you =me =nosotros =nós =nous =uns";

/// What `piece` wants a page for, if that is all it wants: `a page for jobs` is for jobs.
pub(super) fn page_wanted(piece: &str) -> Option<String> {
    let all: Vec<&str> = piece.split_whitespace().collect();
    let is =
        |list: &str, at: usize| all.get(at).is_some_and(|word| named(list, &word.to_lowercase()));
    let page = (0..all.len()).find(|at| is(PAGE, *at))?;
    let first = (0..page).find(|at| !is(ONE, *at)).unwrap_or(page);
    let matter = if first == page && is(FOR, page + 1) {
        let from = (page + 2..all.len()).find(|at| !is(OUR, *at))?;
        &all[from..]
    } else if page + 1 == all.len() {
        &all[first..page]
    } else {
        return None;
    };
    let text = matter.join(" ");
    let usual = matter.iter().any(|word| named(USUAL, &word.to_lowercase()));
    let fits = (1..=4).contains(&matter.len()) && text.chars().count() <= 28;
    (fits && !usual && !is_function(&text)).then(|| capitalized(&text))
}

/// Whether `sentence` begins with a wish, so that all of it is an order.
pub(super) fn asks_first(sentence: &str) -> bool {
    clauses(sentence).first().is_some_and(|clause| is_function(&clause.text.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_site_are_no_things() {
        for text in [
            "contact form",
            "Form to book a trial",
            "photo gallery",
            "Terminbuchung",
            "Sprechzeiten",
            "Leistungen",
            "formulaire de bénévolat",
            "Preguntas frecuentes",
            "opening hours",
            "pricing table",
        ] {
            assert!(is_function(text), "{text}");
        }
        for text in ["Six rooms", "legal services", "Vases", "Bouldering walls", "Torten"] {
            assert!(!is_function(text), "{text}");
        }
    }

    #[test]
    fn pages_are_wanted_for_something() {
        for (text, page) in [
            ("a page for jobs", Some("Jobs")),
            ("please add a page about our history", Some("History")),
            ("a jobs page", Some("Jobs")),
            ("uma página sobre a história", Some("História")),
            ("eine Seite über Ausbildung", Some("Ausbildung")),
            ("une page pour les bénévoles", Some("Bénévoles")),
            ("a page for bookings", None),
            ("a page about us", None),
            ("a landing page for a bakery", None),
            ("a home page", None),
            ("pages", None),
        ] {
            assert_eq!(page_wanted(text).as_deref(), page, "{text}");
        }
    }

    #[test]
    fn wishes_are_left_out_of_sentences() {
        for (text, left) in [
            (
                "Family hotel with six rooms in Tavira, with booking and a photo gallery",
                "Family hotel with six rooms in Tavira",
            ),
            (
                "Barber shop with login and payments, reminders by email and a calendar",
                "Barber shop with reminders by email",
            ),
            (
                "Museum with exhibitions, opening hours and visits for schools",
                "Museum with exhibitions and visits for schools",
            ),
            ("Gym in Leeds: class timetable, prices and a form", "Gym in Leeds"),
            ("Dashboard with login for potters", "Dashboard with login for potters"),
            ("Potter with a gallery of bowls and a form", "Potter with a gallery of bowls"),
        ] {
            assert_eq!(without_wishes(text), left);
        }
    }
}
