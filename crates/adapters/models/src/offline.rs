//! The engine that needs neither key nor network.

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use keelway_builds::{AgentFailure, AgentReply, AgentRunner, AgentTask, Role, Usage};
use keelway_kernel::MicroUsd;
use keelway_patch::{FilePath, FileTree};

use crate::audit::audit;
use crate::site::{File, Input, Site, shorten};
use crate::{prompt, tokens};

const PROVIDER: &str = "offline";
const MODEL: &str = "offline-site-1";
/// Findings, or wishes left open, told in a summary; the rest is counted.
const TOLD: usize = 3;

/// What the owner may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfflineSettings {
    /// Price of a million tokens, read or written.
    pub price_per_million_tokens: MicroUsd,
    /// How long each agent waits before it works, so that people can watch a build.
    pub step_delay: Duration,
}

impl Default for OfflineSettings {
    /// 3.00 USD per million tokens, as estimates assume; no waiting.
    fn default() -> Self {
        Self { price_per_million_tokens: MicroUsd::new(3_000_000), step_delay: Duration::ZERO }
    }
}

/// Builds a multi-page static site out of a description; the same bytes for the same task.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfflineEngine {
    settings: OfflineSettings,
}

impl OfflineEngine {
    /// An engine that charges and waits as `settings` say.
    pub const fn new(settings: OfflineSettings) -> Self {
        Self { settings }
    }
}

#[async_trait]
impl AgentRunner for OfflineEngine {
    async fn run(&self, task: AgentTask) -> Result<AgentReply, AgentFailure> {
        if !self.settings.step_delay.is_zero() {
            tokio::time::sleep(self.settings.step_delay).await;
        }
        let price = self.settings.price_per_million_tokens;
        // Counting the tokens of a whole site keeps a core busy for milliseconds.
        tokio::task::spawn_blocking(move || work(&task, price))
            .await
            .map_err(|error| AgentFailure::Internal { message: error.to_string() })?
    }

    fn introduction(&self) -> String {
        "Keelway's offline engine builds this app: no model is called and nothing leaves this \
         machine."
            .to_owned()
    }
}

fn work(task: &AgentTask, price: MicroUsd) -> Result<AgentReply, AgentFailure> {
    let tokens_in = tokens::count(&prompt::prompt(task));
    if tokens::cost(tokens_in, price) > task.budget {
        return Err(AgentFailure::Budget { charged: MicroUsd::ZERO });
    }
    let (summary, files) = make(task);
    let tokens_out =
        files.iter().map(|(_, text)| tokens::count(text)).sum::<u64>() + tokens::count(&summary);
    let cost = tokens::cost(tokens_in + tokens_out, price);
    if cost > task.budget {
        return Err(AgentFailure::Budget { charged: MicroUsd::ZERO });
    }
    let files = files
        .into_iter()
        .map(|(path, text)| Ok((FilePath::parse(&path)?, text.into_bytes())))
        .collect::<Result<_, keelway_patch::PathError>>()
        .map_err(|error| AgentFailure::Internal { message: error.to_string() })?;
    let usage = Usage {
        provider: PROVIDER.to_owned(),
        model: MODEL.to_owned(),
        tokens_in,
        tokens_out,
        cost,
    };
    Ok(AgentReply { summary, files, usage })
}

/// The sentence and the files of the task's agent.
fn make(task: &AgentTask) -> (String, Vec<File>) {
    let AgentTask { brief, plan, agent, .. } = task;
    if agent.role == Role::Reviewer {
        return (review(&task.files), Vec::new());
    }
    let shares = plan.agents.iter().filter(|agent| agent.role == Role::Implementer).count();
    let site = Site::plan(&Input {
        project_name: &brief.project_name,
        description: brief.request.description.as_str(),
        target_users: brief.request.target_users.as_deref(),
        features: &brief.features,
        shares: u32::try_from(shares).unwrap_or(u32::MAX),
    });
    match agent.role {
        Role::Architect => {
            let mut summary = format!(
                "Planned {} pages for “{}” (language: {}).",
                site.page_count(),
                site.name(),
                site.language()
            );
            if let Some(colours) = site.colours() {
                let _ = write!(summary, " Colour: {colours}.");
            }
            let mut unused: Vec<String> =
                site.unused().iter().map(|piece| format!("“{}”", shorten(piece, 40))).collect();
            if brief.request.tech_constraints.is_some() {
                unused.push("the constraints on technology".to_owned());
            }
            summary.push_str(&not_used(&unused));
            (summary, site.map())
        }
        Role::Designer => {
            ("Chose colours, type and layout, for light and dark mode.".to_owned(), site.style())
        }
        Role::Scaffolder => (
            "Wrote the script, the icon and the page for lost visitors.".to_owned(),
            site.scaffold(),
        ),
        Role::Implementer | Role::Reviewer => {
            let files = site.share(agent.part);
            let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
            (format!("Wrote {}.", names.join(", ")), files)
        }
    }
}

/// The sentence that tells what of a request came to nothing; none if nothing did.
fn not_used(unused: &[String]) -> String {
    let (told, rest) = unused.split_at(unused.len().min(TOLD));
    match (told.is_empty(), rest.len()) {
        (true, _) => String::new(),
        (false, 0) => format!(" Not used: {}.", told.join(", ")),
        (false, more) => format!(" Not used: {} and {more} more.", told.join(", ")),
    }
}

fn review(files: &FileTree<Vec<u8>>) -> String {
    let audit = audit(files);
    let mut summary = format!(
        "Checked {} pages and {} links: {}.",
        audit.pages,
        audit.links,
        match audit.findings.len() {
            0 => "nothing to report".to_owned(),
            1 => "1 finding".to_owned(),
            findings => format!("{findings} findings"),
        }
    );
    for finding in audit.findings.iter().take(TOLD) {
        let _ = write!(summary, " {finding}.");
    }
    summary
}
