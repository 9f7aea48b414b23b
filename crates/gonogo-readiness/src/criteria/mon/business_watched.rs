//! # MON-09: What the business lives from is watched by its own numbers
//!
//! ## Why it matters
//! Charges, orders and sign-ups fall to zero while every server is well. Only their own count
//! shows it.
//!
//! ## How it is proved
//! From the package: each journey that moves money has an alert on one of its flows. Then that it
//! had data in the last day, or for as long as the source of its starts may be silent: who sells
//! twice a week says so by `silent_after`.
//!
//! ## Example
//! ```yaml
//! alerts:
//!   - {id: order-not-paid, name: An order was not paid, severity: SEV1, when: {flow_overdue: {flow: order-paid}}}
//! ```
//!
//! ## How to meet it
//! Let the flow of the money be a flow of the package, and alert on its missing ends.

use gonogo_model::Id;
use gonogo_model::alert::{Alert, Condition};
use gonogo_model::component::Moves;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-09",
    title: "What the business lives from is watched by its own numbers",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(DAY),
    trigger: Some(Trigger::Money),
    source: include_str!("business_watched.rs"),
    assess,
};

/// How old the last data may be, where the package names no longer silence.
const DAY: Duration = Duration::from_hours(24);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let money = case
        .package
        .journeys
        .values()
        .filter(|j| j.moves.contains(&Moves::Money));
    for journey in money {
        let alerts = case.package.alerts.values();
        let watching: Vec<&Alert> = alerts
            .filter(|a| watches(case, a, &journey.id.value))
            .collect();
        let covers: Vec<Subject> = watching
            .iter()
            .map(|a| Subject::Entity(Kind::Alert, a.id.value.clone()))
            .collect();
        let answer = case.journey(answers, journey);
        if watching.is_empty() {
            answer.fail(
                "no alert counts what it moves",
                "write a flow with `journey:` for the money, and an alert on it",
            );
        } else {
            answer.proved_within(
                case,
                &covers,
                Some(lately(case, &watching)),
                "ask a running server: `gonogo verdict --server URL`",
            );
        }
    }
}

/// How old the last data may be: the longest silence that is normal for one of the flows.
fn lately(case: &Case<'_>, watching: &[&Alert]) -> Duration {
    let flows = watching.iter().filter_map(|a| counted(a));
    let bounds = flows.filter_map(|id| {
        let source = &case.package.flows.get(id)?.start.source;
        case.package.sources.get(&source.id)?.silent_after
    });
    bounds.max().map_or(DAY, |bound| bound.max(DAY))
}

/// The flow whose events an alert counts.
fn counted(alert: &Alert) -> Option<&Id> {
    match &alert.when {
        Condition::FlowOverdue(c) => Some(&c.flow.id),
        Condition::FlowFailing(c) => Some(&c.flow.id),
        Condition::FlowMismatch(c) => Some(&c.flow.id),
        _ => None,
    }
}

/// Is it an alert on a flow of the journey?
fn watches(case: &Case<'_>, alert: &Alert, journey: &Id) -> bool {
    let flow = counted(alert).and_then(|id| case.package.flows.get(id));
    let of = flow.and_then(|f| f.journey.as_ref());
    of.is_some_and(|j| j.id == *journey)
}
