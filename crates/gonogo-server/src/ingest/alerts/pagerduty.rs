//! PagerDuty's Events API v2: alerts by `dedup_key`, and changes.
//!
//! The routing key is the proof, and a `dedup_key` counts within it. What is acknowledged or
//! resolved and was never triggered concerns nobody, and is no mistake.

use std::collections::BTreeMap;

use gonogo_engine::Time;
use gonogo_engine::input::{ChangeTold, Raised, Said};
use jiff::Timestamp;
use serde_json::Value;

use super::super::dead_letter::{DeadLetter, DeadReason};
use super::super::event::{Note, rfc3339};
use super::super::reject::{Reject, RejectCode};
use super::super::secret::any_token_matches;
use super::super::{Accepted, Delivery, SourceSettings};
use super::{address, annotations, believed_until, cut, digest_of, external, labels_mistake};

/// How long a routing key is.
pub const ROUTING_KEY_CHARS: usize = 32;
/// The longest key that tells alerts apart.
pub const MAX_DEDUP_CHARS: usize = 255;
/// The longest summary.
pub const MAX_SUMMARY_CHARS: usize = 1024;
/// How many custom details are kept.
const MAX_DETAILS: usize = 32;

/// The header in which our own door hands on the key that it made for an alert without one.
pub const MADE_KEY: &str = "x-gonogo-dedup-key";

const SEVERITIES: [&str; 4] = ["critical", "error", "warning", "info"];

pub(in super::super) fn verify(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Option<Note>, Reject> {
    let body: Value = serde_json::from_slice(delivery.body).map_err(|_| RejectCode::NotJson)?;
    let key = body.get("routing_key").and_then(Value::as_str);
    let key = key.ok_or(RejectCode::SignatureMissing)?;
    match any_token_matches(&settings.secrets, key.as_bytes()) {
        true => Ok(None),
        false => Err(RejectCode::SignatureMismatch.into()),
    }
}

pub(in super::super) fn normalise(settings: &SourceSettings, delivery: &Delivery) -> Accepted {
    let body: Value = match serde_json::from_slice(delivery.body) {
        Ok(body) => body,
        Err(error) => return Accepted::DeadLetter(DeadLetter::not_json(&error)),
    };
    let mistakes = mistakes(&body);
    if !mistakes.is_empty() {
        let detail = mistakes.join("; ");
        return Accepted::DeadLetter(DeadLetter::new(DeadReason::UnknownShape, detail));
    }
    if body.get("event_action").is_none() {
        let mut external = external(settings, delivery, Vec::new());
        external.changes.push(change(&body, delivery.received_at));
        return Accepted::Alerts {
            external,
            dead: None,
        };
    }
    let made = delivery.headers.get(MADE_KEY).and_then(|v| v.to_str().ok());
    let raised = raised(settings, &body, made, delivery.received_at);
    match labels_mistake(&raised.labels).filter(|_| raised.said == Said::Fires) {
        Some(mistake) => Accepted::DeadLetter(DeadLetter::new(DeadReason::UnknownShape, mistake)),
        None => Accepted::Alerts {
            external: external(settings, delivery, vec![raised]),
            dead: None,
        },
    }
}

/// What is wrong with an event, as PagerDuty says it.
pub fn mistakes(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_string);
    match text(body.get("routing_key")) {
        None => found.push("'routing_key' is missing or blank".into()),
        Some(key) if key.chars().count() != ROUTING_KEY_CHARS => found.push(format!(
            "Length of 'routing_key' is incorrect (should be {ROUTING_KEY_CHARS} characters)"
        )),
        Some(_) => {}
    }
    if let Some(key) = text(body.get("dedup_key"))
        && key.chars().count() > MAX_DEDUP_CHARS
    {
        found.push(format!(
            "'dedup_key' is too long (maximum is {MAX_DEDUP_CHARS} characters)"
        ));
    }
    let action = text(body.get("event_action"));
    match action.as_deref() {
        Some("acknowledge" | "resolve") => {
            if text(body.get("dedup_key")).is_none_or(|k| k.is_empty()) {
                found.push("'dedup_key' is missing or blank".into());
            }
            return found;
        }
        Some("trigger") => {}
        None if body.get("event_action").is_none() => {}
        _ => found.push(
            "'event_action' is invalid (must be one of the following: trigger, acknowledge, resolve)"
                .into(),
        ),
    }
    let payload = body.get("payload");
    let of = |name: &str| text(payload.and_then(|p| p.get(name))).filter(|t| !t.is_empty());
    if payload.is_none_or(|p| !p.is_object()) {
        found.push("'payload' is missing or blank".into());
        return found;
    }
    match of("summary") {
        None => found.push("'payload.summary' is missing or blank".into()),
        Some(summary) if summary.chars().count() > MAX_SUMMARY_CHARS => found.push(format!(
            "'payload.summary' is too long (maximum is {MAX_SUMMARY_CHARS} characters)"
        )),
        Some(_) => {}
    }
    if action.is_some() {
        if of("source").is_none() {
            found.push("'payload.source' is missing or blank".into());
        }
        match of("severity") {
            None => found.push("'payload.severity' is missing or blank".into()),
            Some(s) if !SEVERITIES.contains(&s.as_str()) => found.push(
                "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
                    .into(),
            ),
            Some(_) => {}
        }
    }
    found
}

