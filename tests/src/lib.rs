//! The real program from outside: started, asked, killed and started again, and its books read
//! without it.
//!
//! **Invariant:** nothing here knows how the program works. It is a process with settings, an
//! address and a database; what it promised is checked by asking and by SQL.
//!
//! | module | holds |
//! |---|---|
//! | `house` | a data directory with settings, and the processes that live in it |
//! | `api`, `sse` | asking over HTTP, and listening |
//! | `books` | every invariant, checked on the database and the stored bytes |
//! | `postgres`, `redis` | servers that may be ended and started again |
//! | `dice` | randomness that can be had again |
//! | `chaos` | many processes under load, and all that can happen to them |
//!
//! The tests are in `tests/it`; the bench and the chaos are programs that `cargo xtask` starts.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "this is test code that lives in a library: it fails by panicking"
)]

pub mod api;
pub mod books;
pub mod chaos;
pub mod dice;
pub mod house;
pub mod postgres;
pub mod redis;
pub mod sse;

use std::time::Duration;

pub use api::{Answer, Api};
pub use house::{House, Server};

/// The longest anything here may take on a slow, busy machine; what takes longer hangs.
pub const LIMIT: Duration = Duration::from_mins(3);

/// Waits for `event`, and fails by its name if it does not come.
pub async fn within<T>(what: &str, event: impl Future<Output = T>) -> T {
    let Ok(value) = tokio::time::timeout(LIMIT, event).await else {
        panic!("{what}: not within {LIMIT:?}");
    };
    value
}
