//! `/incidents`: what is, and was; and for each what is behind it, who has it, and what
//! customers were told.
//!
//! Reading is `page.rs` and `list.rs`, acting is `act.rs`. Invariant: a page shows an action
//! only to somebody who may take it, and the action asks again.

mod act;
mod called;
mod customers;
mod list;
mod page;

use axum::Router;
use axum::routing::{get, post};

use crate::site::Site;

/// The addresses of incidents.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/incidents", get(list::show))
        .route("/incidents/{number}", get(page::show))
        .route("/incidents/{number}/acknowledge", post(act::acknowledge))
        .route("/incidents/{number}/command", post(act::take_command))
        .route("/incidents/{number}/note", post(act::note))
        .route("/incidents/{number}/publish", post(act::publish))
        .route("/incidents/{number}/resolve", post(act::resolve))
        .route(
            "/incidents/{number}/steps/{runbook}/{step}",
            post(act::step),
        )
}
