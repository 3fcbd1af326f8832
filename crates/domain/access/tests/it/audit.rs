//! A chain that shows what was done to it.

use crate::{at, tenant, user};
use keelway_access::{AuditAction, AuditEntry, ChainBroken, Seal, verify_chain};
use keelway_kernel::Actor;
use proptest::prelude::*;

fn entry() -> AuditEntry {
    AuditEntry {
        tenant: Some(tenant(1)),
        actor: Actor { user: Some(user(1)), request_id: "req_1".to_owned() },
        action: AuditAction::BuildSubmitted,
        subject: "bld_1".to_owned(),
        at: at(1_735_689_600),
        data: [("credits".to_owned(), "75".to_owned())].into(),
    }
}

fn sealed(entries: &[AuditEntry]) -> Vec<Seal> {
    entries
        .iter()
        .scan(Seal::FIRST, |previous, entry| {
            *previous = entry.seal(previous);
            Some(*previous)
        })
        .collect()
}

/// Seals are stored for a year: this one may never change.
#[test]
fn the_seal_of_an_entry_is_fixed() {
    let fixed = AuditEntry {
        tenant: Some("ten_01h455vb4pex5vsknk084sn02q".parse().unwrap()),
        actor: Actor {
            user: Some("usr_01h455vb4pex5vsknk084sn02q".parse().unwrap()),
            request_id: "req_1".to_owned(),
        },
        ..entry()
    };
    let seal = fixed.seal(&Seal::FIRST);
    let hex = crate::hex(seal.as_bytes());
    assert_eq!(hex, "a68f40e4a44edc90bf5c6a82821d390bc46fc5939d80cf3a688a81dbc3d6f7be");
}

#[test]
fn action_names_round_trip_and_are_unique() {
    for action in AuditAction::ALL {
        assert_eq!(action.as_str().parse(), Ok(action));
    }
    assert!("SignUp".parse::<AuditAction>().is_err());
}

#[test]
fn every_field_is_sealed_where_it_stands() {
    let change = |change: fn(&mut AuditEntry)| {
        let mut changed = entry();
        change(&mut changed);
        changed
    };
    let variants = [
        entry(),
        change(|e| e.tenant = None),
        change(|e| e.tenant = Some(tenant(2))),
        change(|e| e.actor.user = None),
        change(|e| e.actor.user = Some(user(2))),
        change(|e| e.actor.request_id = "req_2".to_owned()),
        change(|e| e.action = AuditAction::BuildEnded),
        change(|e| e.subject = "bld_2".to_owned()),
        change(|e| e.at = e.at.plus_millis(1)),
        change(|e| e.data.clear()),
        change(|e| e.data = [("credits".to_owned(), "76".to_owned())].into()),
        change(|e| e.data = [("credits7".to_owned(), "5".to_owned())].into()),
        // The same characters, cut elsewhere.
        change(|e| {
            e.actor.request_id = "req_1b".to_owned();
            e.subject = "ld_1".to_owned();
        }),
    ];
    let seals: std::collections::HashSet<_> =
        variants.iter().map(|variant| variant.seal(&Seal::FIRST)).collect();
    assert_eq!(seals.len(), variants.len());
    assert_ne!(entry().seal(&Seal::FIRST), entry().seal(&Seal::from_bytes([1; 32])));
}

fn entries() -> impl Strategy<Value = Vec<AuditEntry>> {
    let entry = ("[a-z]{0,3}", "[a-z]{0,3}", 0..3_i64).prop_map(|(subject, fact, seconds)| {
        let data = [("fact".to_owned(), fact)].into();
        AuditEntry { subject, at: at(seconds), data, ..entry() }
    });
    prop::collection::vec(entry, 2..8)
}

proptest! {
    #[test]
    fn a_sound_chain_verifies_from_any_point_kept(entries in entries(), cut in 0_usize..8) {
        let seals = sealed(&entries);
        let chain = || entries.iter().zip(seals.iter().copied());
        let last = *seals.last().unwrap();
        prop_assert_eq!(verify_chain(Seal::FIRST, chain()), Ok(last));
        let cut = cut % entries.len();
        let start = if cut == 0 { Seal::FIRST } else { seals[cut - 1] };
        prop_assert_eq!(verify_chain(start, chain().skip(cut)), Ok(last));
    }

    /// Whoever can write entries, but not all seals after them, is found out at the place.
    #[test]
    fn tampering_shows_where_it_happened(entries in entries(), at in 0_usize..8, how in 0..4) {
        let seals = sealed(&entries);
        let at = at % (entries.len() - 1);
        let mut chain: Vec<_> = entries.iter().cloned().zip(seals).collect();
        match how {
            0 => chain[at].0.subject.push('x'),
            1 => { chain.remove(at); }
            2 => chain.insert(at, (entries[at].clone(), chain[at].1)),
            _ => chain.swap(at, at + 1),
        }
        let verdict = verify_chain(Seal::FIRST, chain.iter().map(|(entry, seal)| (entry, *seal)));
        // A doubled entry is sound the first time it is read.
        let position = if how == 2 { at + 1 } else { at };
        prop_assert_eq!(verdict, Err(ChainBroken { position }));
    }

    /// Sealing the changed entry anew only moves the break to the next one.
    #[test]
    fn a_new_seal_breaks_the_next_entry(entries in entries(), at in 0_usize..8) {
        let mut seals = sealed(&entries);
        let mut entries = entries;
        let at = at % (entries.len() - 1);
        entries[at].subject.push('x');
        let before = if at == 0 { Seal::FIRST } else { seals[at - 1] };
        seals[at] = entries[at].seal(&before);
        let verdict = verify_chain(Seal::FIRST, entries.iter().zip(seals));
        prop_assert_eq!(verdict, Err(ChainBroken { position: at + 1 }));
    }
}
