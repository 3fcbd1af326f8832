//! Offers to join a tenant.

use crate::access::members::joined;
use crate::{Fixture, Owned, race, rejected, sorted};
use keelway_access::{
    Accept, AcceptError, Accepted, AuditAction, ChangeRole, Email, Invitation, Invite, InviteError,
    MemberError, NoSeat, RemoveMember, Role, SignedUp, TokenHash, Withdraw, WithdrawError,
};
use keelway_kernel::id::InvitationId;
use keelway_kernel::{Tier, UserId};

crate::cases! {
    access_invitations_cases in access::invitations:
    an_invitation_makes_exactly_one_member,
    raced_by_many_an_invitation_never_makes_two_memberships,
    raced_by_one_person_two_invitations_never_make_two_memberships,
    whoever_is_a_member_is_told_so_and_nothing_changes,
    an_expired_invitation_is_never_accepted,
    a_withdrawn_invitation_is_never_accepted,
    an_invitation_never_outlives_its_makers_right,
    a_maker_who_rises_or_stays_keeps_every_invitation,
    raced_with_its_makers_removal_an_invitation_is_accepted_before_or_never,
    an_invitation_for_an_address_is_never_accepted_by_another,
    members_and_open_invitations_are_never_more_than_the_plan_has_seats,
    raced_invitations_are_never_more_than_the_plan_has_seats,
    only_those_who_may_make_such_members_invite_and_withdraw,
    invitations_of_another_tenant_are_never_reached,
}

fn invite(fx: &Fixture, by: UserId, role: Role) -> Invite {
    Invite {
        id: InvitationId::generate(fx.now(), &*fx.entropy),
        token: fx.token(),
        role,
        email: None,
        by,
        request_id: "req_invite".into(),
    }
}

fn accept(token: TokenHash, person: &SignedUp) -> Accept {
    Accept { token, user: person.user.id, request_id: "req_accept".into() }
}

async fn invited(fx: &Fixture, to: Owned, role: Role) -> (Invitation, TokenHash) {
    let cmd = invite(fx, to.user, role);
    let token = cmd.token;
    (fx.store.invitations.invite(to.scope, cmd).await.unwrap(), token)
}

async fn roomy(fx: &Fixture) -> Owned {
    fx.tenant_of(Tier::Enterprise).await
}

async fn open(fx: &Fixture, of: Owned) -> Vec<Invitation> {
    let offers = fx.store.invitations.open_invitations(of.scope).await.unwrap();
    offers.into_iter().map(|offer| offer.invitation).collect()
}

async fn headcount(fx: &Fixture, of: Owned) -> usize {
    fx.store.members.members(of.scope).await.unwrap().len()
}

async fn last(fx: &Fixture, of: Owned) -> (AuditAction, Option<UserId>, String) {
    let entries = fx.store.audit_trail.entries(Some(of.scope.tenant())).await;
    let last = entries.last().unwrap();
    (last.action, last.actor.user, last.subject.clone())
}

async fn an_invitation_makes_exactly_one_member(fx: Fixture) {
    let owned = roomy(&fx).await;
    let (invitation, token) = invited(&fx, owned, Role::Admin).await;
    assert_eq!(invitation.expires_at, fx.now().plus_seconds(Invitation::LIFETIME_S));
    let entry = (AuditAction::MemberInvited, Some(owned.user), invitation.id.to_string());
    assert_eq!(last(&fx, owned).await, entry);
    let offer = fx.store.invitations.find_invitation(&token).await.unwrap().unwrap();
    assert_eq!(offer.invitation, invitation);
    let inviter = fx.store.accounts.find_user(owned.user).await.unwrap().unwrap();
    assert_eq!((offer.inviter, offer.inviter_name), (inviter.email, inviter.name));
    assert_eq!(open(&fx, owned).await, [invitation]);

    let (person, late) = (fx.person().await, fx.person().await);
    fx.clock.advance(Invitation::LIFETIME_S - 1);
    let accepted = fx.store.invitations.accept(accept(token, &person)).await.unwrap();
    let Accepted::Joined(membership) = accepted else { panic!("{accepted:?}") };
    assert_eq!((membership.role, membership.tenant.name), (Role::Admin, offer.workspace));
    let entry = (AuditAction::MemberJoined, Some(person.user.id), person.user.id.to_string());
    assert_eq!(last(&fx, owned).await, entry);
    let refusal = rejected(fx.store.invitations.accept(accept(token, &late)).await);
    assert_eq!(refusal, AcceptError::Unknown);
    let refusal = rejected(fx.store.invitations.accept(accept(fx.token(), &late)).await);
    assert_eq!(refusal, AcceptError::Unknown);
    assert_eq!((open(&fx, owned).await, headcount(&fx, owned).await), (vec![], 2));
}

