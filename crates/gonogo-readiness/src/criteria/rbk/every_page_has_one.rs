//! # RBK-01: Every page and every high risk leads to a runbook
//!
//! ## Why it matters
//! Whoever is woken has to begin somewhere. What the author of an alert knew, and what the review
//! of a risk worked out, is worth nothing at night unless it can be followed.
//!
//! ## How it is proved
//! From the package: each alert that wakes somebody names a `runbook`, and so does each failure
//! mode whose action level is high, which takes a detection that was never seen to work as none.
//!
//! ## Example
//! ```yaml
//! alerts:
//!   - id: cloud-down
//!     name: The application does not answer
//!     severity: SEV1
//!     runbook: dashboards-down
//!     when: {check_failing: {check: cloud-health}}
//! ```
//!
//! ## How to meet it
//! Write down what you would do, in `runbooks/`, and name the file at the alert and at the risk.
//! Where nothing can be done at night, the alert is a ticket.

use crate::criteria::prelude::*;
use crate::register::{Level, rows};

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-01",
    title: "Every page and every high risk leads to a runbook",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("every_page_has_one.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for alert in case.paging() {
        case.entity(answers, alert).must(
            alert.runbook.is_some(),
            "it wakes somebody, and names no runbook",
            "name what to follow as `runbook:`, or make it `urgency: ticket`",
        );
    }
    for row in rows(case).iter().filter(|r| r.level == Level::High) {
        case.entity(answers, row.mode).must(
            row.mode.runbook.is_some(),
            "its action level is high, and it names no runbook",
            "write what to do then, and name it as `runbook:`",
        );
    }
}
