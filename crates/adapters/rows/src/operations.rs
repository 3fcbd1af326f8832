//! What those who run the platform look at.

use keelway_access::{Slug, WorkspaceName};
use keelway_builds::operations::{BuildAnywhere, HeldLease, Standings, TenantRef, WaitingBuild};
use keelway_builds::queue::{self, Ahead};
use keelway_builds::{Phase, ProjectName, Standing};
use keelway_kernel::{BuildId, Cursor, Millis, ProjectId, StoreError, TenantId, Timestamp};
use sqlx::FromRow;
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::Of;
use crate::overview::SummaryRow;

/// The columns of `tenants` that name one, each with `t_` before its name.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct TenantRefRow {
    #[sqlx(rename = "t_id")]
    pub id: Uuid,
    #[sqlx(rename = "t_slug")]
    pub slug: String,
    #[sqlx(rename = "t_name")]
    pub name: String,
}

impl TenantRefRow {
    /// The tenant by its names.
    pub fn decode(self) -> Result<TenantRef, StoreError> {
        let id = TenantId::from_uuid(self.id);
        let row = Of("tenant", &id);
        Ok(TenantRef {
            id,
            slug: row.parsed(Slug::parse(&self.slug))?,
            name: row.parsed(WorkspaceName::stored(&self.name))?,
        })
    }
}

/// A tenant's builds in the queue.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct StandingsRow {
    #[sqlx(flatten)]
    pub tenant: TenantRefRow,
    pub ready: i64,
    pub parked: i64,
    pub delayed: i64,
    pub leased: i64,
    pub oldest: Option<Moment>,
}

impl StandingsRow {
    /// The tenant and its builds in the queue.
    pub fn decode(self) -> Result<(TenantRef, Standings), StoreError> {
        let tenant = self.tenant.decode()?;
        let row = Of("queue of tenant", &tenant.id);
        let standings = Standings {
            ready: row.number(self.ready)?,
            parked: row.number(self.parked)?,
            delayed: row.number(self.delayed)?,
            leased: row.number(self.leased)?,
            oldest: self.oldest.map(Timestamp::from),
        };
        Ok((tenant, standings))
    }
}

/// A waiting build.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct WaitingRow {
    #[sqlx(flatten)]
    pub tenant: TenantRefRow,
    pub build_id: Uuid,
    pub project_id: Uuid,
    pub project_name: String,
    pub standing: String,
    pub band: i64,
    pub tag: i64,
    pub due_at: Option<Moment>,
    pub enqueued_at: Moment,
}

/// What the queue is like around waiting builds.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// Builds being built.
    pub running: u64,
    /// The smoothed time a build takes.
    pub pace_ms: Millis,
    /// The time.
    pub now: Timestamp,
}

impl WaitingRow {
    /// Where the list goes on behind it.
    pub fn cursor(&self) -> Cursor {
        Cursor { key: queue::sort_key(self.band, self.tag), id: self.build_id }
    }

    /// The build, behind `waiting` others.
    pub fn decode(self, waiting: u64, around: Around) -> Result<WaitingBuild, StoreError> {
        let build = BuildId::from_uuid(self.build_id);
        let row = Of("queue", &build);
        let ahead = Ahead { waiting, running: around.running, pace_ms: around.pace_ms };
        let position = queue::position(&ahead, around.now);
        Ok(WaitingBuild {
            build,
            tenant: self.tenant.decode()?,
            project: ProjectId::from_uuid(self.project_id),
            project_name: row.parsed(ProjectName::stored(&self.project_name))?,
            standing: row.known(Standing::from_name(&self.standing))?,
            priority: queue::priority(self.band),
            place: position.place,
            since: Timestamp::from(self.enqueued_at),
            due_at: self.due_at.map(Timestamp::from),
            estimated_start: position.estimated_start,
        })
    }
}

/// A build of any tenant.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct AnywhereRow {
    #[sqlx(flatten)]
    pub tenant: TenantRefRow,
    #[sqlx(flatten)]
    pub build: SummaryRow,
    pub project_name: String,
}

impl AnywhereRow {
    /// The build with its tenant.
    pub fn decode(self) -> Result<BuildAnywhere, StoreError> {
        let build = self.build.decode()?;
        let name = ProjectName::stored(&self.project_name);
        Ok(BuildAnywhere {
            tenant: self.tenant.decode()?,
            project_name: Of("project", &build.project).parsed(name)?,
            build,
        })
    }
}

/// Where the list of all builds goes on.
pub fn cursor(of: &BuildAnywhere) -> Cursor {
    Cursor { key: 0, id: of.build.id.as_uuid() }
}

/// A leased build.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct LeaseRow {
    #[sqlx(flatten)]
    pub tenant: TenantRefRow,
    pub build_id: Uuid,
    pub project_name: String,
    pub worker: Option<String>,
    pub attempt: i64,
    pub phase: Option<String>,
    pub cancel_requested: bool,
    pub started_at: Option<Moment>,
    pub due_at: Option<Moment>,
}

impl LeaseRow {
    /// The lease.
    pub fn decode(self) -> Result<HeldLease, StoreError> {
        let build = BuildId::from_uuid(self.build_id);
        let row = Of("lease", &build);
        let phase = self.phase.map(|name| row.known(Phase::from_name(&name))).transpose()?;
        Ok(HeldLease {
            build,
            tenant: self.tenant.decode()?,
            project_name: row.parsed(ProjectName::stored(&self.project_name))?,
            worker: row.known(self.worker)?,
            attempt: row.number(self.attempt)?,
            phase,
            cancel_requested: self.cancel_requested,
            started_at: self.started_at.map(Timestamp::from),
            until: row.known(self.due_at)?.into(),
        })
    }
}
