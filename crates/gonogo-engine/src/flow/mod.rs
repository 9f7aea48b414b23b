//! One flow's state: what is open, what is overdue, and what became of the rest.
//!
//! Deadlines run on the time of receipt and only while our own intake was proven to hear;
//! counts and latencies are filed under the sender's time. An end may come before its start.

mod absence;
mod closed;
mod matching;
mod noted;
mod taking;

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::event::Scalar;
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::effect::EffectId;
use crate::series::{Histogram, Series, Sum};
use crate::time::Time;

use closed::Closed;
pub use matching::{key_of, matches};
use noted::note;
pub use noted::{AllNoted, EventRef, MAX_NOTED, Noted, Oddity};

/// How many starts one flow may have open. At the limit the oldest is given up: it counts as
/// overdue for good, and the operators are called.
pub const MAX_OPEN: usize = 1_000_000;
/// How many closed keys are remembered, to tell a second end from a first.
pub const MAX_CLOSED: usize = 100_000;
/// How many ends without a start are kept waiting for it, and how many contradictions.
pub const MAX_EARLY: usize = 100_000;
/// How many missing ends are asked about at the same time; more are taken as missing unasked.
pub const MAX_QUESTIONS: usize = 200;
/// How many keys of failures are named.
pub const MAX_FAILED_KEYS: usize = 20;
/// How long a start that was already late when it came in is given.
pub const LATE_START_GRACE: Duration = Duration::from_secs(30);

/// A flow's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowState {
    /// The flow.
    pub id: Option<Id>,
    /// Starts without an end.
    pub open: BTreeMap<String, Open>,
    /// Deadlines of those that are neither overdue nor being asked about.
    due: BTreeSet<(Time, String)>,
    /// Keys that are overdue.
    pub overdue: BTreeSet<String>,
    /// Starts that were given up at [`MAX_OPEN`] and still count as overdue.
    pub given_up: u64,
    /// Keys whose end is being asked about.
    pub confirming: BTreeMap<String, Asked>,
    /// Ends that came before their start, and until when they are kept.
    early: BTreeMap<String, Early>,
    /// Keys closed lately.
    closed: Closed,
    /// Contradictions that nobody has looked at: the key and what is wrong.
    pub mismatched: BTreeMap<String, String>,
    /// Ends that were no success, in a row.
    pub failures_in_row: u32,
    /// The keys of these failures, latest last.
    pub failed_keys: Vec<String>,
    /// Counts over time.
    pub series: Series<Counts>,
    /// When a start last came in.
    pub last_start: Option<Time>,
    /// When an end last came in.
    pub last_end: Option<Time>,
    /// When an end that was a success last came in.
    pub last_success: Option<Time>,
    /// Ends that somebody may want to look at.
    #[serde(default, skip_serializing_if = "AllNoted::is_empty")]
    pub noted: AllNoted,
    /// A backlog is coming in: until then it is not judged by what has come so far.
    pub settles_at: Option<Time>,
    /// Something changed that the alerts over windows have not been read for.
    pub(crate) unread: bool,
}

/// A start without an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// When it happened, by the sender's clock.
    pub started_at: Time,
    /// When we received it.
    pub received_at: Time,
    /// By when the end has to come.
    pub deadline: Time,
    /// The event's id.
    pub event: String,
    /// Fields that pages show and that the end is compared with.
    pub fields: BTreeMap<String, Scalar>,
}

/// A question about a missing end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// When it was asked.
    pub at: Time,
    /// The question.
    pub effect: EffectId,
}

/// A stretch of time in which our own intake was not proven to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deaf {
    /// Since when.
    pub from: Time,
    /// Until when.
    pub until: Time,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Early {
    ended_at: Time,
    keep_until: Time,
    success: bool,
    /// Nobody can say whether it was one.
    #[serde(default)]
    undecided: bool,
    fields: BTreeMap<String, Scalar>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<EventRef>,
}

/// What is counted in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Starts.
    pub starts: u32,
    /// Ends that came in time.
    pub completed: u32,
    /// Ends that came after their deadline.
    pub late: u32,
    /// Starts whose deadline passed without an end.
    pub overdue: u32,
    /// Ends that were a success.
    pub successes: u32,
    /// Ends that were not.
    pub failures: u32,
    /// Contradictions, doubles and ends without a start.
    pub mismatches: u32,
    /// Starts that ended, though the event of it was lost.
    pub lost_events: u32,
    /// How long it took from start to end, by the sender's clock.
    pub latency: Histogram,
}

impl Sum for Counts {
    fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.starts, other.starts),
            (&mut self.completed, other.completed),
            (&mut self.late, other.late),
            (&mut self.overdue, other.overdue),
            (&mut self.successes, other.successes),
            (&mut self.failures, other.failures),
            (&mut self.mismatches, other.mismatches),
            (&mut self.lost_events, other.lost_events),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        self.latency.add(&other.latency);
    }
}

impl FlowState {
    /// The state of a flow that nothing happened in yet.
    pub fn new(id: Id) -> Self {
        Self {
            id: Some(id),
            ..Self::default()
        }
    }

    /// How many starts are overdue in all.
    pub fn overdue_count(&self) -> u64 {
        (self.overdue.len() as u64).saturating_add(self.given_up)
    }

    /// How many ends wait for their start.
    pub fn early_len(&self) -> usize {
        self.early.len()
    }

    /// Forgets what is too old: early ends whose start never came become mismatches.
    pub fn roll(&mut self, now: Time) {
        self.series.roll(now);
        if self.settles_at.is_some_and(|at| at <= now) {
            self.settles_at = None;
        }
        let expired: Vec<String> = self
            .early
            .iter()
            .filter(|(_, e)| e.keep_until < now)
            .map(|(k, _)| k.clone())
            .collect();
        for key in expired {
            let end = self.early.remove(&key).and_then(|early| early.event);
            self.mismatch(&key, "ended without a start".into(), now);
            self.note(Oddity::Unstarted, key, end, now);
        }
    }

    fn note(&mut self, what: Oddity, key: String, end: Option<EventRef>, at: Time) {
        let noted = Noted {
            key,
            at,
            start: None,
            end,
            took: None,
        };
        note(&mut self.noted, what, noted);
    }

    fn mismatch(&mut self, key: &str, what: String, now: Time) {
        let counts = self.series.at(now);
        counts.mismatches = counts.mismatches.saturating_add(1);
        if self.mismatched.len() < MAX_EARLY {
            self.mismatched.insert(key.to_string(), what);
        }
    }
}
