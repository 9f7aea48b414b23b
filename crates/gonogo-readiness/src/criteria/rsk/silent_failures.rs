//! # RSK-07: Wrong results without an error are listed, and reconciled
//!
//! ## Why it matters
//! Where money or data moves, the worst failures answer 200: charged twice, sent to the wrong
//! tenant, rounded once too often. Nothing turns red; only comparing two sides finds them.
//!
//! ## How it is proved
//! From the package: each journey that moves money or data is named by a failure mode with
//! `silent: true`, and one of those is noticed by an alert that compares: one of class
//! `integrity`, such as `flow_overdue` or `flow_mismatch`.
//!
//! ## Example
//! ```yaml
//! failure_modes:
//!   - id: charge-lost
//!     name: A charge succeeds and never reaches the ledger
//!     component: ledger
//!     journeys: [pay]
//!     effect: The customer has paid and the plan stays as it was.
//!     cause: A webhook is dropped.
//!     silent: true
//!     severity: 5
//!     occurrence: 2
//!     detection: 2
//!     detected_by: [charge-not-recorded]
//! ```
//!
//! ## How to meet it
//! Ask what the two sides of the journey are, such as the provider and the ledger; declare a
//! flow between them and an alert on it.

use gonogo_model::alert::AlertClass;
use gonogo_model::risk::FailureMode;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RSK-07",
    title: "Wrong results without an error are listed, and reconciled",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::MoneyOrData),
    source: include_str!("silent_failures.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let silent: Vec<&FailureMode> = case
        .package
        .failure_modes
        .values()
        .filter(|m| m.silent)
        .collect();
    let moving = case.package.journeys.values();
    for journey in moving.filter(|j| !j.moves.is_empty()) {
        let answer = case.journey(answers, journey);
        let named = |m: &&&FailureMode| m.journeys.iter().any(|j| j.id == journey.id.value);
        let mut own = silent.iter().filter(named).peekable();
        if own.peek().is_none() {
            answer.fail(
                "no failure mode says how it could be wrong without an error",
                "write a failure mode with `silent: true` that names the journey",
            );
        } else if !own.any(|m| is_reconciled(case, m)) {
            answer.fail(
                "no alert compares what should have happened with what did",
                "let an alert of class `integrity` detect its silent failure mode",
            );
        }
    }
}

fn is_reconciled(case: &Case<'_>, mode: &FailureMode) -> bool {
    let alerts = mode.detected_by.iter();
    alerts
        .filter_map(|r| case.package.alerts.get(&r.id))
        .any(|alert| alert.class() == AlertClass::Integrity)
}
