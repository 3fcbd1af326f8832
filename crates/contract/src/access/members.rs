//! Who belongs to a tenant.

use crate::{Fixture, Owned, race, rejected, sorted};
use keelway_access::{
    Accept, Accepted, AuditAction, ChangeRole, Invite, LeaveError, MemberError, RemoveMember,
    RenameTenant, Role, WorkspaceName,
};
use keelway_kernel::id::InvitationId;
use keelway_kernel::{Actor, Tier, UserId};

crate::cases! {
    access_members_cases in access::members:
    members_come_the_longest_there_first,
    a_role_is_what_it_was_changed_to,
    the_same_role_is_never_a_change,
    admins_never_touch_owners_nor_make_them,
    whoever_does_not_look_after_people_changes_nothing,
    members_of_another_tenant_are_never_reached,
    removing_and_leaving_end_exactly_one_membership,
    the_last_owner_never_goes,
    raced_owners_always_leave_one,
    a_tenant_has_its_new_name_and_its_old_address,
}

/// A tenant with room for anybody.
async fn roomy(fx: &Fixture) -> Owned {
    fx.tenant_of(Tier::Enterprise).await
}

/// Somebody new who joins with `role`.
pub(crate) async fn joined(fx: &Fixture, to: Owned, role: Role) -> UserId {
    let token = fx.token();
    let invite = Invite {
        id: InvitationId::generate(fx.now(), &*fx.entropy),
        token,
        role,
        email: None,
        by: to.user,
        request_id: "req_invite".into(),
    };
    fx.store.invitations.invite(to.scope, invite).await.unwrap();
    let user = fx.person().await.user.id;
    let accept = Accept { token, user, request_id: "req_accept".into() };
    let accepted = fx.store.invitations.accept(accept).await.unwrap();
    assert!(matches!(accepted, Accepted::Joined(_)), "{accepted:?}");
    user
}

fn change(by: UserId, member: UserId, role: Role) -> ChangeRole {
    ChangeRole { by, member, role, request_id: "req_role".into() }
}

fn remove(by: UserId, member: UserId) -> RemoveMember {
    RemoveMember { by, member, request_id: "req_remove".into() }
}

/// What everybody is, the longest there first.
async fn roles(fx: &Fixture, of: Owned) -> Vec<(UserId, Role)> {
    let members = fx.store.members.members(of.scope).await.unwrap();
    members.into_iter().map(|member| (member.user, member.role)).collect()
}

async fn trail(fx: &Fixture, of: Owned) -> Vec<(AuditAction, Option<UserId>, String)> {
    let entries = fx.store.audit_trail.entries(Some(of.scope.tenant())).await;
    entries.into_iter().map(|entry| (entry.action, entry.actor.user, entry.subject)).collect()
}

async fn members_come_the_longest_there_first(fx: Fixture) {
    let owned = roomy(&fx).await;
    let mut expected = vec![(owned.user, Role::Owner)];
    for role in [Role::Viewer, Role::Admin] {
        fx.clock.advance(1);
        expected.push((joined(&fx, owned, role).await, role));
    }
    assert_eq!(roles(&fx, owned).await, expected);
    let members = fx.store.members.members(owned.scope).await.unwrap();
    let last = members.last().unwrap();
    let user = fx.store.accounts.find_user(last.user).await.unwrap().unwrap();
    assert_eq!((&last.email, &last.name, last.since), (&user.email, &user.name, fx.now()));
}

async fn a_role_is_what_it_was_changed_to(fx: Fixture) {
    let owned = roomy(&fx).await;
    let member = joined(&fx, owned, Role::Viewer).await;
    for role in [Role::Member, Role::Owner, Role::Admin] {
        let cmd = change(owned.user, member, role);
        fx.store.members.change_role(owned.scope, cmd).await.unwrap();
        let [membership] = &fx.store.accounts.memberships(member).await.unwrap()[..] else {
            panic!("one membership")
        };
        assert_eq!(membership.role, role);
        let entry = (AuditAction::RoleChanged, Some(owned.user), member.to_string());
        assert_eq!(trail(&fx, owned).await.last(), Some(&entry));
    }
}

