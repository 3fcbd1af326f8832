//! Who may change who belongs to a tenant, who joins it, and how the platform gets an owner.

use crate::{at, email, hash, tenant, user};
use keelway_access::invitations::{AcceptFacts, InviteFacts, accept, invite, withdraw};
use keelway_access::members::{change_role, remove};
use keelway_access::{
    AcceptError, Acceptance, Email, Invitation, InviteError, Member, MemberError, NewSession,
    NoSeat, Occasion, OwnerLink, RedeemError, Role, Rotation, SessionPolicy, User, UserAgent,
    WithdrawError,
};
use keelway_kernel::id::{InvitationId, SessionId};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// As many seats as there can be.
fn seat(used: u64) -> Result<(), NoSeat> {
    let full = NoSeat { limit: u64::MAX, used, required_tier: None };
    if used < u64::MAX { Ok(()) } else { Err(full) }
}

/// The refusal for each role that asks (row) and role that is meant (column), two owners about.
fn table(decide: impl Fn(&[Member], Role, Role) -> Result<Role, MemberError>) -> String {
    let mut table = String::new();
    for by in Role::ALL {
        let row = Role::ALL.map(|meant| {
            let member = |seed, role| Member { user: user(seed), role };
            let members = [member(1, by), member(2, meant), member(3, Role::Owner)];
            match decide(&members, by, meant) {
                Ok(before) => {
                    assert_eq!(before, meant);
                    "yes".to_owned()
                }
                Err(refusal) => format!("{refusal:?}"),
            }
        });
        writeln!(table, "{by}: {}", row.join(", ")).unwrap();
    }
    table
}

