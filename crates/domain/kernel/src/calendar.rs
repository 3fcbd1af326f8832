//! Calendar months and days in a tenant's time zone.

use crate::Timestamp;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::fmt;
use std::sync::LazyLock;

/// The bundled database, whatever the host has, so that all nodes agree on every boundary.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A text that names no zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone of the IANA database, such as Europe/Berlin")]
pub struct TimeZoneError;

/// A zone of the IANA database; clones share its rules.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZoneName(TimeZone);

impl TimeZoneName {
    /// The zone of a tenant that chose none.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The name as the database spells it.
    pub fn as_str(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The local date at `moment`, held at the calendar's ends.
    pub(crate) fn date(&self, moment: Timestamp) -> Date {
        let (min, max) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
        let micros = moment.as_micros().clamp(min.as_microsecond(), max.as_microsecond());
        let moment = jiff::Timestamp::from_microsecond(micros).unwrap_or(max);
        self.0.to_datetime(moment).date()
    }

    /// When `date` begins; none beyond the calendar's ends.
    pub(crate) fn midnight(&self, date: Date) -> Option<Timestamp> {
        let midnight = date.to_datetime(Time::midnight());
        let start = self.0.to_ambiguous_timestamp(midnight).compatible().ok()?;
        Some(Timestamp::from_micros(start.as_microsecond()))
    }
}

impl Default for TimeZoneName {
    fn default() -> Self {
        Self::UTC
    }
}

impl std::str::FromStr for TimeZoneName {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        let zone = ZONES.get(text).map_err(|_| TimeZoneError)?;
        // The database answers `Etc/Unknown` too, a mark for "none", with a zone of no name.
        zone.iana_name().ok_or(TimeZoneError)?;
        Ok(Self(zone))
    }
}

impl fmt::Display for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TimeZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for TimeZoneName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for TimeZoneName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The day of the month on which a tenant's months begin, 1 to 31.
///
/// Where a month is shorter, its last day stands in; the next month returns to the anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnchorDay(i8);

impl AnchorDay {
    /// The calendar month.
    pub const FIRST: Self = Self(1);

    /// The anchor on `day`, or `None` outside 1 to 31.
    pub const fn new(day: u8) -> Option<Self> {
        match day {
            #[expect(clippy::cast_possible_wrap, reason = "at most 31")]
            1..=31 => Some(Self(day as i8)),
            _ => None,
        }
    }
}

/// A stretch of time from `start`, included, to `end`, excluded, over which use is counted.
///
/// The months (or days) of one zone and anchor partition time: each moment is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    start: Timestamp,
    end: Timestamp,
}

impl Period {
    /// A stored period, or `None` when it would hold no moment.
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// The calendar month that `now` falls in, as the clocks of `zone` have it.
    pub fn month_containing(now: Timestamp, zone: &TimeZoneName) -> Self {
        Self::anchored_month_containing(now, zone, AnchorDay::FIRST)
    }

    /// The month from one anchor day to the next that `now` falls in.
    pub fn anchored_month_containing(
        now: Timestamp,
        zone: &TimeZoneName,
        anchor: AnchorDay,
    ) -> Self {
        Self::containing(
            now,
            zone,
            |date| i32::from(date.year()) * 12 + i32::from(date.month()) - 1,
            |month| {
                let year = i16::try_from(month.div_euclid(12)).ok()?;
                let month = i8::try_from(month.rem_euclid(12)).ok()? + 1;
                let first = Date::new(year, month, 1).ok()?;
                Date::new(year, month, anchor.0.min(first.days_in_month())).ok()
            },
        )
    }

    /// The day that `now` falls in, 23 to 25 hours long where clocks change.
    pub fn day_containing(now: Timestamp, zone: &TimeZoneName) -> Self {
        let epoch = jiff::civil::date(1970, 1, 1);
        Self::containing(
            now,
            zone,
            |date| {
                let days = date.duration_since(epoch).as_hours() / 24;
                i32::try_from(days).unwrap_or(0)
            },
            |day| epoch.checked_add(SignedDuration::from_hours(i64::from(day) * 24)).ok(),
        )
    }

    /// The first moment in the period.
    pub const fn start(self) -> Timestamp {
        self.start
    }

    /// The first moment after the period, when its counters begin again.
    pub const fn end(self) -> Timestamp {
        self.end
    }

    /// Whether `moment` is counted in this period.
    pub fn contains(self, moment: Timestamp) -> bool {
        self.start <= moment && moment < self.end
    }

