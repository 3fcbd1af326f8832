//! Runs all agents of a build the way a worker would, without one.
#![expect(clippy::expect_used, reason = "a test ends where its setting is wrong")]

use std::sync::Arc;

use keelway_builds::{
    AgentReply, AgentRunner, AgentTask, Brief, BuildRequest, BuildTier, Description, Phase, Plan,
    ProjectName, Script,
};
use keelway_estimate::{EstimateTable, estimate};
use keelway_kernel::{BuildId, MicroUsd};
use keelway_patch::FileTree;
use serde::Deserialize;

/// One description and what its site must have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) key: String,
    text: String,
    repeat_to: Option<usize>,
    pub(crate) language: String,
    #[serde(default = "starter")]
    tier: BuildTier,
    pub(crate) says: Vec<String>,
    pub(crate) pages: Vec<String>,
}

fn starter() -> BuildTier {
    BuildTier::Starter
}

#[derive(Deserialize)]
struct Cases {
    site: Vec<Case>,
}

pub(crate) fn cases() -> Vec<Case> {
    let text = include_str!("../descriptions.toml");
    toml::from_str::<Cases>(text).expect("the descriptions are TOML").site
}

impl Case {
    pub(crate) fn description(&self) -> String {
        match self.repeat_to {
            Some(chars) => self.text.chars().cycle().take(chars).collect(),
            None => self.text.clone(),
        }
    }
}

/// A site, and what its agents replied, in order.
pub(crate) struct Built {
    pub(crate) files: FileTree<Vec<u8>>,
    pub(crate) replies: Vec<AgentReply>,
}

impl Built {
    pub(crate) fn text(&self, path: &str) -> &str {
        let (_, content) = self
            .files
            .iter()
            .find(|(known, _)| known.as_str() == path)
            .unwrap_or_else(|| panic!("{path} is missing"));
        std::str::from_utf8(content).expect("UTF-8")
    }

    pub(crate) fn pages(&self) -> impl Iterator<Item = (&str, &str)> {
        let pages = self.files.iter().filter(|(path, _)| path.extension() == Some("html"));
        pages.map(|(path, content)| (path.as_str(), std::str::from_utf8(content).expect("UTF-8")))
    }
}

pub(crate) fn task(description: &str, tier: BuildTier, script: Option<Script>) -> AgentTask {
    let estimate = estimate(&EstimateTable::default(), description, tier).expect("a table");
    let plan = Arc::new(Plan::for_agents(estimate.agents));
    let parsed = Description::parse(description).expect("a description");
    AgentTask {
        build: BuildId::from_uuid(uuid::Uuid::from_u128(1)),
        attempt: 1,
        brief: Arc::new(Brief {
            project_name: ProjectName::from_description(&parsed).as_str().to_owned(),
            request: BuildRequest {
                description: parsed,
                tier,
                target_users: None,
                tech_constraints: None,
                use_conductor: true,
                max_credits: None,
                script,
            },
            features: estimate.features.iter().map(|feature| feature.key.clone()).collect(),
        }),
        agent: plan.agents[0].clone(),
        plan,
        files: Arc::new(FileTree::default()),
        budget: MicroUsd::new(1_000_000_000),
    }
}

pub(crate) async fn build(runner: &dyn AgentRunner, task: AgentTask) -> Built {
    let mut files = FileTree::default();
    let mut replies = Vec::new();
    for phase in Phase::ALL {
        let earlier = Arc::new(files.clone());
        for agent in task.plan.of_phase(phase) {
            let task =
                AgentTask { agent: agent.clone(), files: Arc::clone(&earlier), ..task.clone() };
            let reply = runner.run(task).await.expect("a reply");
            for (path, _) in &reply.files {
                assert!(!files.contains(path), "{path} was written twice");
            }
            files.merge(reply.files.clone()).expect("a tree");
            replies.push(reply);
        }
    }
    Built { files, replies }
}

pub(crate) async fn build_case(runner: &dyn AgentRunner, case: &Case) -> Built {
    build(runner, task(&case.description(), case.tier, None)).await
}
