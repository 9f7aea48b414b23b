//! Which incident an alert belongs to.
//!
//! Alerts join one incident when the dependency graph explains them by one cause. A cause
//! with a firing alert of its own is confirmed; one that would merely explain what fails is
//! suspected, until a check of its own shows that it works. Grouping never hides: every
//! owning team is called once, what only contradicts or expires is never joined in silence,
//! and whatever outlives its cause pages by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::alert::{Alert, AlertClass, Condition, Severity};

use crate::alerting::Stage;
use crate::effect::NotifyKind;
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::incident::{Attached, Cause, How, Incident, Phase, Standing};
use crate::plan::Plan;
use crate::time::Time;

/// How many resolved incidents are remembered here; the journal's history keeps all of them.
pub const MAX_RESOLVED: usize = 200;
/// The team that is called for trouble with gonogo itself.
pub const OPERATORS: &str = "gonogo-operators";

/// Where an alert goes.
enum Home {
    /// It joins an incident, whose cause is now this.
    Join(u64, Option<Cause>),
    /// It brings an incident back.
    Reopen(u64),
    /// It opens one.
    New,
}

impl Engine {
    /// Finds the incident that a firing alert belongs to, and calls whom it concerns.
    pub(crate) fn place(&mut self, alert: &Alert, now: Time) {
        let plan = Arc::clone(&self.plan);
        let id = &alert.id.value;
        let component = plan.component_of(id).cloned();
        let class = alert.class();
        let team = plan
            .team_of(alert)
            .unwrap_or_else(|| Id::from_static(OPERATORS));
        let mut attached = Attached {
            at: now,
            component: component.clone(),
            class,
            severity: alert.severity,
            team,
            firing: true,
            how: How::Origin,
            held_until: None,
            straggler: false,
        };
        let journeys = journeys_of(&plan, alert, component.as_ref());
        match self.home(id, class, component.as_ref(), now) {
            Home::Join(number, cause) => {
                attached.how = match &cause {
                    Some(c) if component.as_ref() == Some(&c.component) => How::Origin,
                    Some(c) if c.standing == Standing::Confirmed => How::Downstream,
                    _ => How::Symptom,
                };
                self.set_cause(number, cause, now);
                self.attach(number, alert, attached, journeys, now);
                self.absorb_explained(number, now);
            }
            Home::Reopen(number) => {
                self.reopen(number, now);
                self.attach(number, alert, attached, journeys, now);
            }
            Home::New => {
                let number = self.open_incident(&alert.name, alert.severity, now);
                self.attach(number, alert, attached, journeys, now);
            }
        }
    }

    fn home(&self, id: &Id, class: AlertClass, component: Option<&Id>, now: Time) -> Home {
        let grouping = self.plan.grouping();
        let holds = |i: &&Incident| i.is_open() && i.alerts.contains_key(id);
        if let Some(incident) = self.state.incidents.values().find(holds) {
            return Home::Join(incident.number, incident.cause.clone());
        }
        let lately = |i: &&Incident| {
            i.merged_into.is_none()
                && i.resolved_at
                    .is_some_and(|at| now <= at + grouping.reopen_within)
        };
        let same = |i: &&Incident| lately(i) && i.alerts.contains_key(id);
        if let Some(incident) = self.state.incidents.values().rev().find(same) {
            return Home::Reopen(incident.number);
        }
        let Some(component) = component else {
            return Home::New;
        };
        if class == AlertClass::Expiry {
            return Home::New;
        }
        for incident in self.state.incidents.values().filter(|i| i.is_open()) {
            if let Some(cause) = self.common_cause(incident, component, class, now) {
                return Home::Join(incident.number, Some(cause));
            }
        }
        let explains = |i: &&Incident| {
            lately(i)
                && i.cause
                    .as_ref()
                    .is_some_and(|c| self.plan.distance(component, &c.component).is_some())
        };
        if class == AlertClass::Availability
            && let Some(incident) = self.state.incidents.values().rev().find(explains)
        {
            return Home::Reopen(incident.number);
        }
        Home::New
    }

