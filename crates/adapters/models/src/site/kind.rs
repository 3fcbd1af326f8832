//! What sort of undertaking a description is about.

use super::text::words;

/// A sort of undertaking, which decides pages and wording beyond the description's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bakery,
    Restaurant,
    Shop,
    Portfolio,
    Clinic,
    School,
    Law,
    Gym,
    Hotel,
    Music,
    Charity,
    Software,
    Event,
    Podcast,
    Property,
    Journal,
    Tool,
    General,
}

/// Extra pages of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    Booking,
    Gallery,
    Events,
    Articles,
    Pricing,
}

struct Row {
    kind: Kind,
    extras: &'static [Extra],
    /// Beginnings of words in lower case, of all languages at once; `=` asks for the whole word.
    words: &'static str,
}

/// The first of the rows that are named most often decides.
const TABLE: &[Row] = &[
    // A barber shop is no shop, a hair studio no studio, and a museum for schools no school.
    Row {
        kind: Kind::General,
        extras: &[],
        words: "barber hairdress =salon tattoo friseur coiff peluquer cabeleireir barbear museum \
                =museo =museos museu musée =library bibliothek =biblioteca bibliothèque",
    },
    Row {
        kind: Kind::Bakery,
        extras: &[Extra::Gallery],
        words: "baker bread sourdough pastry pastries =cakes padaria pastelaria =pão panader \
                pasteler =pan boulanger pâtisser bäckerei konditor =brot مخبز מאפיי пекар",
    },
    Row {
        kind: Kind::Restaurant,
        extras: &[Extra::Booking, Extra::Gallery],
        words: "restaurant =bar =café =cafe =coffee bistro pizzer trattoria =menu =cuisine =sushi \
                restaurante cafeter =gaststätte speisekarte مطعم מסעד ресторан",
    },
    Row {
        kind: Kind::Law,
        extras: &[Extra::Booking],
        words: "lawyer attorney =law =legal advogad advocac abogad avocat anwalt kanzlei rechtsanw \
                notar محام עורך адвокат",
    },
    Row {
        kind: Kind::Clinic,
        extras: &[Extra::Booking],
        words: "clinic doctor dentist dental patient medical physio therap hospital clínica médic \
                cabinet-médical médecin arzt ärzt praxis zahnarzt tierarzt tierärzt =vet =vets \
                veterin vétérin عيادة מרפא клиник",
    },
    Row {
        kind: Kind::School,
        extras: &[Extra::Events],
        words: "school university student =course =courses academy kindergarten =lessons tutor \
                escola aluno escuela colegio alumno école élève schule kurs مدرسة בית-ספר школ",
    },
    Row {
        kind: Kind::Gym,
        extras: &[Extra::Booking, Extra::Pricing],
        words: "gym fitness workout crossfit yoga pilates training trainer academia-de gimnasio \
                ginásio salle-de-sport fitnessstudio نادي כושר фитнес",
    },
    Row {
        kind: Kind::Hotel,
        extras: &[Extra::Booking, Extra::Gallery],
        words: "hotel hostel =inn guesthouse =rooms bed-and-breakfast pousada hôtel auberge \
                pension ferienwohnung فندق מלון отел",
    },
    Row {
        kind: Kind::Music,
        extras: &[Extra::Events, Extra::Gallery],
        words: "=band music album =gig =gigs concert singer =dj orchestra =choir banda música \
                groupe musique musik فرقة להק музык",
    },
    Row {
        kind: Kind::Charity,
        extras: &[Extra::Events],
        words: "charity charities non-profit nonprofit volunteer donat =ngo shelter associação \
                voluntári =ong donaci bénévol association verein ehrenamt spende جمعية עמות",
    },
    Row {
        kind: Kind::Podcast,
        extras: &[Extra::Articles],
        words: "podcast =episode =episodes listeners episódio episodio épisode بودكاست פודקאסט",
    },
    Row {
        kind: Kind::Property,
        extras: &[Extra::Gallery, Extra::Booking],
        words: "real-estate =estate realtor apartment property properties housing imobiliári \
                imóve inmobiliari immobili عقارات נדל",
    },
    Row {
        kind: Kind::Event,
        extras: &[Extra::Events, Extra::Booking],
        words: "conference =event =events festival wedding meetup summit conferência evento \
                conferencia boda conférence mariage hochzeit konferenz tagung مؤتمر כנס",
    },
    Row {
        kind: Kind::Portfolio,
        extras: &[Extra::Gallery],
        words: "portfolio portfólio portafolio photograph fotógraf fotograf photographe illustrat \
                ilustra designer architect architekt artist =art studio معرض צלם",
    },
    Row {
        kind: Kind::Journal,
        extras: &[Extra::Articles],
        words: "blog magazine newspaper =news journal =articles revista jornal periódico zeitung \
                actualités مدونة בלוג блог",
    },
    Row {
        kind: Kind::Shop,
        extras: &[Extra::Pricing],
        words: "shop =store e-commerce ecommerce webshop =sell selling =cart product loja tienda \
                boutique =laden geschäft متجر חנות магазин",
    },
    Row {
        kind: Kind::Tool,
        extras: &[],
        words: "dashboard =internal tracker tracking inventory monitor analytics planner =crm \
                =erp =todo calculator painel panel-de tableau-de verwaltung",
    },
    Row {
        kind: Kind::Software,
        extras: &[Extra::Pricing],
        words: "saas software platform startup =cloud =api developer =tool automation plataforma \
                plateforme plattform logiciel برنامج תוכנה",
    },
];

