//! The JSON API over actix-web, and the edge that pages share with it.
//!
//! **Invariant:** what is served is in the table ([`routes`]), and a row of the table has an
//! access rule: a handler without a [`guard`] as its first argument does not compile. What is
//! no page also has a documented operation: [`Routes::at`](routes::Routes::at) asks for it.
//!
//! | module | holds |
//! |---|---|
//! | [`app`] | [`http`], the app and the server |
//! | [`routes`] | the table, and the one way a request is served |
//! | [`guard`] | who may call: `Public`, `MaybeSignedIn`, `SignedIn`, `Allowed<R>`, `AllowedOrGuest<R>`, `AllowedOnBuild<R>`; for pages also `Anyone`, `AsOperator` |
//! | [`args`] | what else a handler takes: `UseCases`, `Json`, `Query`, `Id`, `Tail`, `Wait` |
//! | [`reply`] | what it answers with: `View`, `Listing`, `Keying::once` |
//! | [`check`] | all mistakes of a body at once, with pointers |
//! | [`pages`] | what a crate of pages hands in, and what its handlers take |
//! | [`form`] | forms: the check against forgery, and their fields |
//! | [`problem`] | every error: code, status, title, page |
//! | `refusals` | which refusal of the domain is which problem |
//! | `connections` | how many an address has, and how long one may stand still |
//! | `edge` | request id, log, metrics, security headers, problem bodies |
//! | `credentials` | cookie, bearer, CSRF |
//! | `look_up` | how many made-up tokens of an address reach the store |
//!
//! # A resource file
//!
//! One file per resource: wire structs, handlers of about 15 lines (parse, use case, view),
//! and `routes()`, which is called once in [`routes`]. `tenants.rs` is a complete example.
//!
//! ```text
//! pub(crate) fn routes(routes: &mut Routes) {
//!     routes.at(__path_list, list);                       // GET: counted as a read
//!     routes.at(__path_cancel, cancel)                    // POST: counted as a write
//!         .refuses(&[Code::InvalidTransition]);           // beyond what the row implies
//! }
//!
//! /// Lists projects                     <- summary; further lines are the description
//! #[utoipa::path(get, path = "/v1/projects", tag = "projects", operation_id = "list_projects",
//!     params(Paging), responses((status = 200, body = Listing<ProjectView>, description = ".."),))]
//! async fn list(permit: Allowed<ViewProjects>, app: UseCases, Query(paging): Query<Paging>)
//!     -> Result<View<Listing<ProjectView>>, Problem>
//! {
//!     let page = app.list_projects(&permit, paging.request()?).await?;   // refusals convert by `?`
//!     Ok(View(Listing::of(page, ProjectView::of)))                      // ETag and 304 by `View`
//! }
//! ```
//!
//! - The guard comes first and admits before anything else is read; `Allowed<R>` derefs to
//!   `Permit<R>`. For `{id}` take `Id<BuildId>`; for `AllowedOnBuild` call `.build()`. A last
//!   `{path}` segment is the rest of the path: `Tail`.
//! - Commands: `keying.once(render, |keyed| app.command(.., keyed)).await`, where `render` is a
//!   plain `fn(&T) -> Reply` made with [`reply::reply`] or [`reply::reply_at`]. Taking
//!   `Keying` puts "takes Idempotency-Key" into the table.
//! - Unknown ids: `.ok_or_else(Problem::not_found)?`, always the same answer.
//! - Every request struct has `deny_unknown_fields` and a `#[schema(example = json!(..))]`.
//! - Every problem a handler makes itself is in `refuses(..)`; a new code is one line in
//!   [`problem`], a page in `docs/errors/` and a test that provokes it.
//!
//! Not here: rules, SQL, what a person may do (`access`), HTML pages of the console.

pub mod app;
pub mod archive;
pub mod args;
mod attachment;
mod auth;
mod builds;
pub mod check;
pub mod client;
mod connections;
pub mod context;
mod costs;
mod credentials;
mod credits;
mod docs;
mod download;
mod edge;
mod estimates;
mod events;
mod examples;
mod foreign;
pub mod form;
pub mod guard;
pub mod json;
mod ledger;
mod legacy;
mod look_up;
pub mod openapi;
pub mod pages;
mod places;
mod probes;
pub mod problem;
mod projects;
mod readiness;
mod refusals;
pub mod reply;
pub mod routes;
pub mod settings;
pub mod sites;
mod snapshots;
mod stream;
mod tenants;

pub use actix_web::dev::Server;
pub use app::{Http, http};
pub use openapi::openapi_json;
pub use pages::{Pages, Refused, Visitor};
pub use problem::{Code, Problem};
pub use settings::{Drain, Helper, HttpSettings};