    /// The cause that would explain both an incident and one more failing component.
    fn common_cause(
        &self,
        incident: &Incident,
        component: &Id,
        class: AlertClass,
        now: Time,
    ) -> Option<Cause> {
        let explained = |c: &Cause| self.plan.distance(component, &c.component).is_some();
        let known = incident.cause.as_ref().filter(|c| explained(c));
        if class != AlertClass::Availability {
            // What was lost or doubled is explained by a confirmed cause only.
            return known.filter(|c| c.standing == Standing::Confirmed).cloned();
        }
        let failing = incident.failing_components();
        if failing.is_empty() {
            return known.cloned();
        }
        let availability = |a: &&Attached| a.class == AlertClass::Availability;
        let latest = incident
            .alerts
            .values()
            .filter(availability)
            .map(|a| a.at)
            .max()?;
        let near = now <= latest + self.plan.grouping().window;
        if !near {
            return known.filter(|c| c.standing == Standing::Confirmed).cloned();
        }
        let mut all = failing;
        all.insert(component.clone());
        self.best_cause(&all, &all, incident.opened_at, now)
            .or_else(|| known.cloned())
    }

    /// The nearest component upstream of all of these that is not known to work.
    ///
    /// One with a firing alert of its own goes before one without; then the nearest to the
    /// farthest symptom, then the nearest on the whole, then the first by name.
    fn best_cause(
        &self,
        components: &BTreeSet<Id>,
        failing: &BTreeSet<Id>,
        began: Time,
        now: Time,
    ) -> Option<Cause> {
        let mut common: Option<BTreeMap<Id, (u32, u32)>> = None;
        for component in components {
            let causes = self.plan.causes(component);
            common = Some(match common {
                None => causes.into_iter().map(|(id, d)| (id, (d, d))).collect(),
                Some(so_far) => so_far
                    .into_iter()
                    .filter_map(|(id, (far, sum))| {
                        let d = *causes.get(&id)?;
                        Some((id, (far.max(d), sum + d)))
                    })
                    .collect(),
            });
        }
        common?
            .into_iter()
            .filter(|(id, _)| failing.contains(id) || !self.seen_to_work(id, began))
            .map(|(id, (far, sum))| (!failing.contains(&id), far, sum, id))
            .min()
            .map(|(unproven, _, _, component)| Cause {
                component,
                standing: if unproven {
                    Standing::Suspected
                } else {
                    Standing::Confirmed
                },
                since: now,
            })
    }

    /// Did a check of its own show, after the trouble began, that a component works?
    fn seen_to_work(&self, component: &Id, began: Time) -> bool {
        self.plan.package.checks.iter().any(|(id, check)| {
            check.component.id == *component
                && self
                    .state
                    .checks
                    .get(id)
                    .is_some_and(|s| s.works_since(began))
        })
    }

    /// A check of its own shows that a component works: it is no longer suspected.
    pub(crate) fn clear_of_suspicion(&mut self, component: &Id, now: Time) {
        let suspected = |i: &&Incident| {
            i.is_open()
                && i.cause.as_ref().is_some_and(|c| {
                    c.component == *component && c.standing == Standing::Suspected && c.since < now
                })
        };
        let numbers: Vec<u64> = self
            .state
            .incidents
            .values()
            .filter(suspected)
            .map(|i| i.number)
            .collect();
        for number in numbers {
            let Some(incident) = self.state.incidents.get(&number) else {
                continue;
            };
            let failing = incident.failing_components();
            let other = if failing.is_empty() {
                None
            } else {
                self.best_cause(&failing, &failing, incident.opened_at, now)
            };
            let name = self.component_name(component);
            let text = format!("{name} was suspected, but a check of its own shows that it works");
            self.say(
                now,
                Some(number),
                EntryKind::Cause,
                component.as_str(),
                text,
            );
            if let Some(incident) = self.state.incidents.get_mut(&number) {
                incident.cause = None;
                for attached in incident.alerts.values_mut() {
                    if attached.held_until.is_some() {
                        attached.held_until = Some(now);
                    }
                }
            }
            self.set_cause(number, other, now);
        }
    }

