//! The whole table, and who acts where.

use crate::{hash, membership, tenant, user};
use keelway_access::{
    Denied, KeyScope, LeaveError, Member, Permission, Principal, Resource, Role, SignedIn, Slug,
    Unchosen, UnknownTenant, Viewer, Wanted, leave, may,
};
use keelway_kernel::{ApiKeyId, BuildId, Tier};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;

fn build(seed: u64) -> BuildId {
    BuildId::random(&crate::Seeded::new(seed))
}

fn member(role: Role) -> Principal {
    Principal::Member { user: user(1), session: hash(1), tenant: tenant(1), role, tier: Tier::Free }
}

fn person(tenants: Unchosen) -> Principal {
    Principal::User { user: user(1), session: hash(1), tenants }
}

fn viewer(of: BuildId) -> Principal {
    Principal::Viewer(Viewer {
        build: of,
        user: user(1),
        tenant: tenant(1),
        session: Some(hash(1)),
        until: None,
    })
}

fn api_key(scopes: impl IntoIterator<Item = KeyScope>) -> Principal {
    Principal::ApiKey {
        key: ApiKeyId::random(&crate::Seeded::new(1)),
        user: user(1),
        tenant: tenant(1),
        tier: Tier::Free,
        scopes: scopes.into_iter().collect(),
    }
}

fn staff() -> Principal {
    Principal::Staff { user: user(1), session: hash(1), tenant: tenant(1) }
}

/// Columns: viewer, member, admin, owner, staff, viewer token.
#[test]
fn everybody_may_exactly_what_the_table_says() {
    let mut table = String::new();
    for permission in Permission::ALL {
        let mut row = format!("{permission:<20}");
        let principals = Role::ALL.map(member).into_iter().chain([staff(), viewer(build(1))]);
        for principal in principals {
            let mark = match may(&principal, permission, Resource::Build(build(1))) {
                Ok(scope) => {
                    assert_eq!(scope.tenant(), tenant(1));
                    'x'
                }
                Err(denied) => {
                    assert_eq!(denied, Denied::NotPermitted { permission });
                    '-'
                }
            };
            write!(row, " {mark}").unwrap();
        }
        writeln!(table, "{row}").unwrap();
    }
    insta::assert_snapshot!(table, @r"
    view_projects        x x x x x -
    create_project       - x x x - -
    submit_build         - x x x - -
    view_builds          x x x x x -
    view_build_events    x x x x x x
    cancel_build         - x x x - -
    download_snapshot    x x x x - -
    issue_viewer_token   x x x x - -
    view_credits         x x x x x -
    spend_credits        - x x x - -
    grant_credits        - - - - x -
    view_members         x x x x x -
    manage_members       - - x x - -
    manage_keys          - - x x - -
    manage_tenant        - - - x - -
    view_audit           - - x x x -
    ");
}

#[test]
fn scopes_allow_exactly_what_the_table_says() {
    let mut table = String::new();
    for scope in KeyScope::ALL {
        assert_eq!(scope.as_str().parse(), Ok(scope));
        let key = api_key([scope]);
        let allowed: Vec<_> = Permission::ALL
            .into_iter()
            .filter(|permission| may(&key, *permission, Resource::Tenant).is_ok())
            .map(Permission::as_str)
            .collect();
        writeln!(table, "{}: {}", scope.as_str(), allowed.join(" ")).unwrap();
    }
    insta::assert_snapshot!(table, @r"
    builds:read: view_projects view_builds view_build_events download_snapshot issue_viewer_token
    builds:write: create_project submit_build cancel_build
    credits:read: view_credits
    credits:write: spend_credits
    audit:read: view_audit
    ");
}

#[test]
fn who_acts_in_no_tenant_reaches_none() {
    for permission in Permission::ALL {
        for (principal, denied) in [
            (Principal::Anonymous, Denied::SignInFirst),
            (person(Unchosen::NoneYet), Denied::NoTenant),
            (person(Unchosen::Several), Denied::ChooseTenant),
            (api_key([]), Denied::NotPermitted { permission }),
        ] {
            assert_eq!(may(&principal, permission, Resource::Tenant), Err(denied));
        }
    }
}

#[test]
fn a_viewer_token_is_for_one_build() {
    let see = |resource| may(&viewer(build(1)), Permission::ViewBuildEvents, resource);
    assert!(see(Resource::Build(build(1))).is_ok());
    assert_eq!(see(Resource::Build(build(2))), Err(Denied::OutOfReach));
    let permission = Permission::ViewBuildEvents;
    assert_eq!(see(Resource::Tenant), Err(Denied::NotPermitted { permission }));
}

#[test]
fn only_a_session_is_signed_in() {
    let signed_in = SignedIn { user: user(1), session: hash(1) };
    for principal in [member(Role::Viewer), person(Unchosen::NoneYet), staff()] {
        assert_eq!(principal.signed_in(), Ok(signed_in));
    }
    for principal in [Principal::Anonymous, viewer(build(1)), api_key(KeyScope::ALL)] {
        assert_eq!(principal.signed_in(), Err(Denied::SignInFirst));
    }
    assert_eq!(Principal::Anonymous.actor("req_1").user, None);
    assert_eq!(viewer(build(1)).actor("req_1").user, Some(user(1)));
}

#[test]
fn a_tenant_is_chosen_by_name_or_because_there_is_one() {
    let signed_in = SignedIn { user: user(1), session: hash(1) };
    let (one, mut two) = (membership(1, Role::Owner), membership(2, Role::Viewer));
    two.tenant.slug = Slug::parse("second").unwrap();
    let choose = |memberships: &[_], wanted: Option<Wanted>| {
        Principal::signed_in_as(signed_in, memberships, wanted.as_ref()).map(|principal| {
            match principal {
                Principal::Member { tenant, role, tier, .. } => Ok((tenant, role, tier)),
                Principal::User { tenants, .. } => Err(tenants),
                other => panic!("{other:?}"),
            }
        })
    };
    let in_one = Ok(Ok((tenant(1), Role::Owner, Tier::Starter)));
    let in_two = Ok(Ok((tenant(2), Role::Viewer, Tier::Starter)));
    assert_eq!(choose(&[], None), Ok(Err(Unchosen::NoneYet)));
    assert_eq!(choose(std::slice::from_ref(&one), None), in_one);
    assert_eq!(choose(&[one.clone(), two.clone()], None), Ok(Err(Unchosen::Several)));
    assert_eq!(choose(&[one.clone(), two.clone()], Some(Wanted::Id(tenant(2)))), in_two);
    let by_name = Wanted::Slug(two.tenant.slug.clone());
    assert_eq!(choose(&[one.clone(), two.clone()], Some(by_name.clone())), in_two);
    assert_eq!(choose(std::slice::from_ref(&one), Some(by_name)), Err(UnknownTenant));
    assert_eq!(choose(&[one, two], Some(Wanted::Id(tenant(3)))), Err(UnknownTenant));
    assert_eq!(choose(&[], Some(Wanted::Id(tenant(1)))), Err(UnknownTenant));
}

#[test]
fn role_names_round_trip() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
    }
    assert!("Owner".parse::<Role>().is_err());
}

