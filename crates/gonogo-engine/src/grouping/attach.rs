//! An alert becomes part of an incident, fires there again, and leaves it.

use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::alert::{Alert, AlertClass, Urgency};

use super::journeys_of;
use crate::alerting::Stage;
use crate::effect::NotifyKind;
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Attached, How, Incident, Standing};
use crate::time::Time;

/// What the incident was like before an alert came.
struct Before {
    others: bool,
    available: bool,
    quiet: bool,
    confirmed: bool,
}

impl Engine {
    /// Puts an alert into an incident and calls its team, unless it was called already.
    pub(super) fn attach(&mut self, number: u64, alert: &Alert, mut attached: Attached, now: Time) {
        let plan = Arc::clone(&self.plan);
        let id = &alert.id.value;
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let fails = |a: &Attached| a.firing && a.class == AlertClass::Availability;
        let before = Before {
            others: incident.alerts.keys().any(|other| other != id),
            available: incident.alerts.values().any(fails),
            quiet: incident.quiet_since.is_some(),
            confirmed: incident
                .cause
                .as_ref()
                .is_some_and(|c| c.standing == Standing::Confirmed),
        };
        if let Some(known) = incident.alerts.get(id) {
            attached.how = known.how;
            attached.times = known.times.saturating_add(1);
        }
        let (how, times) = (attached.how, attached.times);
        if incident.cause.as_ref().map(|c| &c.component) == attached.component.as_ref() {
            incident.recovered_at = None;
        }
        incident.alerts.insert(id.clone(), attached.clone());
        incident.quiet_since = None;
        incident.closed_by_hand = false;
        let mut text = alert.name.clone();
        if let Some(state) = self.state.alerts.get_mut(id) {
            state.incident = Some(number);
            text = format!("{text}: {}", state.reading.detail);
        }
        if times > 1 {
            text = format!("{text} (time {times})");
        }
        self.say(now, Some(number), EntryKind::AlertFiring, id.as_str(), text);
        if before.others && times == 1 {
            self.say_why_it_joins(number, alert, how, now);
        }
        let mut journeys = journeys_of(&plan, alert, plan.component_of(id));
        if attached.class == AlertClass::Availability
            && let Some(incident) = self.state.incidents.get(&number)
        {
            // It may have been the last member of a group that could be spared.
            let down = incident.failing_components();
            journeys.extend(plan.journeys_without(&down).map(|j| j.id.value.clone()));
        }
        for journey in journeys {
            self.journey_falls(number, journey, now);
        }
        // Whoever is called now reads what the incident has become, not what it began as.
        self.retitle(number);
        self.call_owner(number, alert, &attached, &before, now);
        self.reassess(number, now);
    }

    fn say_why_it_joins(&mut self, number: u64, alert: &Alert, how: How, now: Time) {
        let why = match how {
            How::Origin => "its component is where the trouble is",
            How::Downstream => "what it is about depends on what fails",
            How::Symptom => "it shares the suspected cause",
        };
        let text = format!("{} joins: {why}", alert.name);
        let id = alert.id.as_str();
        self.say(now, Some(number), EntryKind::Attached, id, text);
    }

    /// Calls the team that owns an alert, as far as an answer that it gave does not cover it.
    fn call_owner(
        &mut self,
        number: u64,
        alert: &Alert,
        attached: &Attached,
        before: &Before,
        now: Time,
    ) {
        let (team, id) = (&attached.team, &alert.id.value);
        let incident = self.state.incidents.get(&number);
        let engagement = incident.and_then(|i| i.engagements.get(team));
        match engagement.map(|e| (e.escalation.is_some(), e.acked.is_some())) {
            None | Some((false, false)) => self.engage(number, team, NotifyKind::Page, now),
            // Whoever is being called will see all of it when they look.
            Some((true, _)) => {}
            Some((false, true)) if attached.class != AlertClass::Availability => {
                self.call_again(number, team, &format!("{} came on top", alert.name), now);
            }
            // A short dip of what they know about, while the rest goes on, is no news.
            Some((false, true)) if attached.times > 1 && !before.quiet => {}
            Some((false, true))
                if attached.times == 1
                    && before.confirmed
                    && before.available
                    && attached.how != How::Symptom => {}
            Some((false, true)) => self.hold(number, id, now),
        }
    }

