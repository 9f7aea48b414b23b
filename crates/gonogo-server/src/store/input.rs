//! What is appended and what is read back.
//!
//! Invariant: the store never looks into a body.

use std::borrow::Cow;

use super::RawBody;

/// The two ways in. Commands overtake what the world sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Commands, delivery results and the like.
    Human,
    /// Webhooks and probe results.
    World,
}

impl Lane {
    /// Both, in the order of precedence.
    pub const ALL: [Self; 2] = [Self::Human, Self::World];

    pub(super) fn index(self) -> usize {
        match self {
            Self::Human => 0,
            Self::World => 1,
        }
    }
}

impl std::fmt::Display for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Human => "human",
            Self::World => "world",
        })
    }
}

/// Inputs that are stored together or not at all.
#[derive(Clone, Debug)]
pub struct AppendBatch {
    /// Where they go.
    pub lane: Lane,
    /// At most [`APPEND_INPUTS_MAX`](super::APPEND_INPUTS_MAX).
    pub inputs: Vec<NewInput>,
}

/// One fact to be appended.
#[derive(Clone, Debug)]
pub struct NewInput {
    /// What the body is, for the reader of the journal.
    pub kind: Cow<'static, str>,
    /// When we received it, by our clock.
    pub received_at_ms: i64,
    /// Schema version of the body.
    pub schema: u16,
    /// Opaque to the store.
    pub body: Vec<u8>,
    /// Drops it if the same key was appended before.
    pub dedup: Option<Dedup>,
    /// The request as it came in, kept apart and encrypted.
    pub raw: Option<RawBody>,
}

/// What makes two inputs the same one.
#[derive(Clone, Debug)]
pub struct Dedup {
    /// The source; keys of different sources never meet.
    pub source: String,
    /// A hash of the provider's event id.
    pub key: [u8; 16],
    /// For how long the provider may retry, at most [`DEDUP_DAYS_MAX`](super::DEDUP_DAYS_MAX).
    pub keep_days: u16,
}

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the journal.
    Appended {
        /// Its place.
        seq: i64,
    },
    /// It was there before; nothing was written.
    Duplicate {
        /// The place of the first one.
        seq: i64,
    },
}

impl Appended {
    /// The place in the journal, of this one or of the one it repeats.
    #[must_use]
    pub fn seq(self) -> i64 {
        match self {
            Self::Appended { seq } | Self::Duplicate { seq } => seq,
        }
    }
}

/// An input as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its place; grows without gaps over both lanes.
    pub seq: i64,
    /// The lane it came by.
    pub lane: Lane,
    /// What the body is.
    pub kind: Cow<'static, str>,
    /// When we received it.
    pub received_at_ms: i64,
    /// Schema version of the body.
    pub schema: u16,
    /// Opaque to the store.
    pub body: Vec<u8>,
    /// Why it must not be handled, if it was skipped as poison.
    pub skipped: Option<String>,
}
