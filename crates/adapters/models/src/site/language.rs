//! Which language a description is written in.

use whatlang::{Detector, Lang, Script};

use super::text::words;

/// A language that a page can declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Language {
    /// The BCP 47 tag.
    pub(super) tag: &'static str,
    /// Which way its text runs.
    pub(super) direction: Direction,
}

/// Which way text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Language {
    pub(super) const ENGLISH: Self = Self::left("en");

    const fn left(tag: &'static str) -> Self {
        Self { tag, direction: Direction::LeftToRight }
    }

    const fn right(tag: &'static str) -> Self {
        Self { tag, direction: Direction::RightToLeft }
    }
}

/// Words that say little of a subject but much of the language.
struct FunctionWords {
    language: Language,
    words: &'static str,
    /// Words a request opens with before it comes to the point.
    openers: &'static str,
}

const FUNCTION_WORDS: &[FunctionWords] = &[
    FunctionWords {
        language: Language::ENGLISH,
        words: "a an the and or of for with in on at to from by as is are be it its this that \
                these those we our us you your they their my me i he she his her who which what \
                where when how can will should would must may have has do not no all any each \
                some more most other than then there so if but also into over under about after \
                before between through near while just only very let lets want wants need needs show \
                shows include includes including please like such using use via per up out",
        openers: "i we want wants need needs would like to please can could you build create make \
                  design develop generate write give me us a an the my our simple small new nice \
                  beautiful modern website websites site web page pages landing homepage app \
                  application online for of about that is called",
    },
    FunctionWords {
        language: Language::left("pt"),
        words: "o a os as um uma uns umas e ou de do da dos das em no na nos nas por pelo pela para \
                com sem que se não mais como ao aos à às é são ser foi está este esta isto esse essa \
                meu minha meus minhas nosso nossa nossos nossas seu sua seus suas eu nós você vocês \
                ele ela eles elas também já só entre sobre até muito quero preciso onde quando deve",
        openers: "eu quero queria queremos preciso precisamos gostaria por favor crie criar faça \
                  fazer construa desenvolver de um uma o a meu minha nosso nossa simples pequeno \
                  pequena novo nova bonito moderno site website página páginas web app aplicação \
                  aplicativo online para do da sobre que",
    },
    FunctionWords {
        language: Language::left("es"),
        words: "el la los las un una unos unas y o u de del en por para con sin que se no más como \
                al es son ser está este esta esto ese esa mi mis nuestro nuestra nuestros nuestras \
                su sus yo nosotros usted ustedes él ella ellos también ya sólo solo entre sobre \
                hasta muy quiero necesito necesitamos donde cuando debe todo todos cada",
        openers: "quiero queremos quisiera necesito necesitamos me gustaría por favor crea crear \
                  haz hacer construye desarrollar un una el la mi nuestro nuestra sencillo sencilla \
                  pequeño pequeña nuevo nueva bonito moderno moderna sitio página páginas web app \
                  aplicación online en línea para de del sobre que",
    },
    FunctionWords {
        language: Language::left("fr"),
        words: "le la les l un une des et ou de du d en dans à au aux par pour avec sans que qui se \
                ne pas plus comme est sont être ce cette ces mon ma mes notre nos votre vos son sa \
                ses leur leurs je nous vous il elle ils elles on aussi entre sur jusqu très veux \
                voudrais besoin où quand doit chaque tous toutes",
        openers: "je j nous veux voulons voudrais voudrions aimerais besoin ai s'il te vous plaît \
                  crée créer créez fais faire faites construis de d' un une le la mon ma notre \
                  simple petit petite nouveau nouvelle beau moderne site web internet page pages \
                  application appli en ligne pour du des sur qui",
    },
    FunctionWords {
        language: Language::left("de"),
        words: "der die das den dem des ein eine einen einem einer eines und oder von vom für mit \
                ohne im in ins am an auf aus bei beim nach zu zum zur über unter zwischen durch ist \
                sind sein wird werden soll sollen ich wir uns unser unsere unseren unserem mein \
                meine meinen ihr ihre sie er es auch nicht kein keine mehr als wie wo wenn dass \
                alle jede jeder bitte möchte brauche brauchen",
        openers: "ich wir möchte möchten brauche brauchen will wollen bitte erstelle erstellen baue \
                  bauen mach mache eine einen ein die der das meine meinen mein unsere unser \
                  einfache einfach kleine kleiner neue neuen schöne moderne website webseite \
                  internetseite seite seiten homepage landingpage app anwendung online für über von",
    },
    FunctionWords {
        language: Language::right("ar"),
        words: "في من إلى على عن مع و أو ثم التي الذي الذين هذا هذه ذلك هو هي هم كل بعض لا ما لم لن قد \
                كان يكون تكون أن إن كما عند بعد قبل بين حتى أيضا أريد نريد نحتاج يقدم تقدم يجب",
        openers: "أريد نريد أحتاج نحتاج من فضلك أنشئ صمم اصنع لي لنا موقع موقعا موقعاً صفحة صفحات تطبيق \
                  تطبيقا بسيط بسيطا جديد جديدا لـ عن",
    },
    FunctionWords {
        language: Language::right("he"),
        words: "של את על עם אל מן או גם כי אם לא כל זה זאת אלה הוא היא הם אני אנחנו יש אין מה מי איפה \
                מתי כמו בין אחרי לפני עד רק עוד מאוד רוצה רוצים צריך צריכים",
        openers: "אני אנחנו רוצה רוצים צריך צריכים בבקשה תבנה תכין צור אתר דף עמוד אפליקציה פשוט פשוטה \
                  חדש חדשה עבור של",
    },
    FunctionWords {
        language: Language::left("it"),
        words: "il lo la i gli le un uno una e o di del della dei delle da dal in nel nella con per \
                su che è sono si non più come mio mia nostro nostra nostri suo sua anche tra voglio \
                vorrei alla al questo",
        openers: "voglio vorrei un una il la sito web pagina per di app crea",
    },
    FunctionWords {
        language: Language::left("nl"),
        words: "de het een en of van voor met zonder in op aan bij naar te dat die is zijn wordt \
                wij ons onze mijn je jullie niet ook meer als hoe waar ik wil graag",
        openers: "ik wij wil willen graag een de het website site pagina app voor van maak",
    },
];

