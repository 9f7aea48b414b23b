//! # SUP-07: The customers who are affected can be listed and written to while the product is down
//!
//! ## Why it matters
//! The list of customers lies in the database that is down, and mail goes through the system that
//! is down.
//!
//! ## How it is proved
//! From the package: `support.affected_customers` says how. Then a drill of the last 180 days in
//! which a list was made and a test message sent.
//!
//! ## Example
//! ```yaml
//! support:
//!   affected_customers: The nightly list at the second provider; the key is with two people.
//! ```
//!
//! ## How to meet it
//! Copy names, plans and addresses to another provider every night, encrypted, and try it once.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "SUP-07",
    title: "The customers who are affected can be listed and written to while the product is down",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(180 * 24)),
    trigger: None,
    source: include_str!("affected_listed.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let how = case
        .package
        .support
        .as_ref()
        .and_then(|s| s.affected_customers.as_ref());
    let answer = answers.about(Subject::Support, None, 1);
    if how.is_none_or(|h| h.trim().is_empty()) {
        answer.fail(
            "how the affected customers are listed without the product is not written",
            "write `affected_customers:` in `support`",
        );
    } else {
        answer.proved(
            case,
            &[],
            "make a list and send a test message with the product switched off",
        );
    }
}
