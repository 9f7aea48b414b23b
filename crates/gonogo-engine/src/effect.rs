//! What the engine wants done: few things, each with an id that never repeats.
//!
//! An effect's id follows from what it is for, so a decision that is reached twice is one
//! send, and a send in doubt is repeated under the same id.

use std::fmt;

use gonogo_model::Id;
use gonogo_model::alert::Severity;
use gonogo_model::comms::PublicState;
use gonogo_model::team::Channel;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The name of an effect: 32 hex digits, and the idempotency key of its delivery.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(pub String);

impl EffectId {
    /// The id that follows from what an effect is for.
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut text = gonogo_model::text::hex(&hash.finalize());
        text.truncate(32);
        Self(text)
    }
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Tell somebody.
    Notify(Box<Notify>),
    /// That no longer has to be told, if it has not been yet.
    Cancel(EffectId),
    /// Customers see this from now on.
    Publish(Box<Publish>),
    /// Ask before paging on absence.
    Confirm(Box<Confirm>),
}

impl Effect {
    /// The id, and for a cancellation that of what it takes back.
    pub fn id(&self) -> &EffectId {
        match self {
            Self::Notify(n) => &n.id,
            Self::Cancel(id) => id,
            Self::Publish(p) => &p.id,
            Self::Confirm(c) => &c.id,
        }
    }

    /// The word the outbox files it under.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Notify(_) => "notify",
            Self::Cancel(_) => "cancel",
            Self::Publish(_) => "publish",
            Self::Confirm(_) => "confirm",
        }
    }
}

/// A message to somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notify {
    /// The idempotency key.
    pub id: EffectId,
    /// The incident it is about; none for a test page or a ticket.
    pub incident: Option<u64>,
    /// The team that it is for; none where it is for no team.
    #[serde(default)]
    pub team: Option<Id>,
    /// What sort of message.
    pub kind: NotifyKind,
    /// The person, or the team whose room it is.
    pub to: Recipient,
    /// The channel.
    pub channel: Channel,
    /// The address on it, references unresolved.
    pub address: String,
    /// The reference to the key that signs, for a webhook.
    #[serde(default)]
    pub secret: Option<String>,
    /// The severity when it was written.
    pub severity: Severity,
    /// What happened.
    pub title: String,
    /// The numbers.
    pub summary: String,
    /// What it means for customers.
    #[serde(default)]
    pub impact: Option<String>,
    /// The first safe thing to do.
    #[serde(default)]
    pub first_step: Option<String>,
    /// What to follow.
    #[serde(default)]
    pub runbook: Option<Id>,
    /// Why this person, now: "step 2 of platform, round 1".
    pub why_you: String,
}

/// Who a message goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A person of the package.
    Person(Id),
    /// A team's room.
    Room(Id),
}

/// What sort of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifyKind {
    /// Wakes somebody.
    Page,
    /// What was acknowledged has grown, or nobody moved.
    Growth,
    /// A promised update is due.
    UpdateDue,
    /// A promised update is late.
    UpdateOverdue,
    /// It is over.
    Resolved,
    /// For working hours.
    Ticket,
    /// To see whether it arrives.
    Test,
}

impl NotifyKind {
    /// The word in ids and on timelines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Growth => "growth",
            Self::UpdateDue => "update_due",
            Self::UpdateOverdue => "update_overdue",
            Self::Resolved => "resolved",
            Self::Ticket => "ticket",
            Self::Test => "test",
        }
    }
}

/// An update that customers see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publish {
    /// The idempotency key.
    pub id: EffectId,
    /// The incident.
    pub incident: u64,
    /// Where it stands.
    pub state: PublicState,
    /// The headline.
    pub title: String,
    /// The words.
    pub text: String,
}

/// A question to ask before paging on absence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confirm {
    /// The idempotency key.
    pub id: EffectId,
    /// The flow; its `confirm` says where to ask.
    pub flow: Id,
    /// The key that has no end.
    pub key: String,
}
