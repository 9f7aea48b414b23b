//! # ONC-03: Even when nobody answers, the last person is reached in time
//!
//! ## Why it matters
//! Waits add up. Three steps of ten minutes are half an hour before the one who is awake hears of
//! it.
//!
//! ## How it is proved
//! From the package: the policy is walked through with nobody answering, at every moment of the
//! coming weeks at which somebody else may be meant. The last person of its steps, and the second
//! person at all, are called no later than `answer_within`; a fallback is called only after all
//! rounds. A policy that pages for a SEV1 promises half an hour or less.
//!
//! ## Example
//! ```yaml
//! escalation_policies:
//!   - id: shop
//!     answer_within: 15m
//! ```
//!
//! ## How to meet it
//! Shorten the waits, or page the second person in the first step. Where only the fallback is
//! somebody else, put them into a step.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_model::alert::Severity;
use gonogo_model::escalation::EscalationPolicy;
use jiff::Timestamp;

use super::walk::{Called, Moments, walk};
use crate::whom;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-03",
    title: "Even when nobody answers, the last person is reached in time",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("answered_in_time.rs"),
    assess,
};

/// The longest that a policy may promise to take for the worst of alerts.
const LONGEST: Duration = Duration::from_mins(30);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let worst = for_the_worst(case);
    for policy in case.package.escalation_policies.values() {
        let moments = Moments::of(case, whom::targets(policy));
        let last = moments.at.iter().filter_map(|at| last(case, policy, *at));
        let last = last.reduce(|a, b| if b.after > a.after { b } else { a });
        let answer = case.entity(answers, policy);
        if let Some(last) = last {
            answer.must(
                last.after <= policy.answer_within,
                format!(
                    "`{}` is called only after {}, and {} is wanted",
                    last.person.id.value, last.after, policy.answer_within
                ),
                "shorten the waits, or let an earlier step call them",
            );
        }
        answer.must(
            policy.answer_within <= LONGEST || !worst.contains(&policy.id.value),
            format!("it may take {} for a SEV1", policy.answer_within),
            "write an `answer_within` of half an hour or less",
        );
    }
}

/// The policies that page for a SEV1.
fn for_the_worst<'p>(case: &Case<'p>) -> BTreeSet<&'p Id> {
    let worst = case.paging().filter(|a| a.severity == Severity::Sev1);
    let teams = worst.filter_map(|a| whom::team(case.package, a));
    teams.map(|t| &t.escalation_policy.id).collect()
}

/// Whoever is called last of those who have to be reached: of the steps, or as the second at all.
fn last<'p>(case: &Case<'p>, policy: &EscalationPolicy, at: Timestamp) -> Option<Called<'p>> {
    let called = walk(case, policy, at);
    let of_steps = called.iter().rev().find(|c| !c.by_fallback);
    let second = called.get(1);
    of_steps
        .into_iter()
        .chain(second)
        .copied()
        .max_by_key(|c| c.after)
}
