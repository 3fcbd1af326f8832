//! Calling a build off.

use actix_web::HttpResponse;
use keelway_builds::cancel::Cancelling;
use keelway_http::Problem;
use keelway_http::args::{Id, UseCases};
use keelway_http::guard::Allowed;
use keelway_http::pages::see_other;
use keelway_http::reply::Keying;
use keelway_kernel::{BuildId, Reply};
use keelway_platform::permit::right::CancelBuild;

use super::under;
use crate::page::Page;

pub(super) async fn cancel(
    permit: Allowed<CancelBuild>,
    app: UseCases,
    page: Page,
    keying: Keying,
    Id(id): Id<BuildId>,
) -> Result<HttpResponse, Problem> {
    keying
        .once_with(cancelling, under(page.slug()), |keyed| app.cancel_build(&permit, id, keyed))
        .await
}

fn cancelling(cancelling: &Cancelling) -> Reply {
    see_other(format!("/projects/{}", cancelling.build.project))
}
