//! The pages' common ground: design system, shell, assets and security headers.
//!
//! A page is a handler with a template. The handler takes a [`Frame`], fills a [`Shell`] and its own
//! fields, and answers with [`page`]; the template extends `shell.html` and is made of the macros in
//! `components.html`. Nothing in a page is a script or a style, and everything in it works with
//! the one script switched off.
//!
//! ```text
//! {% extends "shell.html" %}
//! {% import "components.html" as ui %}
//! {% block content %}
//!   {{ ui::heading("Domains", "12 of 480 need a look") }}
//!   {% call ui::card("Expiring") %} … {% endcall %}
//! {% endblock %}
//! ```
//!
//! What keeps a page current, and what that asks of a handler:
//!
//! - `GET /live` sends `data: <revision>` when the view moves on and `event: ping` every 15 s. The
//!   script then asks the page's own URL with `X-Fragment: 1`; the [`Shell`] leaves out everything that
//!   is not live, and the script changes what differs. Give rows and list items a `data-key`, so that
//!   they are moved instead of rewritten, and `data-keep` to what must be left alone.
//! - An action is a POST that answers with [`Done`]: a toast with a way back for the script, a
//!   redirect without it. A form with mistakes is its page again, with 422.
//! - A list keeps filter, order and page in its URL through [`components::table::TableQuery`].
//! - Times are printed by the macros `ago`, `lasting`, `countdown` and `stamp`, so that they tick and
//!   carry the exact time.

pub mod action;
pub mod assets;
pub mod components;
pub mod csv;
pub mod frame;
pub mod headers;
pub mod layout;
pub mod nav;
pub mod plain;
pub mod status;

#[cfg(debug_assertions)]
pub mod design;

#[cfg(test)]
mod contrast_tests;
#[cfg(test)]
mod macro_tests;
#[cfg(test)]
mod tests;

pub use action::Done;
pub use frame::{Flash, Frame, Theme, View};
pub use layout::{Banner, Headline, NavCount, Shell, User, page, page_with};
pub use nav::Nav;

use axum::Router;

/// Assets, and in debug builds the `/design` page.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let router = assets::router();
    #[cfg(debug_assertions)]
    let router = router.merge(design::router());
    router
}