async fn the_same_role_is_never_a_change(fx: Fixture) {
    let owned = roomy(&fx).await;
    let before = trail(&fx, owned).await;
    let cmd = change(owned.user, owned.user, Role::Owner);
    fx.store.members.change_role(owned.scope, cmd).await.unwrap();
    assert_eq!(trail(&fx, owned).await, before);
}

async fn admins_never_touch_owners_nor_make_them(fx: Fixture) {
    let owned = roomy(&fx).await;
    let admin = joined(&fx, owned, Role::Admin).await;
    let viewer = joined(&fx, owned, Role::Viewer).await;
    let other = joined(&fx, owned, Role::Owner).await;
    let before = roles(&fx, owned).await;
    let members = &fx.store.members;
    for cmd in [
        change(admin, other, Role::Admin),
        change(admin, viewer, Role::Owner),
        change(admin, admin, Role::Owner),
    ] {
        let refusal = rejected(members.change_role(owned.scope, cmd).await);
        assert_eq!(refusal, MemberError::OwnersOnly);
    }
    let refusal = rejected(members.remove(owned.scope, remove(admin, other)).await);
    assert_eq!(refusal, MemberError::OwnersOnly);
    assert_eq!(roles(&fx, owned).await, before);
    members.change_role(owned.scope, change(admin, viewer, Role::Admin)).await.unwrap();
    members.remove(owned.scope, remove(admin, viewer)).await.unwrap();
}

async fn whoever_does_not_look_after_people_changes_nothing(fx: Fixture) {
    let owned = roomy(&fx).await;
    let admin = joined(&fx, owned, Role::Admin).await;
    let member = joined(&fx, owned, Role::Member).await;
    let stranger = fx.person().await.user.id;
    let members = &fx.store.members;
    // Their permit may have been given while they still were one.
    members.change_role(owned.scope, change(owned.user, admin, Role::Member)).await.unwrap();
    let before = roles(&fx, owned).await;
    for by in [admin, member, stranger] {
        for meant in [admin, member, owned.user, stranger] {
            let changed = members.change_role(owned.scope, change(by, meant, Role::Viewer)).await;
            assert_eq!(rejected(changed), MemberError::NotPermitted);
            let removed = members.remove(owned.scope, remove(by, meant)).await;
            assert_eq!(rejected(removed), MemberError::NotPermitted);
        }
    }
    assert_eq!(roles(&fx, owned).await, before);
}

async fn members_of_another_tenant_are_never_reached(fx: Fixture) {
    let (mine, theirs) = (roomy(&fx).await, roomy(&fx).await);
    let member = joined(&fx, theirs, Role::Member).await;
    let members = &fx.store.members;
    let changed = members.change_role(mine.scope, change(mine.user, member, Role::Viewer)).await;
    assert_eq!(rejected(changed), MemberError::NotAMember);
    let removed = members.remove(mine.scope, remove(mine.user, member)).await;
    assert_eq!(rejected(removed), MemberError::NotAMember);
    let left = members.leave(mine.scope, member, "req").await;
    assert_eq!(rejected(left), LeaveError::NotAMember);
    assert_eq!(roles(&fx, mine).await, [(mine.user, Role::Owner)]);
    let all = [(theirs.user, Role::Owner), (member, Role::Member)];
    let mut there = roles(&fx, theirs).await;
    there.sort_by_key(|(_, role)| std::cmp::Reverse(*role));
    assert_eq!(there, all);
}

