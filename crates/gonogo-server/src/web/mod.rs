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

pub mod action;
pub mod assets;
pub mod components;
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
