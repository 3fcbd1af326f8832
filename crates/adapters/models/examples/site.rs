//! Writes the offline engine's site for a description into a new directory:
//! `cargo run -p keelway-models --example site -- "A bakery in Lisbon" /tmp/bakery`.

use std::path::PathBuf;
use std::sync::Arc;

use keelway_builds::{
    AgentRunner, AgentTask, Brief, BuildRequest, BuildTier, Description, Phase, Plan, ProjectName,
};
use keelway_estimate::{EstimateTable, estimate};
use keelway_kernel::{BuildId, MicroUsd};
use keelway_models::OfflineEngine;
use keelway_patch::FileTree;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(description), Some(directory)) = (arguments.next(), arguments.next()) else {
        return Err("a description and a directory are needed".into());
    };
    let description = Description::parse(&description)?;
    let project_name = ProjectName::from_description(&description).as_str().to_owned();
    let estimate = estimate(&EstimateTable::default(), description.as_str(), BuildTier::Starter)?;
    let request = BuildRequest {
        description,
        tier: BuildTier::Starter,
        target_users: None,
        tech_constraints: None,
        use_conductor: true,
        max_credits: None,
        script: None,
    };
    let features = estimate.features.iter().map(|feature| feature.key.clone()).collect();
    let brief = Arc::new(Brief { project_name, request, features });
    let plan = Arc::new(Plan::for_agents(estimate.agents));
    let mut files = FileTree::default();
    let mut cost = 0;
    for agent in Phase::ALL.into_iter().flat_map(|phase| plan.of_phase(phase)) {
        let task = AgentTask {
            build: BuildId::from_uuid(uuid::Uuid::nil()),
            attempt: 1,
            brief: Arc::clone(&brief),
            plan: Arc::clone(&plan),
            agent: agent.clone(),
            files: Arc::new(files.clone()),
            budget: MicroUsd::MAX,
        };
        let reply = OfflineEngine::default().run(task).await?;
        println!("{}: {}", agent.name(), reply.summary);
        cost += reply.usage.cost.get();
        files.merge(reply.files)?;
    }
    for (path, content) in &files {
        let file = PathBuf::from(&directory).join(path.as_str());
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(file, content)?;
    }
    println!("{} files for {cost} millionths of a dollar", files.len());
    Ok(())
}
