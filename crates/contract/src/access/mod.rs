//! The cases of the ports in [`keelway_access::ports`], and of
//! [`ReplayGuard`](keelway_signing::ReplayGuard).

pub mod attempts;
pub mod nonces;
pub mod sessions;
pub mod sign_up;
pub mod tenants;
pub mod tickets;
