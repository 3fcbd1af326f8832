//! Making an account.

use crate::{Fixture, abandon, race, rejected, scope, sorted};
use keelway_access::{AuditAction, NewTenant, Role, SignUp, SignUpError, User};
use keelway_credits::GrantSource;
use keelway_kernel::{Credits, Failure, TenantId};

crate::cases! {
    access_sign_up_cases in access::sign_up:
    signing_up_makes_everything_at_once,
    without_a_workspace_there_is_none,
    without_monthly_credits_no_grant_is_written,
    a_taken_address_is_refused_in_any_case_and_changes_nothing,
    one_address_raced_is_never_taken_twice,
    a_taken_slug_is_never_a_refusal,
    one_slug_raced_is_never_a_refusal,
    abandoned_sign_ups_never_leave_half_an_account,
}

fn with_workspace(fx: &Fixture, email: &str, credits: i64) -> (SignUp, NewTenant) {
    let workspace =
        NewTenant { monthly_credits: Credits::new(credits), ..fx.new_tenant("Bäckerei Müller") };
    let cmd = SignUp { workspace: Some(workspace.clone()), ..fx.sign_up(email) };
    (cmd, workspace)
}

async fn signing_up_makes_everything_at_once(fx: Fixture) {
    let (cmd, workspace) = with_workspace(&fx, "Ada@Example.com", 300);
    let made = fx.store.accounts.sign_up(cmd.clone()).await.unwrap();

    let user = User {
        id: cmd.user,
        email: cmd.email,
        name: cmd.name,
        created_at: fx.now(),
        staff_since: None,
    };
    assert_eq!(made.user, user);
    assert_eq!(made.user.email.as_str(), "Ada@Example.com");
    assert_eq!(made.session, cmd.session.open(cmd.user, fx.now()));
    let found = fx.store.accounts.find_user(cmd.user).await.unwrap();
    assert_eq!(found.as_ref(), Some(&user));
    let found = fx.store.sessions.find(&made.session.hash).await.unwrap();
    assert_eq!(found, Some((made.session, user)));

    let tenant = made.tenant.unwrap();
    assert_eq!(
        (tenant.id, &tenant.slug, &tenant.name, tenant.tier),
        (workspace.id, &workspace.slug, &workspace.name, workspace.tier)
    );
    assert_eq!((&tenant.time_zone, tenant.created_at), (&workspace.time_zone, fx.now()));
    let memberships = fx.store.accounts.memberships(cmd.user).await.unwrap();
    let [membership] = &memberships[..] else { panic!("one membership, not {memberships:?}") };
    assert_eq!((&membership.tenant, membership.role), (&tenant, Role::Owner));

    let statement = fx.store.books.statement(scope(tenant.id)).await.unwrap();
    assert_eq!(statement.available, Credits::new(300));
    let [grant] = &statement.grants[..] else { panic!("one grant, not {statement:?}") };
    assert_eq!((grant.id, grant.terms.source), (workspace.grant, GrantSource::Plan));

    let mut trail = fx.store.audit_trail.entries(None).await;
    trail.extend(fx.store.audit_trail.entries(Some(tenant.id)).await);
    let actions: Vec<_> = trail.iter().map(|entry| entry.action).collect();
    assert_eq!(
        actions,
        [AuditAction::SignUp, AuditAction::TenantCreated, AuditAction::CreditsGranted]
    );
    assert!(trail.iter().all(|entry| {
        entry.actor.user == Some(cmd.user) && entry.actor.request_id == cmd.request_id
    }));
}

async fn without_a_workspace_there_is_none(fx: Fixture) {
    let made = fx.person().await;
    assert_eq!(made.tenant, None);
    let memberships = fx.store.accounts.memberships(made.user.id).await.unwrap();
    assert_eq!(memberships, []);
}

async fn without_monthly_credits_no_grant_is_written(fx: Fixture) {
    let (cmd, workspace) = with_workspace(&fx, "ada@example.com", 0);
    fx.store.accounts.sign_up(cmd).await.unwrap();
    let statement = fx.store.books.statement(scope(workspace.id)).await.unwrap();
    assert_eq!(statement.grants, []);
}

