//! Time as an argument.

use std::fmt;

/// A length of time in milliseconds.
pub type Millis = i64;

/// A moment in UTC, in whole microseconds since 1970: what both stores keep exactly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `micros` microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `millis` later (earlier if negative), held at the ends of time.
    pub const fn plus_millis(self, millis: Millis) -> Self {
        Self(self.0.saturating_add(millis.saturating_mul(1000)))
    }

    /// The moment `seconds` later, held at the ends of time.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to this; negative if it is in fact later.
    pub const fn millis_since(self, earlier: Self) -> Millis {
        self.0.saturating_sub(earlier.0).div_euclid(1000)
    }

    /// Reads RFC 3339; `None` for anything else or outside years 1 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        Some(Self(moment.as_microsecond()))
    }
}

/// RFC 3339 in UTC with microseconds, which sorts as text.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clamped = self
            .0
            .clamp(jiff::Timestamp::MIN.as_microsecond(), jiff::Timestamp::MAX.as_microsecond());
        match jiff::Timestamp::from_microsecond(clamped) {
            Ok(moment) => write!(f, "{moment:.6}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

/// Where use cases and stores learn the time.
pub trait Clock: Send + Sync {
    /// The time now, in whole microseconds.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_to_the_microsecond() {
        let moment = Timestamp::from_micros(1_768_473_000_000_001);
        assert_eq!(moment.to_string(), "2026-01-15T10:30:00.000001Z");
        assert_eq!(Timestamp::parse("2026-01-15T10:30:00.000001Z"), Some(moment));
    }

    #[test]
    fn arithmetic_is_held_at_the_ends_of_time() {
        assert_eq!(Timestamp::from_micros(i64::MAX).plus_seconds(1).as_micros(), i64::MAX);
        let _ = Timestamp::from_micros(i64::MIN).to_string();
    }
}
