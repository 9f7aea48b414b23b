//! GitHub: signed with `X-Hub-Signature-256`, named by `X-GitHub-Event` and `X-GitHub-Delivery`.
//!
//! A redelivery has the id of the first delivery, which makes it the key. The names are in
//! headers that GitHub does not sign, so the body has to agree with them where it can.
//! Invariant: a value that the documentation does not know is kept and noted, never refused.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde_json::Value;

use super::dead_letter::{DeadLetter, DeadReason};
use super::event::{DedupKey, Found, Note, VerifiedEvent, parse_time};
use super::reject::{Reject, RejectCode};
use super::secret::{Secret, any_mac_matches, mac, unhex};
use super::{Accepted, Delivery, SourceSettings, media_type, percent, proof};

/// The header with the signature.
pub(super) const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// The header that names the event.
pub(super) const EVENT: HeaderName = HeaderName::from_static("x-github-event");

/// The header that names the delivery: the same when it is sent again.
pub(super) const DELIVERY: HeaderName = HeaderName::from_static("x-github-delivery");

const SIGNATURE_PREFIX: &str = "sha256=";

/// The event that GitHub sends when a webhook is made.
const PING: &str = "ping";

/// Enumerations whose documented values are known: event, the place in the body, the values.
const KNOWN_VALUES: [(&str, &str, &[&str]); 3] = [
    (
        "workflow_run",
        "workflow_run.conclusion",
        &[
            "action_required",
            "cancelled",
            "failure",
            "neutral",
            "skipped",
            "stale",
            "startup_failure",
            "success",
            "timed_out",
        ],
    ),
    (
        "workflow_run",
        "workflow_run.status",
        &[
            "completed",
            "in_progress",
            "pending",
            "queued",
            "requested",
            "waiting",
        ],
    ),
    (
        "deployment_status",
        "deployment_status.state",
        &[
            "error",
            "failure",
            "in_progress",
            "inactive",
            "pending",
            "queued",
            "success",
            "waiting",
        ],
    ),
];

pub(super) fn verify(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Option<Note>, Reject> {
    let claimed = proof(delivery.headers, &SIGNATURE)?
        .strip_prefix(SIGNATURE_PREFIX)
        .and_then(unhex)
        .ok_or(RejectCode::SignatureMalformed)?;
    let keys = settings
        .secrets
        .iter()
        .map(|secret| secret.expose().as_bytes());
    if any_mac_matches(keys, &[delivery.body], &[claimed]) {
        Ok(None)
    } else {
        Err(RejectCode::SignatureMismatch.into())
    }
}

pub(super) fn normalise(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Accepted, Reject> {
    let json: Cow<[u8]> = match media_type(delivery.headers).as_deref() {
        None | Some("application/json") => delivery.body.into(),
        Some("application/x-www-form-urlencoded") => {
            match percent::form_value(delivery.body, "payload") {
                Some(payload) => payload.into_bytes().into(),
                None => return Ok(Accepted::DeadLetter(DeadLetter::lacks("payload"))),
            }
        }
        Some(_) => return Err(RejectCode::UnsupportedMediaType.into()),
    };
    Ok(match event(settings, delivery, &json) {
        Ok(Some(event)) => Accepted::Events(vec![event]),
        Ok(None) => Accepted::Nothing {
            why: "a ping of GitHub's",
        },
        Err(dead) => Accepted::DeadLetter(dead),
    })
}

/// The value of `X-Hub-Signature-256` for a body.
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    let tag = mac(secret.expose().as_bytes(), &[body]);
    format!(
        "{SIGNATURE_PREFIX}{}",
        gonogo_model::text::hex(tag.as_ref())
    )
}

fn event(
    settings: &SourceSettings,
    delivery: &Delivery,
    json: &[u8],
) -> Result<Option<VerifiedEvent>, DeadLetter> {
    let name = named(delivery.headers, &EVENT)?;
    let id = named(delivery.headers, &DELIVERY)?;
    if name == PING {
        return Ok(None);
    }
    let body: Value = serde_json::from_slice(json).map_err(|error| DeadLetter::not_json(&error))?;
    let about = about(name, &body)?;
    let mut event = VerifiedEvent::build(
        settings,
        delivery,
        Found {
            id,
            kind: match body["action"].as_str() {
                Some(action) => format!("{name}.{action}"),
                None => name.to_owned(),
            },
            subject: subject(name, &body),
            time: time(name, about)?,
            body: &body,
            dedup: DedupKey::of(&settings.id, &[id.as_bytes()]),
            second_key: Some(DedupKey::of(&settings.id, &[json])),
        },
    )?;
    event.notes.extend(unknown_values(name, &body));
    Ok(Some(event))
}

fn named<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, DeadLetter> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or_else(|| {
        let detail = format!("the header `{name}` is missing or cannot be read");
        DeadLetter::new(DeadReason::BadHeader, detail)
    })
}

/// The object that the event is named after. Those that flows are built on have to be there:
/// the name comes from a header that is not signed.
fn about<'a>(name: &str, body: &'a Value) -> Result<&'a Value, DeadLetter> {
    let about = &body[name];
    let required = matches!(
        name,
        "workflow_run" | "workflow_job" | "deployment" | "deployment_status"
    );
    if !body.is_object() || (required && !about.is_object()) {
        return Err(DeadLetter::lacks(name));
    }
    Ok(about)
}

/// The repository and the number that people find the thing by.
fn subject(name: &str, body: &Value) -> Option<String> {
    let repository = body["repository"]["full_name"].as_str()?;
    let number = match name {
        "workflow_run" => {
            let run = &body["workflow_run"];
            let attempt = run["run_attempt"].as_u64().unwrap_or(1);
            run["id"].as_u64().map(|id| format!("{id}.{attempt}"))
        }
        "deployment_status" => body["deployment"]["id"].as_u64().map(|id| id.to_string()),
        _ => ["number", "id"]
            .iter()
            .find_map(|key| body[name][*key].as_u64())
            .map(|number| number.to_string()),
    };
    Some(match number {
        Some(number) => format!("{repository}#{number}"),
        None => repository.to_owned(),
    })
}

fn time(name: &str, about: &Value) -> Result<Option<Timestamp>, DeadLetter> {
    // A job has no time of its last change, so the latest that it does have.
    let keys = ["updated_at", "completed_at", "started_at", "created_at"];
    keys.iter()
        .find_map(|key| Some((key, about[*key].as_str()?)))
        .map(|(key, text)| parse_time(&format!("{name}.{key}"), text))
        .transpose()
}

fn unknown_values(name: &str, body: &Value) -> impl Iterator<Item = Note> {
    KNOWN_VALUES
        .iter()
        .filter(move |(event, path, known)| {
            let (_, leaf) = path.split_once('.').unwrap_or_default();
            let value = body[*event][leaf].as_str();
            *event == name && value.is_some_and(|value| !known.contains(&value))
        })
        .map(|(_, path, _)| Note::UnknownValue(path))
}
