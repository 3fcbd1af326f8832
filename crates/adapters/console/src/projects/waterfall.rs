//! A build on a time axis: phases and agents, with tokens and credits.

use std::num::NonZeroU32;

use keelway_builds::{AgentSpec, AgentWork, Build, BuildState, Event, EventBody, Phase, Totals};
use keelway_kernel::{MicroUsd, Millis, Timestamp};

use crate::text::{dollars, grouped, in_credits, short, span};

/// The most agents of a phase that are shown one by one.
const MOST_AGENTS: usize = 16;

/// What a waterfall is drawn from.
pub(super) struct Facts<'a> {
    pub(super) build: &'a Build,
    pub(super) history: &'a [Event],
    /// What each finished agent took.
    pub(super) work: &'a [AgentWork],
    pub(super) now: Timestamp,
    pub(super) micro_usd_per_credit: NonZeroU32,
}

/// A phase in the line of phases.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) state: &'static str,
}

/// The rows with their axis.
pub(super) struct Waterfall {
    pub(super) ticks: Vec<String>,
    /// Where now is, in per cent; empty once it is over.
    pub(super) now: String,
    pub(super) duration: String,
    pub(super) tokens: String,
    pub(super) credits: String,
    pub(super) rows: Vec<Row>,
}

/// A phase or an agent.
pub(super) struct Row {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) state: &'static str,
    /// In per cent of the axis.
    pub(super) start: String,
    pub(super) width: String,
    pub(super) duration: String,
    pub(super) tokens: String,
    pub(super) credits: String,
}

/// A finished agent in the table of costs.
pub(super) struct Cost {
    pub(super) agent: String,
    pub(super) phase: &'static str,
    pub(super) offset: String,
    pub(super) duration: String,
    pub(super) tokens_in: String,
    pub(super) tokens_out: String,
    pub(super) dollars: String,
    pub(super) credits: String,
}

/// How far something is, and from when to when.
#[derive(Clone, Copy)]
struct Stretch {
    state: &'static str,
    times: Option<(Timestamp, Timestamp)>,
}

/// What providers charge for without an answer: it belongs to no agent's work.
const FAILED_CALLS: &str = "Failed calls of the provider";

const FAILED: Stretch = Stretch { state: "failed", times: None };

const WAITING: Stretch = Stretch { state: "queued", times: None };

