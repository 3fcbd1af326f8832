//! The table of pages: what is not in it is not served.

use std::sync::LazyLock;

use keelway_http::routes::Routes;

/// Every page there is.
pub(crate) static TABLE: LazyLock<Routes> = LazyLock::new(|| {
    let mut routes = Routes::default();
    crate::assets::routes(&mut routes);
    crate::policy::routes(&mut routes);
    crate::style::routes(&mut routes);
    crate::account::routes(&mut routes);
    crate::landing::routes(&mut routes);
    crate::projects::routes(&mut routes);
    crate::credits::routes(&mut routes);
    crate::usage::routes(&mut routes);
    crate::admin::routes(&mut routes);
    crate::settings::routes(&mut routes);
    crate::join::routes(&mut routes);
    crate::welcome::routes(&mut routes);
    routes
});
