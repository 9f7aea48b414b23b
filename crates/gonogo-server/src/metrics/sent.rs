//! What became of the messages that were sent, since the server started.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gonogo_model::team::Channel;

use crate::notify::Outcome;

/// Attempts by channel and outcome; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    counts: Arc<Mutex<BTreeMap<(Channel, &'static str), u64>>>,
}

/// The outcomes of an attempt.
pub(super) const OUTCOMES: [&str; 3] = ["handed_over", "retry", "failed"];

impl Sent {
    /// Counts an attempt.
    pub fn count(&self, channel: Channel, outcome: &Outcome) {
        let [handed_over, retry, failed] = OUTCOMES;
        let word = match outcome {
            Outcome::Delivered { .. } => handed_over,
            Outcome::Retry { .. } => retry,
            Outcome::Failed { .. } => failed,
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((channel, word)).or_default() += 1;
    }

    pub(super) fn of(&self, channel: Channel, outcome: &'static str) -> u64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&(channel, outcome)).copied().unwrap_or_default()
    }
}