impl Facts<'_> {
    fn state(&self) -> BuildState {
        self.build.status.state()
    }

    fn begin(&self) -> Timestamp {
        self.build.started_at.unwrap_or(self.build.created_at)
    }

    /// The end of what there is to draw.
    fn end(&self) -> Timestamp {
        self.build.status.ended_at().unwrap_or(self.now)
    }

    /// What stands where nothing ended well: it goes on, waits, or ended with the build.
    fn open(&self, since: Timestamp) -> Stretch {
        match self.state() {
            BuildState::Building => Stretch { state: "running", times: Some((since, self.end())) },
            BuildState::Queued => WAITING,
            BuildState::Cancelled => {
                Stretch { state: "cancelled", times: Some((since, self.end())) }
            }
            BuildState::Deployed | BuildState::Failed | BuildState::Expired => {
                Stretch { state: "failed", times: Some((since, self.end())) }
            }
        }
    }

    fn phase(&self, phase: Phase) -> Stretch {
        let of = |event: &&Event| event.body.phase() == Some(phase);
        let begins = |event: &&Event| matches!(event.body, EventBody::PhaseStarted { .. });
        // The last phase ends with the build, whose success is told by the deployment.
        let ends = |event: &&Event| {
            let body = &event.body;
            matches!(body, EventBody::PhaseCompleted { .. } | EventBody::DeploymentSucceeded { .. })
        };
        let Some(first) = self.history.iter().filter(of).find(begins) else { return WAITING };
        let last = self.history.iter().filter(of).rfind(begins).unwrap_or(first);
        match self.history.iter().filter(of).rfind(ends).filter(|end| end.seq > last.seq) {
            Some(end) => Stretch { state: "done", times: Some((first.at, end.at)) },
            None => self.open(last.at),
        }
    }

    fn agent(&self, spec: &AgentSpec) -> (Stretch, Option<&AgentWork>) {
        let done = self.work.iter().find(|work| work.agent.number == spec.number);
        if let Some(work) = done {
            let times = Some((work.started_at, work.ended_at));
            return (Stretch { state: "done", times }, done);
        }
        let name = spec.name();
        let attempt =
            self.history.iter().rfind(|event| matches!(event.body, EventBody::Started { .. }));
        let begun = self.history.iter().rfind(|event| {
            let body = &event.body;
            matches!(body, EventBody::AgentStarted { .. })
                && body.phase() == Some(spec.phase)
                && body.agent() == Some(&name)
        });
        let is_current = |event: &&Event| attempt.is_none_or(|attempt| attempt.seq < event.seq);
        match begun.filter(is_current) {
            Some(event) => (self.open(event.at), None),
            None => (WAITING, None),
        }
    }

    /// How many of its agents and last steps a build has behind it, in per cent.
    pub(super) fn progress(&self) -> u64 {
        let last_steps = [Phase::Package, Phase::Deploy];
        let steps_done =
            last_steps.into_iter().filter(|phase| self.phase(*phase).state == "done").count();
        let all = self.build.plan().agents.len() + last_steps.len();
        let done = (self.work.len() + steps_done).min(all);
        let percent = done * 100 / all.max(1);
        u64::try_from(percent).unwrap_or(100)
    }

    /// The phases in their order.
    pub(super) fn pipeline(&self) -> Vec<Step> {
        let step =
            |phase: Phase| Step { name: title(phase.as_str()), state: self.phase(phase).state };
        Phase::ALL.into_iter().map(step).collect()
    }

    /// What calls that failed cost: what was used beyond the work of finished agents.
    pub(super) fn failed_calls(&self) -> MicroUsd {
        let worked =
            self.work.iter().fold(Totals::default(), |sum, work| sum.plus(&work.usage)).cost;
        MicroUsd::new(self.build.used.cost.get().saturating_sub(worked.get()).max(0))
    }

    /// The finished agents in the order of the plan, and the calls that failed.
    pub(super) fn costs(&self) -> Vec<Cost> {
        let mut work: Vec<&AgentWork> = self.work.iter().collect();
        work.sort_by_key(|work| work.agent.number);
        let cost = |work: &AgentWork| Cost {
            agent: title(&work.agent.name()),
            phase: work.agent.phase.as_str(),
            offset: span(work.started_at.millis_since(self.begin())),
            duration: span(work.ended_at.millis_since(work.started_at)),
            tokens_in: grouped(work.usage.tokens_in),
            tokens_out: grouped(work.usage.tokens_out),
            dollars: dollars(work.usage.cost),
            credits: in_credits(work.usage.cost, self.micro_usd_per_credit),
        };
        let failed = self.failed_calls();
        let calls = (failed > MicroUsd::ZERO).then(|| Cost {
            agent: FAILED_CALLS.to_owned(),
            phase: "",
            offset: String::new(),
            duration: String::new(),
            tokens_in: String::new(),
            tokens_out: String::new(),
            dollars: dollars(failed),
            credits: in_credits(failed, self.micro_usd_per_credit),
        });
        work.into_iter().map(cost).chain(calls).collect()
    }

    pub(super) fn waterfall(&self) -> Waterfall {
        let length = self.end().millis_since(self.begin()).max(1);
        let axis = Axis::over(self.begin(), length);
        let plan = self.build.plan();
        let is_over = self.state().is_terminal();
        let mut rows = Vec::new();
        for phase in Phase::ALL {
            let stretch = self.phase(phase);
            let agents: Vec<&AgentSpec> = plan.of_phase(phase).collect();
            if is_over && stretch.times.is_none() {
                continue;
            }
            let numbers =
                |spec: &&AgentSpec| self.work.iter().find(|w| w.agent.number == spec.number);
            let sum = agents
                .iter()
                .filter_map(numbers)
                .fold(Totals::default(), |sum, work| sum.plus(&work.usage));
            rows.push(self.row(("phase", &title(phase.as_str())), stretch, sum, &axis));
            self.crew(&agents, &axis, &mut rows);
        }
        let failed = Totals { cost: self.failed_calls(), ..Totals::default() };
        if failed.cost > MicroUsd::ZERO {
            let row = self.row(("phase", FAILED_CALLS), FAILED, failed, &axis);
            rows.push(Row { tokens: String::new(), ..row });
        }
        let used = self.build.used;
        Waterfall {
            ticks: axis.ticks(),
            now: if is_over { String::new() } else { axis.percent(self.end()) },
            duration: span(length),
            tokens: tokens(used),
            credits: in_credits(used.cost, self.micro_usd_per_credit),
            rows,
        }
    }

    /// The rows of a phase's agents: those at work and those that failed first in line when
    /// there are too many to show.
    fn crew(&self, agents: &[&AgentSpec], axis: &Axis, rows: &mut Vec<Row>) {
        let mut all: Vec<_> = agents.iter().map(|spec| (*spec, self.agent(spec))).collect();
        if self.state().is_terminal() {
            all.retain(|(_, (stretch, _))| stretch.times.is_some());
        }
        if all.len() > MOST_AGENTS {
            all.sort_by_key(|(spec, (stretch, _))| match stretch.state {
                "running" | "failed" | "cancelled" => (0, spec.number),
                "done" => (1, spec.number),
                _ => (2, spec.number),
            });
        }
        let rest = all.split_off(all.len().min(MOST_AGENTS));
        all.sort_by_key(|(spec, _)| spec.number);
        let sum = |work: Option<&AgentWork>, sum: Totals| match work {
            Some(work) => sum.plus(&work.usage),
            None => sum,
        };
        for (spec, (stretch, work)) in all {
            let name = title(&spec.name());
            rows.push(self.row(("agent", &name), stretch, sum(work, Totals::default()), axis));
        }
        if !rest.is_empty() {
            let total =
                rest.iter().fold(Totals::default(), |total, (_, (_, work))| sum(*work, total));
            let is_done = rest.iter().all(|(_, (stretch, _))| stretch.state == "done");
            let stretch = Stretch { state: if is_done { "done" } else { "queued" }, times: None };
            let name = format!("and {} more", rest.len());
            rows.push(self.row(("agent", &name), stretch, total, axis));
        }
    }

    fn row(
        &self,
        (kind, name): (&'static str, &str),
        stretch: Stretch,
        used: Totals,
        axis: &Axis,
    ) -> Row {
        let is_used = used != Totals::default();
        let credits = || in_credits(used.cost, self.micro_usd_per_credit);
        let (start, width, duration) = match stretch.times {
            Some((begin, end)) => {
                (axis.percent(begin), axis.width(begin, end), span(end.millis_since(begin)))
            }
            None => ("0".to_owned(), "0".to_owned(), String::new()),
        };
        Row {
            kind,
            name: name.to_owned(),
            state: stretch.state,
            start,
            width,
            duration,
            tokens: if is_used { tokens(used) } else { String::new() },
            credits: if used.cost > MicroUsd::ZERO { credits() } else { String::new() },
        }
    }
}

