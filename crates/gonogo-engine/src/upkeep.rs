//! What time alone does to an incident: it is over, it is stale, or an alert waited long enough.

use gonogo_model::Id;

use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Attached, Incident, Phase};
use crate::time::Time;

impl Engine {
    pub(crate) fn incident_deadlines(
        &self,
        incident: &Incident,
        offer: &mut impl FnMut(Option<Time>, &'static str),
    ) {
        let promise = incident.promise.as_ref();
        let due = promise.and_then(|p| self.promise_deadline(incident, p));
        offer(due, "an update is promised");
        if !incident.is_open() {
            return;
        }
        let grouping = self.plan.grouping();
        // While nothing fires nobody else is woken; should it come back, the walk goes on.
        let calls = incident.engagements.values();
        for engagement in calls.filter(|_| incident.quiet_since.is_none()) {
            let escalation = engagement.escalation.as_ref();
            offer(escalation.map(|e| e.next_at), "an escalation step is due");
        }
        for attached in incident.alerts.values().filter(|a| a.firing) {
            offer(attached.held_until, "a cause was not confirmed in time");
            let outlived = outlives_at(incident, attached);
            offer(
                outlived.map(|at| at + grouping.straggler_after),
                "an alert outlives its cause",
            );
        }
        let quiet = incident.quiet_since;
        offer(quiet.map(|at| at + grouping.soak), "an incident is over");
        if is_idle(incident) {
            let stale = incident.touched_at + grouping.stale_ack_after;
            offer(Some(stale), "nobody has touched an incident");
        }
    }

    /// Everything about an incident that is due by now.
    pub(crate) fn advance_incident(&mut self, number: u64, now: Time) {
        self.advance_promise(number, now);
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if !incident.is_open() {
            return;
        }
        let soak = self.plan.grouping().soak;
        if incident.quiet_since.is_some_and(|at| at + soak <= now) {
            let text = format!("everything has been well for {soak}");
            self.close_incident(number, text, now);
            return;
        }
        self.advance_escalations(number, now);
        self.advance_held(number, now);
        self.advance_stragglers(number, now);
        self.advance_stale_ack(number, now);
    }

    pub(crate) fn close_incident(&mut self, number: u64, why: String, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.phase = Phase::Resolved;
        incident.resolved_at = Some(now);
        let teams: Vec<Id> = incident.engagements.keys().cloned().collect();
        self.say(now, Some(number), EntryKind::Resolved, "", why);
        for team in &teams {
            self.stop_escalation(number, team);
        }
        self.tell_resolved(number, now);
        self.promise_all_clear(number, now);
    }

    fn advance_held(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let mut waited: Vec<(Id, String)> = Vec::new();
        for (id, attached) in &mut incident.alerts {
            if attached.firing && attached.held_until.is_some_and(|at| at <= now) {
                attached.held_until = None;
                let why = if attached.times > 1 {
                    format!("{id} is back, and stays")
                } else {
                    format!("{id} joined, and no cause that explains it was confirmed in time")
                };
                waited.push((attached.team.clone(), why));
            }
        }
        for (team, why) in waited {
            if !self.is_calling(number, &team) {
                self.call_again(number, &team, &why, now);
            }
        }
    }

    fn advance_stragglers(&mut self, number: u64, now: Time) {
        let after = self.plan.grouping().straggler_after;
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let late = |a: &Attached| {
            let outlived = outlives_at(incident, a);
            a.firing && outlived.is_some_and(|at| at + after <= now)
        };
        let alerts = incident.alerts.iter().filter(|(_, a)| late(a));
        let late: Vec<(Id, Id)> = alerts.map(|(id, a)| (a.team.clone(), id.clone())).collect();
        for (team, alert) in late {
            let incident = self.state.incidents.get_mut(&number);
            if let Some(attached) = incident.and_then(|i| i.alerts.get_mut(&alert)) {
                attached.straggler = true;
            }
            let text = format!("{alert} still fires {after} after the rest began to recover");
            let kind = EntryKind::Straggler;
            self.say(now, Some(number), kind, alert.as_str(), text.clone());
            if !self.is_calling(number, &team) {
                self.call_again(number, &team, &text, now);
            }
        }
    }

    /// An answer wears off: whoever gave it may have fallen asleep again.
    fn advance_stale_ack(&mut self, number: u64, now: Time) {
        let after = self.plan.grouping().stale_ack_after;
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        if !is_idle(incident) || now < incident.touched_at + after {
            return;
        }
        incident.touched_at = now;
        if self.all_hushed(number, None) {
            return;
        }
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let owner = incident.firing().map(|(_, a)| &a.team).next();
        let team = owner.or_else(|| incident.engagements.keys().next());
        if let Some(team) = team.cloned() {
            let why = format!("it was acknowledged, and nobody has touched it for {after}");
            self.call_again(number, &team, &why, now);
        }
    }
}

/// Since when an alert outlives what it is part of; not twice for the same one.
fn outlives_at(incident: &Incident, attached: &Attached) -> Option<Time> {
    let recovered = incident.recovered_at.filter(|_| !attached.straggler)?;
    Some(recovered.max(attached.at))
}

/// Somebody has it, it goes on, and nothing rings.
fn is_idle(incident: &Incident) -> bool {
    incident.phase == Phase::Acknowledged && incident.quiet_since.is_none()
}
