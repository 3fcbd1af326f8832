//! The living style page: every part of the design system, as the console uses it.

use actix_web::HttpResponse;
use actix_web::http::Method;
use askama::Template;
use keelway_http::guard::Anyone;
use keelway_http::routes::Routes;

use crate::page::Page;
use crate::shell::Shell;

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/style", style);
}

#[derive(Template)]
#[template(path = "style/index.html")]
struct Style {
    shell: Shell,
}

async fn style(_anyone: Anyone, page: Page) -> HttpResponse {
    page.show(&Style { shell: page.shell("Style", "") })
}