/// What was read and what was written.
fn tokens(used: Totals) -> String {
    format!("{} / {}", short(used.tokens_in), short(used.tokens_out))
}

/// A name as it stands at the beginning of a line: "Implementer 2".
pub(super) fn title(name: &str) -> String {
    capital(&name.replace(['-', '_'], " "))
}

/// The text with a capital letter in front.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", letters.as_str())
}

/// From the build's beginning to a round number of seconds behind its end.
struct Axis {
    begin: Timestamp,
    length: Millis,
}

impl Axis {
    /// Quarters that read well: one, two or five of a unit, or what clocks have.
    const QUARTERS: [Millis; 30] = [
        5, 10, 20, 25, 50, 100, 125, 200, 250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 15_000,
        30_000, 60_000, 120_000, 180_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
        7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
    ];

    fn over(begin: Timestamp, length: Millis) -> Self {
        let quarter = Self::QUARTERS.into_iter().find(|quarter| quarter * 4 >= length);
        Self { begin, length: quarter.map_or(length, |quarter| quarter * 4).max(1) }
    }

    /// Five numbers of one unit, which the last of them names.
    fn ticks(&self) -> Vec<String> {
        let (unit, sign) = match self.length {
            ..2_000 => (1, "ms"),
            2_000..=120_000 => (1_000, "s"),
            120_001..=3_600_000 => (60_000, "min"),
            _ => (3_600_000, "h"),
        };
        let tick = |quarter: Millis| {
            let tenths = self.length * quarter * 10 / 4 / unit;
            match (tenths / 10, tenths % 10) {
                (whole, 0) => whole.to_string(),
                (whole, tenth) => format!("{whole}.{tenth}"),
            }
        };
        let last = format!("{} {sign}", tick(4));
        (0..4).map(tick).chain([last]).collect()
    }

    /// Hundredths of a per cent of the axis.
    fn at(&self, moment: Timestamp) -> i64 {
        (moment.millis_since(self.begin).saturating_mul(10_000) / self.length).clamp(0, 10_000)
    }

    fn percent(&self, moment: Timestamp) -> String {
        decimal(self.at(moment))
    }

    /// As wide as it took, and never too thin to be seen.
    fn width(&self, begin: Timestamp, end: Timestamp) -> String {
        let least = 60.min(10_000 - self.at(begin));
        decimal((self.at(end) - self.at(begin)).max(least))
    }
}

fn decimal(hundredths: i64) -> String {
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}.{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_on_a_round_number_behind_what_it_shows() {
        let begin = Timestamp::from_micros(0);
        for (length, ticks) in [
            (1, "0 5 10 15 20 ms"),
            (190, "0 50 100 150 200 ms"),
            (470, "0 125 250 375 500 ms"),
            (751, "0 200 400 600 800 ms"),
            (1_500, "0 0.5 1 1.5 2 s"),
            (9_300, "0 3 6 9 12 s"),
            (61_000, "0 30 60 90 120 s"),
            (125_000, "0 1 2 3 4 min"),
            (3_600_001, "0 0.5 1 1.5 2 h"),
        ] {
            let axis = Axis::over(begin, length);
            assert_eq!(axis.ticks().join(" "), ticks);
            assert!(axis.length >= length && axis.at(begin.plus_millis(length)) <= 10_000);
        }
    }

    #[test]
    fn a_bar_is_never_too_thin_to_be_seen_nor_past_the_end() {
        let begin = Timestamp::from_micros(0);
        let axis = Axis::over(begin, 1_000);
        let at = |millis| begin.plus_millis(millis);
        assert_eq!(
            (axis.percent(at(250)), axis.width(at(250), at(500))),
            ("25".into(), "25".into())
        );
        assert_eq!(axis.width(at(250), at(250)), "0.60");
        assert_eq!(
            (axis.percent(at(2_000)), axis.width(at(1_000), at(1_000))),
            ("100".into(), "0".into())
        );
        assert_eq!(axis.percent(at(-5)), "0");
    }
}
