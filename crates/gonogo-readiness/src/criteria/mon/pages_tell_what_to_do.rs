//! # MON-04: What arrives on the phone says what to do first
//!
//! ## Why it matters
//! Whoever is woken reads one screen. If the first safe step is not on it, the first minutes go
//! into finding a page.
//!
//! ## How it is proved
//! From the package: each alert that pages names a runbook, whose link goes into every message,
//! and a `first_step`.
//!
//! ## Example
//! ```yaml
//! alerts:
//!   - id: checkout-down
//!     first_step: Look whether it was deployed in the last half hour; if so, take it back.
//!     runbook: checkout-down
//! ```
//!
//! ## How to meet it
//! Write the one thing that is always safe and usually helps, in a sentence.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-04",
    title: "What arrives on the phone says what to do first",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("pages_tell_what_to_do.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for alert in case.paging() {
        let said = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
        case.entity(answers, alert)
            .must(
                alert.runbook.is_some(),
                "its message has no runbook to link to",
                "write `runbook:`",
            )
            .must(
                said(&alert.first_step),
                "its message does not say what to do first",
                "write `first_step:`",
            );
    }
}
