//! # SUP-06: So many tickets alike in so short a time page somebody
//!
//! ## Why it matters
//! When every check is green and five customers write the same, the customers are right.
//!
//! ## How it is proved
//! From the package: `support.threshold` says how many tickets in how long page which policy.
//! Then a drill of the last 180 days in which they did, bound to that policy.
//!
//! ## Example
//! ```yaml
//! support:
//!   threshold: {tickets: 5, within: 10m, page: shop-on-call}
//! ```
//!
//! ## How to meet it
//! Begin with five in ten minutes, and let support page without asking anybody.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "SUP-06",
    title: "So many tickets alike in so short a time page somebody",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(180 * 24)),
    trigger: None,
    source: include_str!("tickets_raise_alarm.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let threshold = case
        .package
        .support
        .as_ref()
        .and_then(|s| s.threshold.as_ref());
    let answer = answers.about(Subject::Support, None, 1);
    match threshold {
        None => answer.fail(
            "however many tickets come, they page nobody",
            "write `threshold:` in `support`",
        ),
        Some(t) if t.tickets == 0 || t.within == Duration::ZERO => answer.fail(
            "no number of tickets in no time is no threshold",
            "write a number of tickets and a time, such as 5 in 10m",
        ),
        Some(t) => answer.proved(
            case,
            &[Subject::Entity(Kind::EscalationPolicy, t.page.id.clone())],
            "let support reach the threshold in a rehearsal, and record that somebody was paged",
        ),
    };
}
