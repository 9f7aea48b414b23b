//! # EXT-03: Somebody else looked for security holes, and the worst are closed
//!
//! ## Why it matters
//! A launch is when strangers begin to try. What an afternoon's review would have found is
//! found that week, by somebody who does not write a ticket.
//!
//! ## How it is proved
//! A report of a review or a penetration test, at most 180 days old, with no critical finding
//! open. It is bound to what is deployed: a service, job or config feed that is new or described in another way
//! asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add EXT-03 package --result pass --method artifact \
//!   --actor security-review --note "report 2026-11, 0 critical and 1 high open, due 2027-01-15"
//! ```
//!
//! ## How to meet it
//! Have it reviewed by somebody who did not build it, close what is critical, and record the
//! report's name and what is still open.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "EXT-03",
    title: "Somebody else looked for security holes, and the worst are closed",
    classes: &[Class::Artifact],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(180 * 24)),
    trigger: None,
    source: include_str!("security_review.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let deployed: Vec<Subject> = case
        .deployables()
        .map(|c| Subject::Entity(Kind::Component, c.id.value.clone()))
        .collect();
    answers.about_package(case).proved(
        case,
        &deployed,
        "have it reviewed by somebody who did not build it, and record what came of it",
    );
}