fn raised(settings: &SourceSettings, body: &Value, made: Option<&str>, now: Timestamp) -> Raised {
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_string()
    };
    let said = match body.get("event_action").and_then(Value::as_str) {
        Some("acknowledge") => Said::Acknowledged,
        Some("resolve") => Said::Over,
        _ => Said::Fires,
    };
    let key = body.get("dedup_key").and_then(Value::as_str);
    let key = key.filter(|k| !k.is_empty()).or(made).unwrap_or_default();
    let payload = body.get("payload");
    let of = |name: &str| text(payload.and_then(|p| p.get(name)));
    let mut labels = BTreeMap::new();
    let mut more = BTreeMap::new();
    if said == Said::Fires {
        for name in ["source", "severity", "component", "group", "class"] {
            labels.insert(name.to_string(), cut(of(name)));
        }
        labels.insert("client".into(), cut(text(body.get("client"))));
        labels.retain(|_, value: &mut String| !value.is_empty());
        more.insert("summary".to_string(), cut(of("summary")));
        let details = payload.and_then(|p| p.get("custom_details"));
        match details {
            Some(Value::Object(map)) => {
                for (name, value) in map.iter().take(MAX_DETAILS) {
                    let value = match value {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    more.entry(name.clone()).or_insert(value);
                }
            }
            None | Some(Value::Null) => {}
            Some(other) => {
                more.insert("custom_details".into(), other.to_string());
            }
        }
    }
    let stamp = rfc3339(&of("timestamp"));
    let now_time = Time::from(now);
    let link = body
        .get("links")
        .and_then(|l| l.get(0)?.get("href"))
        .cloned();
    let url = body.get("client_url").cloned().or(link);
    Raised {
        fingerprint: fingerprint(&text(body.get("routing_key")), key),
        said,
        labels,
        annotations: annotations(more),
        url: address(url.as_ref().and_then(Value::as_str).map(str::to_string)),
        starts_at: stamp.map_or(now_time, Time::from),
        ends_at: match said {
            Said::Fires => believed_until(settings, now),
            Said::Over => Some(now_time),
            Said::Acknowledged => None,
        },
        timeout: said == Said::Fires,
    }
}

/// A key counts within its routing key.
fn fingerprint(routing_key: &str, key: &str) -> String {
    digest_of(&[routing_key, key])
}

fn change(body: &Value, now: Timestamp) -> ChangeTold {
    let payload = body.get("payload");
    let of = |name: &str| payload.and_then(|p| p.get(name)).and_then(Value::as_str);
    let summary = of("summary").unwrap_or_default();
    let from = of("source").map_or(String::new(), |s| format!(" ({s})"));
    let at = of("timestamp").and_then(rfc3339);
    ChangeTold {
        summary: cut(format!("{summary}{from}")),
        at: Time::from(at.unwrap_or(now)),
    }
}
