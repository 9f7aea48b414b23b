//! Ends that do not come: deadlines, questions, and what is said of them in the end.

use gonogo_model::Duration;

use super::{Asked, Deaf, FlowState, MAX_QUESTIONS};
use crate::effect::EffectId;
use crate::time::Time;

impl FlowState {
    /// Is anything due that is not later than `heard`? Past what we have heard nothing can be
    /// said to be missing.
    pub fn is_due(&self, heard: Time) -> bool {
        self.due
            .first()
            .is_some_and(|(deadline, _)| *deadline <= heard)
    }

    /// The keys whose deadline is not later than `heard`, taken off the list.
    pub fn take_due(&mut self, heard: Time) -> Vec<String> {
        let mut keys = Vec::new();
        while self.is_due(heard) {
            keys.extend(self.due.pop_first().map(|(_, key)| key));
        }
        keys
    }

    /// Waits for an answer about a key; not where too many answers are waited for already.
    pub fn ask(&mut self, key: &str, effect: EffectId, now: Time) -> bool {
        let room = self.confirming.len() < MAX_QUESTIONS;
        if room {
            self.confirming
                .insert(key.to_string(), Asked { at: now, effect });
        }
        room
    }

    /// The key that a question was about.
    pub fn asked_about(&self, effect: &EffectId) -> Option<String> {
        let mut asked = self.confirming.iter();
        asked
            .find(|(_, a)| a.effect == *effect)
            .map(|(key, _)| key.clone())
    }

    /// Counts a start as overdue.
    pub fn expire(&mut self, key: &str, now: Time) {
        self.confirming.remove(key);
        let Some(open) = self.open.get(key) else {
            return;
        };
        let (started_at, deadline) = (open.started_at, open.deadline);
        self.due.remove(&(deadline, key.to_string()));
        if self.overdue.insert(key.to_string()) {
            self.count_overdue(started_at, now);
        }
    }

    /// The end did happen, and only its event was lost.
    pub fn confirmed(&mut self, key: &str, now: Time) {
        self.confirming.remove(key);
        self.overdue.remove(key);
        if let Some(open) = self.open.remove(key) {
            self.due.remove(&(open.deadline, key.to_string()));
            let counts = self.series.at(open.started_at.min(now));
            counts.completed = counts.completed.saturating_add(1);
            counts.lost_events = counts.lost_events.saturating_add(1);
            self.closed.insert(key, false);
        }
    }

    /// Somebody looked at it, and it no longer counts. `*` writes off all that is overdue.
    pub fn write_off(&mut self, key: &str) -> bool {
        if key == "*" {
            let overdue: Vec<String> = self.overdue.iter().cloned().collect();
            let given_up = std::mem::take(&mut self.given_up) > 0;
            return overdue
                .iter()
                .fold(given_up, |any, key| self.write_off(key) || any);
        }
        let known = self.mismatched.remove(key).is_some();
        self.overdue.remove(key);
        self.confirming.remove(key);
        let Some(open) = self.open.remove(key) else {
            return known;
        };
        self.due.remove(&(open.deadline, key.to_string()));
        self.closed.insert(key, false);
        true
    }

    /// Our intake could not hear for a while. What was received before is given that much more
    /// time; what came in meanwhile is given `catch_up` from its end.
    pub fn extend(&mut self, deaf: Deaf, catch_up: Duration) {
        let lost = deaf.until.since(deaf.from);
        let affected: Vec<(Time, String)> = self
            .due
            .range((deaf.from, String::new())..)
            .cloned()
            .collect();
        for (deadline, key) in affected {
            let Some(open) = self.open.get_mut(&key) else {
                continue;
            };
            let later = if open.received_at <= deaf.from {
                deadline + lost + catch_up
            } else if open.received_at <= deaf.until {
                deadline.max(deaf.until + catch_up)
            } else {
                continue;
            };
            open.deadline = later;
            self.due.remove(&(deadline, key.clone()));
            self.due.insert((later, key));
        }
    }

    /// Makes room: the start that is due first is no longer waited for, but goes on counting.
    pub(super) fn give_up_oldest(&mut self, now: Time) {
        let oldest = self.due.pop_first().map(|(_, key)| key);
        let Some(key) = oldest.or_else(|| self.overdue.first().cloned()) else {
            return;
        };
        self.confirming.remove(&key);
        let counted = self.overdue.remove(&key);
        if let Some(open) = self.open.remove(&key)
            && !counted
        {
            self.count_overdue(open.started_at, now);
        }
        self.given_up = self.given_up.saturating_add(1);
    }

    pub(super) fn count_overdue(&mut self, started_at: Time, now: Time) {
        let counts = self.series.at(started_at.min(now));
        counts.overdue = counts.overdue.saturating_add(1);
    }
}
