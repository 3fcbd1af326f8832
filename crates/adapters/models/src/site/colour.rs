//! The colours that a description asks for, told from things that have one: a site may be `in
//! dark green`, a tea is green on any site.

use super::kind::named;
use super::text::is_wordy;

/// How much of a colour there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shade {
    Dark,
    /// As the word alone says.
    Usual,
    Light,
    Bright,
}

/// A colour as an accent begins from it: degrees and percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour {
    pub(super) hue: u16,
    pub(super) saturation: u16,
    pub(super) lightness: u16,
    pub(super) shade: Shade,
}

impl Colour {
    /// Whether it is black, white or a grey, which have no hue.
    pub(super) const fn is_grey(self) -> bool {
        self.saturation < 10
    }

    fn shaded(mut self, shade: Shade) -> Self {
        match shade {
            Shade::Usual => return self,
            Shade::Dark => self.lightness = self.lightness * 3 / 5,
            Shade::Light => self.lightness = self.lightness.max(55),
            Shade::Bright if !self.is_grey() => self.saturation = self.saturation.max(90),
            Shade::Bright => {}
        }
        self.shade = shade;
        self
    }
}

/// What a description asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Colours {
    pub(super) main: Colour,
    pub(super) second: Option<Colour>,
    /// In the description's words.
    pub(super) said: String,
}

/// Words for a colour in English, Portuguese, Spanish and French; in German; hue, saturation and
/// lightness.
type Row = (&'static str, &'static str, (u16, u16, u16));

const COLOURS: &[Row] = &[
    (
        "=red =vermelho =vermelha =vermelhos =rojo =roja =rojos =rojas =rouge =rouges",
        "rot",
        (4, 75, 42),
    ),
    ("=burgundy =maroon =bordeaux =burdeos =granate =bordô", "weinrot bordeauxrot", (345, 60, 28)),
    ("=coral =corail", "korallenrot", (12, 80, 52)),
    ("=terracotta =terracota", "terrakotta", (16, 60, 42)),
    ("=orange =naranja =laranja", "orange", (26, 85, 45)),
    ("=brown =castanho =castanha =marrom =marrón =brun =brune =marron", "braun", (24, 45, 30)),
    ("=beige =cream =bege =crème", "cremefarben", (38, 36, 45)),
    (
        "=yellow =amarelo =amarela =amarelos =amarillo =amarilla =amarillos =jaune =jaunes",
        "gelb",
        (50, 90, 46),
    ),
    ("=gold =golden =dourado =dourada =dorado =dorada =doré =dorée", "goldfarben", (43, 70, 42)),
    ("=olive =oliva", "olivgrün", (74, 45, 30)),
    ("=green =verde =verdes =vert =verte =verts =vertes", "grün", (140, 58, 34)),
    ("=emerald =esmeralda =émeraude", "smaragdgrün", (152, 70, 32)),
    ("=mint =menta =menthe", "mintgrün", (160, 50, 45)),
    ("=teal =turquoise =turquesa =petrol", "türkis petrol", (180, 65, 36)),
    ("=cyan =ciano =cian", "", (190, 85, 42)),
    ("=celeste", "himmelblau", (202, 75, 50)),
    ("=blue =azul =azuis =azules =bleu =bleue =bleus =bleues", "blau", (214, 72, 44)),
    ("=navy", "marineblau", (220, 62, 24)),
    ("=indigo =índigo", "", (242, 55, 42)),
    (
        "=purple =violet =lilac =lavender =mauve =roxo =roxa =violeta =morado =morada =púrpura \
         =lila =lilas =lavande =violette",
        "violett lila",
        (274, 52, 44),
    ),
    ("=magenta =fuchsia =fúcsia =fucsia", "", (316, 75, 44)),
    ("=pink =rosa =rose =roses =cor-de-rosa", "rosa", (334, 76, 50)),
    ("=black =preto =preta =negro =negra =noir =noire", "schwarz", (220, 4, 14)),
    ("=white =branco =branca =blanco =blanca =blanc =blanche", "weiß weiss", (220, 4, 36)),
    ("=grey =gray =cinza =cinzento =gris =silver", "grau", (220, 5, 36)),
];

const DARK: &str = "=dark =deep =escuro =escura =escuros =oscuro =oscura =oscuros =foncé =foncée =sombre =marinho \
                    =marino =marine =garrafa =bouteille =dunklem =dunkles =dunkle =dunklen";
const LIGHT: &str = "=light =pale =pastel =soft =claro =clara =claros =clair =claire =pâle =helles =hellem =helle \
                     =hellen =zartes =zartem =sky";
const BRIGHT: &str = "=bright =vivid =vibrant =neon =vivo =viva =vivos =vif =vive =leuchtendes =leuchtendem \
                      =kräftiges =kräftigem";