const NO_OPENERS: &str = "";

impl Language {
    /// Whether `word` (in lower case) carries no subject of its own in this language.
    pub(super) fn is_function_word(self, word: &str) -> bool {
        self.row().is_some_and(|row| listed(row.words, word))
    }

    /// Whether `word` (in lower case) may stand before the point of a request.
    pub(super) fn is_opener(self, word: &str) -> bool {
        listed(self.row().map_or(NO_OPENERS, |row| row.openers), word)
    }

    fn row(self) -> Option<&'static FunctionWords> {
        FUNCTION_WORDS.iter().find(|row| row.language == self)
    }
}

fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

/// The language of `text`; English where it cannot be told.
///
/// Function words decide among the languages we know well, because they are right for texts
/// of a few words, where trigram statistics guess.
pub(super) fn detect(text: &str) -> Language {
    match whatlang::detect_script(text) {
        Some(Script::Latin) => latin(text),
        Some(script) => other_script(script, text),
        None => Language::ENGLISH,
    }
}

/// Short texts in a shared script go to its most written language.
fn other_script(script: Script, text: &str) -> Language {
    let usual = match script {
        Script::Cyrillic => Some(Lang::Rus),
        Script::Arabic => Some(Lang::Ara),
        Script::Hebrew => Some(Lang::Heb),
        Script::Devanagari => Some(Lang::Hin),
        _ => None,
    };
    let guess = whatlang::detect(text);
    let sure = guess.filter(|guess| usual.is_none() || guess.is_reliable());
    sure.map(|guess| guess.lang()).or(usual).map_or(Language::ENGLISH, known)
}

