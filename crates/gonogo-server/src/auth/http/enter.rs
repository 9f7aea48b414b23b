//! Entering by a link that works once: a page with one button.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Gate;
use super::refusal::{Asked, Refusal};
use super::render::{EnterPage, no_link};
use crate::auth::LinkPurpose;
use crate::web::frame::Frame;
use crate::web::page_with;

/// `GET /enter/{token}`: changes nothing, because mail scanners open links.
pub(super) async fn show(
    State(gate): State<Gate>,
    Path(token): Path<String>,
    frame: Frame,
    request: Request,
) -> Response {
    let now = gate.around.now();
    match gate
        .auth
        .look_at_link(&token, LinkPurpose::Enter, now)
        .await
    {
        Ok(Some(user)) => {
            let package_name = gate.around.package_name();
            let name = user.name;
            let page = EnterPage {
                frame,
                package_name,
                name,
            };
            page_with(StatusCode::OK, &page)
        }
        Ok(None) => no_link(frame),
        Err(error) => Refusal::Failed(Asked::of(&request), error).into_response(),
    }
}

/// `POST /enter/{token}`
pub(super) async fn submit(
    State(gate): State<Gate>,
    Path(token): Path<String>,
    frame: Frame,
    request: Request,
) -> Response {
    match gate.auth.enter(&token, gate.around.now()).await {
        Ok(Some(logged_in)) => {
            let before = gate.session_token(request.headers());
            gate.let_in(&logged_in, before, "/").await
        }
        Ok(None) => no_link(frame),
        Err(error) => Refusal::Failed(Asked::of(&request), error).into_response(),
    }
}
