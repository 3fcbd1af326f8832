//! Calendar days, as people name them.

use std::fmt;

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use crate::{Period, TimeZoneName, Timestamp};

/// A day of the calendar, in no zone: `2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// Reads `YYYY-MM-DD`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let day = Self(text.parse().ok()?);
        (day.to_string() == text).then_some(day)
    }

    /// The day that `moment` falls in, as the clocks of `zone` have it.
    pub fn of(moment: Timestamp, zone: &TimeZoneName) -> Self {
        // Where clocks go back across midnight, the day is the one whose period it is in.
        let period = Period::day_containing(moment, zone);
        Self(zone.date(period.start()))
    }

    /// From when to when the day lasts in `zone`; none for a day that its clocks leave out.
    pub fn period(self, zone: &TimeZoneName) -> Option<Period> {
        Period::new(zone.midnight(self.0)?, zone.midnight(self.plus(1).0)?)
    }

    /// The day so many days later (earlier if negative), held at the calendar's ends.
    pub fn plus(self, days: i32) -> Self {
        let span: Span = days.days();
        Self(self.0.saturating_add(span))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_nothing_else_is_a_day() {
        assert_eq!(Day::parse("2026-02-28").unwrap().plus(1).to_string(), "2026-03-01");
        for text in ["", "2026-02-29", "2026-2-28", "20260228", "2026-02-28T00:00", "today"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert_eq!(Day(Date::MAX).plus(1), Day(Date::MAX));
    }

    #[test]
    fn days_partition_time_as_their_periods_do() {
        for zone in ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut"] {
            let zone: TimeZoneName = zone.parse().unwrap();
            // 2011 holds a day that Samoa left out.
            let mut day = Day::parse("2011-12-20").unwrap();
            let mut end = day.period(&zone).unwrap().start();
            for _ in 0..800 {
                if let Some(period) = day.period(&zone) {
                    assert_eq!(period.start(), end, "{day} {zone}");
                    end = period.end();
                    for moment in [period.start(), end.plus_millis(-1)] {
                        assert_eq!(Day::of(moment, &zone), day, "{zone}");
                        assert_eq!(Period::day_containing(moment, &zone), period);
                    }
                }
                day = day.plus(1);
            }
        }
        let samoa: TimeZoneName = "Pacific/Apia".parse().unwrap();
        assert_eq!(Day::parse("2011-12-30").unwrap().period(&samoa), None);
    }
}
