//! Deploy targets; here the built-in static host.
//!
//! **Invariant:** a target that failed changed nothing: what was served before is served
//! still.
//!
//! Not here: serving (the HTTP adapter does), and which snapshot is live (the store flips
//! that in the transaction that ends the build).

mod local;
mod url;

pub use local::LocalHost;
pub use url::{SiteUrl, SiteUrlError};
