//! Which incident an alert belongs to.
//!
//! Alerts join one incident when the dependency graph explains them by one cause. A cause
//! with a firing alert of its own is confirmed; one that would merely explain what fails is
//! suspected, until a check of its own shows that it works. Grouping never hides: every
//! owning team is called once, what only contradicts or expires is never joined in silence,
//! and whatever outlives its cause pages by itself.

mod attach;
mod cause;
mod course;
mod merge;

pub(crate) use cause::proves;

use std::collections::BTreeSet;
use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::alert::{Alert, AlertClass, Condition};

use crate::engine::Engine;
use crate::incident::{Attached, Cause, How, Incident, Standing};
use crate::plan::Plan;
use crate::time::Time;

/// How many resolved incidents are remembered here; the journal's history keeps all of them.
pub const MAX_RESOLVED: usize = 200;
/// The team that is called for trouble with gonogo itself.
pub const OPERATORS: &str = "gonogo-operators";

/// Where an alert goes.
enum Home {
    /// It fires again in the incident that it is part of.
    Back(u64),
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
        let component = plan.component_of(&alert.id.value);
        let attached = self.attachment(alert, now);
        match self.home(&alert.id.value, alert.class(), component, now) {
            Home::Back(number) => {
                self.attach(number, alert, attached, now);
                self.absorb_explained(number, now);
            }
            Home::Reopen(number) => {
                let cause = self
                    .state
                    .incidents
                    .get(&number)
                    .and_then(|i| i.cause.as_ref());
                let how = how_it_joins(component, cause);
                self.reopen(number, now);
                self.attach(number, alert, Attached { how, ..attached }, now);
                self.absorb_explained(number, now);
            }
            Home::Join(number, cause) => {
                let how = how_it_joins(component, cause.as_ref());
                self.set_cause(number, cause, now);
                self.attach(number, alert, Attached { how, ..attached }, now);
                self.absorb_explained(number, now);
            }
            Home::New => {
                let number = self.open_incident(&alert.name, alert.severity, now);
                self.attach(number, alert, attached, now);
            }
        }
    }

    /// An alert as it is when it opens an incident.
    fn attachment(&self, alert: &Alert, now: Time) -> Attached {
        let id = &alert.id.value;
        let team = self.plan.team_of(alert);
        Attached {
            at: now,
            component: self.plan.component_of(id).cloned(),
            class: alert.class(),
            severity: alert.severity,
            team: team.unwrap_or_else(|| Id::from_static(OPERATORS)),
            firing: true,
            how: How::Origin,
            times: 1,
            held_until: None,
            straggler: false,
        }
    }

    fn home(&self, id: &Id, class: AlertClass, component: Option<&Id>, now: Time) -> Home {
        let reopen_within = self.plan.grouping().reopen_within;
        let incidents = &self.state.incidents;
        let open = || incidents.values().filter(|i| i.is_open());
        let lately = || {
            incidents.values().rev().filter(|i| {
                let over = i.resolved_at.filter(|_| i.merged_into.is_none());
                over.is_some_and(|at| now <= at + reopen_within)
            })
        };
        if let Some(incident) = open().find(|i| i.alerts.contains_key(id)) {
            return Home::Back(incident.number);
        }
        if let Some(incident) = lately().find(|i| i.alerts.contains_key(id)) {
            return Home::Reopen(incident.number);
        }
        let Some(component) = component.filter(|_| class != AlertClass::Expiry) else {
            return Home::New;
        };
        let joins = open().filter_map(|i| {
            let cause = self.common_cause(i, component, class, now)?;
            Some((self.rank(component, cause.as_ref()), i.number, cause))
        });
        if let Some((_, number, cause)) = joins.min_by_key(|(rank, number, _)| (*rank, *number)) {
            return Home::Join(number, cause);
        }
        let explains = |i: &&Incident| {
            i.cause.as_ref().is_some_and(|c| {
                self.plan.distance(component, &c.component).is_some()
                    && !self.seen_to_work(&c.component, i.opened_at)
            })
        };
        if class == AlertClass::Availability
            && let Some(incident) = lately().find(explains)
        {
            return Home::Reopen(incident.number);
        }
        Home::New
    }

    /// Which of several explanations is better: what is confirmed, then what is nearer.
    fn rank(&self, component: &Id, cause: Option<&Cause>) -> (bool, u32) {
        let Some(cause) = cause else {
            return (false, 0);
        };
        let distance = self.plan.distance(component, &cause.component);
        (
            cause.standing == Standing::Suspected,
            distance.unwrap_or(u32::MAX),
        )
    }
}

fn how_it_joins(component: Option<&Id>, cause: Option<&Cause>) -> How {
    match cause {
        Some(c) if component == Some(&c.component) => How::Origin,
        Some(c) if c.standing == Standing::Suspected => How::Symptom,
        _ => How::Downstream,
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
    let compared = |id: &Id| {
        let found = package.reconciliations.get(id);
        found.and_then(|r| r.journey.as_ref())
    };
    let named = match &alert.when {
        Condition::Domains(c) => {
            let fleet = package.fleets.get(&c.fleet.id);
            fleet.and_then(|f| f.journey.as_ref())
        }
        Condition::Reconciliation(c) => compared(&c.reconciliation.id),
        Condition::FlowOverdue(c) => of_flow(&c.flow.id),
        Condition::FlowFailing(c) => of_flow(&c.flow.id),
        Condition::FlowSlow(c) => of_flow(&c.flow.id),
        Condition::FlowMismatch(c) => of_flow(&c.flow.id),
        Condition::CheckFailing(c) => of_check(&c.check.id),
        // That nobody can say is no trouble of the journey's.
        Condition::ReconciliationStale(_) => return BTreeSet::new(),
        Condition::SloBurn(_) | Condition::SloFailing(_) | Condition::SloBudget(_) => {
            let slo = alert.when.slo().and_then(|s| package.slos.get(&s.id));
            slo.and_then(|s| s.journey.as_ref())
        }
        Condition::CertificateExpiring(_)
        | Condition::RegistrationExpiring(_)
        | Condition::SourceSilent(_)
        | Condition::DeliveryFailing(_)
        | Condition::SloSilent(_)
        | Condition::NoEvents(_)
        | Condition::ExternalAlert(_) => None,
        Condition::Gauge(c) => package
            .gauges
            .get(&c.gauge.id)
            .and_then(|g| g.journey.as_ref()),
        Condition::Skew(c) => package
            .skews
            .get(&c.skew.id)
            .and_then(|s| s.journey.as_ref()),
    };
    match (named, component) {
        (Some(journey), _) => BTreeSet::from([journey.id.clone()]),
        (None, Some(component)) => plan
            .journeys_without(&BTreeSet::from([component.clone()]))
            .map(|j| j.id.value.clone())
            .collect(),
        (None, None) => BTreeSet::new(),
    }
}
