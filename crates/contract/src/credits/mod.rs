//! The cases of [`CreditLedger`](keelway_credits::CreditLedger) and
//! [`CreditBooks`](keelway_credits::CreditBooks).

pub mod books;
pub mod charges;
pub mod expiry;
pub mod grants;
pub mod holds;
mod model;
pub mod random;
pub mod refunds;
