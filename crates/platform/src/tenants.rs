//! Workspaces: the tenants people make and belong to.

use keelway_access::ports::{CreateTenant, CreateTenantError, NewTenant};
use keelway_access::{Membership, Principal, SignedIn, Slug, Tenant, Unchosen, WorkspaceName};
use keelway_kernel::{
    Failure, GrantId, IdempotencyKey, Keyed, Once, Reply, StoreError, TenantId, TimeZoneName,
};
use keelway_tiers::Feature;

use crate::{Person, Platform};

/// What a workspace is called that was made because its owner needed one.
const FIRST: &str = "My workspace";
/// Two requests that both find none make one.
const FIRST_KEY: &str = "first";

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
    pub async fn makes_tenants(&self) -> bool {
        self.flags().await.evaluate(Feature::AutoTenant, None).value
    }

    /// Who `person` acts as once they need a workspace: in their only one, or, if they have
    /// none and such are made, in a new one. However often it is asked, at most one is made.
    pub async fn in_a_workspace(
        &self,
        person: &Person,
        principal: &Principal,
    ) -> Result<Principal, Failure<CreateTenantError>> {
        let has_none = matches!(principal, Principal::User { tenants: Unchosen::NoneYet, .. });
        if !has_none || !self.makes_tenants().await {
            return Ok(principal.clone());
        }
        let (Ok(name), Ok(key)) = (WorkspaceName::parse(FIRST), IdempotencyKey::parse(FIRST_KEY))
        else {
            unreachable!("plain words are names and keys");
        };
        let keyed = Keyed {
            owner: person.user.to_string(),
            route: "workspace when needed",
            key,
            fingerprint: [0; 32],
            request_id: person.request_id.clone(),
            reply: |_| Reply { status: 201, headers: Vec::new(), body: Vec::new() },
        };
        self.create_tenant(person, name, Some(keyed)).await?;
        let memberships = self.ports.accounts.memberships(person.user).await?;
        let signed_in = SignedIn { user: person.user, session: person.session };
        Ok(Principal::signed_in_as(signed_in, &memberships, None)
            .unwrap_or_else(|_| principal.clone()))
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
