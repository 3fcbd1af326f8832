//! Which passwords are taken, and what is stored of them.

use crate::{Seeded, email};
use keelway_access::{
    HashError, HashingMemory, Password, PasswordError, PasswordHash, check_password,
};

fn presented(text: &str) -> Password {
    Password::presented(text).unwrap()
}

#[test]
fn new_passwords_are_long_uncommon_and_not_the_address() {
    let choose = |text: &str| Password::choose(text, &email()).err();
    assert_eq!(choose("ünïcödé"), Some(PasswordError::TooShort { min: 8 }));
    assert_eq!(choose("ünïcödé!"), None);
    assert_eq!(choose("        "), None);
    assert_eq!(choose(&"x".repeat(1024)), None);
    assert_eq!(choose(&"x".repeat(1025)), Some(PasswordError::TooLong { max: 1024 }));
    assert_eq!(choose("PassWord1"), Some(PasswordError::Common));
    assert_eq!(choose("ada@example.COM"), Some(PasswordError::SameAsEmail));
    assert_eq!(choose("long\0enough"), Some(PasswordError::Nul));
    let long_local = keelway_access::Email::parse("grace.hopper@example.com").unwrap();
    let same = Password::choose("Grace.Hopper", &long_local).err();
    assert_eq!(same, Some(PasswordError::SameAsEmail));
}

#[test]
fn old_passwords_are_not_held_to_new_rules() {
    assert!(Password::presented("short").is_ok());
    assert!(Password::presented("").is_ok());
    assert!(Password::presented(&"x".repeat(1025)).is_err());
}

#[test]
fn the_list_of_common_passwords_has_only_what_could_match() {
    let list = include_str!("../../src/common_passwords.txt");
    for line in list.lines() {
        assert!(line.chars().count() >= Password::MIN, "{line}: too short to be chosen anyway");
        assert_eq!(line, line.to_lowercase().trim());
        assert_eq!(Password::choose(line, &email()).err(), Some(PasswordError::Common));
    }
}

/// The hash is that of the reference implementation (argon2-cffi, same password and salt).
#[test]
fn hashes_are_argon2id_at_todays_cost() {
    struct Counting;
    impl keelway_kernel::Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            (0..).zip(bytes).for_each(|(index, byte)| *byte = index);
        }
    }
    let hash = PasswordHash::new(&presented("correct horse"), &Counting).unwrap();
    insta::assert_snapshot!(hash.as_str(), @"$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$0AuQxA+RjPiJeA19Op7DwrFxnfh9xeTU2T6mFj2wThc");
    assert!(!hash.needs_rehash());
}

#[test]
fn only_the_password_itself_verifies() {
    let entropy = Seeded::new(1);
    let hash = PasswordHash::new(&presented("correct horse"), &entropy).unwrap();
    let again = PasswordHash::new(&presented("correct horse"), &entropy).unwrap();
    assert_ne!(hash, again, "salted");
    let stored = PasswordHash::parse(hash.as_str()).unwrap();
    assert!(check_password(Some(&stored), &presented("correct horse")));
    for wrong in ["", "Correct horse", "correct horse ", "correct hors"] {
        assert!(!check_password(Some(&stored), &presented(wrong)), "{wrong:?}");
    }
    assert!(!check_password(None, &presented("correct horse")));
}

#[test]
fn hashes_of_another_cost_still_verify_and_ask_to_be_replaced() {
    // "password" with the salt "somesalt", from the reference implementation's own tests.
    let old =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let old = PasswordHash::parse(old).unwrap();
    assert!(old.verify(&presented("password")));
    assert!(!old.verify(&presented("Password")));
    assert!(old.needs_rehash());
}

#[test]
fn texts_that_are_no_argon2id_hash_are_refused() {
    for text in [
        "",
        "plain",
        "$2b$12$abcdefghijklmnopqrstuuX7lQ0p9w5Zr1Xv1k9b0b0b0b0b0b0b0",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=19$m=256,t=2,p=1",
    ] {
        assert_eq!(PasswordHash::parse(text), Err(HashError), "{text}");
    }
}

#[test]
fn passwords_and_hashes_do_not_show_in_debug_output() {
    let hash = PasswordHash::new(&presented("correct horse"), &Seeded::new(1)).unwrap();
    let shown = format!("{:?} {:?}", presented("correct horse"), hash);
    assert!(!shown.contains("horse") && !shown.contains("argon2"), "{shown}");
}

#[test]
fn one_memory_serves_hashes_of_any_cost_one_after_the_other() {
    let small =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let small = PasswordHash::parse(small).unwrap();
    let mut memory = HashingMemory::default();
    for _ in 0..2 {
        let large = memory.hash(&presented("correct horse"), &Seeded::new(1)).unwrap();
        assert_eq!(large, PasswordHash::new(&presented("correct horse"), &Seeded::new(1)).unwrap());
        assert!(memory.check(Some(&small), &presented("password")));
        assert!(!memory.check(None, &presented("password")));
        assert!(memory.check(Some(&large), &presented("correct horse")));
        assert!(!memory.check(Some(&large), &presented("correct hors")));
    }
}
