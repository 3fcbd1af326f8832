//! Builds: submitting, leasing, recording, ending, reading.
//!
//! The cases expect a store that decides by `Rules::new(LimitTable::default())`.

mod busy;
pub mod cancelling;
pub mod ending;
pub mod faults;
pub mod leases;
pub mod operations;
pub mod order;
pub mod overviews;
pub mod parked;
pub mod projects;
pub mod reads;
pub mod recording;
mod setup;
pub mod sites;
pub mod submitting;
pub mod usage;
