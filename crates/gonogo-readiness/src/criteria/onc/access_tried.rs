//! # ONC-04: Those on call can do what the runbooks ask of them
//!
//! ## Why it matters
//! A command that is refused at three in the morning costs as much as one that is missing.
//!
//! ## How it is proved
//! A drill or a probe of the last 90 days about each runbook that names `access`: somebody on
//! call, and not its author alone, ran its looking steps with their own account.
//!
//! ## Example
//! ```sh
//! gonogo evidence add ONC-04 runbook/ledger-down --result pass --method drill \
//!   --actor oncall-two --note "ran every step that only looks, with my own account"
//! ```
//!
//! ## How to meet it
//! Let each person on call run the steps that only look, by daylight.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-04",
    title: "Those on call can do what the runbooks ask of them",
    classes: &[Class::Live, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: None,
    source: include_str!("access_tried.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for runbook in case.package.runbooks.values() {
        if runbook.head.access.is_empty() {
            continue;
        }
        case.entity(answers, runbook).proved(
            case,
            &[],
            "let somebody on call run its looking steps with their own account, and record it",
        );
    }
}
