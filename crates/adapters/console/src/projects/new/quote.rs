//! What a wish would take, and what stands in its way.

use keelway_estimate::Estimate;
use keelway_http::args::UseCases;
use keelway_http::{Code, Problem};
use keelway_kernel::{BuildTier, Credits};
use keelway_platform::reports::Rehearsal;

use super::Desk;
use crate::fields::sentence;
use crate::text::{grouped, signed};

/// An estimate and how it stands to the workspace's credits.
pub(super) struct Quote {
    pub(super) credits: String,
    pub(super) cost: String,
    pub(super) agents: u32,
    pub(super) tokens: String,
    pub(super) duration: String,
    pub(super) range: String,
    pub(super) features: Vec<String>,
    /// The most that is charged.
    pub(super) most: i64,
    /// The same as it is read.
    pub(super) held: String,
    /// Whether that is less than it likely takes.
    pub(super) is_limited: bool,
    /// What nothing holds, if it is known.
    pub(super) available: Option<Credits>,
    /// The same as it is read.
    pub(super) has: String,
    /// What would be left, if it is enough.
    pub(super) left: String,
    /// How many credits are missing; empty if none.
    pub(super) missing: String,
    /// Whether a smaller size can be chosen.
    pub(super) can_shrink: bool,
    /// Whether it can be confirmed.
    pub(super) is_open: bool,
}

impl Quote {
    /// An estimate alone, where something else stands in the way.
    pub(super) fn only(app: &UseCases, estimate: &Estimate, limit: Option<Credits>) -> Self {
        let estimated = app.credits_of(estimate);
        let most = limit.map_or(estimated, |limit| limit.min(estimated));
        let range =
            estimate.range.as_ref().map(|range| match (range.minutes.p10, range.minutes.p90) {
                (low, high) if low == high => format!("8 of 10 took {low} min"),
                (low, high) => format!("8 of 10 took {low} to {high} min"),
            });
        Self {
            credits: signed(estimated.get()),
            held: signed(most.get()),
            is_limited: most < estimated,
            cost: format!("{} USD", estimate.cost_usd_text()),
            agents: estimate.agents,
            tokens: grouped(estimate.tokens),
            duration: estimate.duration_text().replace("minute", "min").replace("mins", "min"),
            range: range.unwrap_or_default(),
            features: estimate.feature_labels().into_iter().map(str::to_owned).collect(),
            most: most.get(),
            available: None,
            has: String::new(),
            left: String::new(),
            missing: String::new(),
            can_shrink: false,
            is_open: false,
        }
    }

    pub(super) fn of(app: &UseCases, rehearsal: &Rehearsal, tier: BuildTier) -> Self {
        let available = rehearsal.available;
        let quote = Self::only(app, &rehearsal.estimate, Some(rehearsal.required));
        let missing = quote.most.saturating_sub(available.get()).max(0);
        Self {
            available: Some(available),
            has: signed(available.get()),
            left: signed(available.get().saturating_sub(quote.most)),
            missing: if missing > 0 { signed(missing) } else { String::new() },
            can_shrink: tier != BuildTier::Starter,
            is_open: missing == 0,
            ..quote
        }
    }
}

/// Why it is not built, said in place so that nothing typed is lost.
pub(super) struct Refusal {
    pub(super) tone: &'static str,
    pub(super) title: &'static str,
    pub(super) text: String,
    /// A link that helps, and what it says; both may be empty.
    pub(super) href: String,
    pub(super) label: &'static str,
    /// Whether another size would do.
    pub(super) is_of_the_tier: bool,
}

impl Refusal {
    fn new(tone: &'static str, title: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { tone, title, text, href: String::new(), label: "", is_of_the_tier: false }
    }

    fn leading(self, href: String, label: &'static str) -> Self {
        Self { href, label, ..self }
    }

    /// What was parked is not to be had any more.
    pub(super) fn gone() -> Self {
        let text = "It was claimed already, or waited for more than an hour. If you built it, it \
                    is among your projects; if not, describe it again: nothing was charged.";
        Self::new("info", "What you described before is no longer waiting.", text)
    }

    /// What was confirmed is not what it takes.
    pub(super) fn changed() -> Self {
        let text = "Nothing was charged. This is what it takes as it is now; confirm it again.";
        Self::new("info", "This is not what you saw the price of.", text)
    }

    /// A refusal that the page explains; any other goes on as it is.
    pub(super) fn of(problem: Problem, desk: &Desk<'_>) -> Result<Self, Problem> {
        let slug = desk.page.slug();
        let projects = || format!("/w/{slug}/projects");
        let detail = sentence(&problem.detail);
        Ok(match problem.code {
            Code::ProjectLocked => Self::new(
                "warn",
                "Another build of this project is going on.",
                "Wait until it ends, or cancel it. What you typed stays here.",
            ),
            Code::FeatureNotInTier => Self {
                is_of_the_tier: true,
                ..Self::new("warn", "Your workspace's tier does not include this size.", detail)
            },
            Code::InsufficientCredits => Self::new(
                "warn",
                "There are not enough credits.",
                format!("{detail} Nothing was charged."),
            )
            .leading(format!("/w/{slug}/credits"), "See your credits"),
            Code::DailyCapReached => Self::new("warn", "Today's credits are used up.", detail)
                .leading(format!("/w/{slug}/credits"), "See your credits"),
            Code::PlanLimitExceeded => {
                Self::new("warn", "Your workspace used up what its tier allows.", detail)
                    .leading(format!("/w/{slug}/usage"), "See what was used")
            }
            Code::AlreadyClaimed => Self::new(
                "info",
                "This app was claimed already.",
                "It is built once, however often it is confirmed. Change the description to build \
                 something else.",
            )
            .leading(projects(), "Go to your projects"),
            Code::IdempotencyKeyReused => Self::new(
                "info",
                "You changed this since you confirmed it.",
                "What you confirmed before is being built. Confirm again to build this too.",
            )
            .leading(projects(), "Go to your projects"),
            _ => return Err(problem),
        })
    }
}
