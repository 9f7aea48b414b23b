//! Incidents: one cause, many alerts, and what people do about it.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::Id;
use gonogo_model::alert::{AlertClass, Severity};
use gonogo_model::comms::PublicState;
use serde::{Deserialize, Serialize};

use crate::effect::{EffectId, NotifyKind};
use crate::paging::Engagement;
use crate::time::Time;

/// One cause, many alerts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number, from 1.
    pub number: u64,
    /// When it opened.
    pub opened_at: Time,
    /// What happened, as a sentence.
    pub title: String,
    /// How bad it is. It rises by itself and never falls.
    pub severity: Severity,
    /// Where it stands.
    pub phase: Phase,
    /// What is behind it, as far as it is known.
    pub cause: Option<Cause>,
    /// Its alerts, the resolved ones too.
    pub alerts: BTreeMap<Id, Attached>,
    /// The teams that were called, once each.
    pub engagements: BTreeMap<Id, Engagement>,
    /// Who leads.
    pub commander: Option<String>,
    /// What whoever acknowledged it had seen.
    pub seen: Option<Seen>,
    /// The journeys that fail.
    pub journeys: BTreeSet<Id>,
    /// The update that is promised next.
    pub promise: Option<Promise>,
    /// How many updates were promised: their numbers and the ids of reminders follow from it.
    pub promises: u32,
    /// What customers were told.
    pub updates: Vec<Update>,
    /// How often they were: ids follow from it.
    pub told: u32,
    /// Runbook steps that were done.
    pub steps: Vec<StepDone>,
    /// When somebody last did something about it.
    pub touched_at: Time,
    /// When its cause recovered, or where none is confirmed, when one of its alerts last did.
    pub recovered_at: Option<Time>,
    /// Since when none of its alerts fires.
    pub quiet_since: Option<Time>,
    /// When it was over.
    pub resolved_at: Option<Time>,
    /// How often it came back.
    pub reopened: u32,
    /// The incident that it turned out to be part of.
    pub merged_into: Option<u64>,
    /// Somebody said it is over although alerts fire.
    pub closed_by_hand: bool,
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nobody has it yet, or not every called team has.
    Open,
    /// Everybody who was called has answered.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// What is behind an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The component.
    pub component: Id,
    /// How sure that is.
    pub standing: Standing,
    /// Since when it is thought so.
    pub since: Time,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It would explain what fails; nothing says so directly.
    Suspected,
    /// An alert of its own says that it fails.
    Confirmed,
}

/// An alert in an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attached {
    /// When it joined.
    pub at: Time,
    /// The component it is about.
    pub component: Option<Id>,
    /// What sort of trouble it tells of.
    pub class: AlertClass,
    /// Its severity.
    pub severity: Severity,
    /// The team that owns it.
    pub team: Id,
    /// Does it still fire?
    pub firing: bool,
    /// How it came to be here.
    pub how: How,
    /// How often it fired in here: flapping is one episode with a count.
    pub times: u32,
    /// It waits until then for its suspected cause to be confirmed, and pages after.
    pub held_until: Option<Time>,
    /// It was already said that it outlives its cause.
    pub straggler: bool,
}

/// How an alert came to be in an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The incident opened with it, or it is the cause's own.
    Origin,
    /// Its component fails because of the cause, by the graph.
    Downstream,
    /// It shares a suspected cause.
    Symptom,
}

/// What somebody had seen when they acknowledged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Each alert's count.
    pub counts: BTreeMap<Id, u64>,
    /// The severity.
    pub severity: Severity,
    /// The journeys.
    pub journeys: BTreeSet<Id>,
}

/// An update that customers were promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// By when.
    pub due: Time,
    /// The state that the draft announces.
    pub state: PublicState,
    /// Its number within the incident: ids of reminders follow from it.
    pub number: u32,
    /// Whoever writes updates was told that it is due.
    pub reminded: bool,
    /// Somebody was paged because it is late, so many times.
    pub overdue_pages: u32,
    /// Whom it was last said to.
    pub reminder: Option<Reminder>,
}

/// That somebody was told of a promised update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reminder {
    /// The message.
    pub effect: EffectId,
    /// That it is due, or late.
    pub kind: NotifyKind,
    /// The role that writes.
    pub role: Id,
    /// To whom.
    pub person: Id,
    /// Which of the person's ways, in the order they are tried.
    pub contact: usize,
    /// The words.
    pub text: String,
    /// When.
    pub at: Time,
}

/// An update that customers saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// When.
    pub at: Time,
    /// Where the incident stood.
    pub state: PublicState,
    /// The headline.
    pub title: String,
    /// The words.
    pub text: String,
    /// Who approved it, or the rule that did.
    pub approved_by: String,
    /// When the next one is promised.
    pub next_by: Option<Time>,
}

/// A runbook step that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepDone {
    /// When.
    pub at: Time,
    /// Who.
    pub by: String,
    /// The runbook.
    pub runbook: Id,
    /// The step.
    pub step: String,
    /// What came of it.
    pub outcome: String,
}

impl Incident {
    /// An incident that just opened.
    pub(crate) fn new(number: u64, title: &str, severity: Severity, now: Time) -> Self {
        Self {
            number,
            opened_at: now,
            title: title.to_string(),
            severity,
            phase: Phase::Open,
            cause: None,
            alerts: BTreeMap::new(),
            engagements: BTreeMap::new(),
            commander: None,
            seen: None,
            journeys: BTreeSet::new(),
            promise: None,
            promises: 0,
            updates: Vec::new(),
            told: 0,
            steps: Vec::new(),
            touched_at: now,
            recovered_at: None,
            quiet_since: None,
            resolved_at: None,
            reopened: 0,
            merged_into: None,
            closed_by_hand: false,
        }
    }

    /// Open while somebody is being called, acknowledged once somebody answered.
    pub(crate) fn settle_phase(&mut self) {
        if self.is_open() {
            let calling = self.engagements.values().any(|e| e.escalation.is_some());
            let answered = self.engagements.values().any(|e| e.acked.is_some());
            self.phase = if answered && !calling {
                Phase::Acknowledged
            } else {
                Phase::Open
            };
        }
    }

    /// "INC-12"
    pub fn name(&self) -> String {
        format!("INC-{}", self.number)
    }

    /// Is it still going on?
    pub fn is_open(&self) -> bool {
        self.phase != Phase::Resolved
    }

    /// The alerts that still fire.
    pub fn firing(&self) -> impl Iterator<Item = (&Id, &Attached)> {
        self.alerts.iter().filter(|(_, a)| a.firing)
    }

    /// The components with an alert that tells of something not working, by name.
    pub fn failing_components(&self) -> BTreeSet<Id> {
        let fails = |a: &&Attached| a.firing && a.class == AlertClass::Availability;
        self.alerts
            .values()
            .filter(fails)
            .filter_map(|a| a.component.clone())
            .collect()
    }
}
