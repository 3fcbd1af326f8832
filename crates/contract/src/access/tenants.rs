//! Making a tenant for somebody who has an account.

use crate::{Fixture, race, rejected, scope, sorted};
use keelway_access::{AuditAction, CreateTenant, CreateTenantError, NewTenant, Role, Tenant};
use keelway_kernel::once::{KEY_LIFETIME_SECONDS, KeyReused};
use keelway_kernel::{Actor, Credits, IdempotencyKey, Keyed, Once, Reply, UserId};

crate::cases! {
    access_tenants_cases in access::tenants:
    a_tenant_has_its_owner_its_credits_and_its_audit,
    memberships_come_oldest_first,
    the_same_key_always_gives_the_first_answer,
    the_same_key_with_another_request_is_refused,
    one_key_raced_makes_exactly_one_tenant,
    keys_of_different_owners_never_meet,
    a_key_is_forgotten_after_its_time,
    the_opening_credits_are_never_given_twice_to_one_person,
}

async fn the_opening_credits_are_never_given_twice_to_one_person(fx: Fixture) {
    let owner = fx.person().await.user.id;
    let answers = race(16, |_| {
        let (fx, cmd) = (fx.clone(), create(&fx, owner));
        async move { fx.store.accounts.create_tenant(cmd).await }
    })
    .await;
    let (made, refused) = sorted(answers);
    assert_eq!((made.len(), refused.len()), (10, 6));
    assert!(refused.iter().all(|no| matches!(no, CreateTenantError::TooMany(_))), "{refused:?}");
    let mut given = Credits::ZERO;
    for tenant in made {
        let statement = fx.store.books.statement(scope(fresh(tenant).id)).await.unwrap();
        given = given.plus(statement.balance).unwrap();
    }
    assert_eq!(given, Credits::new(300));
}

fn create(fx: &Fixture, owner: UserId) -> CreateTenant {
    CreateTenant {
        tenant: NewTenant { monthly_credits: Credits::new(300), ..fx.new_tenant("Contract") },
        owner,
        actor: Actor { user: Some(owner), request_id: "req_first".into() },
        keyed: None,
    }
}

fn keyed(owner: UserId, fingerprint: u8, request_id: &str) -> Keyed<Tenant> {
    Keyed {
        owner: owner.to_string(),
        route: "POST /v1/tenants",
        key: IdempotencyKey::parse("the-key").unwrap(),
        fingerprint: [fingerprint; 32],
        request_id: request_id.into(),
        reply: |tenant| Reply {
            status: 201,
            headers: vec![("location".into(), format!("/v1/tenants/{}", tenant.id))],
            body: tenant.slug.as_str().as_bytes().to_vec(),
        },
    }
}

fn fresh(answer: Once<Tenant>) -> Tenant {
    match answer {
        Once::Fresh(tenant) => tenant,
        Once::Replayed { .. } => panic!("replayed: {answer:?}"),
    }
}

fn replayed(answer: Once<Tenant>) -> (Reply, String) {
    match answer {
        Once::Replayed { reply, first_request_id } => (reply, first_request_id),
        Once::Fresh(tenant) => panic!("made anew: {tenant:?}"),
    }
}

async fn a_tenant_has_its_owner_its_credits_and_its_audit(fx: Fixture) {
    let owner = fx.person().await.user.id;
    let cmd = create(&fx, owner);
    let tenant = fresh(fx.store.accounts.create_tenant(cmd.clone()).await.unwrap());
    assert_eq!(tenant.id, cmd.tenant.id);
    let memberships = fx.store.accounts.memberships(owner).await.unwrap();
    assert_eq!(memberships.len(), 1);
    assert_eq!((&memberships[0].tenant, memberships[0].role), (&tenant, Role::Owner));
    let statement = fx.store.books.statement(scope(tenant.id)).await.unwrap();
    assert_eq!(statement.available, Credits::new(300));
    let trail = fx.store.audit_trail.entries(Some(tenant.id)).await;
    let told: Vec<_> = trail.iter().map(|entry| (entry.action, &entry.actor)).collect();
    assert_eq!(
        told,
        [(AuditAction::TenantCreated, &cmd.actor), (AuditAction::CreditsGranted, &cmd.actor)]
    );
}

