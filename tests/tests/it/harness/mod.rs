//! The real program, run and asked from outside.

pub(crate) mod api;
pub(crate) mod books;
pub(crate) mod dice;
pub(crate) mod house;
pub(crate) mod sse;

use std::future::Future;
use std::time::Duration;

pub(crate) use api::{Answer, Api};
pub(crate) use house::{House, Server};

/// The longest anything here may take on a slow, busy machine; what takes longer hangs.
pub(crate) const LIMIT: Duration = Duration::from_mins(3);

/// Waits for `event`, and fails by its name if it does not come.
pub(crate) async fn within<T>(what: &str, event: impl Future<Output = T>) -> T {
    let Ok(value) = tokio::time::timeout(LIMIT, event).await else {
        panic!("{what}: not within {LIMIT:?}");
    };
    value
}
