//! A verified event, its deduplication key, and what was odd about it.
//!
//! Providers repeat deliveries, so every event has a key under which its second coming is
//! recognised. Invariant: equal facts have equal keys on every machine and in every version.

use std::fmt;

use aws_lc_rs::digest;
use gonogo_model::Id;
use gonogo_model::event::Event;
use jiff::fmt::temporal::Pieces;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::dead_letter::{DeadLetter, DeadReason};
use super::fields;
use super::{Delivery, SourceSettings};

/// The longest id, type or subject, in bytes.
pub const MAX_TEXT_BYTES: usize = 1024;

/// How far a sender's clock may be ahead of ours before it is noted.
pub const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// How far in the future an event may happen before its time is not believed.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// 2000-01-01T00:00:00Z: no provider is older, so an earlier time is a mistake.
const EARLIEST_SECOND: i64 = 946_684_800;

/// An event that its sender signed.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedEvent {
    /// The normalised fact.
    pub event: Event,
    /// Under this key it is stored once.
    pub dedup: DedupKey,
    /// Another key that repeats of the same change share, as a hint: two different events may
    /// have it too, so nothing is dropped because of it.
    pub second_key: Option<DedupKey>,
    /// What was odd, for metrics and the source's page.
    pub notes: Vec<Note>,
}

/// The first half of a SHA-256 over the parts that identify a fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DedupKey([u8; 16]);

/// Something odd about an event that is taken all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The sender's clock is ahead of ours by this much.
    SenderAhead(SignedDuration),
    /// There was no time, so that of receipt stands in.
    TimeMissing,
    /// The time sent is before 2000 or more than a day ahead, so that of receipt stands in.
    TimeNotBelieved(Timestamp),
    /// The field was cut to its longest length.
    FieldCut(String),
    /// A field has a value that the provider's documentation does not name. It is kept.
    UnknownValue(&'static str),
}

/// What a provider's format says about one event.
pub(super) struct Found<'a> {
    pub id: &'a str,
    pub kind: String,
    pub subject: Option<String>,
    pub time: Option<Timestamp>,
    /// What the declared paths address.
    pub body: &'a Value,
    pub dedup: DedupKey,
    pub second_key: Option<DedupKey>,
}

impl VerifiedEvent {
    /// The event that was found, within its limits and with its declared fields.
    pub(super) fn build(
        settings: &SourceSettings,
        delivery: &Delivery,
        found: Found,
    ) -> Result<Self, DeadLetter> {
        let mut notes = Vec::new();
        for (what, text) in [("id", Some(found.id)), ("type", Some(&found.kind))]
            .into_iter()
            .chain([("subject", found.subject.as_deref())])
        {
            text.map_or(Ok(()), |text| check_text(what, text))?;
        }
        let event = Event {
            source: settings.id.clone(),
            id: found.id.to_owned(),
            kind: found.kind,
            subject: found.subject,
            time: believed(found.time, delivery.received_at, &mut notes),
            received_at: delivery.received_at,
            fields: fields::extract(found.body, &settings.fields, &mut notes),
        };
        Ok(Self {
            event,
            dedup: found.dedup,
            second_key: found.second_key,
            notes,
        })
    }
}

impl DedupKey {
    /// The key of a fact within a source. Each part goes in with its length, so that no two
    /// lists of parts run together.
    pub(super) fn of(source: &Id, parts: &[&[u8]]) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in std::iter::once(&source.as_str().as_bytes()).chain(parts) {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finish().as_ref()[..16]);
        Self(key)
    }

    /// The sixteen bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Lower-case hexadecimal.
impl fmt::Display for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DedupKey({self})")
    }
}

impl Note {
    /// The note as metrics have it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::SenderAhead(_) => "sender_ahead",
            Self::TimeMissing => "time_missing",
            Self::TimeNotBelieved(_) => "time_not_believed",
            Self::FieldCut(_) => "field_cut",
            Self::UnknownValue(_) => "unknown_value",
        }
    }
}

/// Reads an RFC 3339 time; a leap second is the last second of its minute.
pub(super) fn parse_time(what: &str, text: &str) -> Result<Timestamp, DeadLetter> {
    rfc3339(text).ok_or_else(|| {
        DeadLetter::new(
            DeadReason::BadTime,
            format!("`{what}` is no RFC 3339 time, or out of range"),
        )
    })
}

/// A time of RFC 3339, as near as it can be held: some tools write the last second of the year
/// 9999 for "never", which is a day later than the latest time there is here.
pub(super) fn rfc3339(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let pieces = Pieces::parse(text).ok()?;
        let whole = pieces.time().is_some() && pieces.offset().is_some();
        (whole && pieces.date().year() == 9999).then_some(Timestamp::MAX)
    })
}

fn believed(sent: Option<Timestamp>, received_at: Timestamp, notes: &mut Vec<Note>) -> Timestamp {
    let Some(sent) = sent else {
        notes.push(Note::TimeMissing);
        return received_at;
    };
    let ahead = sent.duration_since(received_at);
    if ahead > MAX_AHEAD || sent.as_second() < EARLIEST_SECOND {
        notes.push(Note::TimeNotBelieved(sent));
        return received_at;
    }
    if ahead > MAX_SKEW {
        notes.push(Note::SenderAhead(ahead));
    }
    sent
}

fn check_text(what: &str, text: &str) -> Result<(), DeadLetter> {
    let wrong = if text.is_empty() {
        "is empty"
    } else if text.len() > MAX_TEXT_BYTES {
        "is too long"
    } else if text.chars().any(char::is_control) {
        "has control characters"
    } else {
        return Ok(());
    };
    Err(DeadLetter::new(
        DeadReason::BadText,
        format!("the {what} {wrong}"),
    ))
}