    /// Finds the period among those that begin on `first_day(index)`.
    ///
    /// The local date is only a guess at the index: where clocks go back across midnight a
    /// moment's date can lie before a boundary that has already passed.
    fn containing(
        now: Timestamp,
        zone: &TimeZoneName,
        index_of: impl Fn(Date) -> i32,
        first_day: impl Fn(i32) -> Option<Date>,
    ) -> Self {
        let (min, max) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
        let micros = now.as_micros().clamp(min.as_microsecond(), max.as_microsecond());
        let now = Timestamp::from_micros(micros);

        // Beyond the calendar's ends, boundaries lie at the ends of time.
        let boundary = |index: i32| {
            first_day(index).and_then(|day| zone.midnight(day)).unwrap_or_else(|| {
                Timestamp::from_micros(if micros < 0 { i64::MIN } else { i64::MAX })
            })
        };
        let mut index = index_of(zone.date(now));
        while now < boundary(index) {
            index -= 1;
        }
        while boundary(index + 1) <= now {
            index += 1;
        }
        Self { start: boundary(index), end: boundary(index + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONES: [&str; 12] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Pacific/Auckland",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "America/Santiago",
    ];

    fn zone(name: &str) -> TimeZoneName {
        name.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn just_before(moment: Timestamp) -> Timestamp {
        Timestamp::from_micros(moment.as_micros() - 1)
    }

    fn local(moment: Timestamp, zone: &TimeZoneName) -> jiff::civil::DateTime {
        zone.0.to_datetime(jiff::Timestamp::from_microsecond(moment.as_micros()).unwrap())
    }

    #[test]
    fn only_known_zones_parse() {
        for name in ZONES {
            assert_eq!(zone(name).as_str(), name);
        }
        assert_eq!(zone("europe/berlin").as_str(), "Europe/Berlin");
        for text in
            ["", "Berlin", "Etc/Unknown", "UTC+2", "+02:00", "EST5EDT,M3.2.0", "../etc/passwd"]
        {
            assert_eq!(text.parse::<TimeZoneName>(), Err(TimeZoneError), "{text}");
        }
    }

    #[test]
    fn every_month_of_2023_to_2030_begins_on_its_first_and_ends_where_the_next_begins() {
        for name in ZONES {
            let zone = zone(name);
            let mut period = Period::month_containing(at("2023-01-15T12:00:00Z"), &zone);
            for month in 0..96 {
                let first = local(period.start, &zone);
                assert_eq!(i32::from(first.year()), 2023 + month / 12, "{name}");
                assert_eq!(i32::from(first.month()), month % 12 + 1, "{name}");
                assert_eq!(first.day(), 1, "{name}");
                assert_eq!(Period::month_containing(period.start, &zone), period, "{name}");
                assert_eq!(
                    Period::month_containing(just_before(period.end), &zone),
                    period,
                    "{name}"
                );
                let next = Period::month_containing(period.end, &zone);
                assert_eq!(next.start, period.end, "{name}");
                period = next;
            }
        }
    }

    #[test]
    fn every_anchor_on_every_day_of_2023_to_2030_clamps_and_returns() {
        let zone = zone("Europe/Berlin");
        for anchor in 1..=31 {
            let day = AnchorDay::new(anchor).unwrap();
            let mut now = at("2023-01-01T00:30:00Z");
            while now < at("2031-01-01T00:00:00Z") {
                let period = Period::anchored_month_containing(now, &zone, day);
                assert!(period.contains(now));
                let start = local(period.start, &zone).date();
                let clamped = i8::try_from(anchor).unwrap().min(start.days_in_month());
                assert_eq!(start.day(), clamped, "anchor {anchor} at {now}");
                assert_eq!(
                    Period::anchored_month_containing(period.end, &zone, day).start,
                    period.end,
                );
                now = now.plus_seconds(86_400);
            }
        }
        assert_eq!((AnchorDay::new(0), AnchorDay::new(32)), (None, None));
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        for (name, noon, hours) in [
            ("Europe/Berlin", "2026-03-29T12:00:00Z", 23),
            ("Europe/Berlin", "2026-10-25T12:00:00Z", 25),
            ("Europe/Berlin", "2026-07-01T12:00:00Z", 24),
            // Midnight itself is skipped: the day begins at 01:00.
            ("Africa/Cairo", "2026-04-24T12:00:00Z", 23),
            ("America/Santiago", "2026-09-06T15:00:00Z", 23),
            // Clocks go back at midnight: the hour before it comes twice.
            ("America/Santiago", "2026-04-04T15:00:00Z", 25),
        ] {
            let day = Period::day_containing(at(noon), &zone(name));
            assert_eq!(day.end.millis_since(day.start), hours * 3_600_000, "{name} {noon}");
        }
    }

    #[test]
    fn days_partition_time_even_where_midnight_comes_twice_or_never() {
        // St. John's went back at 00:01 until 2011; Samoa had no 30 December 2011.
        for (name, from) in [
            ("America/St_Johns", "2010-11-05T00:00:00Z"),
            ("Pacific/Apia", "2011-12-28T00:00:00Z"),
            ("America/Toronto", "1919-03-29T00:00:00Z"),
        ] {
            let zone = zone(name);
            let mut now = at(from);
            let mut last = Period::day_containing(now, &zone);
            for _ in 0..6 * 24 * 12 {
                let day = Period::day_containing(now, &zone);
                assert!(day.contains(now), "{name} {now}");
                assert!(day == last || day.start == last.end, "{name} {now}");
                last = day;
                now = now.plus_seconds(300);
            }
        }
    }

    #[test]
    fn the_ends_of_time_have_periods() {
        for micros in [i64::MIN, i64::MAX] {
            for name in ZONES {
                let now = Timestamp::from_micros(micros);
                assert!(
                    Period::month_containing(now, &zone(name)).start
                        < now.max(Timestamp::from_micros(0))
                );
                let _ = Period::day_containing(now, &zone(name));
            }
        }
    }
}