fn roles() -> impl Strategy<Value = Vec<Role>> {
    prop::collection::vec(prop::sample::select(Role::ALL.to_vec()), 0..6)
}

proptest! {
    #[test]
    fn a_tenant_that_has_an_owner_keeps_one(roles in roles(), leavers in prop::collection::vec(0_u64..7, 0..12)) {
        let mut members: Vec<_> =
            (0..).zip(&roles).map(|(seed, role)| Member { user: user(seed), role: *role }).collect();
        let owners = |members: &[Member]| members.iter().filter(|m| m.role == Role::Owner).count();
        let had_one = owners(&members) > 0;
        for seed in leavers {
            let before = members.clone();
            let leaving = before.iter().find(|member| member.user == user(seed));
            match (leave(&members, user(seed)), leaving) {
                (Ok(staying), Some(_)) => {
                    prop_assert_eq!(staying.len() + 1, before.len());
                    prop_assert!(staying.iter().all(|member| member.user != user(seed)));
                    members = staying;
                }
                (Err(LeaveError::NotAMember), None) => {}
                (Err(LeaveError::LastOwner), Some(member)) => {
                    prop_assert_eq!((member.role, owners(&before)), (Role::Owner, 1));
                }
                (answer, _) => prop_assert!(false, "{answer:?}"),
            }
            prop_assert_eq!(owners(&members) > 0, had_one);
        }
    }

    #[test]
    fn a_key_may_what_its_scopes_may_and_no_more(
        scopes in prop::collection::btree_set(prop::sample::select(KeyScope::ALL.to_vec()), 0..4),
    ) {
        let together: BTreeSet<_> = scopes.iter().flat_map(|scope| scope.permissions()).collect();
        for permission in Permission::ALL {
            let allowed = may(&api_key(scopes.clone()), permission, Resource::Tenant).is_ok();
            prop_assert_eq!(allowed, together.contains(&permission));
        }
    }
}
