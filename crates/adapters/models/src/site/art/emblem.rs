//! The sign of a kind, for icons.

use super::super::kind::Kind;

/// Paths on a field of 64 by 64: in the colour of the sign, and in its second one.
pub(in super::super) const fn emblem(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Bakery => (
            "M8 38C8 22 18 15 32 15S56 22 56 38C56 46 52 49 46 49H18C12 49 8 46 8 38Z",
            "M17 36c1-8 5-12 9-13c0 6-3 11-9 13ZM29 36c0-8 4-13 8-14c0 6-3 12-8 14ZM41 36c1-7 4-11 8-12c0 5-3 10-8 12Z",
        ),
        Kind::Restaurant => (
            "M17 10h3v14h3V10h3v14h3V10h3v17c0 5-2 7-5 8v21h-6V35c-3-1-5-3-5-8V10Z",
            "M42 56V38h-4C38 24 41 14 48 10V56Z",
        ),
        Kind::Law => {
            ("M32 8L56 22V26H8V22ZM8 50H56V56H8ZM13 29h7v18h-7ZM44 29h7v18h-7Z", "M28 29h8v18h-8Z")
        }
        Kind::Clinic => (
            "M32 54C6 36 10 14 23 14C28 14 31 17 32 21C33 17 36 14 41 14C54 14 58 36 32 54Z",
            "M29 24h6v6h6v6h-6v6h-6v-6h-6v-6h6Z",
        ),
        Kind::School => (
            "M32 18C26 12 16 12 8 15V49C16 46 26 46 32 51C38 46 48 46 56 49V15C48 12 38 12 32 18Z",
            "M30 18h4v32h-4ZM38 24l12-3v4l-12 3ZM38 32l12-3v4l-12 3Z",
        ),
        Kind::Gym => (
            "M19 26L15 13Q14 9 18 9H46Q50 9 49 13L45 26A18 18 0 1 1 19 26ZM24 23A18 18 0 0 1 40 23L42 15H22Z",
            "M32 31a8 8 0 1 1-.1 0Z",
        ),
        Kind::Hotel => (
            "M8 18h5v18h43v14h-5v-6H13v6H8ZM30 26h18q8 0 8 8H30Z",
            "M21.500 24a5.500 5.500 0 1 1-.1 0Z",
        ),
        Kind::Music => (
            "M22 14L50 8V42A8 7 0 1 1 44 36V22L28 25V48A8 7 0 1 1 22 42Z",
            "M28 18L44 15V18L28 21Z",
        ),
        Kind::Charity => (
            "M30 56V38C14 40 8 30 8 18C22 16 30 22 32 34C34 26 42 20 56 22C56 34 48 42 34 40V56Z",
            "M32 8a5 5 0 1 1-.1 0Z",
        ),
        Kind::Software => (
            "M8 14Q8 10 12 10H52Q56 10 56 14V50Q56 54 52 54H12Q8 54 8 50ZM13 20V49H51V20Z",
            "M18 27l9 8l-9 8v-6l3-2l-3-2ZM30 39h14v4H30Z",
        ),
        Kind::Event => (
            "M8 18H56V27a5 5 0 0 0 0 10V46H8V37a5 5 0 0 0 0-10Z",
            "M28 23l3 6l7 1l-5 5l1 7l-6-3l-6 3l1-7l-5-5l7-1ZM43 23h3v5h-3ZM43 30h3v5h-3ZM43 37h3v5h-3Z",
        ),
        Kind::Podcast => (
            "M22 18a10 10 0 0 1 20 0V30a10 10 0 0 1-20 0ZM14 28h4a14 14 0 0 0 28 0h4c0 10-7 16-15 18v5h9v5H20v-5h9V46C21 44 14 38 14 28Z",
            "M22 21h20v4H22Z",
        ),
        Kind::Property => {
            ("M32 8L58 30H51V56H13V30H6Z", "M26 56V42a6 6 0 0 1 12 0V56ZM29 24h6v6h-6Z")
        }
        Kind::Portfolio => (
            "M8 10H56V54H8ZM14 16V48H50V16Z",
            "M18 44L28 28L34 36L40 26L48 44ZM22 20a4 4 0 1 1-.1 0Z",
        ),
        Kind::Journal => (
            "M10 10H48V46H54V52Q54 56 48 56H16Q10 56 10 50Z",
            "M16 16H42V24H16ZM16 29H27V41H16ZM31 29H42V32H31ZM31 36H42V39H31ZM16 46H42V49H16Z",
        ),
        Kind::Shop => (
            "M12 22H52L56 56H8ZM20 22C20 4 44 4 44 22H39C39 11 25 11 25 22Z",
            "M32 46C22 40 24 31 29 32C31 32 32 34 32 35C32 34 33 32 35 32C40 31 42 40 32 46Z",
        ),
        Kind::Tool => ("M8 34h11v22H8ZM39 26h11v30H39Z", "M23.500 10h11v46h-11Z"),
        Kind::General => (
            "M10 56V32a22 22 0 0 1 44 0V56H42V32a10 10 0 0 0-20 0V56Z",
            "M27 56V40a5 5 0 0 1 10 0V56Z",
        ),
    }
}