    fn set_cause(&mut self, number: u64, cause: Option<Cause>, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let Some(cause) = cause else { return };
        let before = incident.cause.as_ref();
        if before.is_some_and(|b| b.component == cause.component && b.standing == cause.standing) {
            return;
        }
        let (component, standing) = (cause.component.clone(), cause.standing);
        incident.cause = Some(cause);
        if standing == Standing::Confirmed {
            for attached in incident.alerts.values_mut() {
                attached.held_until = None;
            }
        }
        let name = self.component_name(&component);
        let text = match standing {
            Standing::Suspected => format!("{name} is suspected: it would explain all that fails"),
            Standing::Confirmed => {
                format!("{name} is the cause: it fails by itself, and the rest depends on it")
            }
        };
        self.say(
            now,
            Some(number),
            EntryKind::Cause,
            component.as_str(),
            text,
        );
        self.retitle(number);
    }

    /// Other incidents that the confirmed cause of this one explains become part of it.
    fn absorb_explained(&mut self, number: u64, now: Time) {
        let window = self.plan.grouping().window;
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let Some(Cause {
            component: cause,
            standing: Standing::Confirmed,
            ..
        }) = incident.cause.clone()
        else {
            return;
        };
        let explained = |i: &&Incident| {
            let failing = i.failing_components();
            i.number != number
                && i.is_open()
                && now <= i.opened_at + window
                && !failing.is_empty()
                && i.alerts
                    .values()
                    .all(|a| a.class == AlertClass::Availability)
                && failing
                    .iter()
                    .all(|c| self.plan.distance(c, &cause).is_some())
        };
        let others: Vec<u64> = self
            .state
            .incidents
            .values()
            .filter(explained)
            .map(|i| i.number)
            .collect();
        for other in others {
            self.merge(other.max(number), other.min(number), now);
        }
    }

    fn merge(&mut self, from: u64, into: u64, now: Time) {
        let Some(mut source) = self.state.incidents.remove(&from) else {
            return;
        };
        let Some(target) = self.state.incidents.get_mut(&into) else {
            self.state.incidents.insert(from, source);
            return;
        };
        for (id, attached) in source.alerts.clone() {
            target.alerts.insert(id.clone(), attached);
            if let Some(state) = self.state.alerts.get_mut(&id) {
                state.incident = Some(into);
            }
        }
        for (team, engagement) in std::mem::take(&mut source.engagements) {
            target.engagements.entry(team).or_insert(engagement);
        }
        if target
            .cause
            .as_ref()
            .is_none_or(|c| c.standing == Standing::Suspected)
        {
            target.cause.clone_from(&source.cause);
        }
        target.journeys.append(&mut source.journeys.clone());
        target.severity = target.severity.min(source.severity);
        target.updates.append(&mut source.updates);
        target.updates.sort_by_key(|u| u.at);
        target.quiet_since = None;
        source.phase = Phase::Resolved;
        source.resolved_at = Some(now);
        source.merged_into = Some(into);
        source.promise = None;
        let (from_name, into_name) = (source.name(), target.name());
        self.state.incidents.insert(from, source);
        let text = format!("{from_name} has the same cause and is part of this");
        self.say(now, Some(into), EntryKind::Merged, from_name, text);
        let text = format!("it has the same cause as {into_name} and goes on there");
        self.say(now, Some(from), EntryKind::Merged, into_name, text);
        self.retitle(into);
        self.reassess(into, now);
    }