/// What a colour may be of on a site.
const LOOKS: &str = "=theme =themed =themes =colour =colours =color =colors =colored =coloured =palette =scheme =design =look =style =tone =tones =hues =shades =background =accent =accents =branding \
                     =tema =cor =cores =paleta =tons =estilo =visual =fundo =color =colores =tonos \
                     =diseño =fondo =thème =couleur =couleurs =teintes =fond =farbe =farben \
                     =farbschema =farbpalette =stil =tönen =hintergrund =optik";
/// What keeps its place when its colour goes.
const SITES: &str = "=website =site =homepage =webseite";
/// Words between a look and its colour.
const OF: &str =
    "=of =in =is =are =be =de =em =en =du =aux =à =a =con =com =con =in =mit =von =ist =sind";
/// Words after which a colour alone says what the site is to be in.
const IN: &str = "=in =em =en =use =using =it =them =everything";
const MIT: &str = "=with =com =con =avec =mit";
const AND: &str = "=and =& =e =y =et =und";
const ARTICLES: &str = "=a =an =the =um =uma =un =una =une =ein =eine =einem =einer =einen =le =la =les \
                        =el =o =our =my =mostly =all =please =bitte";
/// Words that may follow a wish for a colour: it has ended before them.
const AFTER: &str = "=for =so =but =please =that =which =para =pour =called =named =namens =chamado =chamada =llamado =llamada =appelé =appelée =für =als =bitte =por =que =qui =die =der =das =in =em =en";
const MAKE: &str = "=make =it =them =everything =use =using =in =em =en";

struct Token<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    lower: String,
    /// What ends a clause before it.
    after: Option<char>,
}

impl Token<'_> {
    fn is(&self, list: &str) -> bool {
        named(list, &self.lower)
    }

    fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut all: Vec<Token<'_>> = Vec::new();
    let mut start = None;
    let mut after = Some('\n');
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        match (is_wordy(c) || c == '&', start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let word = &text[from..at];
                all.push(Token {
                    start: from,
                    end: at,
                    text: word,
                    lower: word.to_lowercase(),
                    after: after.take(),
                });
                start = None;
            }
            _ => {}
        }
        if start.is_none() && !c.is_whitespace() || c == '\n' {
            after = Some(c);
        }
    }
    all
}

/// The colour that `word` is, also with a shade and an ending in German.
fn colour(word: &str) -> Option<(Colour, Shade)> {
    let row = |(.., (hue, saturation, lightness)): &Row| Colour {
        hue: *hue,
        saturation: *saturation,
        lightness: *lightness,
        shade: Shade::Usual,
    };
    if let Some(found) = COLOURS.iter().find(|(list, ..)| named(list, word)) {
        return Some((row(found), Shade::Usual));
    }
    let endings = ["", "es", "em", "en", "er", "e"];
    let bare = |word: &str| {
        let is = |listed: &str| {
            word.strip_prefix(listed).is_some_and(|ending| endings.contains(&ending))
        };
        COLOURS.iter().find(|(_, list, _)| list.split_whitespace().any(is)).map(row)
    };
    let shades = [
        ("", Shade::Usual),
        ("dunkel", Shade::Dark),
        ("tief", Shade::Dark),
        ("hell", Shade::Light),
        ("pastell", Shade::Light),
        ("leucht", Shade::Bright),
    ];
    shades.iter().find_map(|(prefix, shade)| Some((bare(word.strip_prefix(prefix)?)?, *shade)))
}

fn shade(token: &Token<'_>) -> Option<Shade> {
    [(DARK, Shade::Dark), (LIGHT, Shade::Light), (BRIGHT, Shade::Bright)]
        .iter()
        .find_map(|(list, shade)| token.is(list).then_some(*shade))
}