    /// An alert waits for its suspected cause to be confirmed, or for its dip to be over.
    fn hold(&mut self, number: u64, alert: &Id, now: Time) {
        let until = now + self.plan.grouping().confirm_within;
        let incident = self.state.incidents.get_mut(&number);
        if let Some(attached) = incident.and_then(|i| i.alerts.get_mut(alert)) {
            attached.held_until = Some(until);
        }
    }

    fn journey_falls(&mut self, number: u64, journey: Id, now: Time) {
        let journeys = &self.plan.package.journeys;
        let name = journeys
            .get(&journey)
            .map_or(journey.to_string(), |j| j.name.clone());
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        if incident.journeys.insert(journey.clone()) {
            let text = format!("customers can no longer rely on: {name}");
            self.say(
                now,
                Some(number),
                EntryKind::Journey,
                journey.as_str(),
                text,
            );
        }
    }

    pub(crate) fn alert_goes_on(&mut self, alert: &Alert, now: Time) {
        let state = self.state.alerts.get(&alert.id.value);
        let number = state.and_then(|s| s.incident);
        let incident = number.and_then(|n| self.state.incidents.get(&n));
        let fires_in = |i: &&Incident| {
            let attached = i.alerts.get(&alert.id.value);
            attached.is_some_and(|a| a.firing) && (i.is_open() || i.closed_by_hand)
        };
        let Some(incident) = incident.filter(fires_in) else {
            // It could wait for working hours until a package said that it cannot.
            if alert.urgency == Urgency::Page {
                self.place(alert, now);
            }
            return;
        };
        let number = incident.number;
        if incident.is_open() {
            self.page_if_grown(number, now);
            return;
        }
        let stale = self.plan.grouping().stale_ack_after;
        if incident.resolved_at.is_some_and(|at| now >= at + stale) {
            // It was called over by hand, and still fires: closing is no cure.
            let attached = self.attachment(alert, now);
            self.reopen(number, now);
            self.attach(number, alert, attached, now);
        }
    }

    /// Alerts that fire go on firing under another package, whatever can be told right now.
    pub(crate) fn all_firing_go_on(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        for (id, alert) in &plan.alerts {
            let stage = self.state.alerts.get(id).map(|s| s.stage);
            if matches!(stage, Some(Stage::Firing { .. })) {
                self.alert_goes_on(alert, now);
            }
        }
    }

    pub(crate) fn alert_resolved(&mut self, alert: &Alert, now: Time) {
        let id = &alert.id.value;
        let Some(state) = self.state.alerts.get(id) else {
            return;
        };
        let (number, detail) = (state.incident, state.reading.detail.clone());
        let text = format!("over: {} ({})", alert.name, detail.trim_end_matches('.'));
        let open = number.filter(|n| self.state.incidents.get(n).is_some_and(Incident::is_open));
        self.say(now, open, EntryKind::AlertResolved, id.as_str(), text);
        if let Some(number) = number {
            self.detach(number, id, now);
        }
    }

    /// The alert is no longer declared: it closes with that reason.
    pub(crate) fn alert_removed(&mut self, id: &Id, now: Time) {
        let number = self.state.alerts.get(id).and_then(|s| s.incident);
        let text = format!("{id} is no longer declared in the package in force");
        self.say(now, number, EntryKind::AlertResolved, id.as_str(), text);
        if let Some(number) = number {
            self.detach(number, id, now);
        }
    }

    pub(crate) fn detach(&mut self, number: u64, id: &Id, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        if let Some(attached) = incident.alerts.get_mut(id) {
            attached.firing = false;
            attached.held_until = None;
        }
        if !incident.is_open() {
            return;
        }
        // What a confirmed cause explains may go on for as long as the cause does.
        let cause = incident.cause.as_ref();
        let goes_on = cause
            .filter(|c| c.standing == Standing::Confirmed)
            .is_some_and(|c| incident.failing_components().contains(&c.component));
        if !goes_on {
            incident.recovered_at = Some(now);
        }
        if incident.firing().next().is_none() {
            incident.quiet_since = Some(now);
            let soak = self.plan.grouping().soak;
            let text = format!("nothing fires any more; it is over when that holds for {soak}");
            self.say(now, Some(number), EntryKind::Quiet, "", text);
        }
    }
}
