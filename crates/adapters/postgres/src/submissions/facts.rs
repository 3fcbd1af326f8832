//! What a submission rests on, in one statement.

use keelway_access::Slug;
use keelway_builds::ProjectLock;
use keelway_builds::project::ProjectFacts;
use keelway_builds::queue::{Lane, band};
use keelway_builds::submit::{ProjectChoice, Submit, SubmitError, SubmitFacts, Submitted};
use keelway_credits::Account;
use keelway_kernel::{Once, ProjectId, QueueId, TenantId};
use keelway_rows::credits::HoldRow;
use keelway_rows::guest::GuestRow;
use keelway_rows::project::{LockRow, ProjectRow};
use keelway_rows::reply::ReplyRow;
use keelway_rows::tenant::PlanRow;
use keelway_rows::{Moment, Of};

use crate::audit::{Ends, Last, chain_end};
use crate::credits::{AccountColumns, account_columns, due_holds, holds};
use crate::error::{Sql, Stop};
use crate::idempotency::{self, reply_to};
use crate::queue::occupied;
use crate::record::Record;
use crate::tx::Tx;

/// No month is longer.
const LONGEST_MONTH_SECONDS: i64 = 32 * 24 * 60 * 60;

/// What was not named is NULL, and is not found. Which month it is and which band the tenant has
/// follow from its plan, which is only now looked up: so there are all that it could be, which
/// are few.
const FACTS: &str = concat!(
    "SELECT ",
    reply_to!("$8", "$9", "$10", "$3"),
    " AS reply,
     (SELECT ",
    plan_row!(),
    " FROM tenants WHERE id = $1) AS plan,
     ARRAY(SELECT ROW(period_start, builds_created) FROM tenant_usage
           WHERE tenant_id = $1 AND period_start > $7 AND period_start <= $3) AS months,
     (SELECT ",
    project_row!(),
    " FROM projects WHERE tenant_id = $1 AND id = $4) AS project,
     (SELECT ",
    lock_row!(),
    " FROM builds
       WHERE tenant_id = $1 AND project_id = $4 AND state IN ('queued', 'building')) AS lock,
     (SELECT count(*) FROM projects WHERE tenant_id = $1 AND $5::text IS NOT NULL) AS projects,
     EXISTS (SELECT 1 FROM projects WHERE tenant_id = $1 AND slug = $5) AS slug_taken,
     (SELECT ",
    guest_row!(),
    " FROM guest_entries WHERE id = $6) AS guest,
     ",
    occupied!(),
    " AS occupied,
     ARRAY(SELECT ROW(band, virtual_time) FROM queue_bands) AS bands,
     ARRAY(SELECT ROW(band, last_tag) FROM queue_tenants WHERE tenant_id = $1) AS last_tags,
     ",
    account_columns!("$1"),
    ",
     ",
    due_holds!("$3"),
    " AS due,
     ",
    chain_end!("$1"),
    " AS newest"
);

/// What a submission rests on, and where its tenant's audit chain ends.
pub(super) struct Known {
    pub(super) facts: SubmitFacts,
    pub(super) chain: Ends,
}

/// What was found for a submission.
#[derive(sqlx::FromRow)]
pub(super) struct Found {
    reply: Option<Record<ReplyRow>>,
    plan: Option<Record<PlanRow>>,
    months: Vec<(Moment, i64)>,
    project: Option<Record<ProjectRow>>,
    lock: Option<Record<LockRow>>,
    projects: i64,
    slug_taken: bool,
    guest: Option<Record<GuestRow>>,
    occupied: i64,
    bands: Vec<(i64, i64)>,
    last_tags: Vec<(i64, i64)>,
    #[sqlx(flatten)]
    account: AccountColumns,
    due: Vec<Record<HoldRow>>,
    newest: Last,
}

impl Found {
    pub(super) async fn load(tx: &mut Tx, cmd: &Submit) -> Sql<Self> {
        let now = tx.now;
        let (project, slug) = match &cmd.project {
            ProjectChoice::Existing(project) => (Some(*project), None),
            ProjectChoice::New(new) => (None, Some(new.slug())),
        };
        let keyed = cmd.keyed.as_ref();
        let found = sqlx::query_as(FACTS)
            .bind(cmd.scope.tenant().as_uuid())
            .bind(cmd.build.as_uuid())
            .bind(Moment(now))
            .bind(project.map(ProjectId::as_uuid))
            .bind(slug.as_ref().map(Slug::as_str))
            .bind(cmd.guest.map(QueueId::as_uuid))
            .bind(Moment(now.plus_seconds(-LONGEST_MONTH_SECONDS)))
            .bind(keyed.map(|keyed| keyed.owner.as_str()))
            .bind(keyed.map(|keyed| keyed.route))
            .bind(keyed.map(|keyed| keyed.key.as_str()))
            .fetch_one(&mut **tx)
            .await?;
        Ok(found)
    }

    /// What the same was answered before, if it was.
    pub(super) fn replayed(
        &mut self,
        cmd: &Submit,
    ) -> Result<Option<Once<Submitted>>, Stop<SubmitError>> {
        let Some(keyed) = &cmd.keyed else { return Ok(None) };
        idempotency::replayed(keyed, self.reply.take())
    }

    pub(super) fn decode(self, tx: &Tx, id: TenantId) -> Sql<Known> {
        let row = Of("tenant", &id);
        let Record(plan) = row.known(self.plan)?;
        let tenant = plan.decode(tx.now)?;
        let month = Moment(tenant.month.start());
        let builds = self.months.iter().find(|(start, _)| *start == month);
        let limits = tenant.plan(&tx.rules).limits;
        let band = band(limits.priority);
        let in_band = |found: &[(i64, i64)]| {
            found.iter().find(|(of, _)| *of == band).map_or(0, |(_, found)| *found)
        };
        let mut chain = Ends::default();
        chain.found(id.as_uuid(), self.newest)?;
        let facts = SubmitFacts {
            builds_this_month: builds.map_or(Ok(0), |(_, builds)| row.number(*builds))?,
            project: self.project.map(|Record(row)| row.decode()).transpose()?,
            new_project: ProjectFacts {
                projects: row.number(self.projects)?,
                slug_taken: self.slug_taken,
            },
            lock: self.lock.map(|Record(row)| ProjectLock::from(row)),
            // Whoever was never granted anything has an empty account.
            account: self.account.decode()?.unwrap_or_else(|| Account::new(id)),
            due: holds(self.due)?,
            lane: Lane {
                band,
                virtual_time: in_band(&self.bands),
                last_tag: in_band(&self.last_tags),
                occupied: row.number(self.occupied)?,
                limit: limits.concurrent_builds.get(),
            },
            guest: self.guest.map(|Record(row)| row.decode()).transpose()?,
            tenant,
        };
        Ok(Known { facts, chain })
    }
}
