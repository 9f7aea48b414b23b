//! PagerDuty Events API v2: hands a page to somebody else's on-call rota.
//!
//! Every page is an alert of its own, keyed by its effect id: PagerDuty stays silent about a
//! repeated trigger of an alert that was acknowledged there, and a page that the engine
//! decided to send again must ring again. [`Page::closes`] then names the alerts to resolve.
//! Invariant: exactly 202 is success; a ticket goes to change events, which wake nobody.

use reqwest::Url;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::http::Http;
use super::message::{Measure, Message, line, shorten};
use super::settings::SEND_TIMEOUT;
use super::{Address, Outcome, Page, PageKind};

/// The length of a routing key.
pub const ROUTING_KEY_LEN: usize = 32;

/// The longest summary, in characters.
pub const SUMMARY_CHARS_MAX: usize = 1_024;

/// The longest deduplication key, in characters.
pub const DEDUP_KEY_CHARS_MAX: usize = 255;

/// How many alerts one resolved message closes; PagerDuty takes about 120 events a minute.
pub const CLOSES_MAX: usize = 50;

/// The longest text of one detail, in characters: the event stays far below 512 KB.
const DETAIL_CHARS_MAX: usize = 8_000;

pub(super) fn check(address: &Address) -> Result<(), String> {
    routing_key(address).map(drop)
}

pub(super) async fn send(http: &Http, base: &Url, address: &Address, page: &Page) -> Outcome {
    let key = match routing_key(address) {
        Ok(key) => key,
        Err(problem) => return Outcome::failed(problem),
    };
    let api = Api { http, base, key };
    match page.kind {
        PageKind::Resolved => match timeout(SEND_TIMEOUT, api.resolve(page)).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::retry("PagerDuty did not close all alerts in time"),
        },
        PageKind::Ticket => api.enqueue("v2/change/enqueue", change(key, page)).await,
        PageKind::Page
        | PageKind::Growth
        | PageKind::UpdateDue
        | PageKind::UpdateOverdue
        | PageKind::Test => api.enqueue("v2/enqueue", trigger(key, page)).await,
    }
}

struct Api<'a> {
    http: &'a Http,
    base: &'a Url,
    key: &'a str,
}

impl Api<'_> {
    async fn enqueue(&self, path: &str, event: Value) -> Outcome {
        let Ok(url) = self.base.join(path) else {
            return Outcome::failed("the PagerDuty address cannot be extended");
        };
        let json = without_nulls(event).to_string().into_bytes();
        let secrets = [self.key];
        match self.http.post(&url, HeaderMap::new(), json, &secrets).await {
            Ok(answer) if answer.status == 202 => Outcome::Delivered {
                receipt: "accepted by PagerDuty for processing".to_owned(),
            },
            Ok(answer) if answer.status.is_success() => answer.unexpected(),
            Ok(answer) => answer.refusal(),
            Err(outcome) => outcome,
        }
    }

    /// Resolves the newest alerts first; resolving one twice does no harm, so all are repeated on a retry.
    async fn resolve(&self, page: &Page) -> Outcome {
        let closes = page.closes.iter().rev().take(CLOSES_MAX);
        let count = closes.len();
        for effect_id in closes {
            let event = json!({
                "routing_key": self.key,
                "event_action": "resolve",
                "dedup_key": dedup_key(effect_id),
            });
            let outcome = self.enqueue("v2/enqueue", event).await;
            if !matches!(outcome, Outcome::Delivered { .. }) {
                return outcome;
            }
        }
        let mut receipt = format!("{count} alerts resolved at PagerDuty");
        if page.closes.len() > count {
            let open = page.closes.len() - count;
            receipt.push_str(&format!("; {open} older ones were left open"));
        }
        Outcome::Delivered { receipt }
    }
}

fn routing_key(address: &Address) -> Result<&str, String> {
    let key = address.to.expose().trim();
    if key.len() == ROUTING_KEY_LEN && key.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(key);
    }
    Err(format!(
        "a PagerDuty routing key has {ROUTING_KEY_LEN} letters and digits"
    ))
}

fn trigger(key: &str, page: &Page) -> Value {
    let message = Message::of(page);
    let severity = match page.kind {
        PageKind::Page | PageKind::Growth | PageKind::UpdateOverdue | PageKind::Test => "critical",
        PageKind::UpdateDue => "error",
        PageKind::Resolved | PageKind::Ticket => "info",
    };
    json!({
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": dedup_key(&page.effect_id),
        "client": "gonogo",
        "client_url": message.incident_url,
        "links": links(&message),
        "payload": {
            "summary": shorten(&message.subject, SUMMARY_CHARS_MAX, Measure::Chars),
            "source": "gonogo",
            "severity": severity,
            "component": page.incident.as_deref().map(line),
            "group": line(&page.severity),
            "class": page.kind.as_str(),
            "custom_details": details(&message),
        },
    })
}

fn change(key: &str, page: &Page) -> Value {
    let message = Message::of(page);
    json!({
        "routing_key": key,
        "links": links(&message),
        "payload": {
            "summary": shorten(&message.subject, SUMMARY_CHARS_MAX, Measure::Chars),
            "source": "gonogo",
            "custom_details": details(&message),
        },
    })
}

fn links(message: &Message<'_>) -> Vec<Value> {
    let links = message.links.iter();
    links
        .map(|link| json!({ "href": link.url, "text": link.label }))
        .collect()
}

fn details(message: &Message<'_>) -> Value {
    let mut details = serde_json::Map::new();
    for part in &message.paragraphs {
        let text = shorten(&part.text, DETAIL_CHARS_MAX, Measure::Chars);
        details.insert(part.heading.to_owned(), text.into());
    }
    details.insert("Why".to_owned(), message.reason.clone().into());
    details.insert("Reference".to_owned(), message.reference.clone().into());
    Value::Object(details)
}

/// What is not known is left out: PagerDuty says of no field that it may be null.
fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, field| !field.is_null());
        for field in fields.values_mut() {
            *field = without_nulls(field.take());
        }
    }
    value
}

/// The effect id where it fits, else its digest.
fn dedup_key(effect_id: &str) -> String {
    if (1..=DEDUP_KEY_CHARS_MAX).contains(&effect_id.chars().count()) {
        return effect_id.to_owned();
    }
    let digest = Sha256::digest(effect_id.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deduplication_key_always_fits() {
        let longest = "x".repeat(DEDUP_KEY_CHARS_MAX);
        assert_eq!(dedup_key(&longest), longest);
        assert_eq!(dedup_key(&format!("{longest}x")).len(), 64);
        assert_eq!(dedup_key("").len(), 64);
    }
}
