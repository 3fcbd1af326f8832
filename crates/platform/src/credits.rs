//! What a tenant has, and where it went.

use keelway_credits::{Entry, Package, Statement, recommend};
use keelway_kernel::{Credits, Page, PageRequest, StoreError};

use crate::permit::right::ViewCredits;
use crate::{Permit, Platform};

impl Platform {
    /// How the account stands.
    pub async fn statement(&self, permit: &Permit<ViewCredits>) -> Result<Statement, StoreError> {
        self.ports.books.statement(permit.scope()).await
    }

    /// The ledger, newest first.
    pub async fn ledger(
        &self,
        permit: &Permit<ViewCredits>,
        page: PageRequest,
    ) -> Result<Page<Entry>, StoreError> {
        self.ports.books.entries(permit.scope(), page).await
    }

    /// The cheapest package that covers `gap`.
    pub fn recommendation(&self, gap: Credits) -> Option<&Package> {
        recommend(&self.settings.packages, gap)
    }
}
