//! Workspaces: the tenants people make and belong to.

use keelway_access::ports::{CreateTenant, CreateTenantError, NewTenant};
use keelway_access::{Membership, Slug, Tenant, WorkspaceName};
use keelway_kernel::{Failure, GrantId, Keyed, Once, StoreError, TenantId, TimeZoneName};
use keelway_tiers::Feature;

use crate::{Person, Platform};

impl Platform {
    /// Makes a workspace with `person` as its owner, and its first month's credits.
    pub async fn create_tenant(
        &self,
        person: &Person,
        name: WorkspaceName,
        keyed: Option<Keyed<Tenant>>,
    ) -> Result<Once<Tenant>, Failure<CreateTenantError>> {
        let cmd = CreateTenant {
            tenant: self.new_tenant(name),
            owner: person.user,
            actor: person.actor(),
            keyed,
        };
        self.ports.accounts.create_tenant(cmd).await
    }

    /// Where `person` belongs.
    pub async fn tenants(&self, person: &Person) -> Result<Vec<Membership>, StoreError> {
        self.ports.accounts.memberships(person.user).await
    }

    /// Whether somebody without a workspace gets one made when they first need it.
    pub fn makes_tenants(&self) -> bool {
        self.settings.gate.flags.evaluate(Feature::AutoTenant, None).value
    }

    pub(crate) fn new_tenant(&self, name: WorkspaceName) -> NewTenant {
        let now = self.now();
        let tier = self.settings.new_tenant_tier;
        NewTenant {
            id: TenantId::generate(now, self.entropy()),
            slug: Slug::from_name(&name),
            name,
            tier,
            time_zone: TimeZoneName::UTC,
            grant: GrantId::generate(now, self.entropy()),
            monthly_credits: self.settings.limits.of(tier).credits_per_month.credits(),
        }
    }
}
