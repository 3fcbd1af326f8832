//! What a workspace's tier allows, and how much of it is used.

use keelway_builds::BuildState;
use keelway_builds::ports::BuildFilter;
use keelway_builds::usage::UsageQuery;
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::pages::Rights;
use keelway_kernel::{PageRequest, Tier};
use keelway_platform::permit::right::{ViewBuilds, ViewProjects};
use keelway_tiers::{Amount, Limit};

use crate::text::grouped;

/// One limit and how much of it is used.
pub(super) struct Gauge {
    pub(super) label: &'static str,
    /// "2 of 3", "7, unlimited", "more than 100 of 500".
    pub(super) words: String,
    pub(super) used: u64,
    /// 0 for no limit.
    pub(super) most: u64,
}

impl Gauge {
    fn new(label: &'static str, used: Count, limit: Limit) -> Self {
        let (more, used) = match used {
            Count::Exactly(used) => ("", used),
            Count::MoreThan(used) => ("more than ", used),
        };
        let counted = format!("{more}{}", grouped(used));
        match limit {
            Limit::AtMost(most) => {
                Self { label, words: format!("{counted} of {}", grouped(most)), used, most }
            }
            Limit::Unlimited => {
                Self { label, words: format!("{counted}, unlimited"), used, most: 0 }
            }
        }
    }

    /// Whether nothing is left.
    pub(super) const fn is_full(&self) -> bool {
        self.most > 0 && self.used >= self.most
    }
}

/// As far as was counted.
#[derive(Clone, Copy)]
enum Count {
    Exactly(u64),
    MoreThan(u64),
}

/// The limits that people meet, in four reads however much there is.
pub(super) async fn gauges(
    app: &UseCases,
    rights: &Rights,
    tier: Tier,
    members: usize,
) -> Result<Vec<Gauge>, Problem> {
    let limits = app.platform_settings().limits.of(tier);
    let most = PageRequest::new(PageRequest::MAX_LIMIT, None);
    let projects = app.list_projects(&rights.permit::<ViewProjects>()?, most.clone()).await?;
    let projects = match projects.next {
        None => Count::Exactly(projects.items.len() as u64),
        Some(_) => Count::MoreThan(projects.items.len() as u64),
    };
    let permit = rights.permit::<ViewBuilds>()?;
    let running = BuildFilter { project: None, state: Some(BuildState::Building) };
    let running = app.build_summaries(&permit, running, most).await?.items.len();
    let months = app.usage(&permit, UsageQuery::default()).await?.months;
    let builds = months.last().map_or(0, |month| month.created);
    let at_once = Limit::AtMost(limits.concurrent_builds.get().into());
    Ok(vec![
        Gauge::new("Projects", projects, limits.projects),
        Gauge::new("Members", Count::Exactly(members as u64), limits.members),
        Gauge::new("Builds this month", Count::Exactly(builds), limits.builds_per_month),
        Gauge::new("Builds running now", Count::Exactly(running as u64), at_once),
    ])
}

/// The credits that come with each month, in words.
pub(super) fn monthly_credits(app: &UseCases, tier: Tier) -> String {
    match app.platform_settings().limits.of(tier).credits_per_month {
        Amount::Of(credits) => format!("{} credits each month", grouped(credits)),
        Amount::ByContract => "credits by contract".to_owned(),
    }
}

/// Room for one more member.
pub(super) enum Seats {
    Unlimited,
    Free { left: u64, most: u64 },
    Taken { most: u64, next: Option<Tier> },
}

/// The seats of `tier` when so many people belong to it or are invited.
pub(super) fn seats(app: &UseCases, tier: Tier, taken: u64) -> Seats {
    let limits = app.platform_settings().limits;
    match limits.of(tier).members {
        Limit::Unlimited => Seats::Unlimited,
        Limit::AtMost(most) if taken < most => Seats::Free { left: most - taken, most },
        Limit::AtMost(most) => {
            let has_room = |higher: &Tier| {
                *higher > tier && limits.of(*higher).members.allows(taken.saturating_add(1))
            };
            Seats::Taken { most, next: Tier::ALL.into_iter().find(has_room) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_says_how_much_of_how_much() {
        let words = |used, limit| Gauge::new("Projects", used, limit).words;
        assert_eq!(words(Count::Exactly(2), Limit::AtMost(3)), "2 of 3");
        assert_eq!(words(Count::MoreThan(100), Limit::AtMost(500)), "more than 100 of 500");
        assert_eq!(words(Count::Exactly(1_200), Limit::Unlimited), "1,200, unlimited");
        let is_full = |used, limit| Gauge::new("Projects", used, limit).is_full();
        assert!(is_full(Count::Exactly(3), Limit::AtMost(3)));
        assert!(!is_full(Count::Exactly(2), Limit::AtMost(3)));
        assert!(!is_full(Count::Exactly(3), Limit::Unlimited));
    }
}
