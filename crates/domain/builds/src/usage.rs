//! What a tenant used, day by day: the figures behind charts.
//!
//! A build counts as asked for on the day it was accepted, and as ended, with all it took, on
//! the day it ended: so days add up to the months that limits are counted in.

use std::collections::BTreeMap;

use keelway_kernel::{Credits, Day, MicroUsd, Period, ProjectId, TimeZoneName, Timestamp};

use crate::{BuildState, ProjectName};

/// Which days are asked for; both ends are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageQuery {
    /// The first day; 29 days before the last if absent.
    pub from: Option<Day>,
    /// The last day; today if absent.
    pub to: Option<Day>,
}

/// Days that stores are asked about, in a tenant's time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageSpan {
    /// The tenant's time zone.
    pub zone: TimeZoneName,
    /// The days in order, without those that the zone's clocks leave out.
    pub days: Vec<(Day, Period)>,
    /// The twelve calendar months that end with the last day's.
    pub months: Vec<Period>,
}

/// What was used in some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Builds accepted.
    pub created: u64,
    /// Builds that ended deployed.
    pub deployed: u64,
    /// Builds that ended failed.
    pub failed: u64,
    /// Builds that ended cancelled.
    pub cancelled: u64,
    /// Builds that ended expired.
    pub expired: u64,
    /// Tokens read by the builds that ended.
    pub tokens_in: u64,
    /// Tokens written by them.
    pub tokens_out: u64,
    /// What they cost at list price.
    pub cost: MicroUsd,
    /// What was charged for them.
    pub credits: Credits,
}

/// What stores count of one day: builds accepted, or builds that ended in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCount {
    /// Which day of the span, from 0.
    pub day: usize,
    /// The state they ended in; none for builds accepted.
    pub ended: Option<BuildState>,
    /// How many builds.
    pub builds: u64,
    /// Tokens they read.
    pub tokens_in: u64,
    /// Tokens they wrote.
    pub tokens_out: u64,
    /// What they cost.
    pub cost: MicroUsd,
    /// What was charged.
    pub credits: Credits,
}

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayUsage {
    /// Its date.
    pub day: Day,
    /// From when to when it lasted.
    pub period: Period,
    /// What was used.
    pub used: Used,
}

/// One month as limits count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthUsage {
    /// From when to when.
    pub period: Period,
    /// Builds accepted.
    pub created: u64,
    /// Builds that ended deployed.
    pub completed: u64,
    /// Builds that ended otherwise.
    pub failed: u64,
    /// Tokens read and written by the builds that ended.
    pub tokens: u64,
    /// What they cost at list price.
    pub cost: MicroUsd,
    /// What was charged for them.
    pub credits: Credits,
}

/// What one project took in the days asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectUsage {
    /// The project.
    pub project: ProjectId,
    /// What people call it.
    pub name: ProjectName,
    /// Builds of it that ended.
    pub builds: u64,
    /// Tokens they read and wrote.
    pub tokens: u64,
    /// What they cost at list price.
    pub cost: MicroUsd,
    /// What was charged for them.
    pub credits: Credits,
}

/// The most projects in a report: those that took most credits.
pub const MOST_PROJECTS: u32 = 50;

/// What a tenant used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageReport {
    /// The tenant's time zone, in which days and months are.
    pub zone: TimeZoneName,
    /// Every day asked for, in order, also those without any use.
    pub days: Vec<DayUsage>,
    /// The days together.
    pub total: Used,
    /// The twelve months up to the last day's, in order, also those without any use.
    pub months: Vec<MonthUsage>,
    /// What projects took in these days, at most [`MOST_PROJECTS`], most credits first.
    pub projects: Vec<ProjectUsage>,
}

/// What stores found.
#[derive(Debug, Clone, Default)]
pub struct UsageFacts {
    /// Of days, in any order; days without any use are left out.
    pub days: Vec<DayCount>,
    /// Of months, in any order.
    pub months: Vec<MonthUsage>,
    /// Of projects, most credits first.
    pub projects: Vec<ProjectUsage>,
}

impl UsageQuery {
    /// The most days a report covers.
    pub const MOST_DAYS: i32 = 366;

    /// The days meant, as seen at `now`: ends in the wrong order are exchanged, the future is
    /// left out, and of too many days the last ones are kept.
    pub fn span(self, zone: &TimeZoneName, now: Timestamp) -> UsageSpan {
        let today = Day::of(now, zone);
        let to = self.to.unwrap_or(today).min(today);
        let from = self.from.unwrap_or(to.plus(-29)).min(today);
        let (from, to) = (from.min(to), from.max(to));
        let from = from.max(to.plus(1 - Self::MOST_DAYS));
        let mut days = Vec::new();
        let mut day = from;
        loop {
            days.extend(day.period(zone).map(|period| (day, period)));
            // At the end of the calendar, the next day is the same.
            if day >= to || day.plus(1) == day {
                break;
            }
            day = day.plus(1);
        }
        let last = days.last().map_or(now, |(_, period)| period.start());
        let mut months = vec![Period::month_containing(last, zone)];
        while months.len() < 12 {
            let before = months[months.len() - 1].start().plus_millis(-1);
            months.push(Period::month_containing(before, zone));
        }
        months.reverse();
        UsageSpan { zone: zone.clone(), days, months }
    }
}

impl UsageSpan {
    /// From the first moment of the first day to the end of the last.
    pub fn whole(&self) -> Option<Period> {
        let (first, last) = (self.days.first()?.1, self.days.last()?.1);
        Period::new(first.start(), last.end())
    }

