//! What people may type.

use crate::{display_name, email, tenant};
use keelway_access::{Email, NameError, Slug, WorkspaceName};
use proptest::prelude::*;

#[test]
fn addresses_are_those_that_a_browser_accepts() {
    for text in [
        "a@b",
        "owner@localhost",
        "ada.lovelace+tag@sub.example.co.uk",
        "!#$%&'*+/=?^_`{|}~-@x.y",
        " ada@example.com\n",
    ] {
        assert_eq!(Email::parse(text).unwrap().as_str(), text.trim());
    }
    for text in [
        "a",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b c",
        "a@-b",
        "a@b-",
        "a@b..c",
        "a@.b",
        "a@b.",
        "ä@b.c",
        "a@bücher.de",
        "a@b\0",
        "a\u{202e}@b.c",
        "\"a b\"@c.d",
        "a@[127.0.0.1]",
        "<a@b.c>",
    ] {
        assert_eq!(Email::parse(text).unwrap_err(), NameError::NotAnEmail, "{text:?}");
    }
    assert_eq!(Email::parse(" \n").unwrap_err(), NameError::Empty);
    let label = "d".repeat(63);
    let longest = format!("{}@{label}.{label}.{}", "l".repeat(64), "d".repeat(61));
    assert_eq!(longest.len(), 254);
    assert!(Email::parse(&longest).is_ok());
    assert_eq!(Email::parse(&format!("{longest}d")).unwrap_err(), NameError::TooLong { max: 254 });
    assert!(Email::parse(&format!("{}@b", "l".repeat(65))).is_err());
    assert!(Email::parse(&format!("a@{label}d")).is_err());
}

#[test]
fn addresses_that_differ_in_case_are_one() {
    let shouted = Email::parse("ADA@EXAMPLE.COM").unwrap();
    assert_eq!(email(), shouted);
    assert_eq!(email().key(), "ada@example.com");
    assert_eq!(email().attempt_key(), shouted.attempt_key());
    assert_ne!(email().attempt_key(), Email::parse("bob@example.com").unwrap().attempt_key());
    assert_eq!(format!("{:?}", email()), "Email(A***@Example.com)");
}

#[test]
fn names_are_of_any_script_but_not_disruptive() {
    assert_eq!(display_name("  Ada 👩‍💻 Лавлейс عادة "), Ok("Ada 👩‍💻 Лавлейс عادة".to_owned()));
    for text in ["a\0b", "a\nb", "a\u{7f}b", "a\u{202e}b", "a\u{2066}b", "a\u{2028}b"] {
        assert_eq!(display_name(text), Err(NameError::Control.to_string()), "{text:?}");
    }
    assert_eq!(display_name(" \t "), Err(NameError::Empty.to_string()));
    assert!(display_name(&"é".repeat(120)).is_ok());
    for text in [
        "\u{200b}",
        "\u{feff} \u{200d}",
        "\u{2060}\u{ad}\u{fe0f}",
        "\u{3164}",
        "\u{115f}\u{1160}\u{ffa0}",
        "\u{2800}\u{e0061}",
    ] {
        assert_eq!(display_name(text), Err(NameError::Invisible.to_string()), "{text:?}");
        assert!(WorkspaceName::parse(text).is_err());
        // Names that were kept stay readable.
        assert_eq!(WorkspaceName::stored(text).unwrap().as_str(), text);
    }
    for text in ["می\u{200c}خواهم", "❤\u{fe0f}", "-", "\u{200b}a"] {
        assert_eq!(display_name(text), Ok(text.to_owned()));
    }
    assert_eq!(display_name(&"é".repeat(121)), Err(NameError::TooLong { max: 120 }.to_string()));
}

#[test]
fn slugs_follow_from_names() {
    for (name, slug) in [
        ("Bakery", "bakery"),
        ("  Ada's  Bäckerei & Co. ", "ada-s-b-ckerei-co"),
        ("パン屋", "workspace"),
        ("--", "workspace"),
    ] {
        assert_eq!(Slug::from_name(&WorkspaceName::parse(name).unwrap()).as_str(), slug);
    }
    for text in ["-a", "a-", "a--b", "A", "a_b", "é", "a b", "a/b"] {
        assert_eq!(Slug::parse(text), Err(NameError::NotASlug), "{text}");
    }
    assert_eq!(Slug::parse(""), Err(NameError::Empty));
    assert_eq!(Slug::parse(&"a".repeat(64)), Err(NameError::TooLong { max: 63 }));
}

#[test]
fn a_long_slug_is_cut_between_words() {
    let long = Slug::parse(&format!("{}-tail", "a".repeat(39))).unwrap();
    let instead = long.disambiguated(tenant(1));
    assert!(!instead.as_str().contains("--"), "{instead}");
    assert_eq!(Slug::parse(instead.as_str()), Ok(instead));
}

proptest! {
    #[test]
    fn every_slug_that_is_made_is_one_that_is_accepted(name in ".{1,80}", seed: u64, other: u64) {
        if let Ok(name) = WorkspaceName::parse(&name) {
            let slug = Slug::from_name(&name);
            prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
            let instead = slug.disambiguated(tenant(seed));
            prop_assert_eq!(Slug::parse(instead.as_str()), Ok(instead.clone()));
            prop_assert_ne!(&instead, &slug);
            prop_assert_eq!(slug.disambiguated(tenant(other)) == instead, seed == other);
        }
    }

    #[test]
    fn every_chosen_slug_can_be_disambiguated(text in "[a-z0-9-]{1,63}", seed: u64) {
        if let Ok(slug) = Slug::parse(&text) {
            prop_assert!(Slug::parse(slug.disambiguated(tenant(seed)).as_str()).is_ok());
        }
    }

    #[test]
    fn parsing_an_address_again_changes_nothing(text in "\\PC{0,20}@\\PC{0,20}") {
        if let Ok(email) = Email::parse(&text) {
            prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
        }
    }
}
