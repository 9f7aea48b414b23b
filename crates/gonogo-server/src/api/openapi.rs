//! `/api/openapi.json`: the API described for programs, and the list of its addresses.
//!
//! The description is written by hand and checked against what the server answers. Invariant:
//! an address that is served is described, because serving one is what lists it.

use axum::Router;
use axum::handler::Handler;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, delete, get, post};

use crate::site::Site;

/// The description, OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("openapi.json");

/// Routes, and the addresses that they answer.
#[derive(Default)]
pub(super) struct Listed {
    pub router: Router<Site>,
    pub addresses: Vec<Address>,
}

/// A method in lower case, and a path with its parameters in braces.
pub type Address = (&'static str, &'static str);

impl Listed {
    pub(super) fn get<H: Handler<T, Site>, T: 'static>(self, path: &'static str, run: H) -> Self {
        self.add("get", path, get(run))
    }

    pub(super) fn post<H: Handler<T, Site>, T: 'static>(self, path: &'static str, run: H) -> Self {
        self.add("post", path, post(run))
    }

    pub(super) fn delete<H: Handler<T, Site>, T: 'static>(
        self,
        path: &'static str,
        run: H,
    ) -> Self {
        self.add("delete", path, delete(run))
    }

    fn add(mut self, method: &'static str, path: &'static str, run: MethodRouter<Site>) -> Self {
        self.router = self.router.route(path, run);
        self.addresses.push((method, path));
        self
    }
}

/// `GET /api/openapi.json`: open to all, since it says nothing of this installation.
pub(super) async fn serve() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}
