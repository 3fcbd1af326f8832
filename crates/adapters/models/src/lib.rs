//! Model providers behind `keelway_builds::AgentRunner`; here the offline engine.
//!
//! The invariant: whatever a description contains, the engine's pages are well-formed, load
//! nothing from elsewhere, run no script but their own file, and are the same bytes for the
//! same input. Text enters a page in one place, which escapes it; addresses are made from the
//! site map and never from text.
//!
//! - [`OfflineEngine`]: builds a static site without key or network, and counts tokens as a
//!   provider would.
//! - [`Scripted`]: acts out a request's scripted failure, for development.
//!
//! Not here: which agents run when and under which budget (`worker`), and remote providers.

mod audit;
mod offline;
mod prompt;
mod scripted;
mod site;
mod tokens;

pub use offline::{OfflineEngine, OfflineSettings};
pub use scripted::Scripted;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
