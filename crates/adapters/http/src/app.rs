//! The app and the server around it.

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::guard::{Any, Get, Head};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpRequest, Route, web};
use keelway_platform::Platform;

use crate::context::Shared;
use crate::edge::{edge, unknown_path, wrong_method};
use crate::pages::Pages;
use crate::places::Places;
use crate::probes;
use crate::routes::{Row, TABLE};
use crate::settings::HttpSettings;

/// Serves an app under the limits that hold for both listeners; a macro, because the bounds of
/// a function would name crates that actix does not pass on.
macro_rules! serve {
    ($app:expr, $listener:expr, $settings:expr) => {{
        let settings: &$crate::settings::HttpSettings = $settings;
        let mut server = actix_web::HttpServer::new($app)
            .client_request_timeout(settings.head_timeout)
            .keep_alive(settings.keep_alive)
            .max_connections(settings.connections_per_worker)
            .on_connect($crate::connections::limited(settings))
            // Who closes their half is gone: otherwise a stream goes on, and reads the store each
            // second, until a write fails. Changes are made to the end all the same.
            .h1_allow_half_closed(false)
            .shutdown_timeout(settings.shutdown_grace.as_secs())
            .disable_signals();
        if let Some(workers) = settings.workers {
            server = server.workers(usize::try_from(workers.get()).unwrap_or(usize::MAX));
        }
        Ok(server.listen($listener)?.run())
    }};
}
pub(crate) use serve;

/// Makes the server's parts for one platform.
#[derive(Clone)]
pub struct Http {
    shared: web::Data<Shared>,
}

/// The API over `platform`.
pub fn http(platform: Platform, settings: HttpSettings) -> Http {
    probes::describe();
    Http {
        shared: web::Data::new(Shared {
            platform,
            settings,
            streams: Places::default(),
            look_ups: Places::default(),
            foreign_keys: Arc::default(),
            pages: None,
            readiness: Arc::default(),
        }),
    }
}

impl Http {
    /// The same with pages beside the API, on the same listener and under the same rules.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        let shared = Shared { pages: Some(pages), ..Shared::clone(&self.shared) };
        Self { shared: web::Data::new(shared) }
    }

    /// What both the API and the sites are made of.
    pub(crate) fn parts(&self) -> (&Platform, &HttpSettings) {
        (&self.shared.platform, &self.shared.settings)
    }

    /// The API as an actix app, for a server or a test.
    pub fn api(
        &self,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let pages = self.shared.pages.as_ref().map_or(&[][..], |pages| pages.routes.rows());
        self.app(TABLE.rows().iter().chain(pages).collect())
    }

    /// The same with some rows of the table and no others.
    pub(crate) fn app(
        &self,
        rows: Vec<&'static Row>,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let mut app = App::new().app_data(self.shared.clone());
        for (pattern, rows) in by_path(rows) {
            app = app.service(resource(&pattern, &rows));
        }
        app.default_service(web::to(unknown_path)).wrap(from_fn(edge))
    }

    /// Serves the API on `listener` until the returned server is stopped.
    ///
    /// Signals are left to the caller, which drains first.
    pub fn serve(&self, listener: TcpListener) -> io::Result<Server> {
        let (http, settings) = (self.clone(), &self.shared.settings);
        serve!(move || http.api(), listener, settings)
    }
}

/// The rows of each path; a fixed segment comes before a `{name}` in its place.
fn by_path(rows: Vec<&'static Row>) -> BTreeMap<String, Vec<&'static Row>> {
    let mut paths: BTreeMap<String, Vec<&'static Row>> = BTreeMap::new();
    for row in rows {
        // In ASCII, `{` follows every letter, digit and hyphen.
        paths.entry(row.pattern()).or_default().push(row);
    }
    paths
}

fn resource(pattern: &str, rows: &[&'static Row]) -> actix_web::Resource {
    let mut allowed: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    let allowed = allowed.join(", ");
    let resource =
        rows.iter().fold(web::resource(pattern), |resource, row| resource.route(route(row)));
    resource.default_service(web::to(move || {
        let response = wrong_method(&allowed);
        async move { response }
    }))
}

fn route(row: &'static Row) -> Route {
    let route = if row.method == Method::GET {
        web::route().guard(Any(Get()).or(Head()))
    } else {
        web::method(row.method.clone())
    };
    route.to(move |req: HttpRequest, payload: web::Payload| row.serve(req, payload.into_inner()))
}
