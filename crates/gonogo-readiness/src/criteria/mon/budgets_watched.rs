//! # MON-06: Each objective is watched for burning fast and for burning slowly
//!
//! ## Why it matters
//! A fast burn is an outage, a slow one eats the month without waking anybody. One alert cannot
//! see both without crying wolf.
//!
//! ## How it is proved
//! From the package: each SLO has an alert on its slow burn, and one on its fast burn, or an
//! alert that pages on the same signal, which is faster still. For what is too rare for a rate
//! `slo_failing` stands in for the fast one, and `slo_budget` for the slow one.
//!
//! ## Example
//! ```yaml
//! alerts:
//!   - {id: checkout-fast, name: Checkouts fail fast, severity: SEV2, when: {slo_burn: {slo: checkout-works, speed: fast}}}
//!   - {id: checkout-slow, name: Checkouts fail slowly, severity: SEV3, urgency: ticket, when: {slo_burn: {slo: checkout-works, speed: slow}}}
//! ```
//!
//! ## How to meet it
//! Write both; let the slow one be a ticket. The windows and rates are those of the SRE workbook,
//! chapter 5.

use gonogo_model::alert::{BurnSpeed, Condition};
use gonogo_model::slo::{Sli, Slo};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-06",
    title: "Each objective is watched for burning fast and for burning slowly",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("budgets_watched.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for slo in case.package.slos.values() {
        let burns = |speeds: &[BurnSpeed]| {
            case.package.alerts.values().any(|a| match &a.when {
                Condition::SloBurn(c) => c.slo.id == slo.id.value && speeds.contains(&c.speed),
                _ => false,
            })
        };
        // What is too rare for a rate is watched by counts.
        let counted = case.package.alerts.values().any(|a| match &a.when {
            Condition::SloFailing(c) => c.slo.id == slo.id.value,
            _ => false,
        });
        let left = case.package.alerts.values().any(|a| match &a.when {
            Condition::SloBudget(c) => c.slo.id == slo.id.value,
            _ => false,
        });
        let fast = burns(&[BurnSpeed::Fast]) || counted || pages_on_signal(case, slo);
        case.entity(answers, slo)
            .must(
                fast,
                "nothing pages when its budget burns fast",
                "write an alert `slo_burn` with `speed: fast`, or one that pages on its signal",
            )
            .must(
                burns(&[BurnSpeed::Slow, BurnSpeed::Daily, BurnSpeed::Medium]) || left,
                "nothing says that its budget burns slowly",
                "write an alert `slo_burn` with `speed: slow` and `urgency: ticket`",
            );
    }
}

/// Does an alert page on the very signal that the SLO counts?
fn pages_on_signal(case: &Case<'_>, slo: &Slo) -> bool {
    case.paging().any(|a| match (&slo.sli, &a.when) {
        (Sli::Check(check), Condition::CheckFailing(c)) => c.check.id == check.id,
        (Sli::Completion(flow), Condition::FlowOverdue(c)) => c.flow.id == flow.id,
        (Sli::Success(flow), Condition::FlowFailing(c)) => c.flow.id == flow.id,
        (Sli::Latency(latency), Condition::FlowSlow(c)) => c.flow.id == latency.flow.id,
        // An end that never comes is slower than any bound.
        (Sli::Latency(latency), Condition::FlowOverdue(c)) => c.flow.id == latency.flow.id,
        (Sli::Delivery(d), Condition::DeliveryFailing(c)) => c.source.id == d.source.id,
        _ => false,
    })
}
