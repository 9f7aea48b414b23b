//! Alerts: when a condition holds, for how long, and what follows.
//!
//! An alert is pending while its condition holds for less than `hold`, then fires, and
//! resolves when the condition no longer holds. "Cannot tell" changes nothing: unknown is
//! neither a page nor an all-clear.

use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::alert::{Alert, Condition, Urgency};
use serde::{Deserialize, Serialize};

use crate::change::Happened;
use crate::engine::{BACKLOG_AFTER, CATCH_UP, Engine, LOOK_AGAIN_AFTER};
use crate::flow::FlowState;
use crate::history::EntryKind;
use crate::plan::{AtOnce, flow_of};
use crate::reading::in_words;
use crate::time::Time;

/// Among how many overdue keys one that came in at its time is looked for.
const FRESH_LOOKED_FOR: usize = 100;

/// An alert's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertState {
    /// Where it stands.
    pub stage: Stage,
    /// What was read last.
    pub reading: Reading,
    /// When it last fired.
    pub fired_at: Option<Time>,
    /// When it last resolved.
    pub resolved_at: Option<Time>,
    /// How often it fired.
    pub episodes: u32,
    /// The incident that it belongs to, or last did.
    pub incident: Option<u64>,
    /// What changed just before it last fired, the latest first.
    #[serde(default)]
    pub before: Vec<Happened>,
    /// All that it is about is silenced.
    #[serde(default)]
    pub hushed: bool,
    /// When its room was last told that it grew.
    #[serde(default)]
    pub told_at: Option<Time>,
    /// The maintenance window that it waits for, though it would fire.
    #[serde(default)]
    pub maintenance: Option<String>,
    /// The silences of gonogo's own alerts that are about it right now.
    #[serde(default)]
    pub silenced_by: Vec<String>,
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its condition does not hold, as far as anybody can tell.
    #[default]
    Idle,
    /// It holds, but not for long enough yet.
    Pending {
        /// Since when.
        since: Time,
    },
    /// It fires.
    Firing {
        /// Since when its condition holds.
        since: Time,
    },
}

/// What a condition says right now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Does it hold?
    pub holds: Holds,
    /// How many things it is about.
    pub count: u64,
    /// Their keys, the first few.
    pub keys: Vec<String>,
    /// The numbers, in a sentence.
    pub detail: String,
}

/// Does a condition hold?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// It does not.
    No,
    /// Nobody can tell: too few events, no answer yet.
    #[default]
    CannotTell,
    /// It does.
    Yes,
}

impl Engine {
    /// Reads the conditions of some alerts and acts on what changed.
    pub(crate) fn judge_all(&mut self, alerts: &[Id], now: Time) {
        for id in alerts {
            self.judge(id, now);
        }
    }

    /// Something happened in a flow: acts at once on alerts that turned, and looks at the rest
    /// soon, because sums over windows cost more than an event may.
    pub(crate) fn judge_flow(&mut self, flow: usize, now: Time) {
        let plan = Arc::clone(&self.plan);
        let mut unread = false;
        for (id, at_once) in plan
            .alerts_of_flow(flow)
            .iter()
            .zip(plan.at_once_of_flow(flow))
        {
            let (Some(alert), Some(state)) =
                (self.state.alerts.get(id), self.state.flows.get(flow))
            else {
                continue;
            };
            match (at_once.holds(state), alert.stage) {
                (Some(true), Stage::Idle)
                | (Some(false), Stage::Pending { .. } | Stage::Firing { .. }) => {
                    self.judge(id, now);
                }
                (Some(false), Stage::Idle) | (Some(true), Stage::Pending { .. }) => {}
                (Some(true), Stage::Firing { .. }) | (None, _) => unread = true,
            }
        }
        if unread && let Some(state) = self.state.flows.get_mut(flow) {
            state.unread = true;
            self.state
                .look_again_at
                .get_or_insert(now + LOOK_AGAIN_AFTER);
        }
    }

    /// The alerts of flows in which something changed.
    pub(crate) fn look_at_windows(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        for index in 0..plan.flows.len() {
            let unread = self
                .state
                .flows
                .get_mut(index)
                .map(|f| std::mem::take(&mut f.unread));
            if unread == Some(true) {
                self.judge_all(plan.alerts_of_flow(index), now);
            }
        }
    }

    /// Every alert.
    pub(crate) fn look_at_everything(&mut self, now: Time) {
        self.figure_slos(now);
        let plan = Arc::clone(&self.plan);
        for id in plan.alerts.keys() {
            self.judge(id, now);
        }
    }

    fn judge(&mut self, id: &Id, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(alert) = plan.alerts.get(id) else {
            return;
        };
        let reading = self.read(alert, now);
        let settles_at = self.settles_at(alert);
        let Some(state) = self.state.alerts.get_mut(id) else {
            return;
        };
        let (stage, holds) = (state.stage, reading.holds);
        let aloud = state.silenced_by.is_empty();
        let external = matches!(alert.when, Condition::ExternalAlert(_));
        if holds == Holds::CannotTell && stage != Stage::Idle && !external {
            // What was read when it could be told goes on saying more.
            state.reading.holds = holds;
        } else {
            state.reading = reading;
        }
        match (stage, holds) {
            (Stage::Idle, Holds::Yes) => {
                state.stage = Stage::Pending { since: now };
                if aloud && ready_at(alert, now, settles_at) <= now {
                    self.fire_or_wait(alert, now);
                }
            }
            (Stage::Pending { since }, Holds::Yes) => {
                if aloud && ready_at(alert, since, settles_at) <= now {
                    self.fire_or_wait(alert, now);
                }
            }
            (Stage::Pending { .. }, Holds::No) => {
                state.stage = Stage::Idle;
                state.maintenance = None;
            }
            (Stage::Firing { .. }, Holds::Yes) => self.alert_goes_on(alert, now),
            (Stage::Firing { .. }, Holds::No) => {
                state.stage = Stage::Idle;
                state.resolved_at = Some(now);
                self.alert_resolved(alert, now);
            }
            (Stage::Idle, Holds::No) | (_, Holds::CannotTell) => {}
        }
    }

