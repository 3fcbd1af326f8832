//! Money, budgets, waiting and scripted failures.

use std::sync::Arc;
use std::time::Duration;

use keelway_builds::{AgentFailure, AgentRunner, AgentTask, BuildTier, Phase, Script};
use keelway_kernel::MicroUsd;
use keelway_models::{OfflineEngine, OfflineSettings, Scripted};

use crate::build::{Built, build, task};

const BAKERY: &str = "A landing page for a bakery";

#[tokio::test]
async fn usage_is_counted_and_stays_within_the_estimate() {
    let task = task(BAKERY, BuildTier::Starter, None);
    let built = build(&OfflineEngine::default(), task).await;
    let mut tokens = 0;
    for reply in &built.replies {
        let usage = &reply.usage;
        assert_eq!((usage.provider.as_str(), usage.model.as_str()), ("offline", "offline-site-1"));
        assert!(usage.tokens_in > 0 && usage.tokens_out > 0);
        let all = usage.tokens_in + usage.tokens_out;
        assert_eq!(usage.cost, MicroUsd::new(i64::try_from(all).expect("few") * 3));
        tokens += all;
    }
    assert!(tokens < 250_000, "{tokens} tokens are more than were estimated");
}

#[tokio::test]
async fn a_call_that_would_exceed_its_budget_costs_nothing() {
    let engine = OfflineEngine::default();
    let asked = task(BAKERY, BuildTier::Starter, None);
    let cost = engine.run(asked.clone()).await.expect("a reply").usage.cost;
    let exact = AgentTask { budget: cost, ..asked.clone() };
    assert!(engine.run(exact).await.is_ok());
    for short in [MicroUsd::new(cost.get() - 1), MicroUsd::new(1), MicroUsd::ZERO] {
        assert_eq!(
            engine.run(AgentTask { budget: short, ..asked.clone() }).await,
            Err(AgentFailure::Budget { charged: MicroUsd::ZERO })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_step_delay_is_waited_before_each_agent() {
    let settings =
        OfflineSettings { step_delay: Duration::from_secs(3), ..OfflineSettings::default() };
    let engine = OfflineEngine::new(settings);
    let run = engine.run(task(BAKERY, BuildTier::Starter, None));
    let early = tokio::time::timeout(Duration::from_millis(2_999), run).await;
    assert!(early.is_err());
}

#[tokio::test]
async fn the_introduction_says_that_it_is_offline() {
    let said = Scripted::new(OfflineEngine::default()).introduction();
    assert!(said.contains("offline engine"), "{said}");
}

#[tokio::test]
async fn a_scripted_provider_fails_as_often_as_asked() {
    let script =
        Script::Provider { phase: Phase::Implement, times: 2, charged: MicroUsd::new(700) };
    let asked = task("A site with login", BuildTier::Starter, Some(script));
    let runner = Scripted::new(OfflineEngine::default());
    for agent in &asked.plan.agents {
        for attempt in 1..=3 {
            let fails = agent.name() == "implementer-1" && attempt <= 2;
            let reply =
                runner.run(AgentTask { agent: agent.clone(), attempt, ..asked.clone() }).await;
            match reply {
                Err(AgentFailure::Provider { retryable: true, charged, .. }) if fails => {
                    assert_eq!(charged, MicroUsd::new(700));
                }
                Ok(_) if !fails => {}
                other => panic!("{} in attempt {attempt}: {other:?}", agent.name()),
            }
        }
    }
}

#[tokio::test]
async fn a_scripted_internal_failure_never_stops() {
    let script = Script::Internal { phase: Phase::Design };
    let asked = task(BAKERY, BuildTier::Starter, Some(script));
    let agent = asked.plan.agents[1].clone();
    let runner = Scripted::new(OfflineEngine::default());
    for attempt in [1, 9] {
        let task = AgentTask { agent: agent.clone(), attempt, ..asked.clone() };
        let failed = runner.run(task).await;
        assert!(matches!(failed, Err(AgentFailure::Internal { .. })), "{failed:?}");
    }
}

/// What a next version is asked for beyond the first is done, or said to be left open.
#[tokio::test]
async fn a_changed_request_changes_the_site() {
    const FIRST: &str = "A sauna by the harbour in Gdańsk with login, bookings and a newsletter";
    let engine = OfflineEngine::default();
    let first = task(FIRST, BuildTier::Starter, None);
    let name = first.brief.project_name.clone();
    let before = build(&engine, first).await;
    let changed = format!("{FIRST}, in dark green, and a page for jobs");
    let mut next = task(&changed, BuildTier::Starter, None);
    Arc::make_mut(&mut next.brief).project_name = name;
    Arc::make_mut(&mut next.brief).request.tech_constraints = Some("No cookies".to_owned());
    let after = build(&engine, next).await;
    assert_ne!(before.text("assets/style.css"), after.text("assets/style.css"));
    assert!(after.text("index.html").contains("href=\"jobs.html\""));
    let topics = |built: &Built| {
        let map: serde_json::Value =
            serde_json::from_str(built.text("site.json")).expect("a site map");
        map["topics"].clone()
    };
    assert_eq!(topics(&before), topics(&after));
    let told = |built: &Built| built.replies[0].summary.clone();
    assert!(
        told(&before).ends_with("(language: en). Not used: “a newsletter”."),
        "{}",
        told(&before)
    );
    assert!(
        told(&after).ends_with(
            "Colour: dark green. Not used: “a newsletter”, the constraints on technology."
        ),
        "{}",
        told(&after)
    );
}
