//! Where jobs report: `/heartbeat/{check}`, with `/start`, `/success` and `/fail`.
//!
//! A job says so with one `curl`; what it says is short, and a 2xx means that it is on disk.
//! Invariant: nothing is answered with 2xx before its commit, and no token is ever compared
//! in a time that depends on it.

mod report;
mod usage;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gonogo_engine::Input;
use gonogo_engine::input::BeatKind;
use gonogo_model::check::{Check, Probe};
use gonogo_model::heartbeat::HeartbeatProbe;
use serde_json::json;

use crate::clock::Clock;
use crate::courier::append;
use crate::ingest::{Secret, any_token_matches};
use crate::settings::Outside;
use crate::site::Site;
use crate::store::{Lane, Store};
use crate::view::View;

pub use report::{BODY_BYTES_MAX, NOTE_CHARS_MAX, RUN_BYTES_MAX};
pub use usage::usage;

/// How long a sender is asked to wait when nothing can be stored.
const RETRY_AFTER_SECS: &str = "5";

/// What the handlers share.
#[derive(Clone)]
struct Door {
    store: Store,
    clock: Arc<Clock>,
    outside: Outside,
    view: tokio::sync::watch::Receiver<Arc<View>>,
}

/// The routes.
pub fn routes(site: &Site) -> Router {
    let door = Door {
        store: site.store.clone(),
        clock: Arc::clone(&site.clock),
        outside: site.intake.outside().clone(),
        view: site.view.clone(),
    };
    Router::new()
        .route("/heartbeat/{check}", get(plain).post(plain))
        .route("/heartbeat/{check}/{word}", get(one).post(one))
        .route("/heartbeat/{check}/{token}/{word}", get(two).post(two))
        .with_state(door)
}

async fn plain(State(door): State<Door>, Path(check): Path<String>, request: Request) -> Response {
    door.take(&check, None, BeatKind::Success, request).await
}

/// `/heartbeat/{check}/start`, or `/heartbeat/{check}/{token}`.
async fn one(
    State(door): State<Door>,
    Path((check, word)): Path<(String, String)>,
    request: Request,
) -> Response {
    match kind(&word) {
        Some(kind) => door.take(&check, None, kind, request).await,
        None => {
            door.take(&check, Some(&word), BeatKind::Success, request)
                .await
        }
    }
}

async fn two(
    State(door): State<Door>,
    Path((check, token, word)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    match kind(&word) {
        Some(kind) => door.take(&check, Some(&token), kind, request).await,
        None => refusal(
            404,
            "unknown_report",
            "It is one of start, success and fail.",
        ),
    }
}

fn kind(word: &str) -> Option<BeatKind> {
    match word {
        "start" => Some(BeatKind::Start),
        "success" => Some(BeatKind::Success),
        "fail" => Some(BeatKind::Fail),
        _ => None,
    }
}

impl Door {
    async fn take(
        &self,
        check: &str,
        token: Option<&str>,
        kind: BeatKind,
        request: Request,
    ) -> Response {
        // Whoever only asks for the head, as previews of links do, reports nothing.
        if !matches!(*request.method(), Method::GET | Method::POST) {
            return refusal(405, "method", "Report with GET or POST.");
        }
        let (head, body) = request.into_parts();
        let view = self.view.borrow().clone();
        // An unknown name and a wrong token look the same from outside.
        let nobody = || refusal(404, "unknown_heartbeat", "There is no such heartbeat here.");
        let Some((declared, beat)) = find(&view, check) else {
            return nobody();
        };
        match self.admits(beat, token, &head.headers) {
            Admitted::Yes => {}
            Admitted::No => {
                tracing::info!(check, "a heartbeat with a wrong token is refused");
                return nobody();
            }
            Admitted::Unusable => {
                tracing::error!(check, "the tokens of a heartbeat cannot be read");
                return refusal(503, "token_not_configured", "It cannot be checked here.");
            }
        }
        let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
            return refusal(413, "body_too_large", "The body is too large.");
        };
        let now = self.clock.now();
        let id = declared.id.value.clone();
        let query = head.uri.query().unwrap_or_default();
        let beat = match report::beat(id, kind, now, query, &body) {
            Ok(beat) => beat,
            Err(why) => return refusal(400, "bad_report", why),
        };
        match append(&self.store, Lane::World, &[Input::Beat(beat)], now).await {
            Ok(_) => (StatusCode::OK, "ok\n").into_response(),
            Err(error) => {
                tracing::error!(check, %error, "a heartbeat cannot be stored");
                let mut response = refusal(
                    503,
                    "not_stored",
                    "It cannot be stored right now. Please send it again.",
                );
                let wait = HeaderValue::from_static(RETRY_AFTER_SECS);
                response.headers_mut().insert(header::RETRY_AFTER, wait);
                response
            }
        }
    }

    fn admits(&self, beat: &HeartbeatProbe, path: Option<&str>, headers: &HeaderMap) -> Admitted {
        if beat.tokens.is_empty() {
            return match path {
                None => Admitted::Yes,
                Some(_) => Admitted::No,
            };
        }
        let resolved = beat.tokens.iter();
        let secrets: Vec<Secret> = resolved
            .filter_map(|t| Secret::new(&self.outside.resolve(&t.0).ok()?))
            .collect();
        if secrets.is_empty() {
            return Admitted::Unusable;
        }
        let bearer = || {
            let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
            let (scheme, token) = header.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        };
        let shown = path.or_else(bearer).unwrap_or_default();
        match any_token_matches(&secrets, shown.as_bytes()) {
            true => Admitted::Yes,
            false => Admitted::No,
        }
    }
}

enum Admitted {
    Yes,
    No,
    Unusable,
}

fn find<'v>(view: &'v View, check: &str) -> Option<(&'v Check, &'v HeartbeatProbe)> {
    let id = gonogo_model::Id::parse(check).ok()?;
    let declared = view.plan.package.checks.get(&id)?;
    match &declared.probe {
        Probe::Heartbeat(beat) => Some((declared, beat)),
        _ => None,
    }
}

fn refusal(status: u16, code: &str, text: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({"error": {"code": code, "message": text}});
    (status, axum::Json(body)).into_response()
}
