//! The platform as a whole, for those who run it.
//!
//! Of what people make here, these pages show no more than running it needs: ids, names of
//! workspaces, figures; a project's name is made of its description. Whoever is not of the platform's own people gets the
//! answer of a page that does not exist.

mod builds;
mod flags;
mod leases;
mod overview;
mod performance;

use actix_web::http::Method;
use keelway_builds::operations::TenantRef;
use keelway_http::routes::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/admin", overview::show);
    routes.page(Method::GET, "/admin/builds", builds::list);
    routes.page(Method::GET, "/admin/leases", leases::list);
    routes.page(Method::GET, "/admin/performance", performance::show);
    routes.page(Method::GET, "/admin/flags", flags::list);
    routes.page(Method::POST, "/admin/flags", flags::set);
}

/// A workspace as these pages name it.
struct Whose {
    id: String,
    name: String,
    /// All its builds.
    href: String,
}

impl Whose {
    fn of(tenant: &TenantRef) -> Self {
        Self {
            id: tenant.id.to_string(),
            name: tenant.name.to_string(),
            href: format!("/admin/builds?tenant={}", tenant.id),
        }
    }
}
