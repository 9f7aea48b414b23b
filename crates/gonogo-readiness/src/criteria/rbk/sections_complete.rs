//! # RBK-02: Every runbook has the sections that somebody looks for
//!
//! ## Why it matters
//! A runbook is read by somebody who is tired and does not know the system. What is needed late
//! is what its author tends to leave out: how to know that it is over, what to tell customers,
//! whom to call when it does not help.
//!
//! ## How it is proved
//! From the package: each runbook has the ten sections from `Trigger` to `After`, and none of
//! them is empty. The rule `runbook-missing-sections` lists them.
//!
//! ## Example
//! ```markdown
//! ## Verify
//!
//! The queue is empty for ten minutes, and one test order arrives.
//! ```
//!
//! ## How to meet it
//! Write each section, in that order. Where nothing is to be done, one sentence says so.

use gonogo_model::decode::list_of;

use crate::criteria::prelude::*;
use crate::rules::runbook_missing_sections::lacking;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-02",
    title: "Every runbook has the sections that somebody looks for",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("sections_complete.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for runbook in case.package.runbooks.values() {
        let (missing, empty) = lacking(runbook);
        case.entity(answers, runbook)
            .must(
                missing.is_empty(),
                format!("it has no {}", list_of(&missing)),
                "write each as a heading `## ...` with what to do",
            )
            .must(
                empty.is_empty(),
                format!("it says nothing under {}", list_of(&empty)),
                "write what to do there, or that nothing is to be done",
            );
    }
}
