//! Settings: of the person, and of a workspace with its people.

mod device;
mod general;
mod invitations;
mod limits;
mod members;
mod profile;
mod rights;
mod roster;
mod sessions;

use actix_web::http::Method;
use keelway_access::{Denied, MemberError, Permission, RateClass, Role};
use keelway_http::routes::Routes;
use keelway_http::{Code, Problem};
use keelway_kernel::UserId;

use crate::notice::Notice;
use crate::page::Page;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/settings", profile::to_profile);
    routes.page(Method::GET, "/settings/profile", profile::show);
    routes.page(Method::POST, "/settings/profile", profile::rename);
    routes.page(Method::GET, "/settings/password", profile::to_password);
    routes.page(Method::POST, "/settings/password", profile::change).rate(RateClass::Auth);
    // Where password managers look for it.
    routes.page(Method::GET, "/.well-known/change-password", profile::to_password);
    routes.page(Method::GET, "/settings/sessions", sessions::show);
    routes.page(Method::POST, "/settings/sessions/{id}/end", sessions::end);
    routes.page(Method::POST, "/settings/sessions/end-others", sessions::end_others);
    routes.page(Method::GET, "/w/{workspace}/settings", general::show);
    routes.page(Method::POST, "/w/{workspace}/settings", general::rename);
    routes.page(Method::POST, "/w/{workspace}/settings/leave", general::leave);
    routes.page(Method::GET, "/w/{workspace}/settings/members", members::show);
    routes.page(Method::POST, "/w/{workspace}/settings/members", invitations::invite);
    routes.page(Method::POST, "/w/{workspace}/settings/members/{id}/role", members::change_role);
    routes.page(Method::POST, "/w/{workspace}/settings/members/{id}/remove", members::remove);
    let withdraw = "/w/{workspace}/settings/invitations/{id}/withdraw";
    routes.page(Method::POST, withdraw, invitations::withdraw);
}

/// Why the last owner stays.
const LAST_OWNER: Notice =
    Notice { tone: "bad", text: "A workspace keeps an owner. Make somebody else an owner first." };

/// What the visitor is in the workspace of the path.
fn my_role(page: &Page) -> Role {
    page.visitor.workspace.as_ref().map_or(Role::Viewer, |one| one.role)
}

fn my_id(page: &Page) -> Option<UserId> {
    page.visitor.profile.as_ref().map(|profile| profile.user.id)
}

/// A refusal that the page of members can explain, or one with a page of its own.
fn explained(error: MemberError) -> Result<Notice, Problem> {
    match error {
        MemberError::LastOwner => Ok(LAST_OWNER),
        MemberError::NotAMember => Err(Problem::not_found()),
        MemberError::NotPermitted => {
            Err(Denied::NotPermitted { permission: Permission::ManageMembers }.into())
        }
        MemberError::OwnersOnly => Err(Problem::new(Code::NotPermitted, error.to_string())),
    }
}

/// What a role is for, in a few words.
const fn about(role: Role) -> &'static str {
    match role {
        Role::Viewer => "looks and downloads",
        Role::Member => "builds and spends credits",
        Role::Admin => "looks after people too",
        Role::Owner => "decides about everything",
    }
}

/// What whoever has a role may do, in words.
pub(crate) fn may(role: Role) -> Vec<&'static str> {
    role.permissions().filter(|one| rights::has_page(*one)).map(rights::words).collect()
}

/// What of a form's field was filled in.
pub(crate) fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}
