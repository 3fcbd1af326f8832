//! Commands that meet another process's, which has not committed yet.

use keelway_access::{
    Accept, AcceptError, ChangePassword, ChangePasswordError, Invitation, Invite, IssueOwnerLink,
    NewOwner, NewTicket, Occasion, OwnerLink, Redeem, RedeemError, Role, Rotation, Session,
    SessionPolicy, SignedUp, StaleCredentials, Ticket,
};
use keelway_builds::guest::ClaimError;
use keelway_builds::submit::{Park, Submit, SubmitError};
use keelway_contract::{Owned, actor, password, rejected};
use keelway_kernel::id::InvitationId;
use keelway_kernel::{BuildId, Failure, QueueId, StoreError, Tier};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _};
use tokio::task::JoinSet;

use crate::opened::Opened;

async fn run(connection: &mut PgConnection, sql: &str) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
}

/// Whether somebody waits for a lock.
async fn is_waited(observer: &mut PgConnection) -> bool {
    let waiting = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock')";
    sqlx::query_scalar(waiting).fetch_one(observer).await.unwrap()
}

/// What `command` answers that finds `other` under way and has to wait for its end.
pub(crate) async fn after<T: Send + 'static>(
    opened: &Opened,
    other: &str,
    command: impl Future<Output = T> + Send + 'static,
) -> T {
    after_seconds(opened, 0, other, command).await
}

/// The same, where the wait takes so long.
async fn after_seconds<T: Send + 'static>(
    opened: &Opened,
    seconds: i64,
    other: &str,
    command: impl Future<Output = T> + Send + 'static,
) -> T {
    let mut process = opened.raw().await;
    run(&mut process, &format!("BEGIN; {other}")).await;
    let mut commands = JoinSet::new();
    commands.spawn(command);
    let mut observer = opened.raw().await;
    while !is_waited(&mut observer).await {
        assert!(commands.try_join_next().is_none(), "it waited for nobody");
    }
    opened.fx.clock.advance(seconds);
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

#[tokio::test]
async fn a_ticket_that_expires_while_it_is_waited_for_opens_nothing() {
    let opened = Opened::new().await;
    let Owned { scope, user } = opened.fx.tenant().await;
    let (tickets, token) = (opened.fx.store.tickets.clone(), opened.fx.token());
    let build = BuildId::generate(opened.fx.now(), &*opened.fx.entropy);
    let ticket = NewTicket { token, build, user, session: None };
    tickets.issue(scope, ticket).await.unwrap();
    let redeem = async move { tickets.redeem(&token).await };
    let held = "SELECT 1 FROM viewer_tickets FOR UPDATE";
    assert_eq!(after_seconds(&opened, Ticket::LIFETIME_S, held, redeem).await, Ok(None));
}

#[tokio::test]
async fn an_invitation_that_expires_while_its_guest_is_waited_for_makes_no_member() {
    let opened = Opened::new().await;
    let fx = &opened.fx;
    let owned = fx.tenant_of(Tier::Enterprise).await;
    let (person, token) = (fx.person().await.user.id, fx.token());
    let cmd = Invite {
        id: InvitationId::generate(fx.now(), &*fx.entropy),
        token,
        role: Role::Viewer,
        email: None,
        by: owned.user,
        request_id: "req_invite".into(),
    };
    let since = fx.store.invitations.invite(owned.scope, cmd).await.unwrap().expires_at;
    let invitations = fx.store.invitations.clone();
    let cmd = Accept { token, user: person, request_id: "req_accept".into() };
    let accept = async move { invitations.accept(cmd).await };
    let held = format!("SELECT 1 FROM users WHERE id = '{}' FOR NO KEY UPDATE", person.as_uuid());
    let answer = after_seconds(&opened, Invitation::LIFETIME_S, &held, accept).await;
    assert_eq!(rejected(answer), AcceptError::Expired { since });
}

#[tokio::test]
async fn a_session_that_runs_out_while_it_is_waited_for_is_not_renewed() {
    let opened = Opened::new().await;
    let session = opened.fx.person().await.session;
    let policy = SessionPolicy { renew_every_s: 0, ..SessionPolicy::default() };
    let (sessions, hash) = (opened.fx.store.sessions.clone(), session.hash);
    let touch = async move { sessions.touch(&hash, &policy).await };
    let left = session.expires_at.millis_since(opened.fx.now()) / 1_000;
    let held = "SELECT 1 FROM sessions FOR UPDATE";
    assert_eq!(after_seconds(&opened, left, held, touch).await, Ok(None));
}

#[tokio::test]
async fn a_link_that_expires_while_it_is_waited_for_makes_no_owner() {
    let opened = Opened::new().await;
    let fx = &opened.fx;
    let token = fx.token();
    let (occasion, request_id) = (Occasion::Start, "req_start".to_owned());
    let issue = IssueOwnerLink { token, occasion, request_id };
    let link: OwnerLink = fx.store.staff.issue_owner_link(issue).await.unwrap().unwrap();
    let by = NewOwner::Newcomer(Box::new(fx.sign_up(&fx.email())));
    let (staff, cmd) = (fx.store.staff.clone(), Redeem { token, by });
    let redeem = async move { staff.redeem(cmd).await };
    let left = link.expires_at.millis_since(fx.now()) / 1_000;
    let held = "LOCK TABLE owner_link IN SHARE ROW EXCLUSIVE MODE";
    let answer = after_seconds(&opened, left, held, redeem).await;
    assert_eq!(rejected(answer), RedeemError::LinkDead);
}

async fn parked(opened: &Opened, by: Owned) -> Submit {
    let fx = &opened.fx;
    let cmd = fx.submit(by);
    let id = QueueId::random(&*fx.entropy);
    let park = Park { id, request: cmd.request.clone(), keyed: None };
    fx.store.submissions.park(park).await.unwrap();
    Submit { guest: Some(id), ..cmd }
}

/// What guests parked has no place in the order of locks: whoever waited for it, with a tenant's
/// lock in hand, could be what its holder waits for.
#[tokio::test]
async fn nobody_waits_for_what_somebody_else_is_claiming() {
    let opened = Opened::new().await;
    let (one, other) = (opened.fx.funded(1_000).await, opened.fx.funded(1_000).await);
    let (claimed, free) = (parked(&opened, one).await, parked(&opened, other).await);
    let id = claimed.guest.unwrap();

    let mut process = opened.raw().await;
    let claim = format!("SELECT 1 FROM guest_entries WHERE id = '{}' FOR UPDATE", id.as_uuid());
    run(&mut process, &format!("BEGIN; {claim}")).await;
    let mut commands = JoinSet::new();
    for cmd in [claimed.clone(), free] {
        let submissions = opened.fx.store.submissions.clone();
        commands.spawn(async move { (cmd.scope, submissions.submit(cmd).await) });
    }
    let mut observer = opened.raw().await;
    while !commands.is_empty() {
        assert!(!is_waited(&mut observer).await, "a claim waits for another");
        match commands.try_join_next().transpose().unwrap() {
            Some((scope, Ok(_))) if scope == other.scope => {}
            Some((scope, Err(Failure::Store(StoreError::Contended)))) if scope == one.scope => {}
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }
    run(&mut process, "ROLLBACK").await;
    let submissions = &opened.fx.store.submissions;
    submissions.submit(claimed).await.unwrap();
    let again = Submit { guest: Some(id), ..opened.fx.submit(other) };
    let refusal = rejected(submissions.submit(again).await);
    assert!(matches!(refusal, SubmitError::Claim(ClaimError::AlreadyClaimed { .. })), "{refusal}");
}
