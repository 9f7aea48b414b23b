//! # REL-06: Nobody changes production by hand without a procedure
//!
//! ## Why it matters
//! What was changed by hand is in nobody's review, in no pipeline's log and in no rollback. It
//! is found weeks later, as the reason why the repair did not work.
//!
//! ## How it is proved
//! By a look at the audit trails of the last 30 days: of a sample of changes, each came from a
//! pipeline or from a step of a runbook.
//!
//! ## Example
//! ```sh
//! gonogo evidence add REL-06 package --result pass --method probe \
//!   --actor oncall-one --note "audit log of 30 days: 214 changes by CI, 3 by hand, all in incident 41"
//! ```
//!
//! ## How to meet it
//! Filter the audit log by whoever is no service account. For each entry find the runbook or the
//! incident; what has none becomes a runbook, or a right that is taken away.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REL-06",
    title: "Nobody changes production by hand without a procedure",
    classes: &[Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: Some(Trigger::Deployable),
    source: include_str!("no_change_by_hand.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    if Trigger::Deployable.present(case.package).is_none() {
        return;
    }
    answers.about_package(case).proved(
        case,
        &[],
        "look through the audit trail for changes by hand, and record what there was",
    );
}
