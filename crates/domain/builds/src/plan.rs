//! What a build is going to do: phases in order, and the agents of each.

use serde::{Deserialize, Serialize};

/// A stage of the pipeline. Phases run in this order and never side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Decide which pages there are and what they say.
    Plan,
    /// Decide how they look.
    Design,
    /// Make what all pages share.
    Scaffold,
    /// Make the pages.
    Implement,
    /// Check what was made.
    Verify,
    /// Freeze the files into a snapshot.
    Package,
    /// Put the snapshot where people can reach it.
    Deploy,
}

impl Phase {
    /// All phases, in the order they run.
    pub const ALL: [Self; 7] = [
        Self::Plan,
        Self::Design,
        Self::Scaffold,
        Self::Implement,
        Self::Verify,
        Self::Package,
        Self::Deploy,
    ];

    /// The name used on the wire and in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Design => "design",
            Self::Scaffold => "scaffold",
            Self::Implement => "implement",
            Self::Verify => "verify",
            Self::Package => "package",
            Self::Deploy => "deploy",
        }
    }

    /// Reads what [`Phase::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an agent is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes the site map and the content brief.
    Architect,
    /// Writes the style sheet.
    Designer,
    /// Writes what all pages share.
    Scaffolder,
    /// Writes its share of the pages.
    Implementer,
    /// Reads everything and reports.
    Reviewer,
}

impl Role {
    /// The name used on the wire and in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Architect => "architect",
            Self::Designer => "designer",
            Self::Scaffolder => "scaffolder",
            Self::Implementer => "implementer",
            Self::Reviewer => "reviewer",
        }
    }
}

/// One agent of a plan: a model call with a task of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AgentSpec {
    /// Place in the plan, from 1; the same in every attempt of a build.
    pub number: u32,
    /// The phase it belongs to.
    pub phase: Phase,
    /// What it does.
    pub role: Role,
    /// Which share of the role's work is its own, from 1.
    pub part: u32,
    /// Into how many shares the role's work is divided.
    pub parts: u32,
}

impl AgentSpec {
    /// A name for people, such as `implementer-2`; the role alone where it has one agent.
    pub fn name(&self) -> String {
        if self.parts == 1 {
            self.role.as_str().to_owned()
        } else {
            format!("{}-{}", self.role.as_str(), self.part)
        }
    }
}

/// The agents of a build, numbered in the order they would run one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// As many agents as the estimate names.
    pub agents: Vec<AgentSpec>,
}

impl Plan {
    /// Spreads `agents` (as estimated, at least 5) over the phases: one each for architect,
    /// designer, scaffolder and reviewer, all others implement.
    pub fn for_agents(agents: u32) -> Self {
        let implementers = agents.saturating_sub(4).max(1);
        let crew = [
            (Phase::Plan, Role::Architect, 1),
            (Phase::Design, Role::Designer, 1),
            (Phase::Scaffold, Role::Scaffolder, 1),
            (Phase::Implement, Role::Implementer, implementers),
            (Phase::Verify, Role::Reviewer, 1),
        ];
        let shares = crew.into_iter().flat_map(|(phase, role, parts)| {
            (1..=parts).map(move |part| (phase, role, part, parts))
        });
        let agents = (1..)
            .zip(shares)
            .map(|(number, (phase, role, part, parts))| AgentSpec {
                number,
                phase,
                role,
                part,
                parts,
            })
            .collect();
        Self { agents }
    }

    /// The agents of one phase; none for `package` and `deploy`, which call no model.
    pub fn of_phase(&self, phase: Phase) -> impl Iterator<Item = &AgentSpec> {
        self.agents.iter().filter(move |agent| agent.phase == phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_exactly_the_agents_estimated() {
        for agents in 5..=120 {
            let plan = Plan::for_agents(agents);
            assert_eq!(plan.agents.len(), agents as usize);
            assert!(plan.agents.windows(2).all(|pair| pair[0].number + 1 == pair[1].number));
            assert!(plan.agents.windows(2).all(|pair| pair[0].phase <= pair[1].phase));
        }
    }

    #[test]
    fn names_tell_shares_apart() {
        let names: Vec<_> = Plan::for_agents(6).agents.iter().map(AgentSpec::name).collect();
        assert_eq!(
            names,
            ["architect", "designer", "scaffolder", "implementer-1", "implementer-2", "reviewer"]
        );
    }
}