impl Kind {
    #[cfg(test)]
    pub(super) const ALL: [Self; 18] = [
        Self::Bakery,
        Self::Restaurant,
        Self::Shop,
        Self::Portfolio,
        Self::Clinic,
        Self::School,
        Self::Law,
        Self::Gym,
        Self::Hotel,
        Self::Music,
        Self::Charity,
        Self::Software,
        Self::Event,
        Self::Podcast,
        Self::Property,
        Self::Journal,
        Self::Tool,
        Self::General,
    ];

    /// The name of its packs.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Bakery => "bakery",
            Self::Restaurant => "restaurant",
            Self::Shop => "shop",
            Self::Portfolio => "portfolio",
            Self::Clinic => "clinic",
            Self::School => "school",
            Self::Law => "law",
            Self::Gym => "gym",
            Self::Hotel => "hotel",
            Self::Music => "music",
            Self::Charity => "charity",
            Self::Software => "software",
            Self::Event => "event",
            Self::Podcast => "podcast",
            Self::Property => "property",
            Self::Journal => "journal",
            Self::Tool => "tool",
            Self::General => "general",
        }
    }

    /// Pages that this kind has beyond those of every site.
    pub(super) fn extras(self) -> &'static [Extra] {
        self.row().map_or(&[], |row| row.extras)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.kind == self)
    }

    /// Whether other sites have such a thing as a part: a sauna with a blog is no journal.
    const fn is_also_a_part(self) -> bool {
        matches!(self, Self::Journal | Self::Tool | Self::Event | Self::Shop | Self::Podcast)
    }

    /// The kind named most often, the earlier one among equals; early words count more.
    pub(super) fn of(text: &str) -> Self {
        let lower: Vec<String> = words(text).take(300).map(str::to_lowercase).collect();
        let score = |row: &Row| {
            lower
                .iter()
                .enumerate()
                .filter(|(at, word)| {
                    (*at < SUBJECT || !row.kind.is_also_a_part()) && named(row.words, word)
                })
                .map(|(at, _)| if at < 12 { 4_usize } else { 1 })
                .sum::<usize>()
        };
        let mut best = (0, Self::General);
        for row in TABLE {
            let score = score(row);
            if score > best.0 {
                best = (score, row.kind);
            }
        }
        best.1
    }
}

/// Words within which a description says what it is about; wishes come after them.
const SUBJECT: usize = 8;

/// Whether `word` is in a list such as `baker =pan`.
///
/// Arabic and Hebrew write `the`, `for` and `and` together with the noun, so that up to two
/// letters may stand before it.
pub(super) fn named(list: &str, word: &str) -> bool {
    let skips = match word.chars().next() {
        Some('\u{590}'..='\u{6ff}') => 2,
        _ => 0,
    };
    let starts = word.char_indices().map(|(at, _)| &word[at..]);
    starts.take(1 + skips).any(|word| listed(list, word))
}

fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| match listed.strip_prefix('=') {
        Some(whole) => whole == word,
        None => word.starts_with(listed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_in_any_language() {
        for (text, kind) in [
            ("A landing page for a bakery", Kind::Bakery),
            ("Eine Website für unsere Bäckerei", Kind::Bakery),
            ("Un cabinet d'avocats à Lyon", Kind::Law),
            ("Portfólio de uma fotógrafa", Kind::Portfolio),
            ("مطعم في بيروت", Kind::Restaurant),
            ("موقع لمخبز عائلي", Kind::Bakery),
            ("אתר למסעדה קטנה", Kind::Restaurant),
            ("Real-time dashboard of machine temperatures", Kind::Tool),
            ("A sauna by the harbour with login, payments, a gallery and a blog", Kind::General),
            ("A blog about saunas", Kind::Journal),
            ("asdf qwer", Kind::General),
        ] {
            assert_eq!(Kind::of(text), kind, "{text}");
        }
    }
}
