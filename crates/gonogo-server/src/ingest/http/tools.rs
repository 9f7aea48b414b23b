//! The door as other tools know it: Alertmanager's API and PagerDuty's Events API v2.
//!
//! The way in is the one of every source; only addresses and answers are theirs. Invariant:
//! nothing is read or changed here without a token of the source that it is about.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gonogo_model::Id;
use gonogo_model::source::Provider;
use serde_json::{Value, json};

use super::{Declared, Intake, RETRY_AFTER_SECS, Refused};
use crate::ingest::alerts::pagerduty::{MADE_KEY, mistakes};
use crate::ingest::alerts::{post, token, uuid};
use crate::ingest::body;

/// The largest body that is read before it is known whose it is.
const UNNAMED_BODY_BYTES: usize = 512 * 1024;

/// An answer that says no, in the words of Alertmanager's API: a JSON string.
#[derive(Debug)]
pub(in super::super) struct No {
    status: StatusCode,
    said: String,
}

impl No {
    pub(in super::super) fn new(status: StatusCode, said: impl Into<String>) -> Self {
        let said = said.into();
        Self { status, said }
    }

    pub(in super::super) fn bad(said: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, said)
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Value::String(self.said))).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                let wait = HeaderValue::from_static(RETRY_AFTER_SECS);
                headers.insert(header::RETRY_AFTER, wait);
            }
            StatusCode::UNAUTHORIZED => {
                let how = HeaderValue::from_static("Bearer, Basic realm=\"gonogo\"");
                headers.insert(header::WWW_AUTHENTICATE, how);
            }
            _ => {}
        }
        response
    }
}

impl From<Refused> for No {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::UnknownSource => Self::new(
                StatusCode::NOT_FOUND,
                "there is no such source of kind alertmanager here",
            ),
            Refused::Rejected { status, public, .. } => Self::new(
                StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
                public,
            ),
            Refused::NotStored(_) | Refused::Busy { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "it cannot be stored right now, please send it again",
            ),
        }
    }
}