async fn a_taken_address_is_refused_in_any_case_and_changes_nothing(fx: Fixture) {
    let (first, _) = with_workspace(&fx, "ada@example.com", 300);
    fx.store.accounts.sign_up(first.clone()).await.unwrap();
    for email in ["ada@example.com", "ADA@Example.COM"] {
        let (again, workspace) = with_workspace(&fx, email, 300);
        let refusal = rejected(fx.store.accounts.sign_up(again.clone()).await);
        assert_eq!(refusal, SignUpError::EmailTaken);
        assert_eq!(nothing_of(&fx, &again, workspace.id).await, [true; 4]);
    }
    let trail = fx.store.audit_trail.entries(None).await;
    assert_eq!(trail.len(), 1);
    let credentials = fx.store.accounts.begin_sign_in(&first.email).await;
    assert_eq!(credentials.unwrap().unwrap().user.id, first.user);
}

/// Whether there is no person, no session, no membership and no tenant with credits.
async fn nothing_of(fx: &Fixture, cmd: &SignUp, tenant: TenantId) -> [bool; 4] {
    let store = &fx.store;
    let statement = store.books.statement(scope(tenant)).await.unwrap();
    [
        store.accounts.find_user(cmd.user).await.unwrap().is_none(),
        store.sessions.find(&cmd.session.hash).await.unwrap().is_none(),
        store.accounts.memberships(cmd.user).await.unwrap().is_empty(),
        statement.grants.is_empty() && store.audit_trail.entries(Some(tenant)).await.is_empty(),
    ]
}

async fn one_address_raced_is_never_taken_twice(fx: Fixture) {
    let commands: Vec<_> = (0..16)
        .map(|number| {
            let email = if number % 2 == 0 { "ada@example.com" } else { "Ada@Example.Com" };
            with_workspace(&fx, email, 300)
        })
        .collect();
    let answers = race(16, |number| {
        let (accounts, cmd) = (fx.store.accounts.clone(), commands[number].0.clone());
        async move { accounts.sign_up(cmd).await }
    })
    .await;
    let (made, refused) = sorted(answers);
    assert_eq!((made.len(), refused.len()), (1, 15));
    assert!(refused.iter().all(|refusal| *refusal == SignUpError::EmailTaken));
    for (cmd, workspace) in commands {
        let won = cmd.user == made[0].user.id;
        assert_eq!(nothing_of(&fx, &cmd, workspace.id).await, [!won; 4]);
    }
}

async fn a_taken_slug_is_never_a_refusal(fx: Fixture) {
    let (first, one) = with_workspace(&fx, "ada@example.com", 0);
    let (second, two) = with_workspace(&fx, "bob@example.com", 0);
    let first = fx.store.accounts.sign_up(first).await.unwrap();
    let second = fx.store.accounts.sign_up(second).await.unwrap();
    assert_eq!(first.tenant.unwrap().slug, one.slug);
    assert_eq!(second.tenant.unwrap().slug, two.slug.disambiguated(two.id));
}

async fn one_slug_raced_is_never_a_refusal(fx: Fixture) {
    let answers = race(16, |number| {
        let (cmd, _) = with_workspace(&fx, &format!("person{number}@example.com"), 0);
        let accounts = fx.store.accounts.clone();
        async move { accounts.sign_up(cmd).await }
    })
    .await;
    let (made, refused) = sorted(answers);
    assert_eq!(refused, vec![]);
    let slugs: std::collections::BTreeSet<_> =
        made.into_iter().map(|made| made.tenant.unwrap().slug).collect();
    assert_eq!(slugs.len(), 16);
}

async fn abandoned_sign_ups_never_leave_half_an_account(fx: Fixture) {
    let commands: Vec<_> = (0..60)
        .map(|number| with_workspace(&fx, &format!("person{number}@example.com"), 300))
        .collect();
    race(60, |number| {
        let (accounts, cmd) = (fx.store.accounts.clone(), commands[number].0.clone());
        async move { abandon(u64::try_from(number % 6).unwrap(), accounts.sign_up(cmd)).await }
    })
    .await;
    for (cmd, workspace) in commands {
        let taken = match fx.store.accounts.sign_up(cmd.clone()).await {
            Ok(_) | Err(Failure::Rejected(SignUpError::EmailTaken)) => true,
            Err(Failure::Store(error)) => panic!("{error}"),
        };
        assert_eq!(nothing_of(&fx, &cmd, workspace.id).await, [!taken; 4]);
    }
}
