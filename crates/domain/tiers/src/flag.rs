//! Switches that are thrown without a release.

use crate::{Feature, Overrides};
use keelway_kernel::TenantId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $on:literal | $off:literal, $rollout:ident;)+) => {
        /// A switch for those who run Keelway; no tier is asked.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Operation {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Operation {
            /// Every switch.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name in settings and behind `KEELWAY_FEATURE_`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            const fn variants(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => ($on, $off),)+
                }
            }

            const fn default_rollout(self) -> Rollout {
                match self {
                    $(Self::$name => Rollout::$rollout,)+
                }
            }
        }
    };
}

operations! {
    /// Whether requests with a bad second-version signature are refused or only counted.
    SignatureV2 = "SIGNATURE_V2", "enforce" | "shadow", OFF;
    /// Whether previews get the strict content security policy.
    PreviewCspStrict = "PREVIEW_CSP_STRICT", "on" | "off", OFF;
    /// Whether clients may poll for events where streaming fails.
    PollingFallback = "POLLING_FALLBACK", "on" | "off", ON;
    /// Whether events are streamed.
    Sse = "SSE", "on" | "off", ON;
}

/// What a flag switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FlagName {
    /// A feature, which the tenant's tier must include too.
    Feature(Feature),
    /// Something of operations.
    Operation(Operation),
}

impl FlagName {
    /// Every flag there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let features = Feature::ALL.into_iter().map(Self::Feature);
        features.chain(Operation::ALL.into_iter().map(Self::Operation))
    }

    /// The name in settings and behind `KEELWAY_FEATURE_`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feature(feature) => feature.as_str(),
            Self::Operation(operation) => operation.as_str(),
        }
    }

    /// What the flag answers when on, and when off.
    const fn variants(self) -> (&'static str, &'static str) {
        match self {
            Self::Feature(_) => ("on", "off"),
            Self::Operation(operation) => operation.variants(),
        }
    }

    const fn default_rollout(self) -> Rollout {
        match self {
            Self::Feature(_) => Rollout::ON,
            Self::Operation(operation) => operation.default_rollout(),
        }
    }
}

impl From<Feature> for FlagName {
    fn from(feature: Feature) -> Self {
        Self::Feature(feature)
    }
}

impl From<Operation> for FlagName {
    fn from(operation: Operation) -> Self {
        Self::Operation(operation)
    }
}

impl fmt::Display for FlagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a text is not a flag or not a setting of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// No flag has that name.
    #[error("not the name of a flag")]
    UnknownFlag,
    /// Neither on nor off nor a share of the tenants.
    #[error("not one of on, off, true, false, 1, 0 or a percentage such as 25%")]
    NotARollout,
}

impl FromStr for FlagName {
    type Err = FlagError;

    fn from_str(text: &str) -> Result<Self, FlagError> {
        Self::all().find(|flag| flag.as_str() == text).ok_or(FlagError::UnknownFlag)
    }
}

/// The share of tenants for whom a flag is on, in percent.
///
/// In settings `true`, `false` or a number of percent; in the environment, where `1` and `0`
/// mean on and off, a share is written `25%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Setting", into = "u8")]
pub struct Rollout(u8);

#[derive(Deserialize)]
#[serde(untagged)]
enum Setting {
    Switch(bool),
    Percent(u8),
}

impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ON => f.pad("on"),
            Self::OFF => f.pad("off"),
            Self(percent) => f.pad(&format!("{percent}%")),
        }
    }
}

impl Rollout {
    /// For nobody.
    pub const OFF: Self = Self(0);
    /// For everybody.
    pub const ON: Self = Self(100);

    /// For `percent` of a hundred tenants; `None` over 100.
    pub const fn new(percent: u8) -> Option<Self> {
        if percent <= 100 { Some(Self(percent)) } else { None }
    }

    /// The share.
    pub const fn percent(self) -> u8 {
        self.0
    }

    /// Whether `tenant` is in the share. Who is in stays in while the share grows, and each
    /// flag draws its own first tenants.
    fn reaches(self, flag: FlagName, tenant: TenantId) -> bool {
        u128::from(self.0) << 64 > u128::from(place(flag, tenant)) * 100
    }
}

/// Where a tenant stands between 0 and 2^64 in the rollout of a flag: FNV-1a, then a mixing
/// step, because FNV alone spreads its high bits badly on short input.
fn place(flag: FlagName, tenant: TenantId) -> u64 {
    let uuid = tenant.as_uuid();
    let input = flag.as_str().bytes().chain([0]).chain(uuid.as_bytes().iter().copied());
    let mut hash = input.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    for multiplier in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ hash >> 33).wrapping_mul(multiplier);
    }
    hash ^ hash >> 33
}

