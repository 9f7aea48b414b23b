//! A team is called, called again, and no longer called.

use gonogo_model::escalation::Step;
use gonogo_model::{Duration, Id};

use super::{Escalation, Rung, SendState, Whom};
use crate::effect::{Effect, NotifyKind};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::time::Time;

/// How often a fallback is called at the most.
const FALLBACK_EVERY_MIN: Duration = Duration::from_mins(1);
/// How often everybody is called where there is no policy.
const WITHOUT_POLICY_EVERY: Duration = Duration::from_mins(10);

impl Engine {
    /// Calls a team to an incident.
    pub(crate) fn engage(&mut self, number: u64, team: &Id, kind: NotifyKind, now: Time) {
        self.call(number, team, kind, "it concerns what this team owns", now);
    }

    /// Calls a team that has answered already.
    pub(crate) fn call_again(&mut self, number: u64, team: &Id, why: &str, now: Time) {
        // Of what is silenced nobody is told, however long it goes on.
        if self.all_hushed(number, Some(team)) {
            return;
        }
        self.call(number, team, NotifyKind::Growth, why, now);
    }

    fn call(&mut self, number: u64, team: &Id, kind: NotifyKind, why: &str, now: Time) {
        let escalation = self.new_escalation(team, kind, why, now);
        // What still rings for an earlier reason is replaced, not doubled.
        self.stop_escalation(number, team);
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let engagement = incident.engagements.entry(team.clone()).or_default();
        engagement.generation = engagement.generation.saturating_add(1);
        engagement.acked = None;
        engagement.covered.clear();
        engagement.escalation = Some(escalation);
        incident.settle_phase();
        if kind == NotifyKind::Growth {
            let text = format!("called again: {why}");
            self.say(now, Some(number), EntryKind::Growth, team.as_str(), text);
        }
        self.tell_rooms(number, team, kind, now);
        self.walk(number, team, now);
        self.call_whom_nothing_covers(number, now);
    }

    pub(crate) fn is_calling(&self, number: u64, team: &Id) -> bool {
        let incident = self.state.incidents.get(&number);
        incident
            .and_then(|i| i.engagements.get(team))
            .is_some_and(|e| e.escalation.is_some())
    }

    pub(crate) fn stop_escalation(&mut self, number: u64, team: &Id) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let Some(engagement) = incident.engagements.get_mut(team) else {
            return;
        };
        engagement.escalation = None;
        for (id, send) in &mut engagement.sends {
            if send.state == SendState::Pending {
                send.state = SendState::Cancelled;
                self.out.push(Effect::Cancel(id.clone()));
            }
        }
    }

    fn new_escalation(&self, team: &Id, kind: NotifyKind, why: &str, now: Time) -> Escalation {
        let package = &self.plan.package;
        let policy = match package.teams.get(team) {
            Some(team) => Some(&team.escalation_policy),
            None => package.header.as_ref().map(|h| &h.operators),
        };
        let policy = policy.and_then(|p| package.escalation_policies.get(&p.id));
        let rung = |s: &Step| Rung {
            notify: s.notify.iter().map(Whom::from).collect(),
            wait: s.wait,
        };
        let steps = policy.map(|p| p.steps.iter().map(rung).collect());
        Escalation {
            policy: policy.map_or_else(|| Id::from_static("none"), |p| p.id.value.clone()),
            kind,
            why: why.to_string(),
            steps: steps.unwrap_or_default(),
            repeat: policy.map_or(0, |p| u32::from(p.repeat)),
            // Without a policy there is no fallback either, and everybody is called.
            fallback: policy.map(|p| Whom::from(&p.fallback)),
            fallback_every: policy.map_or(WITHOUT_POLICY_EVERY, |p| {
                p.fallback_every.max(FALLBACK_EVERY_MIN)
            }),
            round: 1,
            step: 0,
            next_at: now,
        }
    }
}