async fn raced_by_many_an_invitation_never_makes_two_memberships(fx: Fixture) {
    let owned = roomy(&fx).await;
    let (_, token) = invited(&fx, owned, Role::Member).await;
    let mut people = Vec::new();
    for _ in 0..8 {
        people.push(fx.person().await);
    }
    let answers = race(16, |number| {
        let (invitations, cmd) = (fx.store.invitations.clone(), accept(token, &people[number / 2]));
        async move { invitations.accept(cmd).await }
    })
    .await;
    let (accepted, refused) = sorted(answers);
    let joins = accepted.iter().filter(|done| matches!(done, Accepted::Joined(_))).count();
    assert_eq!((joins, accepted.len(), refused.len()), (1, 2, 14));
    assert!(refused.iter().all(|refusal| *refusal == AcceptError::Unknown), "{refused:?}");
    assert_eq!(headcount(&fx, owned).await, 2);
}

async fn raced_by_one_person_two_invitations_never_make_two_memberships(fx: Fixture) {
    let owned = roomy(&fx).await;
    let tokens =
        [invited(&fx, owned, Role::Member).await.1, invited(&fx, owned, Role::Admin).await.1];
    let person = fx.person().await;
    let answers = race(16, |number| {
        let (invitations, cmd) =
            (fx.store.invitations.clone(), accept(tokens[number % 2], &person));
        async move { invitations.accept(cmd).await }
    })
    .await;
    let (accepted, refused) = sorted(answers);
    let joins = accepted.iter().filter(|done| matches!(done, Accepted::Joined(_))).count();
    assert_eq!((joins, accepted.len(), refused), (1, 16, vec![]));
    assert_eq!(fx.store.accounts.memberships(person.user.id).await.unwrap().len(), 1);
    assert_eq!(open(&fx, owned).await.len(), 1, "the other one is still good");
}

async fn whoever_is_a_member_is_told_so_and_nothing_changes(fx: Fixture) {
    let owned = roomy(&fx).await;
    let (first, used) = invited(&fx, owned, Role::Viewer).await;
    let person = fx.person().await;
    fx.store.invitations.accept(accept(used, &person)).await.unwrap();
    let (second, token) = invited(&fx, owned, Role::Admin).await;
    let before = last(&fx, owned).await;
    for token in [used, token] {
        let accepted = fx.store.invitations.accept(accept(token, &person)).await.unwrap();
        let Accepted::AlreadyMember(membership) = accepted else { panic!("{accepted:?}") };
        assert_eq!(membership.role, first.role);
    }
    assert_eq!((last(&fx, owned).await, open(&fx, owned).await), (before, vec![second]));
}

async fn an_expired_invitation_is_never_accepted(fx: Fixture) {
    let owned = roomy(&fx).await;
    let (invitation, token) = invited(&fx, owned, Role::Member).await;
    let person = fx.person().await;
    fx.clock.set(invitation.expires_at);
    assert_eq!(open(&fx, owned).await, []);
    let refusal = rejected(fx.store.invitations.accept(accept(token, &person)).await);
    assert_eq!(refusal, AcceptError::Expired { since: invitation.expires_at });
    assert_eq!(headcount(&fx, owned).await, 1);
}

async fn a_withdrawn_invitation_is_never_accepted(fx: Fixture) {
    let owned = roomy(&fx).await;
    let person = fx.person().await;
    for _ in 0..6 {
        let (invitation, token) = invited(&fx, owned, Role::Member).await;
        let (again, id) = (fx.person().await, invitation.id);
        let withdraw = Withdraw { invitation: id, by: owned.user, request_id: "req".into() };
        let answers = race(2, |number| {
            let invitations = fx.store.invitations.clone();
            let (withdraw, accept, scope) = (withdraw.clone(), accept(token, &again), owned.scope);
            async move {
                match number {
                    0 => invitations.withdraw(scope, withdraw).await.is_ok(),
                    _ => invitations.accept(accept).await.is_ok(),
                }
            }
        })
        .await;
        assert!(answers[0] != answers[1], "{answers:?}");
        let refusal = rejected(fx.store.invitations.accept(accept(token, &person)).await);
        assert_eq!(refusal, AcceptError::Unknown);
        let refusal = rejected(fx.store.invitations.withdraw(owned.scope, withdraw).await);
        assert_eq!(refusal, WithdrawError::Unknown);
    }
    let (invitation, token) = invited(&fx, owned, Role::Member).await;
    let id = invitation.id;
    let withdraw = Withdraw { invitation: id, by: owned.user, request_id: "req".into() };
    fx.store.invitations.withdraw(owned.scope, withdraw).await.unwrap();
    let entry = (AuditAction::InvitationWithdrawn, Some(owned.user), id.to_string());
    assert_eq!(last(&fx, owned).await, entry);
    assert_eq!(fx.store.invitations.find_invitation(&token).await.unwrap(), None);
}

