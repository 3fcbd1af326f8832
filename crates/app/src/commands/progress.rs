//! A build's progress on standard error: a bar on a terminal, a line for each phase elsewhere.

use std::io::IsTerminal as _;
use std::num::NonZeroU32;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use keelway_builds::{Build, EventBody, Phase, Totals};

/// What is shown of a build that runs.
pub(super) struct Progress {
    shown: Shown,
    agents: u64,
    finished: u64,
    used: Totals,
    micro_usd_per_credit: NonZeroU32,
}

enum Shown {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

/// Whether a person wants to see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Yes,
    No,
}

impl Progress {
    /// Progress of `build`, which begins.
    pub(super) fn of(build: &Build, micro_usd_per_credit: NonZeroU32, wanted: Wanted) -> Self {
        let agents = u64::try_from(build.plan().agents.len()).unwrap_or(u64::MAX);
        let shown = match wanted {
            Wanted::No => Shown::Nothing,
            Wanted::Yes if std::io::stderr().is_terminal() => Shown::Bar(bar(agents)),
            Wanted::Yes => Shown::Lines,
        };
        Self { shown, agents, finished: 0, used: Totals::default(), micro_usd_per_credit }
    }

    /// Takes in what happened.
    pub(super) fn show(&mut self, event: &EventBody) {
        match event {
            EventBody::PhaseStarted { phase } => self.phase(*phase),
            EventBody::AgentCompleted { usage, summary, .. } => {
                self.used = self.used.plus(usage);
                self.finished += 1;
                self.step(summary);
            }
            EventBody::Engine { introduction } => self.note(introduction),
            EventBody::Retrying { .. } | EventBody::CancelRequested => self.note(&event.message()),
            _ => {}
        }
    }

    /// A line beside the progress.
    pub(super) fn note(&self, line: &str) {
        match &self.shown {
            Shown::Bar(bar) => bar.println(line),
            Shown::Lines => eprintln!("{line}"),
            Shown::Nothing => {}
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Shown::Bar(bar) = self.shown {
            bar.finish_and_clear();
        }
    }

    fn phase(&self, phase: Phase) {
        match &self.shown {
            Shown::Bar(bar) => bar.set_prefix(phase.as_str()),
            Shown::Lines => eprintln!("{:<10} {}", phase.as_str(), self.figures()),
            Shown::Nothing => {}
        }
    }

    fn step(&self, summary: &str) {
        if let Shown::Bar(bar) = &self.shown {
            bar.set_position(self.finished);
            bar.set_message(format!("{}  {summary}", self.figures()));
        }
    }

    fn figures(&self) -> String {
        let tokens = self.used.tokens_in + self.used.tokens_out;
        let credits = self.used.cost.to_credits(self.micro_usd_per_credit);
        let credits = super::credits_text(credits);
        format!("{}/{} agents, {tokens} tokens, {credits}", self.finished, self.agents)
    }
}

fn bar(agents: u64) -> ProgressBar {
    let bar = ProgressBar::new(agents);
    // A template that does not parse would only cost its looks.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:<9} {bar:24} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
