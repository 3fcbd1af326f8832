//! The JSON API over actix-web.