    /// Fires, unless maintenance covers it: then it is shown, and fires when that is over.
    fn fire_or_wait(&mut self, alert: &Alert, now: Time) {
        let held = self.held_by_maintenance(&alert.id.value, now);
        let Some(state) = self.state.alerts.get_mut(&alert.id.value) else {
            return;
        };
        let before = std::mem::replace(&mut state.maintenance, held.map(|(id, _)| id));
        let Some(window) = &state.maintenance else {
            return self.fire(alert, now);
        };
        if before.is_none() {
            let text = format!(
                "{} would fire, and waits for the end of the maintenance {window}",
                alert.name
            );
            self.say(now, None, EntryKind::Maintenance, alert.id.as_str(), text);
        }
    }

    fn fire(&mut self, alert: &Alert, now: Time) {
        let component = self.plan.component_of(&alert.id.value).cloned();
        let before = self.changed_before(component.as_ref(), now);
        let Some(state) = self.state.alerts.get_mut(&alert.id.value) else {
            return;
        };
        let since = match state.stage {
            Stage::Pending { since } | Stage::Firing { since } => since,
            Stage::Idle => now,
        };
        state.stage = Stage::Firing { since };
        state.fired_at = Some(now);
        state.episodes = state.episodes.saturating_add(1);
        let told = state.before == before;
        state.before = before;
        match alert.urgency {
            Urgency::Page => self.place(alert, now),
            Urgency::Ticket => self.ticket(alert, now),
        }
        if !told {
            self.say_what_changed(alert, now);
        }
    }

    /// The first question is what changed just before.
    fn say_what_changed(&mut self, alert: &Alert, now: Time) {
        let Some(state) = self.state.alerts.get(&alert.id.value) else {
            return;
        };
        let Some(incident) = state.incident.filter(|_| !state.before.is_empty()) else {
            return;
        };
        let of = |c: &Happened| {
            format!(
                "{}: {} ({} before)",
                c.name,
                c.label,
                in_words(now.since(c.at))
            )
        };
        let changes: Vec<String> = state.before.iter().map(of).collect();
        let text = format!("changed just before: {}", changes.join("; "));
        self.say(
            now,
            Some(incident),
            EntryKind::Changed,
            alert.id.as_str(),
            text,
        );
    }

    pub(crate) fn alert_deadlines(&self, offer: &mut impl FnMut(Option<Time>, &'static str)) {
        for (id, state) in &self.state.alerts {
            // Without an answer waiting longer proves nothing; the next answer judges it anew.
            if let (Stage::Pending { since }, Holds::Yes) = (state.stage, state.reading.holds)
                && state.silenced_by.is_empty()
                && let Some(alert) = self.plan.alerts.get(id)
            {
                let at = ready_at(alert, since, self.settles_at(alert));
                let held = self.held_by_maintenance(id, self.state.now.max(at));
                // What it waits for can be extended or ended early; then it is looked at again.
                let at = held.map_or(at, |(_, until)| at.max(until));
                offer(Some(at), "an alert has held long enough");
            }
        }
    }

    pub(crate) fn advance_alerts(&mut self, now: Time) {
        let pending = |s: &AlertState| matches!(s.stage, Stage::Pending { .. });
        let ids: Vec<Id> = self
            .state
            .alerts
            .iter()
            .filter(|(_, s)| pending(s))
            .map(|(id, _)| id.clone())
            .collect();
        self.judge_all(&ids, now);
    }

    /// Until when the flow that an alert watches takes in a backlog.
    fn settles_at(&self, alert: &Alert) -> Option<Time> {
        let flow = self.plan.flow(flow_of(&alert.when)?)?;
        let state = self.state.flows.get(flow)?;
        // What came in at its time is no part of the backlog, and does not wait for it.
        let fresh = |key: &String| {
            let open = state.open.get(key);
            open.is_some_and(|o| o.received_at.since(o.started_at) <= BACKLOG_AFTER)
        };
        let overdue = matches!(alert.when, Condition::FlowOverdue(_));
        if overdue && state.overdue.iter().take(FRESH_LOOKED_FOR).any(fresh) {
            return None;
        }
        state.settles_at
    }
}

/// When an alert fires whose condition holds since a time. While a backlog comes in it waits
/// for the rest of it, because what was said two hours ago may have been taken back since;
/// but never for longer than [`CATCH_UP`].
fn ready_at(alert: &Alert, since: Time, settles_at: Option<Time>) -> Time {
    let held = since + alert.hold;
    settles_at.map_or(held, |at| held.max(at.min(since + CATCH_UP)))
}

impl AtOnce {
    /// Does a condition hold, as far as that can be told without sums over windows?
    fn holds(self, flow: &FlowState) -> Option<bool> {
        match self {
            Self::Overdue(bound) => Some(flow.overdue_count() >= bound),
            Self::Mismatch => Some(!flow.mismatched.is_empty()),
            Self::InRow(bound) => Some(flow.failures_in_row >= bound),
            Self::InRowOrWindow(bound) if flow.failures_in_row >= bound => Some(true),
            Self::InRowOrWindow(_) | Self::Window => None,
        }
    }
}
