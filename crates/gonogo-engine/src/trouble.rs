//! Trouble with gonogo itself: the operators are called for it like anybody for theirs.

use gonogo_model::Id;
use gonogo_model::alert::{AlertClass, Severity};

use crate::effect::NotifyKind;
use crate::engine::Engine;
use crate::grouping::OPERATORS;
use crate::history::EntryKind;
use crate::incident::{Attached, How, Incident};
use crate::input::Trouble;
use crate::time::Time;

/// How bad it is when we cannot hear, store or send.
const SEVERITY: Severity = Severity::Sev2;

impl Engine {
    pub(crate) fn take_trouble(&mut self, trouble: &Trouble, now: Time) {
        match &trouble.detail {
            Some(detail) => self.begin_trouble(&trouble.code, detail.clone(), now),
            None => self.end_trouble(&trouble.code, now),
        }
    }

    pub(crate) fn begin_trouble(&mut self, code: &str, detail: String, now: Time) {
        let known = self.state.troubles.insert(code.to_string(), detail.clone());
        if known.is_some() {
            return;
        }
        self.say(now, None, EntryKind::Trouble, code, detail.clone());
        let id = alert_of(code);
        let reopen_within = self.plan.grouping().reopen_within;
        let lately = |i: &&Incident| {
            i.alerts.contains_key(&id)
                && i.merged_into.is_none()
                && i.resolved_at.is_none_or(|at| now <= at + reopen_within)
        };
        let found = self.state.incidents.values().rev().find(lately);
        let number = match found.map(|i| (i.number, i.is_open())) {
            Some((number, true)) => number,
            Some((number, false)) => {
                self.reopen(number, now);
                number
            }
            None => self.open_incident(&format!("gonogo itself: {detail}"), SEVERITY, now),
        };
        self.troubled(number, id, now);
    }

    fn troubled(&mut self, number: u64, id: Id, now: Time) {
        let team = Id::from_static(OPERATORS);
        let again = now + self.plan.grouping().confirm_within;
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let times = incident.alerts.get(&id).map_or(0, |a| a.times);
        let answered = incident
            .engagements
            .get(&team)
            .is_some_and(|e| e.acked.is_some());
        let attached = Attached {
            at: now,
            component: None,
            class: AlertClass::Availability,
            severity: SEVERITY,
            team: team.clone(),
            firing: true,
            how: How::Origin,
            times: times.saturating_add(1),
            // Somebody has it, and it comes and goes: one episode, unless it stays.
            held_until: answered.then_some(again),
            straggler: false,
        };
        incident.alerts.insert(id, attached);
        incident.quiet_since = None;
        incident.closed_by_hand = false;
        if !answered && !self.is_calling(number, &team) {
            self.engage(number, &team, NotifyKind::Page, now);
        }
    }

    /// Somebody said that it is over, and it is not: closing is no cure.
    pub(crate) fn troubles_go_on(&mut self, now: Time) {
        let stale = self.plan.grouping().stale_ack_after;
        let closed =
            |i: &&Incident| i.closed_by_hand && i.resolved_at.is_some_and(|at| now >= at + stale);
        let incidents = self.state.incidents.values().filter(closed);
        let again: Vec<(u64, Id)> = incidents
            .flat_map(|i| i.firing().map(|(id, _)| (i.number, id.clone())))
            .filter(|(_, id)| self.state.troubles.keys().any(|code| alert_of(code) == *id))
            .collect();
        for (number, id) in again {
            self.reopen(number, now);
            self.troubled(number, id, now);
        }
    }

    pub(crate) fn end_trouble(&mut self, code: &str, now: Time) {
        if self.state.troubles.remove(code).is_none() {
            return;
        }
        self.say(
            now,
            None,
            EntryKind::Trouble,
            code,
            format!("{code} is over"),
        );
        let id = alert_of(code);
        let told = |i: &&Incident| i.alerts.contains_key(&id);
        let found = self.state.incidents.values().rev().find(told);
        if let Some(number) = found.map(|i| i.number) {
            self.detach(number, &id, now);
        }
    }
}

/// What a trouble is called among the alerts of its incident.
fn alert_of(code: &str) -> Id {
    Id::from_static(&format!("gonogo.{code}"))
}
