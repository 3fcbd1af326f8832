//! Which days are shown, and what to say if others were asked for.

use keelway_builds::usage::{UsageQuery, UsageReport};
use keelway_kernel::Day;
use serde::Deserialize;

use crate::text::{beginning, date};

/// How many days the buttons offer.
const PRESETS: [i32; 3] = [7, 30, 90];

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

impl Wanted {
    /// What can be read of it.
    pub(super) fn query(&self) -> UsageQuery {
        UsageQuery { from: Day::parse(self.from.trim()), to: Day::parse(self.to.trim()) }
    }
}

/// The days in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    /// As the address and the fields have it.
    pub(super) from: String,
    pub(super) to: String,
    /// The last day that can be asked for.
    pub(super) today: String,
    /// "1 Nov 2026 to 21 Nov 2026".
    pub(super) says: String,
    /// Why these are not the days asked for; empty if they are.
    pub(super) why: String,
}

impl Range {
    pub(super) fn of(wanted: &Wanted, report: &UsageReport, today: Day) -> Self {
        let first = report.days.first().map_or(today, |one| one.day);
        let last = report.days.last().map_or(today, |one| one.day);
        Self {
            from: first.to_string(),
            to: last.to_string(),
            today: today.to_string(),
            says: format!("{} to {}", date(&first.to_string()), date(&last.to_string())),
            why: why(wanted, (first, last), today),
        }
    }
}

fn why(wanted: &Wanted, (first, last): (Day, Day), today: Day) -> String {
    let unread: Vec<String> = [&wanted.from, &wanted.to]
        .into_iter()
        .map(|text| text.trim())
        .filter(|text| !text.is_empty() && Day::parse(text).is_none())
        .map(|text| format!("“{}”", beginning(text, 24)))
        .collect();
    if !unread.is_empty() {
        let are = if unread.len() == 1 { "is not a date" } else { "are not dates" };
        return format!("{} {are} of the form 2026-01-31.", unread.join(" and "));
    }
    let UsageQuery { from, to } = wanted.query();
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return "The first day was after the last, so they were exchanged.".to_owned();
    }
    if from.into_iter().chain(to).any(|day| day > today) {
        return "What is still to come was left out.".to_owned();
    }
    let is_cut = from.is_some_and(|from| from < first) && to.is_none_or(|to| to == last);
    if is_cut {
        format!("At most {} days are shown.", UsageQuery::MOST_DAYS)
    } else {
        String::new()
    }
}

/// A button that chooses so many days up to today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Preset {
    pub(super) label: String,
    pub(super) href: String,
    pub(super) is_chosen: bool,
}

impl Preset {
    pub(super) fn all(slug: &str, today: Day, range: &Range) -> Vec<Self> {
        let preset = |days: i32| {
            let (from, to) = (today.plus(1 - days).to_string(), today.to_string());
            Self {
                label: format!("{days} days"),
                is_chosen: (&range.from, &range.to) == (&from, &to),
                href: format!("/w/{slug}/usage?from={from}&to={to}"),
            }
        };
        PRESETS.into_iter().map(preset).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_gets_other_days_than_asked_for_is_told_why() {
        let day = |text: &str| Day::parse(text).unwrap();
        let today = day("2026-11-21");
        for (from, to, shown, said) in [
            ("", "", ("2026-10-23", "2026-11-21"), ""),
            ("2026-11-01", "2026-11-05", ("2026-11-01", "2026-11-05"), ""),
            ("tomorrow", "", ("2026-10-23", "2026-11-21"), "“tomorrow” is not a date"),
            ("2026-02-30", "<b>", ("2026-10-23", "2026-11-21"), "“2026-02-30” and “<b>” are not"),
            ("2026-11-05", "2026-11-01", ("2026-11-01", "2026-11-05"), "exchanged"),
            ("2026-11-01", "2027-01-01", ("2026-11-01", "2026-11-21"), "still to come"),
            ("2020-01-01", "", ("2025-11-21", "2026-11-21"), "At most 366 days"),
        ] {
            let wanted = Wanted { from: from.to_owned(), to: to.to_owned() };
            let why = why(&wanted, (day(shown.0), day(shown.1)), today);
            assert!(why.contains(said) && why.is_empty() == said.is_empty(), "{from} {to}: {why}");
        }
    }
}
