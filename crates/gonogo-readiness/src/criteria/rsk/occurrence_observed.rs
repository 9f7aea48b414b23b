//! # RSK-06: How often each failure is expected agrees with how often it came
//!
//! ## Why it matters
//! Ratings are made once and incidents go on. A failure that is "to be expected every few years"
//! and came twice this spring has the wrong neighbours in every list.
//!
//! ## How it is proved
//! For each failure mode, in the last 90 days: its incidents were counted and the occurrence
//! agrees with the scale, or was changed to. A changed rating asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add RSK-06 failure-mode/charge-lost --result pass --method probe \
//!   --actor gonogo --note "no incident in 12 months, rated 1"
//! ```
//!
//! ## How to meet it
//! Name the failure mode in each incident's review, count them, and rate again what does not
//! agree.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RSK-06",
    title: "How often each failure is expected agrees with how often it came",
    classes: &[Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: None,
    source: include_str!("occurrence_observed.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for mode in case.package.failure_modes.values() {
        case.entity(answers, mode).proved(
            case,
            &[],
            "count its incidents of the last year, and rate its occurrence by them",
        );
    }
}