    /// The report over what a store found: days and months without any use are zero.
    pub fn report(self, facts: UsageFacts) -> UsageReport {
        let mut used = vec![Used::default(); self.days.len()];
        for count in &facts.days {
            if let Some(day) = used.get_mut(count.day) {
                *day = day.plus(&Used::from(count));
            }
        }
        let total = used.iter().fold(Used::default(), |sum, day| sum.plus(day));
        let days = self.days.into_iter().zip(used);
        let months: BTreeMap<Timestamp, MonthUsage> =
            facts.months.into_iter().map(|month| (month.period.start(), month)).collect();
        let month = |period: Period| {
            months.get(&period.start()).copied().unwrap_or(MonthUsage {
                period,
                created: 0,
                completed: 0,
                failed: 0,
                tokens: 0,
                cost: MicroUsd::ZERO,
                credits: Credits::ZERO,
            })
        };
        UsageReport {
            zone: self.zone,
            days: days.map(|((day, period), used)| DayUsage { day, period, used }).collect(),
            total,
            months: self.months.into_iter().map(month).collect(),
            projects: facts.projects,
        }
    }
}

impl Used {
    /// Builds that ended, however they did.
    pub const fn ended(&self) -> u64 {
        self.deployed
            .saturating_add(self.failed)
            .saturating_add(self.cancelled)
            .saturating_add(self.expired)
    }

    /// Both together; held at the end of the scale.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            created: self.created.saturating_add(other.created),
            deployed: self.deployed.saturating_add(other.deployed),
            failed: self.failed.saturating_add(other.failed),
            cancelled: self.cancelled.saturating_add(other.cancelled),
            expired: self.expired.saturating_add(other.expired),
            tokens_in: self.tokens_in.saturating_add(other.tokens_in),
            tokens_out: self.tokens_out.saturating_add(other.tokens_out),
            cost: self.cost.plus(other.cost).unwrap_or(MicroUsd::MAX),
            credits: self.credits.plus(other.credits).unwrap_or(Credits::MAX),
        }
    }
}

impl From<&DayCount> for Used {
    fn from(count: &DayCount) -> Self {
        let used = Self {
            tokens_in: count.tokens_in,
            tokens_out: count.tokens_out,
            cost: count.cost,
            credits: count.credits,
            ..Self::default()
        };
        match count.ended {
            None => Self { created: count.builds, ..used },
            Some(BuildState::Deployed) => Self { deployed: count.builds, ..used },
            Some(BuildState::Failed) => Self { failed: count.builds, ..used },
            Some(BuildState::Cancelled) => Self { cancelled: count.builds, ..used },
            Some(BuildState::Expired) => Self { expired: count.builds, ..used },
            Some(BuildState::Queued | BuildState::Building) => used,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn query(from: &str, to: &str) -> UsageQuery {
        UsageQuery { from: Day::parse(from), to: Day::parse(to) }
    }

    fn ends(span: &UsageSpan) -> (String, String, usize) {
        let (first, last) = (span.days[0].0, span.days[span.days.len() - 1].0);
        (first.to_string(), last.to_string(), span.days.len())
    }

    #[test]
    fn a_span_is_never_empty_never_ahead_of_time_and_never_too_long() {
        let zone: TimeZoneName = "Asia/Tokyo".parse().unwrap();
        // Already the 16th there.
        let now = at("2026-01-15T20:00:00Z");
        for (asked, expected) in [
            (UsageQuery::default(), ("2025-12-18", "2026-01-16", 30)),
            (query("2026-01-03", "2026-01-01"), ("2026-01-01", "2026-01-03", 3)),
            (query("2026-01-10", "2027-01-01"), ("2026-01-10", "2026-01-16", 7)),
            (query("2030-01-10", "2030-01-01"), ("2026-01-16", "2026-01-16", 1)),
            (query("0001-01-01", "2026-01-16"), ("2025-01-16", "2026-01-16", 366)),
            (query("", "2025-03-01"), ("2025-01-31", "2025-03-01", 30)),
        ] {
            let span = asked.span(&zone, now);
            assert_eq!(ends(&span), (expected.0.into(), expected.1.into(), expected.2));
            assert_eq!(span.months.len(), 12);
            assert!(span.months.windows(2).all(|pair| pair[0].end() == pair[1].start()));
            assert!(span.months[11].contains(span.days[span.days.len() - 1].1.start()));
        }
    }

    #[test]
    fn gaps_are_zero_and_the_total_is_the_sum_of_the_days() {
        let span =
            query("2026-01-01", "2026-01-03").span(&TimeZoneName::UTC, at("2026-02-01T00:00:00Z"));
        let count = |day, ended, builds| DayCount {
            day,
            ended,
            builds,
            tokens_in: 3,
            tokens_out: 2,
            cost: MicroUsd::new(7),
            credits: Credits::new(1),
        };
        let facts = UsageFacts {
            days: vec![
                count(2, Some(BuildState::Deployed), 4),
                count(0, Some(BuildState::Failed), 1),
                count(2, None, 9),
                count(99, None, 9),
            ],
            ..UsageFacts::default()
        };
        let report = span.report(facts);
        assert_eq!(report.days[1].used, Used::default());
        assert_eq!((report.days[2].used.deployed, report.days[2].used.created), (4, 9));
        assert_eq!((report.total.created, report.total.ended()), (9, 5));
        assert_eq!((report.total.tokens_in, report.total.credits), (9, Credits::new(3)));
        assert!(report.months.iter().all(|month| month.created == 0));
    }
}