fn latin(text: &str) -> Language {
    let lower: Vec<String> = words(text).take(400).map(str::to_lowercase).collect();
    let score = |row: &FunctionWords| {
        // Only half for a word of two letters or less: many languages share those.
        let weight = |word: &String| match word.chars().count() {
            0..=2 => 1,
            _ => 2,
        };
        lower
            .iter()
            .filter(|word| listed(row.words, word) || listed(row.openers, word))
            .map(weight)
            .sum::<usize>()
            + letters_of(row.language.tag, text)
    };
    let mut scores: Vec<(usize, Language)> =
        FUNCTION_WORDS.iter().map(|row| (score(row), row.language)).collect();
    scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let clear = scores.first().zip(scores.get(1)).filter(|(best, next)| best.0 > next.0);
    let guess = whatlang::detect(text);
    match (clear, guess) {
        // One function word in six is less than any of these languages gets by on.
        (Some((best, _)), _) if best.0 * 6 >= lower.len() => best.1,
        (_, Some(guess)) if guess.is_reliable() && lower.len() >= 6 => known(guess.lang()),
        (Some((best, _)), _) => best.1,
        (None, _) => likeliest(&scores, text),
    }
}

/// Among languages whose words were found about as often, the one whose letters fit best.
fn likeliest(scores: &[(usize, Language)], text: &str) -> Language {
    let best = scores.first().map_or(0, |(score, _)| *score);
    if best == 0 {
        return Language::ENGLISH;
    }
    let close =
        scores.iter().filter(|(score, _)| score + 1 >= best).map(|(_, language)| language.tag);
    let close: Vec<Lang> = close.filter_map(statistics).collect();
    Detector::with_allowlist(close).detect_lang(text).map_or(Language::ENGLISH, known)
}

/// The other library's name for a language with function words.
fn statistics(tag: &str) -> Option<Lang> {
    match tag {
        "en" => Some(Lang::Eng),
        "pt" => Some(Lang::Por),
        "es" => Some(Lang::Spa),
        "fr" => Some(Lang::Fra),
        "de" => Some(Lang::Deu),
        "it" => Some(Lang::Ita),
        "nl" => Some(Lang::Nld),
        _ => None,
    }
}

/// Letters that only one of the close languages has.
fn letters_of(tag: &str, text: &str) -> usize {
    let letters = match tag {
        "pt" => "ãõêâ",
        "es" => "ñ¿¡",
        "fr" => "èœùëîû",
        "de" => "ßäöü",
        _ => "",
    };
    text.chars().filter(|c| letters.contains(*c)).take(6).count()
}

fn known(lang: Lang) -> Language {
    let tag = match lang {
        Lang::Ara => return Language::right("ar"),
        Lang::Heb => return Language::right("he"),
        Lang::Pes => return Language::right("fa"),
        Lang::Urd => return Language::right("ur"),
        Lang::Yid => return Language::right("yi"),
        Lang::Por => "pt",
        Lang::Spa => "es",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ita => "it",
        Lang::Nld => "nl",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Bel => "be",
        Lang::Bul => "bg",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Cmn => "zh",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Hin => "hi",
        Lang::Ben => "bn",
        Lang::Mar => "mr",
        Lang::Guj => "gu",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tha => "th",
        Lang::Ell => "el",
        Lang::Kat => "ka",
        Lang::Hye => "hy",
        Lang::Amh => "am",
        Lang::Pol => "pl",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "nb",
        Lang::Fin => "fi",
        Lang::Est => "et",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
        Lang::Ind => "id",
        Lang::Cat => "ca",
        Lang::Afr => "af",
        _ => "en",
    };
    Language::left(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_requests_are_told_apart() {
        for (text, tag) in [
            ("A landing page for a bakery", "en"),
            ("Portfólio de fotografia", "pt"),
            ("Um site para a minha padaria em Lisboa com encomendas", "pt"),
            ("Una página web para mi restaurante en Madrid con reservas", "es"),
            ("Un site pour mon cabinet d'avocats à Lyon", "fr"),
            ("Eine Website für unsere Bäckerei in Köln mit Bestellungen", "de"),
            ("Un sito per la mia pizzeria a Napoli con il menu della casa", "it"),
            ("موقع لمخبز في القاهرة مع قائمة الطعام والطلبات", "ar"),
            ("אתר למאפייה בתל אביב עם תפריט והזמנות", "he"),
            ("Сайт для пекарни в Москве с меню и заказами", "ru"),
            ("为一家面包店制作网站", "zh"),
            ("bakery bakery bakery", "en"),
            ("!!! ??? ...", "en"),
        ] {
            assert_eq!(detect(text).tag, tag, "{text}");
        }
        assert_eq!(detect("موقع لمخبز في القاهرة").direction, Direction::RightToLeft);
    }
}
