//! What the form carries, as it was typed and as it was meant.

use keelway_builds::{BuildRequest, Description, ProjectName};
use keelway_http::Problem;
use keelway_http::check::Check;
use keelway_kernel::{BuildTier, Credits, ProjectId};
use keelway_platform::builds::ForProject;
use serde::Deserialize;

/// The most characters that say who an app is for.
const LONGEST_USERS: usize = 2_000;

/// The form's fields, kept as they were typed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::projects) struct Ask {
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) tier: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) users: String,
    /// The most credits it may use; empty for what the estimate says.
    #[serde(default)]
    pub(super) limit: String,
    /// The project whose next version is asked for; empty for a new one.
    #[serde(default)]
    pub(super) project: String,
    /// The parked request it began with.
    #[serde(default)]
    pub(super) queue: String,
    /// The credits that the pressed button named.
    #[serde(default)]
    pub(super) agreed: String,
}

/// A wish that can be granted.
pub(super) struct Wish {
    pub(super) request: BuildRequest,
    pub(super) project: ForProject,
    /// The new project's name, if one was given.
    pub(super) name: Option<ProjectName>,
}

impl Ask {
    /// An empty form.
    pub(super) fn sized(tier: BuildTier) -> Self {
        Self {
            description: String::new(),
            tier: tier.as_str().to_owned(),
            name: String::new(),
            users: String::new(),
            limit: String::new(),
            project: String::new(),
            queue: String::new(),
            agreed: String::new(),
        }
    }

    /// What was asked for before.
    pub(super) fn again(request: &BuildRequest, project: String) -> Self {
        Self {
            description: request.description.as_str().to_owned(),
            users: request.target_users.clone().unwrap_or_default(),
            limit: request.max_credits.map(|most| most.to_string()).unwrap_or_default(),
            project,
            ..Self::sized(request.tier)
        }
    }

    /// The most that may be charged, if a confirmation was pressed.
    pub(super) fn agreed(&self) -> Option<i64> {
        self.agreed.parse().ok()
    }

    /// All that is asked for, or all that is wrong with it.
    pub(super) fn wish(&self) -> Result<Wish, Problem> {
        let mut check = Check::default();
        let description = check.field("/description", Description::parse(&unix(&self.description)));
        let given = |text: &str| Some(unix(text.trim())).filter(|text| !text.is_empty());
        let (tier, name, id) = (given(&self.tier), given(&self.name), given(&self.project));
        let tier = check.optional("/tier", tier.as_deref(), str::parse::<BuildTier>);
        let name = check.optional("/name", name.as_deref(), ProjectName::parse);
        let id = check.optional("/project", id.as_deref(), str::parse::<ProjectId>);
        let limit = given(&self.limit).map(|limit| limit.parse().ok().filter(|most| *most > 0));
        if limit == Some(None) {
            check.note("/limit", "OUT_OF_RANGE", "must be a whole number from 1".to_owned());
        }
        let users = given(&self.users);
        if users.as_ref().is_some_and(|users| users.chars().count() > LONGEST_USERS) {
            check.note("/users", "TOO_LONG", "has more than 2,000 characters".to_owned());
        }
        let (description, tier, name, id) = check.all((description, tier, name, id))?;
        let project = match (id, &name) {
            (Some(id), _) => ForProject::Existing(id),
            (None, Some(name)) => ForProject::Named(name.clone()),
            (None, None) => ForProject::Unnamed,
        };
        let request = BuildRequest {
            description,
            tier: tier.unwrap_or(BuildTier::Starter),
            target_users: users,
            tech_constraints: None,
            use_conductor: true,
            max_credits: limit.flatten().map(Credits::new),
            script: None,
        };
        Ok(Wish { request, project, name })
    }
}

impl Wish {
    /// What is set aside of an estimate.
    pub(super) fn capped(&self, estimated: Credits) -> Credits {
        self.request.max_credits.map_or(estimated, |limit| limit.min(estimated))
    }

    /// Whether it is what `request` asks for, in the same words.
    pub(super) fn says(&self, request: &BuildRequest) -> bool {
        let users = request.target_users.as_deref().map(unix);
        self.request.description.as_str() == unix(request.description.as_str())
            && self.request.tier == request.tier
            && self.request.max_credits == request.max_credits
            && self.request.target_users == users
    }
}

/// Browsers end every line of a form's text with two characters.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}