async fn memberships_come_oldest_first(fx: Fixture) {
    let owner = fx.person().await.user.id;
    let mut made = Vec::new();
    for _ in 0..4 {
        let cmd = create(&fx, owner);
        made.push(fresh(fx.store.accounts.create_tenant(cmd).await.unwrap()));
        fx.clock.advance(1);
    }
    let memberships = fx.store.accounts.memberships(owner).await.unwrap();
    let listed: Vec<_> = memberships.into_iter().map(|membership| membership.tenant).collect();
    assert_eq!(listed, made);
}

async fn the_same_key_always_gives_the_first_answer(fx: Fixture) {
    let owner = fx.person().await.user.id;
    let first = CreateTenant { keyed: Some(keyed(owner, 1, "req_first")), ..create(&fx, owner) };
    let tenant = fresh(fx.store.accounts.create_tenant(first.clone()).await.unwrap());
    let reply = (first.keyed.unwrap().reply)(&tenant);

    fx.clock.advance(KEY_LIFETIME_SECONDS - 1);
    let again = CreateTenant { keyed: Some(keyed(owner, 1, "req_second")), ..create(&fx, owner) };
    let answer = fx.store.accounts.create_tenant(again).await.unwrap();
    assert_eq!(replayed(answer), (reply, "req_first".to_owned()));
    let memberships = fx.store.accounts.memberships(owner).await.unwrap();
    assert_eq!(memberships.len(), 1);
}

async fn the_same_key_with_another_request_is_refused(fx: Fixture) {
    let owner = fx.person().await.user.id;
    for (fingerprint, accepted) in [(1, true), (2, false)] {
        let cmd =
            CreateTenant { keyed: Some(keyed(owner, fingerprint, "req")), ..create(&fx, owner) };
        let answer = fx.store.accounts.create_tenant(cmd).await;
        if accepted {
            fresh(answer.unwrap());
        } else {
            assert_eq!(rejected(answer), CreateTenantError::KeyReused(KeyReused));
        }
    }
    let memberships = fx.store.accounts.memberships(owner).await.unwrap();
    assert_eq!(memberships.len(), 1);
}

async fn one_key_raced_makes_exactly_one_tenant(fx: Fixture) {
    let owner = fx.person().await.user.id;
    let answers = race(64, |number| {
        let cmd = CreateTenant {
            keyed: Some(keyed(owner, 1, &format!("req_{number}"))),
            ..create(&fx, owner)
        };
        let accounts = fx.store.accounts.clone();
        async move { accounts.create_tenant(cmd).await }
    })
    .await;
    let (answers, refused) = sorted(answers);
    assert_eq!((answers.len(), refused), (64, vec![]));
    let (made, repeated): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| matches!(answer, Once::Fresh(_)));
    assert_eq!((made.len(), repeated.len()), (1, 63));
    let first = replayed(repeated[0].clone());
    assert!(repeated.into_iter().all(|answer| replayed(answer) == first));
    let memberships = fx.store.accounts.memberships(owner).await.unwrap();
    assert_eq!(memberships.len(), 1);
    assert_eq!(first.0.body, memberships[0].tenant.slug.as_str().as_bytes());
}

async fn keys_of_different_owners_never_meet(fx: Fixture) {
    let mut made = Vec::new();
    for fingerprint in [1, 2] {
        let owner = fx.person().await.user.id;
        let cmd =
            CreateTenant { keyed: Some(keyed(owner, fingerprint, "req")), ..create(&fx, owner) };
        made.push(fresh(fx.store.accounts.create_tenant(cmd).await.unwrap()).id);
    }
    assert_ne!(made[0], made[1]);
}

async fn a_key_is_forgotten_after_its_time(fx: Fixture) {
    let owner = fx.person().await.user.id;
    for fingerprint in [1, 2] {
        let cmd =
            CreateTenant { keyed: Some(keyed(owner, fingerprint, "req")), ..create(&fx, owner) };
        fresh(fx.store.accounts.create_tenant(cmd).await.unwrap());
        fx.clock.advance(KEY_LIFETIME_SECONDS);
    }
}
