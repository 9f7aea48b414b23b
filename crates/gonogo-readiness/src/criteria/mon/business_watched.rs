//! # MON-09: What the business lives from is watched by its own numbers
//!
//! ## Why it matters
//! Charges, orders and sign-ups fall to zero while every server is well. Only their own count
//! shows it.
//!
//! ## How it is proved
//! From the package: each journey that moves money has an alert on one of its flows. Then that it
//! had data in the last day.
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
    ttl: Some(Duration::from_hours(24)),
    trigger: Some(Trigger::Money),
    source: include_str!("business_watched.rs"),
    assess,
};

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
            answer.proved(
                case,
                &covers,
                "ask a running server: `gonogo verdict --server URL`",
            );
        }
    }
}

/// Is it an alert on a flow of the journey?
fn watches(case: &Case<'_>, alert: &Alert, journey: &Id) -> bool {
    let flow = match &alert.when {
        Condition::FlowOverdue(c) => &c.flow.id,
        Condition::FlowFailing(c) => &c.flow.id,
        Condition::FlowMismatch(c) => &c.flow.id,
        _ => return false,
    };
    let of = case
        .package
        .flows
        .get(flow)
        .and_then(|f| f.journey.as_ref());
    of.is_some_and(|j| j.id == *journey)
}
