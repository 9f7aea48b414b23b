//! # ONC-03: Even when nobody answers, the last person is reached in time
//!
//! ## Why it matters
//! Waits add up. Three steps of ten minutes are half an hour before the one who is awake hears of
//! it.
//!
//! ## How it is proved
//! From the package: the waits of all steps before the last one, added up, are no more than the
//! policy's `answer_within`.
//!
//! ## Example
//! ```yaml
//! escalation_policies:
//!   - id: shop
//!     answer_within: 15m
//! ```
//!
//! ## How to meet it
//! Shorten the waits, or page the second person in the first step.

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

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for policy in case.package.escalation_policies.values() {
        let before_last = policy.steps.len().saturating_sub(1);
        let waits = policy.steps[..before_last].iter();
        let sum = Duration::from_millis(waits.map(|s| s.wait.as_millis()).sum());
        case.entity(answers, policy).must(
            sum <= policy.answer_within,
            format!(
                "the last step is reached after {sum}, and {} is wanted",
                policy.answer_within
            ),
            "shorten the waits, or write a longer `answer_within` that somebody stands for",
        );
    }
}
