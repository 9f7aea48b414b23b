//! # ONC-02: Each policy has a second level and ends with somebody
//!
//! ## Why it matters
//! The first person sleeps through it one night in ten. A policy that ends there ends with the
//! outage.
//!
//! ## How it is proved
//! From the package: each policy that pages has two steps or more, every step and the fallback
//! find somebody who is there, and no step waits longer than a quarter of an hour.
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

use gonogo_model::escalation::Target;

use crate::criteria::people;
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
        let answer = case.entity(answers, policy);
        answer.must(
            policy.steps.len() >= 2,
            "it has no second level",
            "add a step that reaches somebody else",
        );
        for (number, step) in policy.steps.iter().enumerate() {
            let number = number + 1;
            answer.must(
                step.notify.iter().any(|t| reaches(case, t)),
                format!("step {number} reaches nobody who is there"),
                "give its roles holders",
            );
            answer.must(
                step.wait <= LONGEST_WAIT,
                format!("step {number} waits {} for an answer", step.wait),
                "wait for at most 15 minutes",
            );
        }
        answer.must(
            reaches(case, &policy.fallback),
            format!(
                "its fallback, {}, reaches nobody who is there",
                policy.fallback.describe()
            ),
            "let it fall back to a role that somebody holds",
        );
    }
}

fn reaches(case: &Case<'_>, target: &Target) -> bool {
    let p = case.package;
    let held = |role| !people::holding(case, role, case.now).is_empty();
    match target {
        Target::Person(person) => {
            let person = p.people.get(&person.id);
            person.is_some_and(|person| people::is_there(person, case.now))
        }
        Target::Role(role) => p.roles.get(&role.id).is_some_and(held),
        Target::Schedule(schedule) => {
            let schedule = p.schedules.get(&schedule.id);
            schedule.is_some_and(|s| whom::roles(p, s).into_iter().any(held))
        }
    }
}
