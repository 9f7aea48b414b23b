//! # DEP-09: No more is promised than what lies beneath allows
//!
//! ## Why it matters
//! Three things that are each there 99.9 % of the time are together there 99.7 %. A promise above
//! that is broken by arithmetic, month after month, whatever people do.
//!
//! ## How it is proved
//! From the dependency graph: each SLO, and each component's `availability`, is held against the
//! most that its hard dependencies promise together, groups included. What promises nothing is
//! taken to be perfect there, so a promise above the result is wrong for certain; and while
//! something promises nothing, one below it is not known to be right. An SLO that counts events
//! may be kept through an outage, so it is not known to be wrong either.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: payment-provider
//!     name: Payment provider
//!     kind: vendor
//!     team: billing
//!     availability: 99.9%
//! ```
//!
//! ## How to meet it
//! Write what each hard dependency promises, from its contract or one's own SLO. Then lower the
//! target, make a dependency soft, or add a second one.

use gonogo_model::component::Component;

use crate::criteria::prelude::*;
use crate::graph::availability::{Availability, Promise, availabilities};

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-09",
    title: "No more is promised than what lies beneath allows",
    classes: &[Class::Graph],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("promises_kept.rs"),
    assess,
};

/// How many components are named that promise nothing; of more the rest is counted.
const MAX_NAMED: usize = 5;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let promises = availabilities(case.package, case.graph);
    if promises.is_empty() && !case.package.slos.is_empty() {
        answers.about_package(case).unknown(
            "nothing that an SLO stands on says what it promises",
            "write `availability:` at what is needed, from its contract or its SLO",
        );
    }
    for promise in promises {
        let answer = match promise.promise {
            Promise::Journey(slo, _) | Promise::Slo(slo, _) => case.entity(answers, slo),
            Promise::Component(component) => case.component(answers, component),
        };
        let why = || {
            format!(
                "it promises {}, and what it needs allows {} at most{}",
                promise.target,
                promise.at_most,
                weakest(&promise)
            )
        };
        let action = "lower the target, make a dependency soft, or add a second one";
        if promise.is_above() && promise.promise.is_of_time() {
            answer.fail(why(), action);
        } else if promise.is_above() {
            answer.unknown(why(), action);
        } else if !promise.unknown.is_empty() {
            answer.unknown(
                silent(&promise.unknown),
                "write `availability:` at what it needs, from its contract or its SLO",
            );
        }
    }
}

fn weakest(promise: &Availability<'_>) -> String {
    promise
        .counted
        .first()
        .map_or_else(String::new, |(c, percent)| {
            format!("; `{}` promises {percent}", c.id.value)
        })
}

/// "`a`, `b` and 3 more, which it needs, promise nothing"
fn silent(unknown: &[&Component]) -> String {
    let named = unknown.iter().take(MAX_NAMED);
    let named: Vec<String> = named.map(|c| format!("`{}`", c.id.value)).collect();
    let named = named.join(", ");
    match unknown.len().saturating_sub(MAX_NAMED) {
        0 if unknown.len() == 1 => format!("{named}, which it needs, promises nothing"),
        0 => format!("{named}, which it needs, promise nothing"),
        more => format!("{named} and {more} more, which it needs, promise nothing"),
    }
}