async fn removing_and_leaving_end_exactly_one_membership(fx: Fixture) {
    let (owned, other) = (roomy(&fx).await, roomy(&fx).await);
    let removed = joined(&fx, owned, Role::Member).await;
    let leaver = joined(&fx, owned, Role::Admin).await;
    let members = &fx.store.members;
    members.remove(owned.scope, remove(owned.user, removed)).await.unwrap();
    let entry = (AuditAction::MemberRemoved, Some(owned.user), removed.to_string());
    assert_eq!(trail(&fx, owned).await.last(), Some(&entry));
    members.leave(owned.scope, leaver, "req_leave").await.unwrap();
    let entry = (AuditAction::MemberLeft, Some(leaver), leaver.to_string());
    assert_eq!(trail(&fx, owned).await.last(), Some(&entry));
    for gone in [removed, leaver] {
        assert_eq!(fx.store.accounts.memberships(gone).await.unwrap(), []);
        let again = members.leave(owned.scope, gone, "req").await;
        assert_eq!(rejected(again), LeaveError::NotAMember);
        assert!(fx.store.accounts.find_user(gone).await.unwrap().is_some());
    }
    assert_eq!(roles(&fx, owned).await, [(owned.user, Role::Owner)]);
    assert_eq!(roles(&fx, other).await, [(other.user, Role::Owner)]);
}

async fn the_last_owner_never_goes(fx: Fixture) {
    let owned = roomy(&fx).await;
    joined(&fx, owned, Role::Admin).await;
    let before = roles(&fx, owned).await;
    let members = &fx.store.members;
    let left = members.leave(owned.scope, owned.user, "req").await;
    assert_eq!(rejected(left), LeaveError::LastOwner);
    let removed = members.remove(owned.scope, remove(owned.user, owned.user)).await;
    assert_eq!(rejected(removed), MemberError::LastOwner);
    let demoted = change(owned.user, owned.user, Role::Admin);
    let demoted = members.change_role(owned.scope, demoted).await;
    assert_eq!(rejected(demoted), MemberError::LastOwner);
    assert_eq!(roles(&fx, owned).await, before);
}

async fn raced_owners_always_leave_one(fx: Fixture) {
    for _ in 0..6 {
        let owned = roomy(&fx).await;
        let mut owners = vec![owned.user];
        for _ in 0..3 {
            owners.push(joined(&fx, owned, Role::Owner).await);
        }
        let answers = race(12, |number| {
            let (me, next) = (owners[number % 4], owners[(number + 1) % 4]);
            let (members, scope) = (fx.store.members.clone(), owned.scope);
            async move {
                match number / 4 {
                    0 => members.change_role(scope, change(me, next, Role::Member)).await,
                    1 => members.remove(scope, remove(me, next)).await,
                    _ => {
                        let left = members.leave(scope, me, "req").await;
                        left.map_err(|failure| failure.map_rejected(|_| MemberError::LastOwner))
                    }
                }
            }
        })
        .await;
        let (done, _) = sorted(answers);
        assert!(!done.is_empty());
        let left = roles(&fx, owned).await;
        assert!(left.iter().any(|(_, role)| *role == Role::Owner), "{left:?}");
    }
}

async fn a_tenant_has_its_new_name_and_its_old_address(fx: Fixture) {
    let owned = roomy(&fx).await;
    let member = joined(&fx, owned, Role::Viewer).await;
    let before = fx.store.accounts.memberships(owned.user).await.unwrap().remove(0).tenant;
    let rename = async || {
        let actor = Actor { user: Some(owned.user), request_id: "req_name".into() };
        let cmd = RenameTenant { name: WorkspaceName::parse("Bäckerei").unwrap(), actor };
        fx.store.members.rename_tenant(owned.scope, cmd).await.unwrap()
    };
    let renamed = rename().await;
    assert_eq!((renamed.name.as_str(), &renamed.slug), ("Bäckerei", &before.slug));
    for user in [owned.user, member] {
        let seen = fx.store.accounts.memberships(user).await.unwrap().remove(0).tenant;
        assert_eq!(seen, renamed);
    }
    let entries = trail(&fx, owned).await;
    let subject = owned.scope.tenant().to_string();
    let entry = (AuditAction::TenantRenamed, Some(owned.user), subject);
    assert_eq!(entries.last(), Some(&entry));
    rename().await;
    assert_eq!(trail(&fx, owned).await, entries, "the name it has is never a change");
}
