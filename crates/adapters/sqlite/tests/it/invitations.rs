//! Invitations that were left behind, as versions before left some.

use keelway_access::{Accept, AcceptError, Invitations as _, Invite, Role};
use keelway_contract::rejected;
use keelway_kernel::Tier;
use keelway_kernel::id::InvitationId;

use crate::opened::Opened;

#[tokio::test]
async fn what_somebody_offered_who_is_gone_is_never_accepted() {
    let opened = Opened::new().await;
    let fx = &opened.fx;
    let owned = fx.tenant_of(Tier::Enterprise).await;
    let token = fx.token();
    let invite = Invite {
        id: InvitationId::generate(fx.now(), &*fx.entropy),
        token,
        role: Role::Owner,
        email: None,
        by: owned.user,
        request_id: "req_invite".into(),
    };
    opened.store.invite(owned.scope, invite).await.unwrap();
    opened.tamper("DROP TRIGGER memberships_leave_an_owner").await.unwrap();
    opened.tamper("DELETE FROM memberships").await.unwrap();
    let user = fx.person().await.user.id;
    let accept = Accept { token, user, request_id: "req_accept".into() };
    assert_eq!(rejected(opened.store.accept(accept).await), AcceptError::Unknown);
}
