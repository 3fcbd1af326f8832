//! What a described app will take, before anybody pays for it.

use keelway_access::RateClass;
use keelway_builds::Description;
use keelway_estimate::{Estimate, LearnedRange};
use keelway_kernel::{BuildTier, Credits, MicroUsd};
use keelway_platform::permit::right::ViewBuilds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::args::{Json, UseCases};
use crate::check::Check;
use crate::guard::MaybeSignedIn;
use crate::problem::Problem;
use crate::reply::View;
use crate::routes::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    // It changes nothing; it is a POST because descriptions are long.
    routes.at(__path_estimate, estimate).rate(RateClass::Read);
}

/// Asks what an app will take.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "description": "A landing page for a bakery", "tier": "starter" }))]
pub(crate) struct EstimateBody {
    /// 10 to 10,000 characters after trimming.
    description: String,
    /// The size of the build: starter (if absent), professional, ultimate or enterprise.
    tier: Option<String>,
}

/// What one build will take.
#[derive(Serialize, ToSchema)]
#[schema(as = Estimate)]
pub(crate) struct EstimateView {
    #[schema(value_type = String)]
    tier: BuildTier,
    /// What was found in the description.
    features: Vec<String>,
    /// Model calls, each with a task of its own.
    agents: u32,
    tokens: u64,
    #[schema(value_type = i64)]
    cost_micro_usd: MicroUsd,
    /// What is set aside when the build is accepted.
    #[schema(value_type = i64)]
    credits: Credits,
    minutes: u32,
    /// The same in words.
    duration_text: String,
    /// What similar builds took, once there were at least 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<RangeView>,
}

/// Eight of ten similar builds took between `p10` and `p90`.
#[derive(Serialize, ToSchema)]
#[schema(as = EstimateRange)]
struct RangeView {
    /// How many builds it was learned from.
    builds: usize,
    p10: SizeView,
    p90: SizeView,
}

/// The figures of an estimate.
#[derive(Serialize, ToSchema)]
#[schema(as = EstimateSize)]
struct SizeView {
    agents: u32,
    tokens: u64,
    #[schema(value_type = i64)]
    cost_micro_usd: MicroUsd,
    minutes: u32,
}

impl RangeView {
    fn of(range: &LearnedRange) -> Self {
        Self {
            builds: range.builds,
            p10: SizeView {
                agents: range.agents.p10,
                tokens: range.tokens.p10,
                cost_micro_usd: range.cost.p10,
                minutes: range.minutes.p10,
            },
            p90: SizeView {
                agents: range.agents.p90,
                tokens: range.tokens.p90,
                cost_micro_usd: range.cost.p90,
                minutes: range.minutes.p90,
            },
        }
    }
}

impl EstimateView {
    pub(crate) fn of(estimate: &Estimate, credits: Credits) -> Self {
        Self {
            tier: estimate.tier,
            features: labels(estimate),
            agents: estimate.agents,
            tokens: estimate.tokens,
            cost_micro_usd: estimate.cost,
            credits,
            minutes: estimate.minutes,
            duration_text: estimate.duration_text(),
            range: estimate.range.as_ref().map(RangeView::of),
        }
    }
}

/// What a guest is shown of an estimate.
#[derive(Serialize, ToSchema)]
#[schema(as = Preview)]
pub(crate) struct PreviewView {
    estimated_agents: u32,
    estimated_tokens: u64,
    /// US dollars with two decimals, rounded up.
    estimated_cost: String,
    #[schema(value_type = i64)]
    estimated_cost_micro_usd: MicroUsd,
    /// In words.
    estimated_duration: String,
    /// What was found in the description.
    features: Vec<String>,
}

impl PreviewView {
    pub(crate) fn of(estimate: &Estimate) -> Self {
        Self {
            estimated_agents: estimate.agents,
            estimated_tokens: estimate.tokens,
            estimated_cost: estimate.cost_usd_text(),
            estimated_cost_micro_usd: estimate.cost,
            estimated_duration: estimate.duration_text(),
            features: labels(estimate),
        }
    }
}

/// The names of the features found.
pub(crate) fn labels(estimate: &Estimate) -> Vec<String> {
    estimate.feature_labels().into_iter().map(str::to_owned).collect()
}

/// Estimates a build
///
/// Nothing is kept and nothing is charged. For somebody who is signed in, the range is learned
/// from their workspace's own builds where there are enough.
#[utoipa::path(
    post, path = "/v1/estimate", tag = "estimate", operation_id = "estimate",
    request_body = EstimateBody,
    responses((status = 200, body = EstimateView, description = "What the build will take")),
)]
async fn estimate(
    caller: MaybeSignedIn,
    app: UseCases,
    Json(body): Json<EstimateBody>,
) -> Result<View<EstimateView>, Problem> {
    let mut check = Check::default();
    let description = check.field("/description", Description::parse(&body.description));
    let tier = check.optional("/tier", body.tier.as_deref(), str::parse::<BuildTier>);
    let (description, tier) = check.all((description, tier))?;
    let scope = caller.permit::<ViewBuilds>().map(|permit| permit.scope());
    let tier = tier.unwrap_or(BuildTier::Starter);
    let estimate = app.estimate(scope, &description, tier).await?;
    Ok(View(EstimateView::of(&estimate, app.credits_of(&estimate))))
}
