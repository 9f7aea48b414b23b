//! # MON-14: What was changed stands on the same timeline as what broke
//!
//! ## Why it matters
//! Most outages follow a change. Whoever sees the two side by side asks the right question first.
//!
//! ## How it is proved
//! A record of the last thirty days that the last deployment, configuration change and vendor
//! incident were seen among the events.
//!
//! ## Example
//! ```sh
//! gonogo evidence add MON-14 package --result pass --method probe --actor gonogo \
//!   --note "the last three deployments stand on the timeline"
//! ```
//!
//! ## How to meet it
//! Let the pipeline report to a source of the package; see the last deployment on a page of
//! gonogo.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-14",
    title: "What was changed stands on the same timeline as what broke",
    classes: &[Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("changes_on_timeline.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    answers.about_package(case).proved(
        case,
        &[],
        "let the pipeline report to a source, and see the last deployment on the timeline",
    );
}