impl TryFrom<Setting> for Rollout {
    type Error = FlagError;

    fn try_from(setting: Setting) -> Result<Self, FlagError> {
        match setting {
            Setting::Switch(true) => Ok(Self::ON),
            Setting::Switch(false) => Ok(Self::OFF),
            Setting::Percent(percent) => Self::new(percent).ok_or(FlagError::NotARollout),
        }
    }
}

impl From<Rollout> for u8 {
    fn from(rollout: Rollout) -> Self {
        rollout.0
    }
}

impl FromStr for Rollout {
    type Err = FlagError;

    fn from_str(text: &str) -> Result<Self, FlagError> {
        match text {
            "on" | "true" | "1" => Ok(Self::ON),
            "off" | "false" | "0" => Ok(Self::OFF),
            _ => text
                .strip_suffix('%')
                .and_then(|percent| percent.parse().ok())
                .and_then(Self::new)
                .ok_or(FlagError::NotARollout),
        }
    }
}

/// What an override for one tenant says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "on is on")]
pub enum Switch {
    On,
    Off,
}

/// Why a flag answered as it did, in the words of `OpenFeature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// Nothing was set: the built-in default.
    Default,
    /// Set, and the same for everybody.
    Static,
    /// On for a share of the tenants.
    Split,
    /// Set at run time, over what the settings say.
    Override,
}

/// The answer of a flag, in the shape of `OpenFeature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// Whether it is on.
    pub value: bool,
    /// The name of that answer: `on` and `off`, or the flag's own words.
    pub variant: &'static str,
    /// Why.
    pub reason: Reason,
}

/// All flags as they stand; one that was never set stands at its default.
///
/// In settings, a map from names to shares; what is set at run time goes before them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<FlagName, Rollout>", into = "BTreeMap<FlagName, Rollout>")]
pub struct FlagSet {
    rollouts: BTreeMap<FlagName, Rollout>,
    overrides: Overrides,
}

impl FlagSet {
    /// Sets the share of `flag`; what is set at run time still goes before it.
    pub fn set(&mut self, flag: impl Into<FlagName>, rollout: Rollout) {
        self.rollouts.insert(flag.into(), rollout);
    }

    /// The same flags with these overrides, and none of those they had.
    pub fn overridden(&self, overrides: Overrides) -> Self {
        Self { rollouts: self.rollouts.clone(), overrides }
    }

    /// What is set at run time.
    pub const fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// The share of `flag` that the settings say, whatever is set at run time.
    pub fn configured(&self, flag: impl Into<FlagName>) -> Rollout {
        let flag = flag.into();
        self.rollouts.get(&flag).copied().unwrap_or(flag.default_rollout())
    }

    /// The share of `flag` as it stands.
    pub fn rollout(&self, flag: impl Into<FlagName>) -> Rollout {
        let flag = flag.into();
        self.overrides.everywhere(flag).map_or_else(|| self.configured(flag), |set| set.to)
    }

    /// The answer for `tenant`; a guest, who has none, is reached only by a flag on for all.
    pub fn evaluate(&self, flag: impl Into<FlagName>, tenant: Option<TenantId>) -> Evaluation {
        let flag = flag.into();
        let reached = match self.rollout(flag) {
            Rollout::ON => true,
            Rollout::OFF => false,
            share => tenant.is_some_and(|tenant| share.reaches(flag, tenant)),
        };
        let own = tenant.and_then(|tenant| self.overrides.of_tenant(flag, tenant));
        let value = own.map_or(reached, |own| own.to == Switch::On);
        let is_fixed = matches!(self.rollout(flag), Rollout::ON | Rollout::OFF);
        let reason = if own.is_some() || self.overrides.everywhere(flag).is_some() {
            Reason::Override
        } else if !is_fixed {
            Reason::Split
        } else if self.rollouts.contains_key(&flag) {
            Reason::Static
        } else {
            Reason::Default
        };
        let (on, off) = flag.variants();
        Evaluation { value, variant: if value { on } else { off }, reason }
    }
}

impl From<BTreeMap<FlagName, Rollout>> for FlagSet {
    fn from(rollouts: BTreeMap<FlagName, Rollout>) -> Self {
        Self { rollouts, overrides: Overrides::default() }
    }
}

impl From<FlagSet> for BTreeMap<FlagName, Rollout> {
    fn from(flags: FlagSet) -> Self {
        flags.rollouts
    }
}
