//! The list of projects.

use actix_web::HttpResponse;
use actix_web::http::Method;
use askama::Template;
use keelway_http::Problem;
use keelway_http::args::{Query, UseCases, page_request};
use keelway_http::guard::Allowed;
use keelway_http::routes::Routes;
use keelway_platform::permit::right::ViewProjects;
use serde::Deserialize;

use crate::page::Page;
use crate::shell::Shell;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/w/{workspace}/projects", list);
}

#[derive(Deserialize)]
struct Filter {
    cursor: Option<String>,
}

struct Row {
    id: String,
    name: String,
    created_at: String,
}

#[derive(Template)]
#[template(path = "projects/list.html")]
struct List {
    shell: Shell,
    slug: String,
    rows: Vec<Row>,
    next: Option<String>,
}

async fn list(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    page: Page,
    Query(filter): Query<Filter>,
) -> Result<HttpResponse, Problem> {
    let found = app.list_projects(&permit, page_request(None, filter.cursor.as_deref())?).await?;
    let next = found.next.as_ref().map(keelway_kernel::Cursor::encode);
    let rows = found.items.into_iter().map(|project| Row {
        id: project.id.to_string(),
        name: project.name.to_string(),
        created_at: project.created_at.to_string(),
    });
    Ok(page.show(&List {
        shell: page.shell("Projects", "projects"),
        slug: page.slug().to_owned(),
        rows: rows.collect(),
        next,
    }))
}