    pub(crate) fn open_incident(&mut self, title: &str, severity: Severity, now: Time) -> u64 {
        self.state.last_incident += 1;
        let number = self.state.last_incident;
        let incident = Incident {
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
            updates: Vec::new(),
            steps: Vec::new(),
            touched_at: now,
            recovered_at: None,
            quiet_since: None,
            resolved_at: None,
            reopened: 0,
            merged_into: None,
            closed_by_hand: false,
        };
        self.state.incidents.insert(number, incident);
        self.say(
            now,
            Some(number),
            EntryKind::Opened,
            severity.word(),
            format!("{severity}: {title}"),
        );
        number
    }

    fn reopen(&mut self, number: u64, now: Time) {
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        incident.phase = Phase::Open;
        incident.resolved_at = None;
        incident.quiet_since = None;
        incident.closed_by_hand = false;
        incident.reopened += 1;
        incident.seen = None;
        incident.touched_at = now;
        let times = incident.reopened;
        let teams: Vec<Id> = incident.engagements.keys().cloned().collect();
        let text = format!("it is back (time {times} since it was over)");
        self.say(
            now,
            Some(number),
            EntryKind::Reopened,
            times.to_string(),
            text,
        );
        for team in teams {
            self.stop_escalation(number, &team);
        }
    }

    /// Puts an alert into an incident and calls its team, unless it was called already.
    fn attach(
        &mut self,
        number: u64,
        alert: &Alert,
        attached: Attached,
        journeys: BTreeSet<Id>,
        now: Time,
    ) {
        let id = &alert.id.value;
        let confirm_within = self.plan.grouping().confirm_within;
        let detail = self.state.alerts.get_mut(id).map(|state| {
            state.incident = Some(number);
            state.reading.detail.clone()
        });
        let text = format!("{}: {}", alert.name, detail.unwrap_or_default());
        self.say(now, Some(number), EntryKind::AlertFiring, id.as_str(), text);
        let (team, how, class) = (attached.team.clone(), attached.how, attached.class);
        let Some(incident) = self.state.incidents.get_mut(&number) else {
            return;
        };
        let joined = !incident.alerts.is_empty();
        incident.alerts.insert(id.clone(), attached);
        incident.quiet_since = None;
        incident.closed_by_hand = false;
        let confirmed = incident
            .cause
            .as_ref()
            .is_some_and(|c| c.standing == Standing::Confirmed);
        let engaged = incident.engagements.get(&team).map(|e| e.acked.is_some());
        if joined {
            let why = match how {
                How::Origin => "its component is where the trouble is",
                How::Downstream => "its component depends on the cause",
                How::Symptom => "it shares the suspected cause",
            };
            self.say(
                now,
                Some(number),
                EntryKind::Attached,
                id.as_str(),
                format!("{} joins: {why}", alert.name),
            );
        }
        for journey in journeys {
            self.journey_falls(number, journey, now);
        }
        // Whoever is called now reads what the incident has become, not what it began as.
        self.retitle(number);
        match engaged {
            None => self.engage(number, &team, NotifyKind::Page, now),
            // Whoever is being called will see all of it when they look.
            Some(false) => {
                if !self.is_calling(number, &team) {
                    self.engage(number, &team, NotifyKind::Page, now);
                }
            }
            Some(true) if class != AlertClass::Availability => {
                self.call_again(number, &team, &format!("{} came on top", alert.name), now);
            }
            Some(true) if confirmed && how != How::Symptom => {}
            Some(true) => {
                let held = self
                    .state
                    .incidents
                    .get_mut(&number)
                    .and_then(|i| i.alerts.get_mut(id));
                if let Some(attached) = held {
                    attached.held_until = Some(now + confirm_within);
                }
            }
        }
        self.reassess(number, now);
    }

