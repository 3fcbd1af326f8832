//! The cases of the ports in [`keelway_access::ports`], and of
//! [`ReplayGuard`](keelway_signing::ReplayGuard).

pub mod attempts;
pub mod invitations;
pub mod members;
pub mod nonces;
pub mod people;
pub mod sessions;
pub mod sign_up;
pub mod staff;
pub mod tenants;
pub mod tickets;
