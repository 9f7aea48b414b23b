//! Calling people: walking the steps of a policy until somebody answers.
//!
//! A page is never dropped: a step with nobody goes to the next at once, a channel that fails
//! goes to the person's next one and then to the next step, and when all steps are used up
//! the fallback is called again and again until somebody acknowledges.

mod acknowledge;
mod call;
mod delivery;
mod message;
mod people;
mod ticket;
mod walk;

use std::collections::BTreeMap;

use gonogo_model::escalation::Target;
use gonogo_model::team::Channel;
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::effect::{EffectId, NotifyKind};
use crate::time::Time;

/// Somebody called for one team is not called again for another of the same incident within
/// this time.
pub const SAME_PERSON_WITHIN: Duration = Duration::from_mins(5);
/// How many messages an engagement remembers; the oldest that are done go first.
pub const MAX_SENDS: usize = 500;

/// A team that was called to an incident.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Engagement {
    /// How often it was called anew: ids of messages follow from it.
    pub generation: u32,
    /// The walk through its policy.
    pub escalation: Option<Escalation>,
    /// Who answered, and when.
    pub acked: Option<(String, Time)>,
    /// Messages that were sent for it.
    pub sends: BTreeMap<EffectId, Send>,
    /// People whom a message for another team of the incident reached just before, and that
    /// message: one call covers both.
    pub covered: BTreeMap<Id, EffectId>,
}

/// A walk through a policy, as the policy was when the walk began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// The policy.
    pub policy: Id,
    /// What the messages are.
    pub kind: NotifyKind,
    /// Why it was begun.
    pub why: String,
    steps: Vec<Rung>,
    repeat: u32,
    fallback: Option<Whom>,
    fallback_every: Duration,
    /// The round, from 1.
    pub round: u32,
    /// The step, from 1; one more than there are means the fallback.
    pub step: u32,
    /// When the next step is due.
    pub next_at: Time,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rung {
    notify: Vec<Whom>,
    wait: Duration,
}

/// A target, by name only, so that it outlives the package it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Whom {
    Schedule(Id),
    Role(Id),
    Person(Id),
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// To whom.
    pub person: Id,
    /// Which of the person's ways, in the order they are tried.
    pub contact: usize,
    /// On which channel.
    pub channel: Channel,
    /// The round.
    pub round: u32,
    /// The step.
    pub step: u32,
    /// When.
    pub at: Time,
    /// The generation that it belongs to.
    pub generation: u32,
    /// What became of it.
    pub state: SendState,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendState {
    /// It is on its way.
    Pending,
    /// The channel took it over.
    HandedOver,
    /// It will not get through.
    Failed,
    /// It was no longer needed.
    Cancelled,
}

impl SendState {
    /// May it still reach somebody, or did it?
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::HandedOver)
    }
}

impl Engagement {
    /// Was this person called for it, by a message of its own or one that covered it?
    pub fn called(&self, person: &Id) -> bool {
        self.covered.contains_key(person) || self.sends.values().any(|s| s.person == *person)
    }

    /// Keeps the list of messages within its bound: what is done and old goes first, and what
    /// was sent in the present round goes last.
    fn forget_old_sends(&mut self) {
        let round = self.escalation.as_ref().map(|e| e.round);
        while self.sends.len() > MAX_SENDS {
            let least = self.sends.iter().min_by_key(|(_, s)| {
                let present = s.generation == self.generation && Some(s.round) == round;
                (present, s.state == SendState::Pending, s.at)
            });
            let Some(id) = least.map(|(id, _)| id.clone()) else {
                return;
            };
            self.sends.remove(&id);
        }
    }
}

impl Escalation {
    /// Has every step been used up?
    pub fn is_at_fallback(&self) -> bool {
        self.step as usize > self.steps.len()
    }
}

impl Whom {
    fn describe(&self) -> String {
        match self {
            Self::Schedule(id) => format!("schedule {id}"),
            Self::Role(id) => format!("role {id}"),
            Self::Person(id) => format!("person {id}"),
        }
    }
}

impl From<&Target> for Whom {
    fn from(target: &Target) -> Self {
        match target {
            Target::Schedule(r) => Self::Schedule(r.id.clone()),
            Target::Role(r) => Self::Role(r.id.clone()),
            Target::Person(r) => Self::Person(r.id.clone()),
        }
    }
}
