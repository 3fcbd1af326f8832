//! What a build has cost, by phase and agent.

use keelway_builds::{AgentWork, Build, Phase};
use keelway_kernel::{BuildId, MicroUsd, Timestamp};
use keelway_platform::permit::right::ViewBuilds;
use serde::Serialize;
use utoipa::ToSchema;

use crate::args::{Id, UseCases};
use crate::builds::{CreditsView, TokensView};
use crate::guard::Allowed;
use crate::problem::Problem;
use crate::reply::View;
use crate::routes::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_costs, costs);
}

/// What a build has cost so far.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildCosts)]
struct CostsView {
    #[schema(value_type = String)]
    build_id: BuildId,
    /// Only phases in which an agent has ended.
    phases: Vec<PhaseCostsView>,
    /// What providers charged for calls that failed.
    #[schema(value_type = i64)]
    failed_calls_cost_micro_usd: MicroUsd,
    total: TotalView,
    credits: CreditsView,
}

/// Tokens, and what they cost at list price.
#[derive(Serialize, ToSchema)]
#[schema(as = Cost)]
struct TotalView {
    tokens: TokensView,
    #[schema(value_type = i64)]
    cost_micro_usd: MicroUsd,
}

/// What a phase has cost.
#[derive(Serialize, ToSchema)]
#[schema(as = PhaseCosts)]
struct PhaseCostsView {
    phase: &'static str,
    total: TotalView,
    agents: Vec<AgentCostsView>,
}

/// What an agent has cost.
#[derive(Serialize, ToSchema)]
#[schema(as = AgentCosts)]
struct AgentCostsView {
    agent: String,
    provider: String,
    model: String,
    tokens: TokensView,
    #[schema(value_type = i64)]
    cost_micro_usd: MicroUsd,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    ended_at: Timestamp,
}

impl CostsView {
    fn of(build: &Build, work: &[AgentWork]) -> Self {
        let phases = Phase::ALL.into_iter().filter_map(|phase| {
            let of_phase: Vec<&AgentWork> =
                work.iter().filter(|work| work.agent.phase == phase).collect();
            (!of_phase.is_empty()).then(|| PhaseCostsView {
                phase: phase.as_str(),
                total: total(of_phase.iter().copied()),
                agents: of_phase.into_iter().map(AgentCostsView::of).collect(),
            })
        });
        let worked = total(work).cost_micro_usd;
        let used = build.used;
        let failed = MicroUsd::new(used.cost.get().saturating_sub(worked.get()).max(0));
        Self {
            build_id: build.id,
            phases: phases.collect(),
            failed_calls_cost_micro_usd: failed,
            total: TotalView {
                tokens: TokensView { r#in: used.tokens_in, out: used.tokens_out },
                cost_micro_usd: used.cost,
            },
            credits: CreditsView::of(build),
        }
    }
}

impl AgentCostsView {
    fn of(work: &AgentWork) -> Self {
        let usage = &work.usage;
        Self {
            agent: work.agent.name(),
            provider: usage.provider.clone(),
            model: usage.model.clone(),
            tokens: TokensView { r#in: usage.tokens_in, out: usage.tokens_out },
            cost_micro_usd: usage.cost,
            started_at: work.started_at,
            ended_at: work.ended_at,
        }
    }
}

fn total<'a>(work: impl IntoIterator<Item = &'a AgentWork>) -> TotalView {
    let used = work
        .into_iter()
        .fold(keelway_builds::Totals::default(), |totals, work| totals.plus(&work.usage));
    TotalView {
        tokens: TokensView { r#in: used.tokens_in, out: used.tokens_out },
        cost_micro_usd: used.cost,
    }
}

/// Shows what a build has cost
///
/// Grows while the build goes on. Credits are charged once, when it ends.
#[utoipa::path(
    get, path = "/v1/builds/{id}/costs", tag = "builds", operation_id = "get_build_costs",
    params(("id" = String, Path, description = "The build")),
    responses((status = 200, body = CostsView, description = "By phase and agent")),
)]
async fn costs(
    permit: Allowed<ViewBuilds>,
    app: UseCases,
    Id(id): Id<BuildId>,
) -> Result<View<CostsView>, Problem> {
    let (build, work) = app.build_costs(&permit, id).await?.ok_or_else(Problem::not_found)?;
    Ok(View(CostsView::of(&build, &work)))
}
