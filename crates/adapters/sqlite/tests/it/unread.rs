//! Builds that cannot be read stop no others.

use keelway_builds::BuildState;
use keelway_builds::ports::{BuildQueue as _, Builds as _, Inspector as _};
use keelway_builds::run::Take;
use keelway_contract::Owned;
use keelway_kernel::BuildId;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::opened::Opened;

/// What breaks something that taking the only build there is rests on, what mends it, and what the
/// inspector says meanwhile.
const BROKEN: [[&str; 3]; 4] = [
    [
        "DROP TRIGGER builds_legal_transition; ALTER TABLE builds ADD sound TEXT;
         UPDATE builds SET sound = request, request = '{}'",
        "UPDATE builds SET request = sound WHERE sound IS NOT NULL",
        "stored build bld_",
    ],
    [
        "ALTER TABLE projects ADD sound TEXT; UPDATE projects SET sound = slug, slug = ''",
        "UPDATE projects SET slug = sound WHERE sound IS NOT NULL",
        "stored project prj_",
    ],
    [
        "DROP TRIGGER builds_legal_transition; ALTER TABLE builds ADD sound BLOB;
         UPDATE builds SET sound = project_id, project_id = zeroblob(16)",
        "UPDATE builds SET project_id = sound WHERE sound IS NOT NULL",
        "refers to none in projects",
    ],
    [
        "DROP TRIGGER builds_legal_transition; UPDATE builds SET attempt = 1;
         INSERT INTO build_work SELECT tenant_id, id, 1, 'no agent', '', '', 0, 0, 0, '', 0, 0
         FROM builds",
        "DELETE FROM build_work",
        "stored work bld_",
    ],
];

/// The build that a look at the queue finds.
async fn next(opened: &Opened) -> Option<BuildId> {
    let cmd = Take { worker: "worker-1".into(), ttl_ms: 60_000 };
    opened.store.take(cmd).await.unwrap().map(|taken| taken.build.id)
}

/// All that is stored of builds, their projects and places.
async fn rows(opened: &Opened) -> Vec<Vec<Option<Vec<u8>>>> {
    let rows = sqlx::query(
        "SELECT * FROM builds b JOIN build_queue q ON q.build_id = b.id
         LEFT JOIN projects p ON p.id = b.project_id ORDER BY b.id",
    );
    let bytes = |row: SqliteRow| (0..row.len()).map(|at| row.get_unchecked(at)).collect();
    rows.fetch_all(&opened.raw).await.unwrap().into_iter().map(bytes).collect()
}

#[tokio::test]
async fn a_build_that_cannot_be_read_keeps_its_place_and_stops_no_other() {
    for [breaks, mends, said] in BROKEN {
        let opened = Opened::new().await;
        let fx = &opened.fx;
        let (first, second) = (fx.funded(100).await, fx.funded(100).await);
        let broken = fx.submitted(first).await.build.id;
        opened.tamper(breaks).await.unwrap();
        let before = rows(&opened).await;
        fx.clock.advance(1);
        let sound = fx.submitted(second).await.build.id;

        assert_eq!(next(&opened).await, Some(sound), "{breaks}");
        assert!(rows(&opened).await.contains(&before[0]), "{breaks}");
        let found = opened.store.inspect().await.unwrap().violations;
        assert!(found.iter().any(|violation| violation.detail.contains(said)), "{found:?}");
        // It is not even looked at until the minute is over.
        opened.tamper(mends).await.unwrap();
        assert_eq!(next(&opened).await, None, "{breaks}");
        fx.clock.advance(60);
        assert_eq!(next(&opened).await, Some(broken), "{breaks}");
    }
}

/// More than a sweep handles, ahead of a sound build in every order there is.
const MANY: &str = "
    CREATE TEMP TABLE copies AS
    WITH RECURSIVE series (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM series WHERE n < 150)
    SELECT b.* FROM builds b, series;
    UPDATE copies SET id = randomblob(16), project_id = randomblob(16), hold_id = randomblob(16),
                      request = 'not a request';
    INSERT INTO builds SELECT * FROM copies;
    INSERT INTO build_queue
    SELECT c.tenant_id, c.id, q.standing, q.band, q.tag - 1, q.due_at - 1, NULL, q.enqueued_at
    FROM copies c, build_queue q";

/// A sound build behind many that cannot be read.
async fn behind_many() -> (Opened, Owned, BuildId) {
    let opened = Opened::new().await;
    let owned = opened.fx.funded(100).await;
    let sound = opened.fx.submitted(owned).await.build.id;
    opened.tamper(MANY).await.unwrap();
    (opened, owned, sound)
}

#[tokio::test]
async fn what_is_behind_many_that_cannot_be_read_is_taken() {
    let (opened, _, sound) = behind_many().await;
    assert_eq!(next(&opened).await, Some(sound));
    assert_eq!(next(&opened).await, None);
}

#[tokio::test]
async fn what_is_overdue_behind_many_that_cannot_be_read_expires() {
    let (opened, owned, sound) = behind_many().await;
    opened.fx.clock.advance(7 * 24 * 60 * 60);
    let swept = [opened.store.sweep(0).await.unwrap(), opened.store.sweep(0).await.unwrap()];
    assert_eq!(swept, [0, 1]);
    let build = opened.store.find(owned.scope, sound).await.unwrap().unwrap();
    assert_eq!(build.status.state(), BuildState::Expired);
    assert_eq!(rows(&opened).await.len(), 150);
}
