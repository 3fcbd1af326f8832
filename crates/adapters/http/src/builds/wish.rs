//! What callers ask for, checked.

use keelway_builds::{BuildRequest, Description, Phase, ProjectName, Script};
use keelway_kernel::{BuildTier, Credits, MicroUsd, ProjectId};
use keelway_platform::Mode;
use keelway_platform::builds::ForProject;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::check::Check;
use crate::problem::Problem;

/// The most characters of the texts beside the description.
const LONGEST_TEXT: usize = 2_000;

/// Asks for a build.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "description": "A landing page for a bakery with opening hours and a contact form",
    "project_name": "Corner Bakery",
    "max_credits": 100,
}))]
pub(crate) struct BuildBody {
    /// What the app should be: 10 to 10,000 characters after trimming.
    pub(crate) description: String,
    /// The project to build; without one, a new project is made.
    pub(crate) project_id: Option<String>,
    /// What to call the new project; without it, it is named after the description.
    #[schema(max_length = 80)]
    pub(crate) project_name: Option<String>,
    /// The size of the build: starter (if absent), professional, ultimate or enterprise.
    pub(crate) tier: Option<String>,
    /// Who the app is for.
    #[schema(max_length = 2000)]
    pub(crate) target_users: Option<String>,
    /// What it must be made with.
    #[schema(max_length = 2000)]
    pub(crate) tech_constraints: Option<String>,
    /// Whether agents of a phase run side by side; true if absent.
    pub(crate) use_conductor: Option<bool>,
    /// The most credits to spend; the estimate if absent.
    #[schema(minimum = 1)]
    pub(crate) max_credits: Option<i64>,
    /// A failure to act out; in development mode only.
    pub(crate) script: Option<ScriptBody>,
}

/// A failure to act out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "fail")]
#[schema(example = json!({ "fail": "provider", "phase": "design", "times": 1 }))]
pub(crate) enum ScriptBody {
    /// The model provider fails.
    Provider {
        /// In which phase.
        phase: String,
        /// In how many attempts; 1 if absent.
        times: Option<u32>,
        /// What it charges for each failed call; nothing if absent.
        #[schema(minimum = 0)]
        charged_micro_usd: Option<i64>,
    },
    /// The platform's own code fails, in every attempt.
    Internal {
        /// In which phase.
        phase: String,
    },
}

impl BuildBody {
    /// All that is asked for, or all that is wrong with it.
    pub(crate) fn wish(self, mode: Mode) -> Result<(BuildRequest, ForProject), Problem> {
        let mut check = Check::default();
        let description = check.field("/description", Description::parse(&self.description));
        let id = self.project_id.as_deref();
        let id = check.optional("/project_id", id, str::parse::<ProjectId>);
        let name = self.project_name.as_deref();
        let name = check.optional("/project_name", name, ProjectName::parse);
        if self.project_id.is_some() && self.project_name.is_some() {
            check.note("/project_name", "CONFLICT", "must not be given along with project_id");
        }
        let tier = check.optional("/tier", self.tier.as_deref(), str::parse::<BuildTier>);
        let users = text(&mut check, "/target_users", self.target_users);
        let constraints = text(&mut check, "/tech_constraints", self.tech_constraints);
        if self.max_credits.is_some_and(|credits| credits < 1) {
            check.note("/max_credits", "OUT_OF_RANGE", "must be at least 1");
        }
        let script = self.script.and_then(|script| script.read(&mut check, mode));
        let (description, id, name, tier) = check.all((description, id, name, tier))?;
        let request = BuildRequest {
            description,
            tier: tier.unwrap_or(BuildTier::Starter),
            target_users: users,
            tech_constraints: constraints,
            use_conductor: self.use_conductor.unwrap_or(true),
            max_credits: self.max_credits.map(Credits::new),
            script,
        };
        let project = match (id, name) {
            (Some(id), _) => ForProject::Existing(id),
            (None, Some(name)) => ForProject::Named(name),
            (None, None) => ForProject::Unnamed,
        };
        Ok((request, project))
    }
}

impl ScriptBody {
    fn read(self, check: &mut Check, mode: Mode) -> Option<Script> {
        if mode == Mode::Production {
            check.note("/script", "DEVELOPMENT_ONLY", "is taken in development mode only");
            return None;
        }
        let mut named = |name: &str| {
            let phase = Phase::from_name(name);
            if phase.is_none() {
                check.note("/script/phase", "UNKNOWN_PHASE", "names no phase");
            }
            phase
        };
        match self {
            Self::Internal { phase } => Some(Script::Internal { phase: named(&phase)? }),
            Self::Provider { phase, times, charged_micro_usd } => {
                let phase = named(&phase);
                let charged = charged_micro_usd.unwrap_or(0);
                if charged < 0 {
                    let message = "must be 0 or more";
                    check.note("/script/charged_micro_usd", "OUT_OF_RANGE", message);
                }
                let times = times.unwrap_or(1);
                Some(Script::Provider { phase: phase?, times, charged: MicroUsd::new(charged) })
            }
        }
    }
}

/// A trimmed text of bounded length; an empty one is none.
fn text(check: &mut Check, pointer: &str, text: Option<String>) -> Option<String> {
    let text = text?.trim().to_owned();
    if text.chars().count() > LONGEST_TEXT {
        check.note(pointer, "TOO_LONG", format!("has more than {LONGEST_TEXT} characters"));
    }
    Some(text).filter(|text| !text.is_empty())
}