/// Colours one after the other from `from`, such as `dark green and white`, and where they end.
fn phrase(all: &[Token<'_>], from: usize) -> Option<(Vec<Colour>, usize)> {
    let goes_on = |at: usize| all.get(at).filter(|token| token.after.is_none());
    let mut found = Vec::new();
    let (mut at, mut end) = (from, from);
    loop {
        let mut told = Shade::Usual;
        while let Some(shade) = all.get(at).and_then(shade)
            && (at == from || goes_on(at).is_some())
        {
            told = shade;
            at += 1;
        }
        let next = all.get(at).filter(|token| at == from || token.after.is_none());
        let Some((mut colour, own)) = next.and_then(|token| colour(&token.lower)) else { break };
        at += 1;
        // `Olive green` is an olive, `verde oliva` too.
        while let Some((finer, _)) = goes_on(at).and_then(|token| self::colour(&token.lower)) {
            if colour.hue == 140 || colour.hue == 214 {
                colour = finer;
            }
            at += 1;
        }
        while let Some(shade) = goes_on(at).and_then(shade) {
            told = shade;
            at += 1;
        }
        found.push(colour.shaded(if told == Shade::Usual { own } else { told }));
        end = at;
        if !goes_on(at).is_some_and(|token| token.is(AND)) {
            break;
        }
        at += 1;
    }
    (!found.is_empty()).then_some((found, end))
}

/// A wish for colours, as places of tokens.
struct Wish {
    colours: Vec<Colour>,
    from: usize,
    to: usize,
}

fn wish(all: &[Token<'_>]) -> Option<Wish> {
    let mut at = 0;
    while at < all.len() {
        let Some((colours, end)) = phrase(all, at) else {
            at += 1;
            continue;
        };
        if let Some((from, to)) = reach(all, at, end, &colours) {
            return Some(Wish { colours, from, to });
        }
        at = end;
    }
    None
}

/// From where to where the colours at `from..end` are the wish for a look; `None` if they are
/// those of a thing.
fn reach(all: &[Token<'_>], from: usize, end: usize, colours: &[Colour]) -> Option<(usize, usize)> {
    let joined = |at: usize| all.get(at).filter(|token| token.after.is_none());
    let ends = |at: usize| {
        joined(at).is_none_or(|token| token.is(AND) || token.is(MIT) || token.is(AFTER))
    };
    if joined(end).is_some_and(|token| token.is(SITES)) {
        return Some((from, end));
    }
    let looks = (end..all.len()).take_while(|at| joined(*at).is_some_and(|t| t.is(LOOKS)));
    let after = end + looks.count();
    if after > end {
        return ends(after).then(|| (opening(all, from), after));
    }
    if !ends(end) {
        return None;
    }
    // `Colours: navy and white`, `tons de verde`.
    let colon = all[from].after == Some(':');
    if all[from].after.is_none() || colon {
        let of = (0..from).rev().take(2).take_while(|at| {
            (colon || all[*at + 1].after.is_none()) && (all[*at].is(OF) || all[*at].is(ARTICLES))
        });
        let noun = from.checked_sub(of.count() + 1);
        if let Some(noun) = noun.filter(|at| all[*at].is(LOOKS)) {
            let first = (0..=noun).rev().take_while(|at| all[*at].is(LOOKS)).last();
            return Some((opening(all, first.unwrap_or(noun)), end));
        }
    }
    let before = from.checked_sub(1).map(|at| &all[at]);
    if all[from].after.is_none() && before.is_some_and(|token| token.is(IN)) {
        // `In Orange` is a place, but for German, where colours have capitals.
        let german = COLOURS.iter().all(|(list, ..)| !named(list, &all[end - 1].lower));
        return (german || !all[from].is_capital()).then(|| (opening(all, from), end));
    }
    // A clause of its own, where its shade tells that it is no variety of a thing.
    let own = all[from].after.is_some()
        || before.is_some_and(|token| token.is(AND) && token.after.is_some());
    let shaded = colours.iter().any(|colour| colour.shade != Shade::Usual);
    let alone = joined(end).is_none_or(|token| token.is(AND));
    (own && shaded && alone && from > 0).then_some((from, end))
}

/// Where the words begin that lead to `from`: `with a`, `please make it`.
fn opening(all: &[Token<'_>], mut from: usize) -> usize {
    while from > 0 && all[from].after.is_none() {
        let before = &all[from - 1];
        if !(before.is(ARTICLES) || before.is(MAKE) || before.is(MIT)) {
            break;
        }
        from -= 1;
    }
    from
}

/// `text` without the wish, its other words as they were.
fn without(text: &str, all: &[Token<'_>], wish: &Wish) -> String {
    let Wish { mut from, mut to, .. } = *wish;
    let joined = |at: usize| all.get(at).filter(|token| token.after.is_none());
    let comma = all.get(to).is_some_and(|token| token.after == Some(','));
    let and = all.get(to).is_some_and(|token| token.is(AND) && (comma || token.after.is_none()));
    // `With a dark theme and login` is with login.
    if all[from].is(MIT) && (and || comma) {
        let rest = all[to + usize::from(and)..].first().map_or(text.len(), |token| token.start);
        let first_named =
            all.get(to + usize::from(and)).is_none_or(|token| !token.is(MIT) && !token.is(MAKE));
        if first_named {
            return format!("{} {}", &text[..all[from].end], &text[rest..]);
        }
    }
    let at_end = joined(to).is_none();
    if at_end && from > 0 && all[from].after.is_none() && all[from - 1].is(AND) {
        from -= 1;
    }
    let first = from == 0 || matches!(all[from].after, Some('.' | '!' | '?' | '\n'));
    if first && (and || comma) {
        to += usize::from(and);
        let rest = all.get(to).map_or(text.len(), |token| token.start);
        return format!("{}{}", &text[..all[from].start], &text[rest..]);
    }
    let start = if first { all[from].start } else { all[from - 1].end };
    format!("{}{}", &text[..start], &text[all[to - 1].end..])
}

/// Wishes that are read; a third colour has no place in a palette.
const WISHES: usize = 3;

/// `text` without its wishes for colours, and these.
pub(super) fn taken(text: &str) -> (String, Option<Colours>) {
    let mut rest = text.to_owned();
    let mut found: Vec<Colour> = Vec::new();
    let mut said = Vec::new();
    for _ in 0..WISHES {
        let all = tokens(&rest);
        let Some(wish) = wish(&all) else { break };
        let is_named = |at: &usize| shade(&all[*at]).is_some() || colour(&all[*at].lower).is_some();
        let (mut ahead, mut back) = (wish.from..wish.to, wish.from..wish.to);
        if let (Some(first), Some(last)) = (ahead.find(is_named), back.rfind(is_named)) {
            said.push(rest[all[first].start..all[last].end].to_lowercase());
        }
        found.extend(&wish.colours);
        rest = without(&rest, &all, &wish);
    }
    // What has a hue makes the accent: white and navy is navy.
    let main = found.iter().position(|colour| !colour.is_grey()).unwrap_or_default();
    if found.is_empty() {
        return (text.to_owned(), None);
    }
    let main = found.remove(main);
    let second = found.into_iter().find(|colour| !colour.is_grey() && colour.hue != main.hue);
    (rest, Some(Colours { main, second, said: said.join(", ") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Option<(u16, Shade)>) {
        let (rest, colours) = taken(text);
        (rest, colours.map(|Colours { main, .. }| (main.hue, main.shade)))
    }

    #[test]
    fn wishes_for_colours_leave_the_description() {
        use Shade::{Bright, Dark, Light, Usual};
        for (text, rest, hue, shade) in [
            (
                "A sauna with login, in dark green, and jobs",
                "A sauna with login, and jobs",
                140,
                Dark,
            ),
            ("A sauna in Oslo in navy", "A sauna in Oslo", 220, Usual),
            ("A band in pink called Tide", "A band called Tide", 334, Usual),
            ("A bakery in pink and white with cakes", "A bakery with cakes", 334, Usual),
            ("A bakery with a bright red theme and cakes", "A bakery with cakes", 4, Bright),
            ("A bakery. Please make it light blue.", "A bakery.", 214, Light),
            ("A bakery, dark green", "A bakery", 140, Dark),
            ("A pink website for a nail studio", "A website for a nail studio", 334, Usual),
            ("A bakery. Colours: black and gold.", "A bakery.", 43, Usual),
            (
                "Uma padaria em Braga, em verde escuro, com bolos",
                "Uma padaria em Braga, com bolos",
                140,
                Dark,
            ),
            ("Una panadería con tonos de azul marino", "Una panadería", 214, Dark),
            ("Une boulangerie à Lyon en vert foncé", "Une boulangerie à Lyon", 140, Dark),
            ("Eine Bäckerei in Köln, in Dunkelgrün", "Eine Bäckerei in Köln", 140, Dark),
            (
                "Eine Bäckerei mit dunkelblauem Design und Torten",
                "Eine Bäckerei mit Torten",
                214,
                Dark,
            ),
        ] {
            let (left, found) = read(text);
            assert_eq!(found, Some((hue, shade)), "{text}");
            let left = left.split_whitespace().collect::<Vec<_>>().join(" ").replace("..", ".");
            assert_eq!(left.trim_end_matches(" ."), rest, "{text}");
        }
    }

    #[test]
    fn things_keep_their_colours() {
        for text in [
            "A shop for green tea, black coffee and white wine",
            "Yarn in shades, red, green and blue",
            "A hotel in Orange with rooms",
            "A restaurant with a menu in red wine sauce",
            "Tours of the Black Forest and the Blue Mountains",
            "A florist with roses, rosas and tulips",
            "Green design studio",
            "A café in green hills",
            "A shop in olive oil",
        ] {
            assert_eq!(read(text), (text.to_owned(), None));
        }
    }

    #[test]
    fn greys_leave_the_accent_to_a_hue() {
        let colours = taken("A band, in black and dark red").1.expect("colours");
        assert_eq!((colours.main.hue, colours.second), (4, None));
        assert!(taken("A band, in black and white").1.is_some_and(|two| two.main.is_grey()));
        assert_eq!(colours.said, "black and dark red");
    }
}