    fn journey_falls(&mut self, number: u64, journey: Id, now: Time) {
        let name = self
            .plan
            .package
            .journeys
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

    pub(crate) fn alert_goes_on(&mut self, id: &Id, now: Time) {
        let Some(number) = self.state.alerts.get(id).and_then(|s| s.incident) else {
            return;
        };
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if incident.is_open() {
            self.page_if_grown(number, now);
            return;
        }
        let stale = self.plan.grouping().stale_ack_after;
        if incident.closed_by_hand && incident.resolved_at.is_some_and(|at| now >= at + stale) {
            // It was called over by hand, and still fires: closing is no cure.
            if let Some(alert) = Arc::clone(&self.plan).package.alerts.get(id) {
                self.place(alert, now);
            }
        }
    }

    pub(crate) fn alert_resolved(&mut self, alert: &Alert, now: Time) {
        let id = &alert.id.value;
        let Some(state) = self.state.alerts.get(id) else {
            return;
        };
        let (number, detail) = (state.incident, state.reading.detail.clone());
        let text = format!("{} no longer holds: {detail}", alert.name);
        let open = number.filter(|n| self.state.incidents.get(n).is_some_and(Incident::is_open));
        self.say(now, open, EntryKind::AlertResolved, id.as_str(), text);
        if let Some(number) = open {
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
        incident.recovered_at = Some(now);
        if incident.firing().next().is_none() && incident.is_open() {
            incident.quiet_since = Some(now);
            let soak = self.plan.grouping().soak;
            let text = format!("nothing fires any more; it is over when that holds for {soak}");
            self.say(now, Some(number), EntryKind::Quiet, "", text);
        }
    }

    fn retitle(&mut self, number: u64) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let failing = incident.failing_components();
        let Some(cause) = incident.cause.as_ref().filter(|_| failing.len() > 1) else {
            return;
        };
        let name = self.component_name(&cause.component);
        let others = failing.iter().filter(|c| **c != cause.component).count();
        let things = if others == 1 {
            "component"
        } else {
            "components"
        };
        let title = match cause.standing {
            Standing::Confirmed => format!("{name} fails and takes {others} {things} with it"),
            Standing::Suspected => {
                format!("{name} is suspected: {others} {things} that need it fail")
            }
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
        let over = |i: &&Incident| i.resolved_at.is_some_and(|at| at + reopen < now);
        let old: Vec<u64> = self
            .state
            .incidents
            .values()
            .filter(over)
            .map(|i| i.number)
            .collect();
        let firing: BTreeSet<u64> = self
            .state
            .alerts
            .values()
            .filter(|s| matches!(s.stage, Stage::Firing { .. }))
            .filter_map(|s| s.incident)
            .collect();
        let surplus = old.len().saturating_sub(MAX_RESOLVED);
        for number in old.iter().filter(|n| !firing.contains(n)).take(surplus) {
            self.state.incidents.remove(number);
        }
    }
}

/// The journeys that an alert says fail.
fn journeys_of(plan: &Plan, alert: &Alert, component: Option<&Id>) -> BTreeSet<Id> {
    if alert.class() == AlertClass::Expiry {
        return BTreeSet::new();
    }
    let package = &plan.package;
    let of_flow = |id: &Id| package.flows.get(id).and_then(|f| f.journey.as_ref());
    let of_check = |id: &Id| package.checks.get(id).and_then(|c| c.journey.as_ref());
    let named = match &alert.when {
        Condition::FlowOverdue(c) => of_flow(&c.flow.id),
        Condition::FlowFailing(c) => of_flow(&c.flow.id),
        Condition::FlowSlow(c) => of_flow(&c.flow.id),
        Condition::FlowMismatch(c) => of_flow(&c.flow.id),
        Condition::CheckFailing(c) => of_check(&c.check.id),
        Condition::SloBurn(c) => package.slos.get(&c.slo.id).and_then(|s| s.journey.as_ref()),
        Condition::CertificateExpiring(_) | Condition::SourceSilent(_) => None,
    };
    match (named, component) {
        (Some(journey), _) => BTreeSet::from([journey.id.clone()]),
        (None, Some(component)) => plan
            .journeys_on(component)
            .map(|j| j.id.value.clone())
            .collect(),
        (None, None) => BTreeSet::new(),
    }
}
