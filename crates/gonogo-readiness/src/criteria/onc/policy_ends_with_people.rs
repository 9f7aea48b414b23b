//! # ONC-02: Each policy has a second level and ends with somebody
//!
//! ## Why it matters
//! The first person sleeps through it one night in ten. A policy that ends there ends with the
//! outage.
//!
//! ## How it is proved
//! From the package: each policy has two steps or more, and no step waits longer than a quarter
//! of an hour. It is walked through with nobody answering, at every moment of the coming weeks at
//! which somebody else may be meant: each step and the fallback find somebody who is there, and
//! the walk calls two people at least, so that nobody is their own second level.
//!
//! ## Example
//! ```yaml
//! escalation_policies:
//!   - id: shop
//!     name: Shop
//!     steps:
//!       - {notify: [{schedule: shop-first}], wait: 5m}
//!       - {notify: [{schedule: shop-second}], wait: 5m}
//!     fallback: {role: head-of-shop}
//! ```
//!
//! ## How to meet it
//! Add a second step that reaches somebody else, and shorten the waits.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_model::escalation::EscalationPolicy;
use jiff::Timestamp;

use super::walk::{Moments, reached, walk};
use crate::criteria::{Answer, day};
use crate::whom;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-02",
    title: "Each policy has a second level and ends with somebody",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("policy_ends_with_people.rs"),
    assess,
};

/// The longest that one step may wait.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for policy in case.package.escalation_policies.values() {
        let moments = Moments::of(case, whom::targets(policy));
        let answer = case.entity(answers, policy);
        answer.must(
            policy.steps.len() >= 2,
            "it has no second level",
            "add a step that reaches somebody else",
        );
        for (number, step) in policy.steps.iter().enumerate() {
            let number = number + 1;
            let nobody =
                |at: &&Timestamp| !step.notify.iter().any(|t| reached(case, t, **at).is_some());
            if let Some(at) = moments.at.iter().find(nobody) {
                answer.fail(
                    format!("step {number} reaches nobody who is there{}", on(case, *at)),
                    "give its roles holders",
                );
            }
            answer.must(
                step.wait <= LONGEST_WAIT,
                format!("step {number} waits {} for an answer", step.wait),
                "wait for at most 15 minutes",
            );
        }
        let nobody = |at: &&Timestamp| reached(case, &policy.fallback, **at).is_none();
        if let Some(at) = moments.at.iter().find(nobody) {
            let fallback = policy.fallback.describe();
            answer.fail(
                format!(
                    "its fallback, {fallback}, reaches nobody who is there{}",
                    on(case, *at)
                ),
                "let it fall back to a role that somebody holds",
            );
        }
        if let Some((at, person)) = moments.at.iter().find_map(|at| alone(case, policy, *at)) {
            only(case, answer, person, at);
        }
    }
}

fn only(case: &Case<'_>, answer: &mut Answer, person: &Id, at: Timestamp) {
    answer.fail(
        format!("it calls nobody but `{person}`{}", on(case, at)),
        "let a step or the fallback reach somebody else in every turn",
    );
}

/// The only person of a walk at a moment; `None` where there are more, or nobody.
fn alone<'p>(
    case: &Case<'p>,
    policy: &EscalationPolicy,
    at: Timestamp,
) -> Option<(Timestamp, &'p Id)> {
    let called = walk(case, policy, at);
    let people: BTreeSet<&Id> = called.iter().map(|c| &c.person.id.value).collect();
    let first = people.first().copied()?;
    (people.len() == 1).then_some((at, first))
}

/// " on 2026-12-10", where that is not now.
fn on(case: &Case<'_>, at: Timestamp) -> String {
    match at > case.now {
        true => format!(" on {}", day(at)),
        false => String::new(),
    }
}
