//! # RBK-07: No service has changed since its runbook was last followed
//!
//! ## Why it matters
//! Nobody edits a runbook because a service changed. So it grows wrong exactly where the work is,
//! and the date at its head says nothing about that.
//!
//! ## How it is proved
//! The newest record that somebody followed it (RBK-03) is bound to the runbook and to every
//! component that it covers, as each was then; one that is another now makes this stale. Where a
//! deployment changed what the package does not show, a record of this criterion that failed
//! says so.
//!
//! ## Example
//! ```sh
//! gonogo evidence add RBK-07 runbook/ledger-down --result fail --method probe \
//!   --actor ci --note "the ledger moved to another region on 2026-11-20"
//! ```
//!
//! ## How to meet it
//! After a change of a service, walk through its runbooks, correct them, and have them followed
//! again.

use gonogo_model::evidence::Method;
use gonogo_model::runbook::Runbook;

use crate::criteria::prelude::*;
use crate::criteria::unbound;
use crate::runbook_status;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-07",
    title: "No service has changed since its runbook was last followed",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("unchanged_since.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    const ACTION: &str = "correct it after the change, and have it followed again";
    for runbook in case.package.runbooks.values() {
        let covered = runbook_status::covered(runbook);
        let answer = case.entity(answers, runbook);
        answer.must(
            !covered.is_empty(),
            "it does not say which components it covers",
            "write `covers:` at its head",
        );
        let subject = answer.subject.clone();
        match newest(case, runbook, &subject) {
            None => {
                answer.unknown("nobody followed it yet", ACTION);
            }
            Some(record) => {
                if let Some((state, why)) = unbound(case, record, &subject, &covered) {
                    answer.stands(state, why, ACTION.into());
                }
            }
        }
        // What is seen where it runs can only speak against it, and has to be bound to the same.
        answer.covers = Some(covered.clone());
        if !case.records("RBK-07", &subject).is_empty() {
            answer.proved(case, &covered, ACTION);
        }
    }
}

fn newest<'p>(
    case: &Case<'p>,
    runbook: &Runbook,
    subject: &Subject,
) -> Option<&'p gonogo_model::evidence::Evidence> {
    let records = case.records(runbook_status::FOLLOWED, subject).into_iter();
    records
        .filter(|r| r.method == Method::Drill && r.observed_at.0 <= case.now)
        .filter(|r| runbook_status::by_its_author(case, runbook, r).is_none())
        .max_by_key(|r| r.observed_at.0)
}
