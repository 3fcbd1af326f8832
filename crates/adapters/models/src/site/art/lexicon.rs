//! Words that name what can be drawn.

use super::super::kind::named;
use super::super::text::words;
use super::canvas::{Ground, Put, Thing, put};
use super::ink::Ink::{Light, Pale, Soft, Tint};
use super::things::{
    city, craft, desk, food, health, home, nature, party, screen, sound, sport, table,
};

struct Entry {
    thing: Thing,
    /// How far below the middle it stands, and its size.
    set: (i16, i16),
    /// Beginnings of words, `=` for whole ones, in English, Portuguese, Spanish, French, German.
    words: &'static str,
}

const fn entry(thing: Thing, set: (i16, i16), words: &'static str) -> Entry {
    Entry { thing, set, words }
}

static LEXICON: [Entry; 67] = [
    entry(
        food::LOAF,
        (80, 150),
        "bread loaf loaves rye sourdough =pão =pães broa =pan hogaza =pain =pains miche brot laib roggen",
    ),
    entry(food::BAGUETTE, (0, 118), "baguette barras"),
    entry(food::CROISSANT, (20, 150), "croissant hörnchen"),
    entry(food::PRETZEL, (0, 150), "pretzel brezel"),
    entry(food::COIL, (0, 200), "cinnamon canela zimt cannelle"),
    entry(food::CAKE, (110, 150), "cake =tart bolo =bolos tarta gâteau kuchen torte tarte"),
    entry(food::FLOUR, (140, 150), "flour farin harina mehl"),
    entry(
        food::FISH,
        (0, 140),
        "fish peixe pescado poisson fisch robalo salmon salmón lachs saibling",
    ),
    entry(food::LEMON, (0, 220), "lemon limão limón citron zitrone"),
    entry(food::PEAR, (130, 140), "pear =pera =peras poire birne"),
    entry(food::APPLE, (100, 170), "apple maçã manzana pomme apfel äpfel"),
    entry(
        food::CARROT,
        (60, 130),
        "carrot cenoura zanahoria carotte karotte möhre vegetable gemüse légume verdura",
    ),
    entry(table::TOMATO, (0, 180), "tomat"),
    entry(
        table::CUP,
        (70, 150),
        "coffee =café =cafés kaffee =tea =teas =tee =thé =chá cup tasse taza chávena espresso",
    ),
    entry(
        table::GLASS,
        (150, 150),
        "wine vinho =vino =vinos =vin =vins wein glass copo copa verres gläser",
    ),
    entry(table::BOWL, (70, 150), "bowl =bol =bols cuenco tigela schale schüssel"),
    entry(table::PAN, (-40, 130), "skillet frigideira sartén pfanne =pans copper kupfer"),
    entry(
        table::POT,
        (70, 140),
        "soup stew sopa caldo cazuela tacho soupe bouillon suppe fond topf",
    ),
    entry(table::CHAIR, (150, 150), "chair cadeira silla chaise stuhl stühle"),
    entry(table::TABLE, (90, 130), "=table =tables mesa tisch"),
    entry(
        desk::BOOK,
        (0, 130),
        "=book =books bookshop bookbind livro libro livre buch bücher notebook caderno cuaderno cahier",
    ),
    entry(desk::SHELF, (90, 125), "statute librar bibliot shelf shelves estante estantería regal"),
    entry(
        desk::SHEET,
        (130, 130),
        "letter contract contrato contrat vertrag paper papel papier galley draft borrador",
    ),
    entry(desk::PEN, (0, 140), "=pen =pens fountain pluma stylo caneta füller"),
    entry(desk::PENCIL, (10, 140), "pencil lápis lápiz crayon bleistift"),
    entry(desk::LAMP, (110, 130), "lamp lâmpada lámpara lampe candeeiro"),
    entry(desk::ENVELOPE, (80, 130), "envelope newsletter postcard"),
    entry(desk::CALENDAR, (110, 130), "calendar kalender calendario calendário calendrier"),
    entry(desk::CLOCK, (0, 140), "clock relógio reloj horloge =uhr =uhren stundenplan"),
    entry(desk::GLOBE, (140, 130), "globe globus geograph world =map mapa"),
    entry(desk::FLASK, (120, 150), "chemi laborator flask =lab quími physik"),
    entry(nature::SPRIG, (150, 130), "herb kräuter hierba =herbe =herbes ervas coentros olive"),
    entry(
        nature::TREE,
        (150, 130),
        "=tree =trees árvore árbol arbre =baum bäume garden jardim jardín jardin garten",
    ),
    entry(nature::PINE, (140, 140), "pine forest wald floresta bosque forêt"),
    entry(nature::PLANT, (150, 130), "plant pflanz"),
    entry(nature::FLOWER, (140, 150), "flower =flor =flores fleur blume florist bouquet"),
    entry(
        nature::MOUNTAINS,
        (90, 100),
        "mountain montanha montaña montagne =berge alpine =alps hiking wander",
    ),
    entry(nature::BOAT, (110, 140), "boat barco bateau segel sailing =ship schiff ferry fähre"),
    entry(nature::DOG, (130, 140), "=dog =dogs =cão =cães perro chien =hund =hunde puppy"),
    entry(nature::BIRD, (0, 150), "bird pássaro pájaro oiseau vogel vögel"),
    entry(
        nature::BICYCLE,
        (100, 112),
        "bicycle =bike =bikes biciclet vélo fahrrad fahrräder cycling",
    ),
    entry(city::DOOR, (150, 112), "=door =doors =porta =portas puerta =porte =portes tür"),
    entry(city::KEY, (0, 140), "=key =keys chave llave =clé =clés schlüssel"),
    entry(city::STAIRS, (150, 120), "stair escada escalera escalier treppe"),
    entry(city::BRIDGE, (60, 100), "bridge ponte puente =pont =ponts brücke"),
    entry(city::LIGHTHOUSE, (150, 130), "lighthouse farol =faro phare leuchtturm"),
    entry(home::WINDOW, (140, 110), "window janela ventana fenêtre fenster"),
    entry(home::BED, (80, 104), "=bed =beds lençó sábana draps bettw"),
    entry(home::BATH, (110, 106), "=bath =baths bathroom banheira bañera baignoire badewanne"),
    entry(home::SUITCASE, (90, 140), "suitcase luggage =mala =malas maleta valise koffer"),
    entry(home::ARMCHAIR, (120, 130), "armchair sofa sessel sillón fauteuil poltrona"),
    entry(
        home::VASE,
        (120, 140),
        "=vase =vases ceramic pottery cerâmic cerámic céramiq keramik töpfer",
    ),
    entry(home::JUG, (120, 150), "jug jarro jarra cruche krug kanne teapot bule"),
    entry(home::CANDLE, (140, 140), "candle =vela =velas bougie kerze"),
    entry(craft::BAG, (120, 140), "=bag =bags bolsa =sac =sacs tasche tote"),
    entry(
        craft::CLOTHS,
        (90, 140),
        "towel blanket linen wool toalha toalla serviette decke textil fabric stoff",
    ),
    entry(
        craft::SCISSORS,
        (70, 120),
        "scissor tesoura tijera ciseaux schere haircut coiff friseur",
    ),
    entry(craft::BRUSH, (30, 140), "brush pincel pinceau pinsel paint"),
    entry(craft::CAMERA, (80, 130), "camera câmara cámara kamera photo foto"),
    entry(craft::SHIRT, (110, 130), "shirt camisa chemise hemd"),
    entry(sound::GUITAR, (150, 104), "guitar gitarre"),
    entry(sound::DRUM, (110, 120), "drum tambor bateria trommel snare"),
    entry(sound::HEADPHONES, (20, 130), "headphone auricular casque kopfhörer auscultador"),
    entry(sport::SHOE, (50, 130), "shoe sapato zapato zapatilla chaussure schuh running"),
    entry(health::TOOTH, (0, 140), "tooth teeth dental zahn =dente =dentes diente"),
    entry(party::TICKET, (0, 116), "ticket bilhete billet"),
    entry(screen::TREND, (0, 150), "chart trend gráfico graphique diagramm kurve latency"),
];

/// What the first word of `text` names that names something, set for a picture.
pub(super) fn subject(text: &str) -> Option<Put> {
    let found = words(text).find_map(|word| {
        let word = word.to_lowercase();
        LEXICON.iter().find(|entry| named(entry.words, &word))
    })?;
    let (below, size) = found.set;
    Some(put(found.thing, (0, below), size))
}

/// Grounds on which everything stands out.
pub(super) const GROUNDS: [Ground; 8] = [
    Ground::Disc(Tint, Soft),
    Ground::Arch(Light, Pale),
    Ground::Beam(Soft, Tint),
    Ground::Hatched(Pale, Light),
    Ground::Table(Pale, Soft),
    Ground::Split(Light, Tint),
    Ground::Dotted(Soft, Tint),
    Ground::Rays(Pale, Light),
];
