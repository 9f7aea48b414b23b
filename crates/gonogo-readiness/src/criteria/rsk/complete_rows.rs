//! # RSK-02: Each failure mode is rated, prevented, detected, owned and due for review
//!
//! ## Why it matters
//! A risk that is only named reassures and changes nothing. What keeps it from happening, what
//! would show it, and who looks at it again are what makes the list worth reading.
//!
//! ## How it is proved
//! From the package: effect and cause are written, all three ratings are from 1 to 5, there is a
//! prevention and an alert that would notice it, somebody holds the role that owns it, and the
//! day of its review is to come, within 90 days.
//!
//! ## Example
//! ```yaml
//! failure_modes:
//!   - id: charge-lost
//!     name: A charge succeeds and never reaches the ledger
//!     component: ledger
//!     journeys: [pay]
//!     effect: The customer has paid and the plan stays as it was.
//!     cause: A webhook is dropped and not tried again.
//!     severity: 5
//!     occurrence: 2
//!     detection: 2
//!     prevention: Webhooks are stored before they are answered.
//!     detected_by: [charge-not-recorded]
//!     owner: head-of-billing
//!     review_by: 2027-01-15
//! ```
//!
//! ## How to meet it
//! Fill in the row with whoever knows the component; put the review on a day at which they meet
//! anyway.

use gonogo_model::risk::FailureMode;

use crate::criteria::prelude::*;
use crate::criteria::{Answer, day, held_by_somebody};
use crate::register::{WORST, instant};

pub(super) const CRITERION: Criterion = Criterion {
    id: "RSK-02",
    title: "Each failure mode is rated, prevented, detected, owned and due for review",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("complete_rows.rs"),
    assess,
};

/// A register that nobody looks at for longer than this is no register.
const REVIEW_WITHIN: Duration = Duration::from_hours(90 * 24);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for mode in case.package.failure_modes.values() {
        let answer = case.entity(answers, mode);
        for (word, text) in [("effect", &mode.effect), ("cause", &mode.cause)] {
            answer.must(
                !text.trim().is_empty(),
                format!("its {word} is not written"),
                "say it in a sentence",
            );
        }
        for (word, rating) in [
            ("severity", mode.severity),
            ("occurrence", mode.occurrence),
            ("detection", mode.detection),
        ] {
            answer.must(
                (1..=WORST).contains(&rating),
                format!("its {word} is {rating}, and the scale is from 1 to {WORST}"),
                "rate it from 1 to 5",
            );
        }
        let prevention = mode.prevention.as_ref();
        answer
            .must(
                prevention.is_some_and(|p| !p.trim().is_empty()),
                "what keeps it from happening is not written",
                "write `prevention:` at the failure mode; that there is none is an answer too",
            )
            .must(
                !mode.detected_by.is_empty(),
                "nothing would notice it",
                "name an alert in `detected_by`",
            );
        owned(case, mode, answer);
        reviewed(case, mode, answer);
    }
}

fn owned(case: &Case<'_>, mode: &FailureMode, answer: &mut Answer) {
    match &mode.owner {
        None => answer.fail("nobody owns it", "write `owner:` at the failure mode"),
        Some(role) => answer.must(
            held_by_somebody(case, &role.id),
            format!("nobody holds `{}`, which owns it", role.id),
            "give the role a holder in `roles`",
        ),
    };
}

fn reviewed(case: &Case<'_>, mode: &FailureMode, answer: &mut Answer) {
    let action = "write the day of the next review as `review_by`, within 90 days";
    let Some(due) = mode.review_by.map(instant) else {
        answer.fail("when it is looked at again is not written", action);
        return;
    };
    let ahead = due.duration_since(case.now);
    if ahead.is_negative() {
        answer.fail(format!("its review was due on {}", day(due)), action);
    } else if ahead > REVIEW_WITHIN.signed() {
        answer.fail(
            format!("it is looked at again only on {}", day(due)),
            action,
        );
    }
}
