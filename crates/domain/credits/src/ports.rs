//! What a store of the ledger promises.

use crate::{
    AddGrant, Commit, CommitError, Entry, GrantError, Granted, Hold, Receipt, Refund, RefundError,
    Release, ReleaseError, Renew, RenewError, Renewed, Reserve, ReserveError, Reserved, Statement,
};
use async_trait::async_trait;
use keelway_kernel::{Actor, Credits, Failure, HoldId, Page, PageRequest, StoreError, TenantScope};

/// The ledger's commands.
///
/// Each is atomic: its rows are all saved or none, and no caller ever sees half of one. Each
/// is idempotent: the same key with the same body always gives the first answer, never a
/// second effect; the same key with another body is always refused. Concurrent commands on
/// one account never spend more than it has, and never fail merely because they raced. A
/// refusal never changes anything. The store's clock, read inside the transaction, says when.
#[async_trait]
pub trait CreditLedger: Send + Sync {
    /// Gives credits, exactly once per grant id; the first grant opens the account.
    async fn grant(
        &self,
        scope: TenantScope,
        cmd: AddGrant,
    ) -> Result<Granted, Failure<GrantError>>;

    /// Sets credits aside, exactly once per hold id.
    ///
    /// Never holds more than is available, and never more in a day than the caps allow. What a
    /// build needs is held by its submission, because only its end can end that hold.
    async fn reserve(
        &self,
        scope: TenantScope,
        cmd: Reserve,
    ) -> Result<Reserved, Failure<ReserveError>>;

    /// Moves an external hold's time-out to one lifetime from now; never shortens it.
    async fn renew(&self, scope: TenantScope, cmd: Renew) -> Result<Renewed, Failure<RenewError>>;

    /// Charges use, exactly once per key; never more than was held and the overdraft allows.
    ///
    /// Never of a build's hold: that is charged once, as the build ends.
    async fn commit(
        &self,
        scope: TenantScope,
        cmd: Commit,
    ) -> Result<Receipt, Failure<CommitError>>;

    /// Lets go what a hold still keeps; the hold ends exactly once, and a build's with the build.
    async fn release(
        &self,
        scope: TenantScope,
        cmd: Release,
    ) -> Result<Receipt, Failure<ReleaseError>>;

    /// Gives back charged credits, exactly once per grant id; never more than was charged.
    async fn refund(
        &self,
        scope: TenantScope,
        cmd: Refund,
    ) -> Result<Granted, Failure<RefundError>>;

    /// Ends holds past their time and takes lapsed credits out, for up to `accounts`
    /// accounts of any tenant.
    ///
    /// Never touches a hold of a build, and never takes credits that are held. Any number of
    /// sweeps may run at once: each hold ends exactly once.
    async fn expire(&self, accounts: u32, actor: Actor) -> Result<Swept, StoreError>;
}

/// What one sweep did; all zero means that nothing is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Accounts changed.
    pub accounts: u32,
    /// Holds ended.
    pub holds: u32,
}

/// The ledger's reads. Each sees one committed state, never another tenant's.
#[async_trait]
pub trait CreditBooks: Send + Sync {
    /// How the account stands; all zero for a tenant that was never granted anything.
    async fn statement(&self, scope: TenantScope) -> Result<Statement, StoreError>;

    /// What can be held now: the one figure of the statement that is asked for often.
    async fn available(&self, scope: TenantScope) -> Result<Credits, StoreError>;

    /// The account's entries, newest first.
    ///
    /// The cursor's key is the entry's `seq` and its id the tenant's. Entries are never
    /// changed or removed, so pages never skip or repeat one.
    async fn entries(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<Entry>, StoreError>;

    /// The hold, if this tenant has it.
    async fn find_hold(&self, scope: TenantScope, hold: HoldId)
    -> Result<Option<Hold>, StoreError>;
}
