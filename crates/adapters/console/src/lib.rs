//! The console: pages for people, rendered on the server.
//!
//! **Invariant:** a page shows what the server rendered, also when it is live: scripts only
//! fetch the page again and swap its parts in. Nothing here is needed to use a page without
//! scripts, and nothing that came from outside is written unescaped.
//!
//! | module | holds |
//! |---|---|
//! | `routes` | the table of pages |
//! | `page` | what every handler takes: `Page`, which makes shells and answers |
//! | `shell` | what the layout shows around every page |
//! | `fields` | what is wrong with a form, field by field |
//! | `notice` | what a page says of what was just done |
//! | `problems` | refusals as pages: what happened, what to do, a way on |
//! | `policy` | the content security policy, and what browsers report of it |
//! | `account`, `landing`, `projects`, .. | the pages, a file for each small family |
//! | `assets` | style, scripts and pictures, named by their content |
//!
//! Not here: rules, rights, limits, the check of forms against forgery (all of them `http`'s
//! and the domain's), SQL.

mod account;
mod admin;
mod assets;
mod credits;
mod fields;
mod join;
mod landing;
mod notice;
mod page;
mod policy;
mod problems;
mod projects;
mod routes;
mod settings;
mod shell;
mod style;
mod text;
mod usage;
mod welcome;

use keelway_http::Pages;

/// What `http` serves beside the API.
pub fn pages() -> Pages {
    policy::describe();
    Pages { routes: &routes::TABLE, refused: problems::refused }
}
