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

    /// What can be held now, without the rest of the statement.
    pub async fn available(&self, permit: &Permit<ViewCredits>) -> Result<Credits, StoreError> {
        self.ports.books.available(permit.scope()).await
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