/// Takes away what somebody may offer, in each way there is; what that is audited as.
async fn take_right(fx: &Fixture, of: Owned, maker: UserId, way: usize) -> AuditAction {
    let (members, request_id) = (&fx.store.members, "req_right".to_owned());
    match way {
        0 => {
            let cmd = RemoveMember { by: of.user, member: maker, request_id };
            members.remove(of.scope, cmd).await.unwrap();
            AuditAction::MemberRemoved
        }
        1 => {
            members.leave(of.scope, maker, &request_id).await.unwrap();
            AuditAction::MemberLeft
        }
        _ => {
            let role = if way == 2 { Role::Member } else { Role::Admin };
            let cmd = ChangeRole { by: of.user, member: maker, role, request_id };
            members.change_role(of.scope, cmd).await.unwrap();
            AuditAction::RoleChanged
        }
    }
}

async fn an_invitation_never_outlives_its_makers_right(fx: Fixture) {
    for way in 0..4 {
        let owned = roomy(&fx).await;
        let maker = fx.person().await;
        let (_, token) = invited(&fx, owned, Role::Owner).await;
        fx.store.invitations.accept(accept(token, &maker)).await.unwrap();
        let theirs = Owned { user: maker.user.id, ..owned };
        let (kept, _) = invited(&fx, owned, Role::Owner).await;
        let (gone, token) = invited(&fx, theirs, Role::Owner).await;
        fx.clock.advance(1);
        let (lesser, _) = invited(&fx, theirs, Role::Admin).await;

        let how = take_right(&fx, owned, maker.user.id, way).await;
        let by = if how == AuditAction::MemberLeft { maker.user.id } else { owned.user };
        let mut expected = vec![(how, Some(by), maker.user.id.to_string())];
        let mut left = vec![kept.id];
        for one in [&gone, &lesser] {
            // An admin may still offer what admins offer.
            if way == 3 && one.role == Role::Admin {
                left.push(one.id);
            } else {
                let withdrawn = AuditAction::InvitationWithdrawn;
                expected.push((withdrawn, Some(by), one.id.to_string()));
            }
        }
        let entries = fx.store.audit_trail.entries(Some(owned.scope.tenant())).await;
        let trail = entries.into_iter().map(|one| (one.action, one.actor.user, one.subject));
        let mut trail: Vec<_> = trail.collect();
        assert_eq!(trail.split_off(trail.len() - expected.len()), expected, "way {way}");
        let mut open: Vec<_> = open(&fx, owned).await.into_iter().map(|one| one.id).collect();
        open.sort_unstable();
        left.sort_unstable();
        assert_eq!(open, left, "way {way}");

        let other = fx.person().await;
        let mut comers = vec![&other];
        if matches!(how, AuditAction::MemberRemoved | AuditAction::MemberLeft) {
            comers.push(&maker);
        }
        for person in comers {
            let refusal = rejected(fx.store.invitations.accept(accept(token, person)).await);
            assert_eq!(refusal, AcceptError::Unknown);
        }
        assert_eq!(fx.store.invitations.find_invitation(&token).await.unwrap(), None);
    }
}

async fn a_maker_who_rises_or_stays_keeps_every_invitation(fx: Fixture) {
    let owned = roomy(&fx).await;
    let admin = joined(&fx, owned, Role::Admin).await;
    let (made, token) = invited(&fx, Owned { user: admin, ..owned }, Role::Admin).await;
    for role in [Role::Admin, Role::Owner, Role::Admin] {
        let request_id = "req_role".to_owned();
        let cmd = ChangeRole { by: owned.user, member: admin, role, request_id };
        fx.store.members.change_role(owned.scope, cmd).await.unwrap();
    }
    assert_eq!(open(&fx, owned).await, [made]);
    let person = fx.person().await;
    fx.store.invitations.accept(accept(token, &person)).await.unwrap();
}

async fn raced_with_its_makers_removal_an_invitation_is_accepted_before_or_never(fx: Fixture) {
    for _ in 0..6 {
        let owned = roomy(&fx).await;
        let maker = joined(&fx, owned, Role::Admin).await;
        let (_, token) = invited(&fx, Owned { user: maker, ..owned }, Role::Admin).await;
        let person = fx.person().await;
        let answers = race(2, |number| {
            let (fx, cmd) = (fx.clone(), accept(token, &person));
            async move {
                match number {
                    0 => fx.store.invitations.accept(cmd).await.is_ok(),
                    _ => take_right(&fx, owned, maker, 0).await == AuditAction::MemberRemoved,
                }
            }
        })
        .await;
        let entries = fx.store.audit_trail.entries(Some(owned.scope.tenant())).await;
        let last = [&entries[entries.len() - 2], &entries[entries.len() - 1]];
        let order = if answers[0] {
            [AuditAction::MemberJoined, AuditAction::MemberRemoved]
        } else {
            [AuditAction::MemberRemoved, AuditAction::InvitationWithdrawn]
        };
        assert_eq!(last.map(|entry| entry.action), order);
    }
}