impl Intake {
    /// The source of Alertmanager's kind that a request is about, once it showed its token.
    ///
    /// Without a name it is the only one there is, or the one whose token is shown.
    pub(in super::super) fn alertmanager(
        &self,
        named: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Id, No> {
        let declared = self.meant(named, headers)?;
        let settings = &declared.settings;
        match token::check(settings, headers) {
            Ok(()) => Ok(settings.id.clone()),
            Err(reject) => Err(self.count_refusal(&settings.id, reject).into()),
        }
    }

    fn meant(&self, named: Option<&str>, headers: &HeaderMap) -> Result<Arc<Declared>, No> {
        let is = |d: &Arc<Declared>| d.settings.kind == Provider::Alertmanager;
        if let Some(named) = named {
            let source = self.source(named).filter(is);
            return source.ok_or_else(|| Refused::UnknownSource.into());
        }
        let all: Vec<_> = self.sources().into_values().filter(is).collect();
        if let [only] = all.as_slice() {
            return Ok(Arc::clone(only));
        }
        let shown = |d: &&Arc<Declared>| token::check(&d.settings, headers).is_ok();
        let mut theirs = all.iter().filter(shown);
        match (theirs.next(), theirs.next()) {
            (Some(one), None) => Ok(Arc::clone(one)),
            (Some(_), Some(_)) => Err(No::new(
                StatusCode::NOT_FOUND,
                "several sources have this token: use /in/SOURCE/api/v2",
            )),
            (None, _) if all.is_empty() => Err(Refused::UnknownSource.into()),
            (None, _) => Err(No::new(
                StatusCode::UNAUTHORIZED,
                "no source of kind alertmanager has this token",
            )),
        }
    }

    /// `POST …/api/v2/alerts`
    pub(in super::super) async fn post_alerts(
        &self,
        source: &Id,
        request: Request,
    ) -> Result<(), No> {
        let prepare = |_: &mut HeaderMap, body: &[u8]| match post::is_list(body) {
            true => Ok(()),
            false => Err(Refused::Rejected {
                status: 400,
                code: "not_a_list",
                public: "not a JSON array of alerts",
            }),
        };
        let (_, taken) = self.deliver(source.as_str(), request, prepare).await;
        taken?.wrong.map_or(Ok(()), |wrong| Err(No::bad(wrong)))
    }
}

/// `POST /in/{source}/v2/enqueue` and `POST /in/{source}/v2/change/enqueue`
pub async fn enqueue(
    State(intake): State<Intake>,
    Path(source): Path<String>,
    request: Request,
) -> Response {
    match intake.source(&source).map(|d| d.settings.kind) {
        Some(Provider::Pagerduty) => pagerduty(&intake, &source, request).await,
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `POST /v2/enqueue` and `POST /v2/change/enqueue`: whose it is the routing key says.
pub async fn enqueue_by_key(State(intake): State<Intake>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = body::read(body, UNNAMED_BODY_BYTES).await else {
        return (
            StatusCode::PAYLOAD_TOO_LARGE,
            invalid(vec!["the event is too large".into()]),
        )
            .into_response();
    };
    let key = serde_json::from_slice::<Value>(&body).ok();
    let key = key.as_ref().and_then(|v| v.get("routing_key")?.as_str());
    let sources = intake.sources();
    let theirs = sources.values().find(|d| {
        d.settings.kind == Provider::Pagerduty
            && key.is_some_and(|key| {
                crate::ingest::any_token_matches(&d.settings.secrets, key.as_bytes())
            })
    });
    match theirs {
        Some(declared) => {
            let source = declared.settings.id.to_string();
            let request = Request::from_parts(head, body.into());
            pagerduty(&intake, &source, request).await
        }
        None if !sources
            .values()
            .any(|d| d.settings.kind == Provider::Pagerduty) =>
        {
            StatusCode::NOT_FOUND.into_response()
        }
        None => refused_event(&body),
    }
}

/// An event for PagerDuty, answered as PagerDuty does.
pub(super) async fn pagerduty(intake: &Intake, source: &str, request: Request) -> Response {
    let made = uuid().replace('-', "");
    let prepare = |headers: &mut HeaderMap, _: &[u8]| {
        if let Ok(made) = HeaderValue::from_str(&made) {
            headers.insert(MADE_KEY, made);
        }
        Ok(())
    };
    let (body, taken) = intake.deliver(source, request, prepare).await;
    match taken {
        Ok(taken) if taken.wrong.is_some() => refused_event(&body),
        Ok(_) => {
            let event: Value = serde_json::from_slice(&body).unwrap_or_default();
            let mut told = json!({"status": "success", "message": "Event processed"});
            if event.get("event_action").is_some() {
                let key = event.get("dedup_key").and_then(Value::as_str);
                let key = key.filter(|k| !k.is_empty()).unwrap_or(&made);
                told["dedup_key"] = key.into();
            } else {
                told["message"] = "Change event processed".into();
            }
            (StatusCode::ACCEPTED, Json(told)).into_response()
        }
        Err(Refused::Rejected {
            status: 400 | 401, ..
        }) => refused_event(&body),
        Err(Refused::Rejected { status, public, .. }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, invalid(vec![public.into()])).into_response()
        }
        Err(Refused::UnknownSource) => StatusCode::NOT_FOUND.into_response(),
        // What its clients know to repeat.
        Err(Refused::Busy { .. }) => later(StatusCode::TOO_MANY_REQUESTS),
        Err(Refused::NotStored(_)) => later(StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn refused_event(body: &[u8]) -> Response {
    let mut wrong = match serde_json::from_slice::<Value>(body) {
        Ok(event) => mistakes(&event),
        Err(_) => vec!["the event is not JSON".into()],
    };
    if wrong.is_empty() {
        wrong.push("'routing_key' is not one of this server's".into());
    }
    (StatusCode::BAD_REQUEST, invalid(wrong)).into_response()
}

fn invalid(errors: Vec<String>) -> Json<Value> {
    Json(json!({
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": errors,
    }))
}

fn later(status: StatusCode) -> Response {
    let told = json!({
        "status": "throttle exceeded",
        "message": "It cannot be stored right now. Please send it again.",
    });
    let wait = (header::RETRY_AFTER, RETRY_AFTER_SECS);
    (status, [wait], Json(told)).into_response()
}
