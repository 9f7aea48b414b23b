//! One message of Pub/Sub, however its subscription pushes it.
//!
//! Wrapped it is JSON with the data in base64; unwrapped the body is the data, and headers have
//! the rest if the subscription writes them. Both become one shape, `{data, attributes,
//! messageId, publishTime, …}`, which declared paths address. Invariant: both spellings of
//! `messageId` may come at once, and have to agree.

use aws_lc_rs::digest;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gonogo_model::text::hex;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::Delivery;
use super::super::dead_letter::{DeadLetter, DeadReason};
use super::super::event::parse_time;

/// What the headers begin with that Pub/Sub writes with an unwrapped message.
pub(in super::super) const HEADER_PREFIX: &str = "x-goog-pubsub-";

/// Attributes of Google's own messages. Headers lose the case of their letters, so these get
/// theirs back; and these are what is kept of the headers with a dead letter.
pub(in super::super) const ATTRIBUTES: [&str; 19] = [
    "Action",
    "AutomationId",
    "CustomTargetTypeId",
    "DeliveryPipelineId",
    "JobRunId",
    "Location",
    "PhaseId",
    "ProjectNumber",
    "ReleaseId",
    "Resource",
    "ResourceType",
    "Rollout",
    "RolloutId",
    "TargetId",
    "buildId",
    "eventType",
    "manualApproval",
    "payloadFormat",
    "status",
];

/// Headers that belong to the request, by what they begin with: no attributes.
const NO_ATTRIBUTES: [&str; 25] = [
    "accept",
    "authorization",
    "cache-control",
    "connection",
    "content-",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "if-",
    "keep-alive",
    "origin",
    "pragma",
    "proxy-",
    "referer",
    "sec-",
    "te",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

/// A message, and the shape that declared paths address.
pub(super) struct Message {
    pub body: Value,
    pub id: String,
    pub published: Option<Timestamp>,
}

impl Message {
    /// The message of a push.
    pub fn read(delivery: &Delivery) -> Result<Self, DeadLetter> {
        let header = |name: &str| text(delivery.headers, &format!("{HEADER_PREFIX}{name}"));
        if let Some(id) = header("message-id") {
            return Self::unwrapped(delivery, id, header("publish-time"));
        }
        if delivery.body.is_empty() {
            return Err(DeadLetter::lacks("message"));
        }
        let body = data(delivery.body);
        if body["message"].is_object() && body["subscription"].is_string() {
            return Self::wrapped(&body);
        }
        // Unwrapped, and without the headers that would name it: only the content is left.
        let digest = digest::digest(&digest::SHA256, delivery.body);
        Ok(Self {
            id: format!("sha256:{}", hex(digest.as_ref())),
            published: None,
            body: json!({"data": body, "attributes": {}}),
        })
    }

    /// The message of a wrapped push, or of the data of an event of Eventarc's.
    pub fn wrapped(push: &Value) -> Result<Self, DeadLetter> {
        let message = &push["message"];
        let either = |camel: &str, snake: &str| {
            let text = |name: &str| message[name].as_str().filter(|text| !text.is_empty());
            match (text(camel), text(snake)) {
                (Some(one), Some(other)) if one != other => Err(DeadLetter::new(
                    DeadReason::UnknownShape,
                    format!("`message.{camel}` and `message.{snake}` differ"),
                )),
                (one, other) => Ok(one.or(other)),
            }
        };
        let id = either("messageId", "message_id")?;
        let id = id.ok_or_else(|| DeadLetter::lacks("message.messageId"))?;
        let published = either("publishTime", "publish_time")?;
        let data = match &message["data"] {
            Value::Null => Value::Null,
            Value::String(text) => data(&STANDARD.decode(text).map_err(|_| {
                DeadLetter::new(DeadReason::UnknownShape, "`message.data` is no base64")
            })?),
            _ => return Err(DeadLetter::lacks("message.data")),
        };
        let attributes = match &message["attributes"] {
            Value::Null => json!({}),
            Value::Object(map) if map.values().all(Value::is_string) => Value::from(map.clone()),
            _ => return Err(DeadLetter::lacks("message.attributes")),
        };
        let mut body = json!({
            "data": data, "attributes": attributes, "messageId": id, "publishTime": published,
            "subscription": push["subscription"], "deliveryAttempt": push["deliveryAttempt"],
        });
        if let Some(key) = either("orderingKey", "ordering_key")? {
            body["orderingKey"] = key.into();
        }
        Self::of(id, published, body)
    }

    fn unwrapped(
        delivery: &Delivery,
        id: &str,
        published: Option<&str>,
    ) -> Result<Self, DeadLetter> {
        let header = |name: &str| text(delivery.headers, &format!("{HEADER_PREFIX}{name}"));
        let attempt = header("delivery-attempt").and_then(|number| number.parse::<i64>().ok());
        let body = json!({
            "data": data(delivery.body), "attributes": attributes(delivery.headers),
            "messageId": id, "publishTime": published, "orderingKey": header("ordering-key"),
            "subscription": header("subscription-name"), "deliveryAttempt": attempt,
        });
        Self::of(id, published, body)
    }

    fn of(id: &str, published: Option<&str>, body: Value) -> Result<Self, DeadLetter> {
        let published = published.map(|time| parse_time("publishTime", time));
        Ok(Self {
            id: id.to_owned(),
            published: published.transpose()?,
            body,
        })
    }

    /// What was published: JSON, text, or the text of base64.
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// An attribute of the message. Case counts unless it came in a header.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let attributes = self.body["attributes"].as_object()?;
        let found = attributes
            .get(name)
            .or_else(|| attributes.get(&name.to_ascii_lowercase()));
        found?.as_str()
    }
}

/// The published bytes as a value; nothing is `null`.
fn data(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => STANDARD.encode(bytes).into(),
    })
}

/// The attributes that came as headers.
fn attributes(headers: &HeaderMap) -> Value {
    let mut attributes = Map::new();
    for name in headers.keys().map(axum::http::HeaderName::as_str) {
        let of_request =
            name.starts_with("x-") || NO_ATTRIBUTES.iter().any(|no| name.starts_with(no));
        let Some(value) = text(headers, name).filter(|_| !of_request) else {
            continue;
        };
        let known = ATTRIBUTES.iter().find(|one| one.eq_ignore_ascii_case(name));
        attributes.insert(known.map_or(name, |known| *known).to_owned(), value.into());
    }
    attributes.into()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get(name)?
        .to_str()
        .ok()
        .filter(|text| !text.is_empty())
}
