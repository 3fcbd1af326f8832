//! Workspaces: making one, and where one belongs.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use keelway_access::{Membership, Tenant, WorkspaceName};
use keelway_kernel::{Reply, TenantId, Tier, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::args::{Json, UseCases};
use crate::check::Check;
use crate::guard::SignedIn;
use crate::problem::Problem;
use crate::reply::{Keying, Listing, View, reply};
use crate::routes::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_create, create);
    routes.at(__path_list, list);
}

/// Makes a workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Analytical Bakery" }))]
pub(crate) struct CreateTenantBody {
    /// 1 to 80 characters.
    #[schema(max_length = 80)]
    name: String,
}

/// A workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant, example = json!({
    "id": "ten_01kfm2v6h8e2tb3q1t7x5z9c4d",
    "slug": "analytical-bakery",
    "name": "Analytical Bakery",
    "tier": "free",
    "time_zone": "UTC",
    "created_at": "2026-01-15T10:30:00.000000Z",
}))]
pub(crate) struct TenantView {
    #[schema(value_type = String)]
    id: TenantId,
    /// Its name in addresses, unique.
    slug: String,
    name: String,
    #[schema(value_type = String)]
    tier: Tier,
    /// Where its days and months begin.
    time_zone: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl TenantView {
    pub(crate) fn of(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id,
            slug: tenant.slug.to_string(),
            name: tenant.name.to_string(),
            tier: tenant.tier,
            time_zone: tenant.time_zone.as_str().to_owned(),
            created_at: tenant.created_at,
        }
    }
}

/// A workspace as somebody who belongs to it sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Membership)]
pub(crate) struct MembershipView {
    tenant: TenantView,
    /// viewer, member, admin or owner.
    #[schema(example = "owner")]
    role: &'static str,
}

impl MembershipView {
    pub(crate) fn of(membership: &Membership) -> Self {
        Self { tenant: TenantView::of(&membership.tenant), role: membership.role.as_str() }
    }
}

/// Creates a workspace
///
/// The caller becomes its owner, and it gets its first month's credits.
#[utoipa::path(
    post, path = "/v1/tenants", tag = "tenants", operation_id = "create_tenant",
    request_body = CreateTenantBody,
    responses((status = 201, body = TenantView, description = "The workspace")),
)]
async fn create(
    person: SignedIn,
    app: UseCases,
    keying: Keying,
    Json(body): Json<CreateTenantBody>,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let name = check.field("/name", WorkspaceName::parse(&body.name));
    let (name,) = check.all((name,))?;
    keying.once(created, |keyed| app.create_tenant(&person, name, keyed)).await
}

fn created(tenant: &Tenant) -> Reply {
    reply(StatusCode::CREATED, &TenantView::of(tenant))
}

/// Lists the workspaces one belongs to
#[utoipa::path(
    get, path = "/v1/tenants", tag = "tenants", operation_id = "list_tenants",
    responses((status = 200, body = Listing<MembershipView>, description = "All of them, oldest membership first")),
)]
async fn list(person: SignedIn, app: UseCases) -> Result<View<Listing<MembershipView>>, Problem> {
    let memberships = app.tenants(&person).await?;
    Ok(View(Listing::whole(memberships.iter().map(MembershipView::of).collect())))
}
