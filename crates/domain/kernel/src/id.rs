//! Typed ids: a prefix and a UUID in lower-case Crockford base32, as in `bld_01h455vb4pex5vsknk084sn02q`.
//!
//! Ids made by `generate` are `UUIDv7` and sort by creation; ids made by `random` are `UUIDv4`
//! and tell nothing about when they were made (used for what guests can hold).

use crate::{Entropy, Timestamp};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 26 digits of 5 bits hold 130 bits: the two highest are always zero.
const DIGITS: usize = 26;

/// A text that is not an id of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ followed by 26 base32 characters")]
pub struct IdError {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

fn encode(uuid: Uuid) -> String {
    let value = uuid.as_u128();
    (0..DIGITS)
        .rev()
        .map(|digit| char::from(ALPHABET[(value >> (digit * 5)) as usize & 31]))
        .collect()
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != DIGITS || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes()
        .try_fold(0_u128, |value, byte| {
            let digit = ALPHABET.iter().position(|known| *known == byte)?;
            Some(value << 5 | digit as u128)
        })
        .map(Uuid::from_u128)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What the text form begins with, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id that sorts by `now` (`UUIDv7`).
            pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Self {
                let mut tail = [0; 10];
                entropy.fill(&mut tail);
                let millis = u64::try_from(now.as_millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
            }

            /// A new id that tells nothing about when it was made (`UUIDv4`).
            pub fn random(entropy: &dyn Entropy) -> Self {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes);
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// The id behind a stored UUID.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID that stores keep.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}_{}", Self::PREFIX, encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(Self::PREFIX)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(IdError { prefix: Self::PREFIX })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// An organization: the unit of isolation.
    TenantId = "ten";
    /// A person.
    UserId = "usr";
    /// One app of a tenant.
    ProjectId = "prj";
    /// One attempt to change a project.
    BuildId = "bld";
    /// A request parked by a guest; random, because guests hold it.
    QueueId = "que";
    /// A file tree that a build produced.
    SnapshotId = "snp";
    /// One placing of a snapshot at a target.
    DeploymentId = "dep";
    /// Credits set aside until they are captured or released.
    HoldId = "rsv";
    /// Credits given to an account.
    GrantId = "grt";
    /// A program's key to a tenant.
    ApiKeyId = "key";
    /// One sign-in of a person, as the person sees it: derived, so that it opens nothing.
    SessionId = "ses";
    /// An offer to join a tenant.
    InvitationId = "inv";
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zero;
    impl Entropy for Zero {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn text_form_matches_the_typeid_test_vector() {
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        assert_eq!(BuildId::from_uuid(uuid).to_string(), "bld_01h455vb4pex5vsknk084sn02q");
    }

    #[test]
    fn text_form_round_trips_at_both_ends() {
        for uuid in [Uuid::nil(), Uuid::max()] {
            let id = TenantId::from_uuid(uuid);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn foreign_shapes_are_refused() {
        for text in [
            "",
            "bld",
            "bld_",
            "prj_01h455vb4pex5vsknk084sn02q",
            "bld_01H455VB4PEX5VSKNK084SN02Q",
            "bld_81h455vb4pex5vsknk084sn02q",
            "bld_01h455vb4pex5vsknk084sn02",
            "bld_01h455vb4pex5vsknk084sn02é",
        ] {
            assert_eq!(text.parse::<BuildId>(), Err(IdError { prefix: "bld" }), "{text}");
        }
    }

    #[test]
    fn generated_ids_sort_by_time() {
        let early = BuildId::generate(Timestamp::from_micros(1_000_000), &Zero);
        let late = BuildId::generate(Timestamp::from_micros(2_000_000), &Zero);
        assert!(early < late && early.to_string() < late.to_string());
    }
}
