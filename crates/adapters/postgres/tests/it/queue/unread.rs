//! Builds that cannot be read stop no others.

use keelway_builds::BuildState;
use keelway_builds::ports::{BuildQueue as _, Builds as _, Inspector as _};
use keelway_contract::Owned;
use keelway_kernel::BuildId;

use super::next;
use crate::opened::Opened;

/// What breaks something that taking the only build there is rests on, what mends it, and what the
/// inspector says meanwhile.
const BROKEN: [[&str; 3]; 4] = [
    [
        "ALTER TABLE builds ADD sound text; UPDATE builds SET sound = request, request = '{}'",
        "UPDATE builds SET request = sound WHERE sound IS NOT NULL",
        "stored build bld_",
    ],
    [
        "ALTER TABLE projects ADD sound text; UPDATE projects SET sound = slug, slug = ''",
        "UPDATE projects SET slug = sound WHERE sound IS NOT NULL",
        "stored project prj_",
    ],
    [
        "ALTER TABLE builds ADD sound uuid;
         UPDATE builds SET sound = project_id, project_id = gen_random_uuid()",
        "UPDATE builds SET project_id = sound WHERE sound IS NOT NULL",
        "refers to none in projects",
    ],
    [
        "UPDATE builds SET attempt = 1;
         INSERT INTO build_work SELECT tenant_id, id, 1, 'no agent', '', '', 0, 0, 0, '', now(), now()
         FROM builds",
        "DELETE FROM build_work",
        "stored work bld_",
    ],
];

/// All that is stored of builds, their projects and places.
async fn rows(opened: &Opened) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat(to_jsonb(b), to_jsonb(q), to_jsonb(p))
         FROM builds b JOIN build_queue q ON q.build_id = b.id
         LEFT JOIN projects p ON p.id = b.project_id ORDER BY b.id",
    )
    .fetch_all(&mut opened.raw().await)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_cannot_be_read_keeps_its_place_and_stops_no_other() {
    for [breaks, mends, said] in BROKEN {
        let opened = Opened::new().await;
        let fx = &opened.fx;
        let (first, second) = (fx.funded(100).await, fx.funded(100).await);
        let broken = fx.submitted(first).await.build.id;
        opened.tamper(breaks).await;
        let before = rows(&opened).await;
        fx.clock.advance(1);
        let sound = fx.submitted(second).await.build.id;

        assert_eq!(next(&opened).await, Some(sound), "{breaks}");
        assert!(rows(&opened).await.contains(&before[0]), "{breaks}");
        let found = opened.store.inspect().await.unwrap().violations;
        assert!(found.iter().any(|violation| violation.detail.contains(said)), "{found:?}");
        // It is not even looked at until the minute is over.
        opened.tamper(mends).await;
        assert_eq!(next(&opened).await, None, "{breaks}");
        fx.clock.advance(60);
        assert_eq!(next(&opened).await, Some(broken), "{breaks}");
    }
}

/// More than a sweep handles, ahead of a sound build in every order there is.
const MANY: &str = "
    CREATE TEMP TABLE copies AS SELECT b.* FROM builds b, generate_series(1, 150);
    UPDATE copies SET id = gen_random_uuid(), project_id = gen_random_uuid(),
                      hold_id = gen_random_uuid(), request = 'not a request';
    INSERT INTO builds SELECT * FROM copies;
    INSERT INTO build_queue
    SELECT c.tenant_id, c.id, q.standing, q.band, q.tag - 1, q.due_at - interval '1 s', NULL,
           q.enqueued_at
    FROM copies c, build_queue q";

/// A sound build behind many that cannot be read.
async fn behind_many() -> (Opened, Owned, BuildId) {
    let opened = Opened::new().await;
    let owned = opened.fx.funded(100).await;
    let sound = opened.fx.submitted(owned).await.build.id;
    opened.tamper(MANY).await;
    (opened, owned, sound)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_many_that_cannot_be_read_is_taken() {
    let (opened, _, sound) = behind_many().await;
    assert_eq!(next(&opened).await, Some(sound));
    assert_eq!(next(&opened).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_overdue_behind_many_that_cannot_be_read_expires() {
    let (opened, owned, sound) = behind_many().await;
    opened.fx.clock.advance(7 * 24 * 60 * 60);
    let swept = [opened.store.sweep(0).await.unwrap(), opened.store.sweep(0).await.unwrap()];
    assert_eq!(swept, [0, 1]);
    let build = opened.store.find(owned.scope, sound).await.unwrap().unwrap();
    assert_eq!(build.status.state(), BuildState::Expired);
    assert_eq!(rows(&opened).await.len(), 150);
}
