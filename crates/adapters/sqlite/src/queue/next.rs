//! Whose turn it is.

use keelway_builds::{Build, Project, queue};
use keelway_kernel::{BuildId, StoreError, Timestamp};
use keelway_rows::build::BuildRow;
use keelway_rows::project::ProjectRow;
use keelway_rows::{Moment, json};
use sqlx::sqlite::SqliteRow;
use sqlx::types::Uuid;
use sqlx::{FromRow as _, Row as _, SqliteConnection};

use crate::builds::build_columns;
use crate::error::{Broken, Sql};
use crate::trip::{Trip, first};

/// Whether a delay is over.
pub(crate) const OVER: &str = "SELECT EXISTS (
         SELECT 1 FROM build_queue WHERE standing = 'delayed' AND due_at <= ?)";

/// The one look-up that taking costs: the first row of `build_queue_next` that is none of `?`,
/// with its build and its project.
pub(crate) const NEXT: &str = concat!(
    "SELECT q.build_id, q.band, q.tag,
            (SELECT virtual_time FROM queue_bands WHERE band = q.band) AS virtual_time, ",
    build_columns!(),
    ", p.name, p.slug, p.site, p.live_snapshot_id, p.created_at AS project_created_at
     FROM (
         SELECT tenant_id, build_id, band, tag, standing, due_at, worker
         FROM build_queue
         WHERE standing = 'ready' AND hex(build_id) NOT IN (SELECT value FROM json_each(?))
         ORDER BY band, tag, build_id
         LIMIT 1) q
     LEFT JOIN builds b ON b.tenant_id = q.tenant_id AND b.id = q.build_id
     LEFT JOIN projects p ON p.tenant_id = b.tenant_id AND p.id = b.project_id"
);

/// What a look at the queue finds.
pub(crate) struct Look {
    /// Whether a delay is over: what waited for that comes into its place first.
    pub(crate) is_over: bool,
    pub(crate) next: Option<Next>,
}

/// The row whose turn it is.
pub(crate) struct Next {
    pub(crate) id: BuildId,
    /// The build with its project, unless it cannot be read.
    pub(crate) read: Sql<(Build, Project)>,
    pub(crate) place: Place,
}

/// A place in the queue.
#[derive(sqlx::FromRow)]
pub(crate) struct Place {
    band: i64,
    tag: i64,
    /// The band's, if anything was ever taken from it.
    virtual_time: Option<i64>,
}

/// Looks whose turn it is, but for builds that are left out.
pub(crate) async fn look(
    connection: &mut SqliteConnection,
    now: Timestamp,
    left_out: &[BuildId],
) -> Sql<Look> {
    let left_out: Vec<String> = left_out.iter().map(|build| hex(*build)).collect();
    let asked = Trip::default().add(OVER).bind(now.as_micros()).add(NEXT).bind(json(&left_out)?);
    let [over, found] = asked.read(connection).await?;
    let over: Option<(bool,)> = first(&over)?;
    Ok(Look {
        is_over: over.is_some_and(|(over,)| over),
        next: found.first().map(Next::of).transpose()?,
    })
}

fn hex(build: BuildId) -> String {
    format!("{:X}", build.as_uuid().simple())
}

impl Next {
    fn of(row: &SqliteRow) -> Sql<Self> {
        let id = BuildId::from_uuid(row.try_get("build_id")?);
        Ok(Self { id, read: read(row, id), place: Place::from_row(row)? })
    }
}

/// The build of the row and its project.
fn read(row: &SqliteRow, id: BuildId) -> Sql<(Build, Project)> {
    // What has no build, or no project, is one row whose build or project is NULL throughout.
    let name: Option<String> = row.try_get("name")?;
    let name = name.ok_or_else(|| Broken(StoreError::corrupt("build", id)))?;
    let build = BuildRow::from_row(row)?.decode()?;
    let project = ProjectRow {
        tenant_id: build.tenant.as_uuid(),
        id: build.project.as_uuid(),
        name,
        slug: row.try_get("slug")?,
        site: row.try_get("site")?,
        live_snapshot_id: row.try_get::<Option<Uuid>, _>("live_snapshot_id")?,
        created_at: row.try_get::<Moment, _>("project_created_at")?,
    };
    Ok((build, project.decode()?))
}

impl Trip {
    /// Moves a band's virtual time on to what is taken from it.
    pub(crate) fn put_advanced(self, taken: &Place) -> Self {
        self.add(
            "INSERT INTO queue_bands (band, virtual_time) VALUES (?, ?)
             ON CONFLICT (band) DO UPDATE SET virtual_time = excluded.virtual_time",
        )
        .bind(taken.band)
        .bind(queue::advance(taken.virtual_time.unwrap_or(0), taken.tag))
    }

    /// Lets builds whose delay is over back into their places, at most `limit`.
    pub(crate) fn put_woken(self, now: Timestamp, limit: u32) -> Self {
        self.add_any(
            "UPDATE build_queue SET standing = 'ready', due_at = NULL
             WHERE (tenant_id, build_id) IN (
                 SELECT tenant_id, build_id FROM build_queue
                 WHERE standing = 'delayed' AND due_at <= ?
                 ORDER BY due_at
                 LIMIT ?)",
        )
        .bind(now.as_micros())
        .bind(i64::from(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::Database;

    /// Whether the planner was ever told about data makes no difference: there is one index.
    #[tokio::test]
    async fn taking_is_one_index_look_up() {
        let mut database = Database::migrated().await;
        let over = database.plan(OVER).await;
        let delayed =
            "SEARCH build_queue USING COVERING INDEX build_queue_due (standing=? AND due_at<?)";
        assert_eq!(over, ["SCAN CONSTANT ROW", "SCALAR SUBQUERY 1", delayed]);
        let next = database.plan(NEXT).await;
        assert_eq!(
            next,
            [
                "CO-ROUTINE q",
                "SEARCH build_queue USING INDEX build_queue_next (standing=?)",
                "LIST SUBQUERY 2",
                "SCAN json_each VIRTUAL TABLE INDEX 1:",
                "CREATE BLOOM FILTER",
                "SCAN q",
                "SEARCH b USING INDEX sqlite_autoindex_builds_1 (tenant_id=? AND id=?) LEFT-JOIN",
                "SEARCH p USING INDEX sqlite_autoindex_projects_2 (tenant_id=? AND id=?) LEFT-JOIN",
                "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH queue_bands USING INTEGER PRIMARY KEY (rowid=?)",
            ]
        );
    }
}
