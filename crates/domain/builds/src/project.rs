//! Projects: one app of a tenant.

use std::fmt;

use keelway_access::{NameError, Slug, WorkspaceName};
use keelway_kernel::{
    Actor, BuildId, Keyed, Period, ProjectId, SnapshotId, TenantId, TenantScope, Tier, Timestamp,
    UserId, once::KeyReused,
};
use keelway_tiers::{Demand, LimitExceeded, Limited, LimitsOverride, Plan};

use crate::{Description, Rules, SiteLabel};

/// What a project is called: 1 to 80 characters of any script, none of them a control.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProjectName(WorkspaceName);

impl ProjectName {
    /// Trims `text` and checks what is left.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        WorkspaceName::parse(text).map(Self)
    }

    /// A name that was kept, as [`WorkspaceName::stored`].
    pub fn stored(text: &str) -> Result<Self, NameError> {
        WorkspaceName::stored(text).map(Self)
    }

    /// A name for a project whose maker gave none: the description's first clause, without
    /// "a website for" and the like in front.
    pub fn from_description(description: &Description) -> Self {
        let subject = crate::naming::subject(description.as_str());
        Self::parse(&subject).unwrap_or_else(|_| Self::untitled())
    }

    fn untitled() -> Self {
        match WorkspaceName::parse("Untitled") {
            Ok(name) => Self(name),
            Err(_) => unreachable!("a plain word is a name"),
        }
    }

    /// The trimmed text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// What a part of a name is looked for in, and as: `text` in lower case.
    pub fn search_key(text: &str) -> String {
        text.trim().to_lowercase()
    }

    /// The slug that goes with the name.
    pub fn slug(&self) -> Slug {
        Slug::from_name(&self.0)
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A project as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What people call it.
    pub name: ProjectName,
    /// Unique inside the tenant.
    pub slug: Slug,
    /// Where its deployment is served.
    pub site: SiteLabel,
    /// What is served there, once something is.
    pub live: Option<SnapshotId>,
    /// Since when it exists.
    pub created_at: Timestamp,
}

/// A project about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProject {
    /// Its id.
    pub id: ProjectId,
    /// What people will call it; also makes its slug.
    pub name: ProjectName,
    /// Where its deployment will be served; also makes the slug unique where it must be.
    pub site: SiteLabel,
}

impl NewProject {
    /// The slug it asks for: what a store looks up to fill [`ProjectFacts::slug_taken`].
    pub fn slug(&self) -> Slug {
        self.name.slug()
    }
}

/// What a store knows of a tenant whenever its plan matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantFacts {
    /// What it has subscribed to.
    pub tier: Tier,
    /// Its own limits, put over those of its tier.
    pub own_limits: LimitsOverride,
    /// The calendar month that now falls in, in its time zone.
    pub month: Period,
}

impl TenantFacts {
    /// The tenant's limits, and which tier would allow more.
    pub fn plan<'rules>(&self, rules: &'rules Rules) -> Plan<'rules> {
        rules.limits.plan(self.tier, &self.own_limits)
    }
}

/// What a store knows when a project is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectFacts {
    /// How many projects the tenant has.
    pub projects: u64,
    /// Whether it has one under the slug asked for.
    pub slug_taken: bool,
}

/// Decides whether `new` is made, and under which slug.
pub fn create_project(
    tenant: &TenantFacts,
    facts: &ProjectFacts,
    cmd: (TenantScope, &NewProject),
    rules: &Rules,
    now: Timestamp,
) -> Result<Project, LimitExceeded> {
    let (scope, new) = cmd;
    let demand = Demand { of: Limited::Projects, used: facts.projects, more: 1 };
    tenant.plan(rules).within(demand, tenant.month)?;
    let mut slug = new.slug();
    if facts.slug_taken {
        let label = new.site.as_str();
        let suffixed = format!("{}-{}", slug.as_str(), &label[label.len().saturating_sub(8)..]);
        slug = Slug::parse(&suffixed).unwrap_or(slug);
    }
    Ok(Project {
        id: new.id,
        tenant: scope.tenant(),
        name: new.name.clone(),
        slug,
        site: new.site.clone(),
        live: None,
        created_at: now,
    })
}

/// The active build of a project, which keeps others out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectLock {
    /// The build that holds it.
    pub build: BuildId,
    /// Who started that build.
    pub holder: UserId,
    /// Since when.
    pub since: Timestamp,
}

/// Makes a project without a build.
#[derive(Debug, Clone)]
pub struct CreateProject {
    /// For whom.
    pub scope: TenantScope,
    /// Who asks.
    pub actor: Actor,
    /// What is to be made.
    pub project: NewProject,
    /// The caller's idempotency key, if there is one.
    pub keyed: Option<Keyed<Project>>,
}

/// Why a project was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateProjectError {
    /// The tenant has as many as its tier allows.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The idempotency key belongs to another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
}
