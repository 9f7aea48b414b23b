//! # MON-05: Each alert has been fired through to somebody who answered
//!
//! ## Why it matters
//! Most alerts that stay silent in the outage had never rung before. A route, a topic, a
//! threshold was wrong since the day it was written.
//!
//! ## How it is proved
//! A drill of the last thirty days about each alert: the condition was brought about, the page
//! rang, and somebody acknowledged it. It is bound to the alert, to what it watches and to the
//! policy that it pages by.
//!
//! ## Example
//! ```sh
//! gonogo evidence add MON-05 alert/checkout-down --result pass --method drill \
//!   --actor oncall-one --note "stopped the test instance; rang after 70 s, acknowledged after 2 min"
//! ```
//!
//! ## How to meet it
//! Break it on purpose where that is safe, or let a rehearsal with real phones do it, and record
//! each alert that rang.

use gonogo_model::Id;
use gonogo_model::alert::{Alert, Condition};

use crate::whom;

use crate::criteria::prelude::*;

pub(crate) const CRITERION: Criterion = Criterion {
    id: "MON-05",
    title: "Each alert has been fired through to somebody who answered",
    classes: &[Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("alerts_fired.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for alert in case.package.alerts.values() {
        case.entity(answers, alert).proved(
            case,
            &rests_on(case, alert),
            "bring its condition about, and record that it rang and who answered",
        );
    }
}

/// What the ringing of an alert rests on: what it watches, and whom it pages.
pub(crate) fn rests_on(case: &Case<'_>, alert: &Alert) -> Vec<Subject> {
    let mut found = vec![watched(alert)];
    if let Some(team) = whom::team(case.package, alert) {
        let policy = team.escalation_policy.id.clone();
        found.push(Subject::Entity(Kind::EscalationPolicy, policy));
    }
    found
}

/// What an alert watches.
fn watched(alert: &Alert) -> Subject {
    let of = |kind, id: &Id| Subject::Entity(kind, id.clone());
    match &alert.when {
        Condition::FlowOverdue(c) => of(Kind::Flow, &c.flow.id),
        Condition::FlowFailing(c) => of(Kind::Flow, &c.flow.id),
        Condition::FlowSlow(c) => of(Kind::Flow, &c.flow.id),
        Condition::FlowMismatch(c) => of(Kind::Flow, &c.flow.id),
        Condition::CheckFailing(c) => of(Kind::Check, &c.check.id),
        Condition::CertificateExpiring(c) => of(Kind::Check, &c.check.id),
        Condition::RegistrationExpiring(c) => of(Kind::Check, &c.check.id),
        Condition::SourceSilent(c) => of(Kind::Source, &c.source.id),
        Condition::DeliveryFailing(c) => of(Kind::Source, &c.source.id),
        Condition::ExternalAlert(c) => of(Kind::Source, &c.source.id),
        Condition::SloBurn(c) => of(Kind::Slo, &c.slo.id),
        Condition::Domains(c) => of(Kind::Fleet, &c.fleet.id),
        Condition::Reconciliation(c) => of(Kind::Reconciliation, &c.reconciliation.id),
        Condition::ReconciliationStale(c) => of(Kind::Reconciliation, &c.reconciliation.id),
        Condition::SloFailing(c) => of(Kind::Slo, &c.slo.id),
        Condition::SloBudget(c) => of(Kind::Slo, &c.slo.id),
        Condition::SloSilent(c) => of(Kind::Slo, &c.slo.id),
        Condition::NoEvents(c) => of(Kind::Source, &c.source.id),
        Condition::Gauge(c) => of(Kind::Gauge, &c.gauge.id),
        Condition::Skew(c) => of(Kind::Skew, &c.skew.id),
    }
}
