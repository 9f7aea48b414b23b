//! # runbook-missing-sections
//!
//! ## What it does
//! Finds runbooks that lack a section, or have one with nothing in it. The sections are `Trigger`,
//! `Impact`, `First 5 minutes`, `Triage`, `Mitigate`, `Rollback`, `Verify`, `Communicate`,
//! `Escalate` and `After`.
//!
//! ## Why is this bad?
//! Whoever opens the runbook looks for the next thing to do. If it is missing, it has to be
//! invented, usually the parts that are needed late: how to know that it is over, whom to call.
//!
//! ## Example
//! ```markdown
//! ---
//! title: The database is down
//! owner: architect
//! ---
//! ## Mitigate
//!
//! Restart it.
//! ```
//!
//! ## Instead
//! Write every section, in this order. Where there is nothing to do, one sentence that says so
//! saves the reader the search.

use gonogo_model::Diagnostic;
use gonogo_model::decode::list_of;
use gonogo_model::runbook::Runbook;

use super::Subject;

pub(super) const CODE: &str = "runbook-missing-sections";

/// What a runbook has, in the order in which it is needed.
pub const SECTIONS: &[&str] = &[
    "Trigger",
    "Impact",
    "First 5 minutes",
    "Triage",
    "Mitigate",
    "Rollback",
    "Verify",
    "Communicate",
    "Escalate",
    "After",
];

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for runbook in subject.package.runbooks.values() {
        let (missing, empty) = lacking(runbook);
        if missing.is_empty() && empty.is_empty() {
            continue;
        }
        let parts: Vec<String> = [(missing, "has no"), (empty, "says nothing under")]
            .into_iter()
            .filter(|(names, _)| !names.is_empty())
            .map(|(names, verb)| format!("{verb} {}", list_of(&names)))
            .collect();
        let message = format!(
            "the runbook `{}` {}",
            runbook.id.value,
            parts.join(", and ")
        );
        found.push(
            Diagnostic::warning(CODE, runbook.id.span, message)
                .label("in this file")
                .help("write each as a heading `## ...` with what to do; one sentence is enough where nothing is to be done"),
        );
    }
}

/// The sections that a runbook has not, and those with nothing in them.
pub(crate) fn lacking(runbook: &Runbook) -> (Vec<&'static str>, Vec<&'static str>) {
    let titled = |name: &str| runbook.sections.iter().find(|s| same(&s.title, name));
    let missing = SECTIONS.iter().copied().filter(|n| titled(n).is_none());
    let empty = SECTIONS
        .iter()
        .copied()
        .filter(|n| titled(n).is_some_and(|s| s.body.trim().is_empty()));
    (missing.collect(), empty.collect())
}

fn same(title: &str, name: &str) -> bool {
    title.to_lowercase().replace("five", "5") == name.to_lowercase()
}
