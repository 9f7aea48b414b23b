//! What is worth looking at again: ends that came late, twice, without a start or badly.
//!
//! Counts say how many; this says which, with the events of each. Invariant: bounded per kind,
//! the oldest leave first, and nothing is decided by it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use gonogo_model::Duration;
use gonogo_model::event::Event;
use serde::{Deserialize, Serialize};

use crate::time::Time;

/// How many of a kind are remembered.
pub const MAX_NOTED: usize = 500;

/// What was odd about an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// It came after its deadline.
    Late,
    /// It came a second time.
    Doubled,
    /// Its start never came.
    Unstarted,
    /// It was no success.
    Failed,
}

/// An event that something came of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRef {
    /// The sender's id of it.
    pub id: String,
    /// When we received it.
    pub received_at: Time,
}

/// An end that somebody may want to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Its key.
    pub key: String,
    /// When it was noted.
    pub at: Time,
    /// The event that began it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<EventRef>,
    /// The event that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EventRef>,
    /// From start to end, by the sender's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Duration>,
}

/// What was noted, by kind, the latest last. Shared with whoever looks until it changes.
pub type AllNoted = BTreeMap<Oddity, Arc<VecDeque<Noted>>>;

impl EventRef {
    /// Where an event is found again.
    pub(super) fn of(event: &Event, now: Time) -> Self {
        Self {
            id: event.id.clone(),
            received_at: Time::from(event.received_at).min(now),
        }
    }
}

/// Notes an end.
pub(super) fn note(all: &mut AllNoted, what: Oddity, noted: Noted) {
    let list = Arc::make_mut(all.entry(what).or_default());
    if list.len() >= MAX_NOTED {
        list.pop_front();
    }
    list.push_back(noted);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_a_kind_leaves_at_the_limit() {
        let mut all = AllNoted::new();
        let noted = |n: usize| Noted {
            key: format!("k{n}"),
            at: Time::from_millis(n as i64),
            start: None,
            end: None,
            took: None,
        };
        note(&mut all, Oddity::Doubled, noted(9));
        (0..=MAX_NOTED).for_each(|n| note(&mut all, Oddity::Late, noted(n)));
        let late = &all[&Oddity::Late];
        assert_eq!(late.len(), MAX_NOTED);
        assert_eq!(late[0].key, "k1");
        assert_eq!(
            all[&Oddity::Doubled].len(),
            1,
            "kinds do not push out one another"
        );
        let bytes = rmp_serde::to_vec_named(&all).unwrap();
        assert_eq!(rmp_serde::from_slice::<AllNoted>(&bytes).unwrap(), all);
    }
}