async fn an_invitation_for_an_address_is_never_accepted_by_another(fx: Fixture) {
    let owned = roomy(&fx).await;
    let (meant, other) = (fx.person().await, fx.person().await);
    let email = Email::parse(&meant.user.email.as_str().to_uppercase()).unwrap();
    let cmd = Invite { email: Some(email.clone()), ..invite(&fx, owned.user, Role::Member) };
    let token = cmd.token;
    fx.store.invitations.invite(owned.scope, cmd).await.unwrap();
    let refusal = rejected(fx.store.invitations.accept(accept(token, &other)).await);
    assert_eq!(refusal, AcceptError::ForAnother { email });
    fx.store.invitations.accept(accept(token, &meant)).await.unwrap();
}

async fn members_and_open_invitations_are_never_more_than_the_plan_has_seats(fx: Fixture) {
    let free = fx.tenant().await;
    let cmd = invite(&fx, free.user, Role::Member);
    let refusal = rejected(fx.store.invitations.invite(free.scope, cmd).await);
    let full = NoSeat { limit: 1, used: 1, required_tier: Some(Tier::Starter) };
    assert_eq!(refusal, InviteError::NoSeat(full));

    let owned = fx.tenant_of(Tier::Starter).await;
    joined(&fx, owned, Role::Member).await;
    let (invitation, _) = invited(&fx, owned, Role::Member).await;
    let no_room = async || {
        let cmd = invite(&fx, owned.user, Role::Member);
        let refusal = rejected(fx.store.invitations.invite(owned.scope, cmd).await);
        assert!(matches!(refusal, InviteError::NoSeat(NoSeat { limit: 3, used: 3, .. })));
    };
    no_room().await;
    fx.clock.set(invitation.expires_at);
    joined(&fx, owned, Role::Viewer).await;
    no_room().await;
}

async fn raced_invitations_are_never_more_than_the_plan_has_seats(fx: Fixture) {
    let owned = fx.tenant_of(Tier::Starter).await;
    let commands: Vec<_> = (0..16).map(|_| invite(&fx, owned.user, Role::Member)).collect();
    let answers = race(16, |number| {
        let (invitations, scope) = (fx.store.invitations.clone(), owned.scope);
        let cmd = commands[number].clone();
        async move { invitations.invite(scope, cmd).await }
    })
    .await;
    let (made, refused) = sorted(answers);
    assert_eq!((made.len(), refused.len()), (2, 14));
}

async fn only_those_who_may_make_such_members_invite_and_withdraw(fx: Fixture) {
    let owned = roomy(&fx).await;
    let admin = joined(&fx, owned, Role::Admin).await;
    let member = joined(&fx, owned, Role::Member).await;
    let stranger = fx.person().await.user.id;
    let (for_owner, _) = invited(&fx, owned, Role::Owner).await;
    let invitations = &fx.store.invitations;
    for (by, role, why) in [
        (admin, Role::Owner, MemberError::OwnersOnly),
        (member, Role::Viewer, MemberError::NotPermitted),
        (stranger, Role::Viewer, MemberError::NotPermitted),
    ] {
        let refusal = rejected(invitations.invite(owned.scope, invite(&fx, by, role)).await);
        assert_eq!(refusal, InviteError::Member(why));
        let cmd = Withdraw { invitation: for_owner.id, by, request_id: "req".into() };
        let refusal = rejected(invitations.withdraw(owned.scope, cmd).await);
        assert_eq!(refusal, WithdrawError::Member(why));
    }
    assert_eq!(open(&fx, owned).await, [for_owner]);
    let cmd = invite(&fx, admin, Role::Admin);
    let made = invitations.invite(owned.scope, cmd).await.unwrap();
    let cmd = Withdraw { invitation: made.id, by: admin, request_id: "req".into() };
    invitations.withdraw(owned.scope, cmd).await.unwrap();
}

async fn invitations_of_another_tenant_are_never_reached(fx: Fixture) {
    let (mine, theirs) = (roomy(&fx).await, roomy(&fx).await);
    let (invitation, _) = invited(&fx, theirs, Role::Member).await;
    let cmd = Withdraw { invitation: invitation.id, by: mine.user, request_id: "req".into() };
    let refusal = rejected(fx.store.invitations.withdraw(mine.scope, cmd).await);
    assert_eq!(refusal, WithdrawError::Unknown);
    assert_eq!((open(&fx, mine).await, open(&fx, theirs).await), (vec![], vec![invitation]));
}
