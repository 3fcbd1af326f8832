//! The ladder of tiers: what a tenant pays for, and the size of one build.

/// A text that names no tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of {known}")]
pub struct TierError {
    /// The names that would have been understood, for the message.
    pub known: &'static str,
}

macro_rules! ladders {
    ($($(#[$doc:meta])* $name:ident, $known:literal { $($(#[$rung_doc:meta])* $rung:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$rung_doc])* $rung,)+
        }

        impl $name {
            /// Every rung, lowest first.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$rung),+];

            /// The name on the wire, in settings and in stores.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$rung => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = TierError;

            fn from_str(text: &str) -> Result<Self, TierError> {
                match text {
                    $($text => Ok(Self::$rung),)+
                    _ => Err(TierError { known: $known }),
                }
            }
        }
    )+};
}

ladders! {
    /// What a tenant has subscribed to; a later one includes all that an earlier one does.
    Tier, "free, starter, professional, ultimate, enterprise" {
        /// Every tenant's beginning.
        Free = "free",
        /// The first that is paid for.
        Starter = "starter",
        /// For those who earn with it.
        Professional = "professional",
        /// For those who run many apps.
        Ultimate = "ultimate",
        /// By contract.
        Enterprise = "enterprise",
    }

    /// How large one build is, which sets its agents and so its cost.
    BuildTier, "starter, professional, ultimate, enterprise" {
        /// The smallest, open to everybody.
        Starter = "starter",
        /// One and a half times the work of a starter build by default.
        Professional = "professional",
        /// Twice the work by default.
        Ultimate = "ultimate",
        /// Three times the work by default.
        Enterprise = "enterprise",
    }
}

impl BuildTier {
    /// The size that goes with a tenant's tier; free counts as starter.
    pub const fn from_tier(tier: Tier) -> Self {
        match tier {
            Tier::Free | Tier::Starter => Self::Starter,
            Tier::Professional => Self::Professional,
            Tier::Ultimate => Self::Ultimate,
            Tier::Enterprise => Self::Enterprise,
        }
    }

    /// The lowest tier whose tenants may run a build of this size.
    pub const fn required_tier(self) -> Tier {
        match self {
            Self::Starter => Tier::Free,
            Self::Professional => Tier::Professional,
            Self::Ultimate => Tier::Ultimate,
            Self::Enterprise => Tier::Enterprise,
        }
    }
}

impl Tier {
    /// The largest build a tenant of this tier may run.
    pub const fn largest_build(self) -> BuildTier {
        BuildTier::from_tier(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_nothing_else_parses() {
        for tier in Tier::ALL {
            assert_eq!(tier.to_string().parse(), Ok(tier));
        }
        for tier in BuildTier::ALL {
            assert_eq!(tier.to_string().parse(), Ok(tier));
        }
        for text in ["", "Free", "FREE", " free", "gold"] {
            assert!(text.parse::<Tier>().is_err(), "{text}");
        }
        assert!("free".parse::<BuildTier>().is_err());
    }

    #[test]
    fn a_build_is_open_to_exactly_the_tiers_from_its_required_one() {
        for tier in Tier::ALL {
            for build in BuildTier::ALL {
                assert_eq!(build <= tier.largest_build(), build.required_tier() <= tier);
            }
        }
    }
}
