//! Google Cloud: Pub/Sub push, wrapped and unwrapped, and Eventarc, with a token of Google's.
//!
//! What is inside is recognised by its content, whichever way it came: Cloud Build
//! (`cloudbuild.success`), Cloud Deploy (`clouddeploy.operation.Succeed`), Cloud Run
//! (`cloudrun.revision.failed`), Cloud Monitoring (`cloudmonitoring.incident.open`), audit logs,
//! CloudEvents, anything. Declared paths begin with `data.` and `attributes.`. Invariant: an
//! unknown status or action is kept and noted, never refused.

mod build;
mod deploy;
mod message;
mod run;

use jiff::Timestamp;
use serde_json::Value;

use self::message::Message;
use super::cloudevents;
use super::dead_letter::DeadLetter;
use super::event::{DedupKey, Found, Note, VerifiedEvent, parse_time};
use super::monitoring;
use super::oidc;
use super::reject::{Reject, RejectCode};
use super::{Accepted, Delivery, SourceSettings, media_type};

pub(super) use self::message::{ATTRIBUTES, HEADER_PREFIX};

/// How Eventarc names a message of Pub/Sub; the data is what a push would have been.
const MESSAGE_PUBLISHED: &str = "google.cloud.pubsub.topic.v1.messagePublished";

/// The type of a message of which nothing says what it is.
const ANY_MESSAGE: &str = "pubsub.message";

/// What the content says about an event.
struct What {
    kind: String,
    subject: Option<String>,
    time: Option<Timestamp>,
    /// What other messages about the same change have in common.
    same: Option<Vec<String>>,
    note: Option<Note>,
}

pub(super) fn verify(settings: &SourceSettings, delivery: &Delivery) -> Result<(), Reject> {
    let expected = settings.oidc.as_ref();
    let expected = expected.ok_or(RejectCode::SecretNotConfigured)?;
    oidc::verify(
        delivery.headers,
        expected,
        delivery.keys,
        delivery.received_at,
    )
}

pub(super) fn normalise(
    settings: &SourceSettings,
    delivery: &Delivery,
) -> Result<Accepted, Reject> {
    if let Some(media_type) = media_type(delivery.headers)
        && media_type.starts_with("application/cloudevents-batch")
    {
        return cloudevents::normalise(settings, delivery);
    }
    let event = match cloudevents::envelope(delivery)? {
        Some(envelope) => envelope.and_then(|envelope| eventarc(settings, delivery, &envelope)),
        None => Message::read(delivery).and_then(|message| pushed(settings, delivery, &message)),
    };
    Ok(match event {
        Ok(Some(event)) => Accepted::Events(vec![event]),
        Ok(None) => Accepted::Nothing {
            why: "a test of Cloud Monitoring's",
        },
        Err(dead) => Accepted::DeadLetter(dead),
    })
}

/// An event that Eventarc sent.
fn eventarc(
    settings: &SourceSettings,
    delivery: &Delivery,
    envelope: &Value,
) -> Result<Option<VerifiedEvent>, DeadLetter> {
    if envelope["type"] == MESSAGE_PUBLISHED {
        let message = Message::wrapped(&envelope["data"])?;
        return pushed(settings, delivery, &message);
    }
    let mut event = cloudevents::event(settings, delivery, envelope)?;
    if let Some(what) = run::recognise(&envelope["data"])? {
        event.event.kind = what.kind;
        event.event.subject = what.subject.or(event.event.subject);
        event.second_key = what.same.map(|same| same_key(settings, &same));
    }
    Ok(Some(event))
}

/// A message that Pub/Sub pushed; `None` where nothing happened.
fn pushed(
    settings: &SourceSettings,
    delivery: &Delivery,
    message: &Message,
) -> Result<Option<VerifiedEvent>, DeadLetter> {
    if monitoring::is_test(message.data()) {
        return Ok(None);
    }
    let what = recognise(message)?;
    let mut event = VerifiedEvent::build(
        settings,
        delivery,
        Found {
            id: &message.id,
            kind: what.kind,
            subject: what.subject,
            time: what.time.or(message.published),
            body: &message.body,
            dedup: DedupKey::of(&settings.id, &[message.id.as_bytes()]),
            second_key: what.same.map(|same| same_key(settings, &same)),
        },
    )?;
    event.notes.extend(what.note);
    Ok(Some(event))
}

fn same_key(settings: &SourceSettings, same: &[String]) -> DedupKey {
    let parts: Vec<&[u8]> = same.iter().map(String::as_bytes).collect();
    DedupKey::of(&settings.id, &parts)
}

fn recognise(message: &Message) -> Result<What, DeadLetter> {
    if let Some(what) = build::recognise(message)? {
        return Ok(what);
    }
    if let Some(what) = deploy::recognise(message) {
        return Ok(what);
    }
    if let Some(what) = run::recognise(message.data())? {
        return Ok(what);
    }
    if monitoring::is_notification(message.data()) {
        let incident = monitoring::read(message.data())?;
        return Ok(What {
            kind: incident.kind,
            subject: Some(incident.id.to_owned()),
            time: incident.time,
            same: Some(vec![incident.id.to_owned(), incident.state]),
            note: incident.note,
        });
    }
    match cloudevent(message)? {
        Some(what) => Ok(what),
        None => Ok(anything(message)),
    }
}

/// A CloudEvent in a message: structured, or with its attributes as those of the message.
fn cloudevent(message: &Message) -> Result<Option<What>, DeadLetter> {
    let data = message.data();
    let structured = data["specversion"].is_string() && data["type"].is_string();
    let text = |what: &str| match structured {
        true => data[what].as_str(),
        false => message.attribute(&format!("ce-{what}")),
    };
    let Some(kind) = text("type") else {
        return Ok(None);
    };
    let time = text("time").map(|time| parse_time("time", time));
    Ok(Some(What {
        kind: kind.to_owned(),
        subject: text("subject").map(str::to_owned),
        time: time.transpose()?,
        same: text("source")
            .zip(text("id"))
            .map(|(source, id)| vec![source.to_owned(), id.to_owned()]),
        note: None,
    }))
}

/// Whatever a team publishes: named by an attribute or by the data, where either says so.
fn anything(message: &Message) -> What {
    let data = message.data();
    let kind = message
        .attribute("eventType")
        .or_else(|| message.attribute("type"))
        .or_else(|| data["type"].as_str())
        .or_else(|| data["event"].as_str())
        .filter(|kind| !kind.is_empty());
    What {
        kind: kind.unwrap_or(ANY_MESSAGE).to_owned(),
        subject: message
            .attribute("subject")
            .or_else(|| data["subject"].as_str())
            .map(str::to_owned),
        time: None,
        same: None,
        note: None,
    }
}
