//! `keelway estimate`: what an app would take.

use std::fmt::Write as _;

use keelway_estimate::Estimate;
use keelway_kernel::Credits;
use serde_json::json;

use crate::cli::EstimateArgs;
use crate::exit::Exit;
use crate::settings::Sources;

pub(super) fn run(args: &EstimateArgs, sources: &Sources) -> anyhow::Result<Exit> {
    let checked = super::quiet_settings(sources)?;
    let description = super::description(&args.description)?;
    let estimate = checked.estimator.estimate(description.as_str(), args.tier);
    let credits = estimate.credits(checked.settings.credits.micro_usd_per_credit);
    if args.report.json {
        super::print_json(&to_json(&estimate, credits))
    } else {
        super::print(&to_text(&estimate, credits))
    }
}

/// An estimate in the words of the API.
pub(super) fn to_json(estimate: &Estimate, credits: Credits) -> serde_json::Value {
    json!({
        "tier": estimate.tier,
        "features": estimate.feature_labels(),
        "agents": estimate.agents,
        "tokens": estimate.tokens,
        "cost_micro_usd": estimate.cost,
        "credits": credits,
        "minutes": estimate.minutes,
        "duration_text": estimate.duration_text(),
    })
}

/// An estimate for people.
pub(super) fn to_text(estimate: &Estimate, credits: Credits) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{name:<10}{value}");
    };
    line("Size", &estimate.tier);
    line("Features", &estimate.feature_labels().join(", "));
    line("Agents", &estimate.agents);
    line("Tokens", &estimate.tokens);
    line("Cost", &format!("{} ({} USD)", super::credits_text(credits), estimate.cost_usd_text()));
    line("Time", &estimate.duration_text());
    text
}
