//! The course of an incident: it opens, gets worse, comes back, and is forgotten in the end.

use std::collections::BTreeSet;
use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::alert::Severity;
use gonogo_model::comms::PublicState;

use super::MAX_RESOLVED;
use crate::alerting::Stage;
use crate::effect::NotifyKind;
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Incident, Phase, Standing};
use crate::time::Time;

impl Engine {
    pub(crate) fn open_incident(&mut self, title: &str, severity: Severity, now: Time) -> u64 {
        self.state.last_incident += 1;
        let number = self.state.last_incident;
        let incident = Incident::new(number, title, severity, now);
        self.state.incidents.insert(number, incident);
        let text = format!("{severity}: {title}");
        self.say(now, Some(number), EntryKind::Opened, severity.word(), text);
        number
    }

    /// It is back: whoever answered before answered for what is over.
    pub(crate) fn reopen(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.phase = Phase::Open;
        incident.resolved_at = None;
        incident.quiet_since = None;
        incident.recovered_at = None;
        incident.closed_by_hand = false;
        incident.reopened = incident.reopened.saturating_add(1);
        incident.seen = None;
        incident.touched_at = now;
        for engagement in incident.engagements.values_mut() {
            engagement.acked = None;
        }
        // The all-clear that was promised would be a lie now.
        if let Some(promise) = &mut incident.promise
            && promise.state == PublicState::Resolved
        {
            let told = incident.updates.last().map(|u| u.state);
            promise.state = told
                .filter(|s| *s != PublicState::Resolved)
                .unwrap_or(PublicState::Investigating);
        }
        let still_firing: BTreeSet<Id> = incident.firing().map(|(_, a)| a.team.clone()).collect();
        let times = incident.reopened;
        let text = format!("it is back (time {times} since it was over)");
        self.say(
            now,
            Some(number),
            EntryKind::Reopened,
            times.to_string(),
            text,
        );
        // Somebody may have called it over while this went on firing.
        for team in still_firing {
            self.engage(number, &team, NotifyKind::Page, now);
        }
    }

    /// Severity and promises follow what fails; what grew past what was acknowledged pages again.
    pub(crate) fn reassess(&mut self, number: u64, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let critical = |j: &&Id| plan.package.journeys.get(*j).is_some_and(|j| j.critical);
        let worst = incident
            .firing()
            .map(|(_, a)| a.severity)
            .min()
            .unwrap_or(incident.severity);
        let fallen = incident.journeys.iter().filter(critical).count();
        let severity = if fallen >= 2 { worst.raised() } else { worst };
        if severity < incident.severity {
            let before = std::mem::replace(&mut incident.severity, severity);
            let why = if severity < worst {
                format!("{fallen} critical journeys fail")
            } else {
                "an alert of that severity fires".into()
            };
            let text = format!("raised from {before} to {severity}: {why}");
            self.say(
                now,
                Some(number),
                EntryKind::Severity,
                severity.word(),
                text,
            );
            self.promise_sooner(number, now);
        }
        self.page_if_grown(number, now);
        self.promise_if_due(number, now);
    }

    pub(super) fn retitle(&mut self, number: u64) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let failing = incident.failing_components();
        let title = match incident.cause.as_ref().filter(|_| failing.len() > 1) {
            Some(cause) => {
                let name = self.component_name(&cause.component);
                let others = failing.iter().filter(|c| **c != cause.component).count();
                let things = if others == 1 {
                    "component"
                } else {
                    "components"
                };
                match cause.standing {
                    Standing::Confirmed => {
                        format!("{name} fails and takes {others} {things} with it")
                    }
                    Standing::Suspected => {
                        format!("{name} is suspected: {others} {things} that need it fail")
                    }
                }
            }
            // What was guessed may have turned out wrong: back to what is known.
            None => match self.lead_alert(incident) {
                Some(alert) => alert.name.clone(),
                None => return,
            },
        };
        if let Some(incident) = self.state.incidents.get_mut(&number) {
            incident.title = title;
        }
    }

    pub(crate) fn component_name(&self, id: &Id) -> String {
        self.plan
            .package
            .components
            .get(id)
            .map_or_else(|| id.to_string(), |c| c.name.clone())
    }

    pub(crate) fn forget_old_incidents(&mut self, now: Time) {
        let reopen = self.plan.grouping().reopen_within;
        let over = |i: &&Incident| {
            i.promise.is_none() && i.resolved_at.is_some_and(|at| at + reopen < now)
        };
        let incidents = self.state.incidents.values();
        let old: Vec<u64> = incidents.filter(over).map(|i| i.number).collect();
        let surplus = old.len().saturating_sub(MAX_RESOLVED);
        if surplus == 0 {
            return;
        }
        let firing: BTreeSet<u64> = self
            .state
            .alerts
            .values()
            .filter(|s| matches!(s.stage, Stage::Firing { .. }))
            .filter_map(|s| s.incident)
            .collect();
        for number in old.iter().filter(|n| !firing.contains(n)).take(surplus) {
            self.state.incidents.remove(number);
        }
    }
}
