//! One source's state: when it last spoke, and how much.

use gonogo_model::Id;
use serde::{Deserialize, Serialize};

use crate::forward::ForwardState;
use crate::series::{Series, Sum};
use crate::time::Time;

/// A source's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceState {
    /// The source.
    pub id: Option<Id>,
    /// When it was declared, or could be heard again: silence never counts from before.
    pub known_since: Time,
    /// When it last spoke, by our clock.
    pub last_event_at: Option<Time>,
    /// The type of what it said last.
    pub last_event_type: Option<String>,
    /// Is it silent for longer than is normal?
    pub silent: bool,
    /// Events over time.
    pub series: Series<Heard>,
    /// How well what it sends gets through to the product, where it is forwarded.
    #[serde(default)]
    pub forward: Option<ForwardState>,
    /// How often somebody could not decide whether an event of it matches.
    #[serde(default)]
    pub undecided: u64,
}

/// Events in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// How many.
    pub events: u32,
}

impl Sum for Heard {
    fn add(&mut self, other: &Self) {
        self.events = self.events.saturating_add(other.events);
    }
}

impl SourceState {
    /// The state of a source that never spoke.
    pub fn new(id: Id, now: Time) -> Self {
        Self {
            id: Some(id),
            known_since: now,
            ..Self::default()
        }
    }

    /// It spoke.
    pub fn spoke(&mut self, event: &str, at: Time, now: Time) {
        let heard = self.series.at(at);
        heard.events = heard.events.saturating_add(1);
        self.last_event_at = Some(now);
        self.silent = false;
        if self.last_event_type.as_deref() != Some(event) {
            self.last_event_type = Some(event.to_string());
        }
    }

    /// Nobody could have heard it before this time: its silence until then is not its own.
    pub fn excuse_until(&mut self, at: Time) {
        self.known_since = self.known_since.max(at);
    }

    /// Since when nothing was heard.
    pub fn quiet_since(&self) -> Time {
        let last = self.last_event_at.unwrap_or(self.known_since);
        last.max(self.known_since)
    }
}
