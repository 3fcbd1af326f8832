//! What a store's tests hand over, and how one case runs against it.

use crate::{Fixture, ManualClock, SeededEntropy};
use async_trait::async_trait;
use keelway_access::{
    Accounts, AuditEntry, Invitations, Members, People, Sessions, Staff, Tickets,
};
use keelway_builds::ports::{
    BuildQueue, Builds, Inspector, Operations, Overviews, Projects, Sites, Submissions,
};
use keelway_credits::{CreditBooks, CreditLedger};
use keelway_kernel::{Clock, Entropy, TenantId};
use keelway_signing::ReplayGuard;
use keelway_tiers::FlagOverrides;
use std::any::Any;
use std::future::Future;
use std::sync::Arc;

/// Every port of one store; clones are the same store.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port its type names")]
pub struct Store {
    pub ledger: Arc<dyn CreditLedger>,
    pub books: Arc<dyn CreditBooks>,
    pub accounts: Arc<dyn Accounts>,
    pub sessions: Arc<dyn Sessions>,
    pub people: Arc<dyn People>,
    pub members: Arc<dyn Members>,
    pub invitations: Arc<dyn Invitations>,
    pub staff: Arc<dyn Staff>,
    pub tickets: Arc<dyn Tickets>,
    pub replay_guard: Arc<dyn ReplayGuard>,
    pub submissions: Arc<dyn Submissions>,
    pub queue: Arc<dyn BuildQueue>,
    pub builds: Arc<dyn Builds>,
    pub projects: Arc<dyn Projects>,
    pub sites: Arc<dyn Sites>,
    pub overviews: Arc<dyn Overviews>,
    pub operations: Arc<dyn Operations>,
    pub flag_overrides: Arc<dyn FlagOverrides>,
    pub inspector: Arc<dyn Inspector>,
    pub audit_trail: Arc<dyn AuditTrail>,
    /// Whatever must live as long as the store, such as a temporary folder.
    pub keep: Arc<dyn Any + Send + Sync>,
}

/// Reads the audit log as it is stored. No port does, so the store's tests do it themselves.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// The entries of a tenant's chain, or of what happened outside any, oldest first.
    async fn entries(&self, tenant: Option<TenantId>) -> Vec<AuditEntry>;
}

/// Runs one case on a store of its own, then inspects its books.
///
/// Several threads, so that commands that race do so in parallel.
///
/// # Panics
///
/// If the case fails, or leaves the books in disorder.
pub fn run<Opening, Case>(
    open: impl FnOnce(Arc<dyn Clock>, Arc<dyn Entropy>) -> Opening,
    case: impl FnOnce(Fixture) -> Case,
) where
    Opening: Future<Output = Store>,
    Case: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("threads to run on");
    runtime.block_on(async {
        let clock = Arc::new(ManualClock::default());
        let entropy = Arc::new(SeededEntropy::new(7));
        let store = open(clock.clone(), entropy.clone()).await;
        let inspector = Arc::clone(&store.inspector);
        let keep = Arc::clone(&store.keep);
        case(Fixture { clock, entropy, store }).await;
        let inspection = inspector.inspect().await.expect("books that can be read");
        assert_eq!(inspection.violations, [], "the books are in disorder");
        assert!(!inspection.checked.is_empty(), "nothing was inspected");
        drop(keep);
    });
}
