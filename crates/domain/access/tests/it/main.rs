//! Tables of rights, laws of time, and vectors for everything that is stored.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use keelway_access::{
    DisplayName, Email, Membership, Role, Slug, Tenant, TokenHash, WorkspaceName,
};
use keelway_kernel::{Entropy, TenantId, Tier, TimeZoneName, Timestamp, UserId};
use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Mutex;

mod audit;
mod keys;
mod lockout;
mod names;
mod passwords;
mod people;
mod rate;
mod rights;
mod sessions;

/// The same numbers in every run: splitmix64.
pub(crate) struct Seeded(Mutex<Cell<u64>>);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Cell::new(seed)))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let state = self.0.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            let next = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
            state.set(next);
            let mixed = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(crate) fn user(seed: u64) -> UserId {
    UserId::generate(at(0), &Seeded::new(seed))
}

pub(crate) fn tenant(seed: u64) -> TenantId {
    TenantId::generate(at(0), &Seeded::new(seed))
}

pub(crate) fn email() -> Email {
    Email::parse("Ada@Example.com").unwrap()
}

pub(crate) fn hash(byte: u8) -> TokenHash {
    TokenHash::from_bytes([byte; 32])
}

pub(crate) fn membership(seed: u64, role: Role) -> Membership {
    let name = WorkspaceName::parse("Bakery").unwrap();
    Membership {
        tenant: Tenant {
            id: tenant(seed),
            slug: Slug::from_name(&name),
            name,
            tier: Tier::Starter,
            time_zone: TimeZoneName::UTC,
            created_at: at(0),
        },
        role,
    }
}

pub(crate) fn display_name(text: &str) -> Result<String, String> {
    DisplayName::parse(text)
        .map(|name| name.as_str().to_owned())
        .map_err(|refusal| refusal.to_string())
}

pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
