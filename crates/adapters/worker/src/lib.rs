//! The lease loop that runs builds.
//!
//! **Invariant:** whatever a worker does, it does under a lease that still holds, and what it
//! has not recorded has not happened. It may be stopped between any two steps: the next
//! worker goes on from the last record, recorded work is never made again, and no tenant pays
//! for it twice.
//!
//! | module | does |
//! |---|---|
//! | `pool` | takes builds while slots are free, restarts what fell over, drains |
//! | `run` | one attempt: pipeline against heartbeat, and its one ending |
//! | `heartbeat` | renews the lease, notices cancellation, fences itself |
//! | `pipeline`, `crew` | phases in order, their agents side by side |
//! | `purse` | what each agent may spend of what is held |
//! | `sweep` | mends what time has overtaken |
//!
//! Not here: any rule about states, leases or charges (`keelway-builds` decides them inside
//! the queue), models, storage, serving.

mod agent;
mod crew;
mod heartbeat;
mod pipeline;
mod pool;
mod purse;
mod run;
mod settings;
mod stop;
mod store;
mod sweep;
mod telemetry;

use std::sync::Arc;

use keelway_builds::AgentRunner;
use keelway_builds::ports::{Blobs, BuildQueue, DeployTarget, Signals};
use keelway_kernel::{Clock, Entropy};

pub use pool::Worker;
pub use settings::WorkerSettings;

/// The outside world of a worker.
#[derive(Clone)]
pub struct Ports {
    /// Where builds come from and go back to.
    pub queue: Arc<dyn BuildQueue>,
    /// Who does the work.
    pub agents: Arc<dyn AgentRunner>,
    /// Where files are kept.
    pub blobs: Arc<dyn Blobs>,
    /// Where results are served.
    pub deploy: Arc<dyn DeployTarget>,
    /// Hints about new work and cancellations, and to those who watch a build.
    pub signals: Arc<dyn Signals>,
    /// For what is shown to people; leases are measured by the runtime's monotonic clock.
    pub clock: Arc<dyn Clock>,
    /// For ids and jitter.
    pub entropy: Arc<dyn Entropy>,
}

/// What every part of a worker shares.
struct Shop {
    ports: Ports,
    settings: WorkerSettings,
}
