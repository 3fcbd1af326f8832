//! Commands that meet another process's, which has not committed yet.

use keelway_access::{
    ChangePassword, ChangePasswordError, IssueOwnerLink, Occasion, Rotation, Session,
    SessionPolicy, SignedUp, StaleCredentials,
};
use keelway_contract::{actor, password, rejected};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _};
use tokio::task::JoinSet;

use crate::opened::Opened;

async fn run(connection: &mut PgConnection, sql: &str) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
}

/// What `command` answers that finds `other` under way and has to wait for its end.
async fn after<T: Send + 'static>(
    opened: &Opened,
    other: &str,
    command: impl Future<Output = T> + Send + 'static,
) -> T {
    let mut process = opened.raw().await;
    run(&mut process, &format!("BEGIN; {other}")).await;
    let mut commands = JoinSet::new();
    commands.spawn(command);
    let mut observer = opened.raw().await;
    let waiting = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut observer).await.unwrap() {
        assert!(commands.try_join_next().is_none(), "it waited for nobody");
    }
    run(&mut process, "COMMIT").await;
    commands.join_next().await.unwrap().unwrap()
}

/// The person's only session ends.
fn sign_out(session: &Session) -> String {
    format!("DELETE FROM sessions WHERE user_id = '{}'", session.user.as_uuid())
}

/// Another session of the person begins, like the one there is.
fn sign_in(person: &SignedUp) -> String {
    let user = person.user.id.as_uuid();
    format!(
        "SELECT 1 FROM users WHERE id = '{user}' FOR NO KEY UPDATE;
         INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at)
         SELECT sha256(token_hash), user_id, created_at, last_seen_at, expires_at
           FROM sessions WHERE user_id = '{user}'"
    )
}

#[tokio::test]
async fn who_is_signing_in_is_signed_out_with_the_others() {
    let opened = Opened::new().await;
    let person = opened.fx.person().await;
    let (user, kept) = (person.user.id, person.session.hash);

    let people = opened.fx.store.people.clone();
    let end_others = async move { people.end_others(user, &kept, &actor()).await };
    assert_eq!(after(&opened, &sign_in(&person), end_others).await, Ok(1));

    let sessions = opened.fx.store.sessions.clone();
    let revoke = async move { sessions.revoke_all(user, &actor()).await };
    assert_eq!(after(&opened, &sign_in(&person), revoke).await, Ok(2));
}

#[tokio::test]
async fn a_session_that_is_being_ended_gets_no_new_token() {
    let opened = Opened::new().await;
    let person = opened.fx.person().await;
    let from = person.session.hash;
    let cmd = ChangePassword {
        user: person.user.id,
        checked: password(),
        password: password(),
        rotation: Rotation { from, to: opened.fx.token(), policy: SessionPolicy::default() },
        actor: actor(),
    };
    let people = opened.fx.store.people.clone();
    let change = async move { people.change_password(cmd).await };
    let answer = after(&opened, &sign_out(&person.session), change).await;
    assert_eq!(rejected(answer), ChangePasswordError::SessionOver);
    assert_eq!(opened.fx.store.people.sessions(person.user.id).await, Ok(vec![]));
}

#[tokio::test]
async fn a_password_that_is_being_changed_opens_no_session() {
    let opened = Opened::new().await;
    let user = opened.fx.person().await.user.id;
    let (sessions, cmd) = (opened.fx.store.sessions.clone(), opened.fx.sign_in(user));
    let sign_in = async move { sessions.sign_in(cmd).await };
    let change = format!(
        "UPDATE users SET password_hash = replace(password_hash, 'm=8', 'm=16')
          WHERE id = '{}';
         DELETE FROM sessions",
        user.as_uuid()
    );
    assert_eq!(rejected(after(&opened, &change, sign_in).await), StaleCredentials);
    assert_eq!(opened.fx.store.people.sessions(user).await, Ok(vec![]));
}

#[tokio::test]
async fn a_session_that_is_being_ended_is_not_renewed() {
    let opened = Opened::new().await;
    let session = opened.fx.person().await.session;
    let policy = SessionPolicy { renew_every_s: 0, ..SessionPolicy::default() };
    let (sessions, hash) = (opened.fx.store.sessions.clone(), session.hash);
    let touch = async move { sessions.touch(&hash, &policy).await };
    assert_eq!(after(&opened, &sign_out(&session), touch).await, Ok(None));
}

#[tokio::test]
async fn no_link_is_made_while_the_first_owner_is() {
    let opened = Opened::new().await;
    let user = opened.fx.person().await.user.id.as_uuid();
    let cmd = IssueOwnerLink {
        token: opened.fx.token(),
        occasion: Occasion::Start,
        request_id: "req_start".into(),
    };
    let staff = opened.fx.store.staff.clone();
    let issue = async move { staff.issue_owner_link(cmd).await };
    let redeem = format!(
        "LOCK TABLE owner_link IN SHARE ROW EXCLUSIVE MODE;
         UPDATE users SET staff_since = now() WHERE id = '{user}'"
    );
    assert_eq!(after(&opened, &redeem, issue).await, Ok(None));
}