#[test]
fn who_removes_whom() {
    insta::assert_snapshot!(table(|members, _, _| remove(members, user(1), user(2))), @r"
    viewer: NotPermitted, NotPermitted, NotPermitted, NotPermitted
    member: NotPermitted, NotPermitted, NotPermitted, NotPermitted
    admin: yes, yes, yes, OwnersOnly
    owner: yes, yes, yes, yes
    ");
}

#[test]
fn who_makes_whom_what() {
    for wanted in [Role::Viewer, Role::Member, Role::Admin] {
        let change = Member { user: user(2), role: wanted };
        let made = table(|members, _, _| change_role(members, user(1), change));
        assert_eq!(made, table(|members, _, _| remove(members, user(1), user(2))));
    }
    let owner = Member { user: user(2), role: Role::Owner };
    insta::assert_snapshot!(table(|members, _, _| change_role(members, user(1), owner)), @r"
    viewer: NotPermitted, NotPermitted, NotPermitted, NotPermitted
    member: NotPermitted, NotPermitted, NotPermitted, NotPermitted
    admin: OwnersOnly, OwnersOnly, OwnersOnly, OwnersOnly
    owner: yes, yes, yes, yes
    ");
}

#[derive(Debug, Clone)]
enum Step {
    Change(u64, u64, Role),
    Remove(u64, u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let role = prop::sample::select(Role::ALL.to_vec());
    let step = prop_oneof![
        (0..5_u64, 0..5_u64, role).prop_map(|(by, member, role)| Step::Change(by, member, role)),
        (0..5_u64, 0..5_u64).prop_map(|(by, member)| Step::Remove(by, member)),
    ];
    prop::collection::vec(step, 0..24)
}

proptest! {
    #[test]
    fn no_course_of_changes_loses_the_last_owner_or_lets_an_admin_rise(steps in steps()) {
        let roles = [Role::Owner, Role::Owner, Role::Admin, Role::Member, Role::Viewer];
        let mut members: Vec<_> =
            (0..).zip(roles).map(|(seed, role)| Member { user: user(seed), role }).collect();
        for step in steps {
            let owners = |members: &[Member]| -> BTreeSet<_> {
                members.iter().filter(|m| m.role == Role::Owner).map(|m| m.user).collect()
            };
            let before = owners(&members);
            let by = match step {
                Step::Change(by, member, role) => {
                    let wanted = Member { user: user(member), role };
                    if change_role(&members, user(by), wanted).is_ok() {
                        let changed = members.iter_mut().find(|m| m.user == wanted.user).unwrap();
                        changed.role = role;
                    }
                    by
                }
                Step::Remove(by, member) => {
                    if remove(&members, user(by), user(member)).is_ok() {
                        members.retain(|m| m.user != user(member));
                    }
                    by
                }
            };
            let after = owners(&members);
            prop_assert!(!after.is_empty());
            prop_assert!(before == after || before.contains(&user(by)), "an owner changed them");
        }
    }
}

fn invitation() -> Invitation {
    Invitation {
        id: InvitationId::generate(at(0), &crate::Seeded::new(1)),
        tenant: tenant(1),
        role: Role::Member,
        email: None,
        invited_by: user(1),
        created_at: at(0),
        expires_at: at(Invitation::LIFETIME_S),
        accepted_by: None,
    }
}

fn ada() -> User {
    User { id: user(7), email: email(), name: None, created_at: at(0), staff_since: None }
}

#[test]
fn an_open_invitation_takes_a_seat_and_an_accepted_one_is_a_member() {
    let facts = InviteFacts { by: Some(Role::Admin), members: 3, open: 2 };
    let full = |used| Err(NoSeat { limit: 5, used, required_tier: None });
    let refusal = invite(facts, Role::Member, full);
    let expected = NoSeat { limit: 5, used: 5, required_tier: None };
    assert_eq!(refusal, Err(InviteError::NoSeat(expected)));
    assert_eq!(invite(facts, Role::Member, seat), Ok(()));
    let owner = invite(facts, Role::Owner, |_| unreachable!("asked too early"));
    assert_eq!(owner, Err(MemberError::OwnersOnly.into()));

    let (invitation, ada) = (invitation(), ada());
    let inviter = Some(Role::Admin);
    let facts =
        AcceptFacts { invitation: Some(&invitation), by: &ada, role: None, inviter, members: 4 };
    let refusal = accept(facts, at(1), full);
    assert_eq!(
        refusal,
        Err(AcceptError::NoSeat(NoSeat { limit: 5, used: 4, required_tier: None }))
    );
}

#[test]
fn what_comes_of_following_a_link() {
    let ada = ada();
    let inviter = Some(Role::Owner);
    let answer = |invitation: &Invitation, role, now| {
        let invitation = Some(invitation);
        accept(AcceptFacts { invitation, by: &ada, role, inviter, members: 1 }, now, seat)
    };
    let open = invitation();
    let end = open.expires_at;
    assert_eq!(answer(&open, None, at(0)), Ok(Acceptance::Joins(Role::Member)));
    assert_eq!(answer(&open, None, end), Err(AcceptError::Expired { since: end }));
    let used = Invitation { accepted_by: Some(user(3)), ..invitation() };
    assert_eq!(answer(&used, None, at(0)), Err(AcceptError::Unknown));
    assert_eq!(answer(&used, None, end), Err(AcceptError::Unknown));
    let other = Email::parse("bob@example.com").unwrap();
    let named = Invitation { email: Some(other.clone()), ..invitation() };
    assert_eq!(answer(&named, None, at(0)), Err(AcceptError::ForAnother { email: other }));
    let mine = Invitation { email: Some(email()), ..invitation() };
    assert!(answer(&mine, None, at(0)).is_ok());
    for any in [&open, &used, &named] {
        let viewer = Some(Role::Viewer);
        assert_eq!(answer(any, viewer, end), Ok(Acceptance::IsMember(Role::Viewer)));
    }
    let facts = AcceptFacts { invitation: None, by: &ada, role: None, inviter, members: 1 };
    assert_eq!(accept(facts, at(0), seat), Err(AcceptError::Unknown));
}

/// The roles that an invitation gives (columns), by what its maker has become (rows).
#[test]
fn an_invitation_is_worth_what_its_maker_could_offer_today() {
    let ada = ada();
    let mut table = String::new();
    for inviter in Role::ALL.map(Some).into_iter().chain([None]) {
        let row = Role::ALL.map(|role| {
            let invitation = Invitation { role, ..invitation() };
            let facts = AcceptFacts {
                invitation: Some(&invitation),
                by: &ada,
                role: None,
                inviter,
                members: 1,
            };
            match accept(facts, at(0), seat) {
                Ok(Acceptance::Joins(given)) if given == role => "yes".to_owned(),
                other => format!("{:?}", other.unwrap_err()),
            }
        });
        let inviter = inviter.map_or("gone", Role::as_str);
        writeln!(table, "{inviter}: {}", row.join(", ")).unwrap();
    }
    insta::assert_snapshot!(table, @r"
    viewer: Unknown, Unknown, Unknown, Unknown
    member: Unknown, Unknown, Unknown, Unknown
    admin: yes, yes, yes, Unknown
    owner: yes, yes, yes, yes
    gone: Unknown, Unknown, Unknown, Unknown
    ");
}

#[test]
fn what_was_accepted_is_not_withdrawn() {
    let used = Invitation { accepted_by: Some(user(3)), ..invitation() };
    let owner = Some(Role::Owner);
    assert_eq!(withdraw(Some(&used), owner), Err(WithdrawError::Unknown));
    assert_eq!(withdraw(None, owner), Err(WithdrawError::Unknown));
    assert_eq!(withdraw(Some(&invitation()), owner), Ok(()));
    let not_permitted = Err(WithdrawError::Member(MemberError::NotPermitted));
    for by in [None, Some(Role::Viewer), Some(Role::Member)] {
        assert_eq!(withdraw(None, by), not_permitted, "nobody else learns what there is");
    }
}

#[test]
fn a_link_lives_for_a_day_and_a_start_makes_none_once_there_is_staff() {
    let link = OwnerLink::issue(Occasion::Start, 0, at(0)).unwrap();
    assert_eq!(OwnerLink::issue(Occasion::Start, 1, at(0)), None);
    assert_eq!(OwnerLink::issue(Occasion::LockedOut, 9, at(0)), Some(link));
    let end = at(OwnerLink::LIFETIME_S);
    assert_eq!(OwnerLink::redeem(Some(link), at(OwnerLink::LIFETIME_S - 1)), Ok(()));
    assert_eq!(OwnerLink::redeem(Some(link), end), Err(RedeemError::LinkDead));
    assert_eq!(OwnerLink::redeem(None, at(0)), Err(RedeemError::LinkDead));
}

/// SHA-256 of the context and the hash, as Python's hashlib has it, cut to 16 bytes.
#[test]
fn a_sessions_id_follows_from_its_hash_and_does_not_show_it() {
    let policy = SessionPolicy::default();
    let agent = UserAgent::trimmed("curl/8");
    let new = NewSession { hash: hash(1), user_agent: agent.clone(), policy };
    let session = new.open(user(1), at(0));
    insta::assert_snapshot!(session.id(), @"ses_7qj8jy3adz517w1xrk997csrxp");
    assert_eq!(session.id().to_string().parse::<SessionId>(), Ok(session.id()));
    let rotation = Rotation { from: hash(1), to: hash(2), policy };
    let renewed = rotation.replace(session.clone(), at(60));
    assert_ne!(renewed.id(), session.id());
    assert_eq!((renewed.user, renewed.user_agent, renewed.created_at), (user(1), agent, at(60)));
}
