//! # DAT-03: What deletes shows first what it will hit, and two people do it
//!
//! ## Why it matters
//! The large losses of data were commands that did what they said, on the wrong thing. A count
//! that is read aloud before, and a first part that can be brought back, have stopped many of
//! them.
//!
//! ## How it is proved
//! From the package: each destructive step of a runbook names in `preview` the check step that
//! shows how many and which it will hit; asks for `confirm=second-person`; and either has a real
//! `undo`, or says in `staged` how it is done in parts.
//!
//! ## Example
//! ````markdown
//! Count them, and look at five:
//!
//! ```sh step=check expect="as many as the ticket says"
//! psql "$DB" -c "select count(*), min(id), max(id) from sessions where expired"
//! ```
//!
//! ```sh step=destructive preview=mitigate-1 confirm=second-person target="sessions where expired" blast="as many as counted" expect="DELETE, and that count" undo=none staged="a hundred first, then the rest"
//! psql "$DB" -c "delete from sessions where expired and id in (select id from sessions limit 100)"
//! ```
//! ````
//!
//! ## How to meet it
//! Turn the `delete` into a `select count(*)` with the same condition, and make that the step
//! before.

use gonogo_model::runbook::{Runbook, Step, StepKind};

use super::super::answer::Answer;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DAT-03",
    title: "What deletes shows first what it will hit, and two people do it",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::DestructiveStep),
    source: include_str!("deletes_staged.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for runbook in case.package.runbooks.values() {
        let steps: Vec<&Step> = runbook.sections.iter().flat_map(|s| &s.steps).collect();
        if !steps.iter().any(|s| s.kind == StepKind::Destructive) {
            continue;
        }
        let answer = case.entity(answers, runbook);
        for (at, step) in steps.iter().enumerate() {
            if step.kind == StepKind::Destructive {
                careful(answer, runbook, step, &steps[..at]);
            }
        }
    }
}

fn careful(answer: &mut Answer, runbook: &Runbook, step: &Step, before: &[&Step]) {
    let id = &step.id;
    let preview = step.preview.as_deref();
    let shown = before
        .iter()
        .any(|s| s.kind == StepKind::Check && Some(s.id.as_str()) == preview);
    let why = match preview {
        None => format!("the step `{id}` does not show before what it will hit"),
        Some(name) => format!("`{name}`, which `{id}` names, is no check step before it"),
    };
    let written = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    let comes_back = written(&step.undo) && !step.is_irreversible();
    answer
        .must(
            shown,
            why,
            format!(
                "write a check step that counts before it in `{}`, and name it as `preview=`",
                runbook.id.value
            ),
        )
        .must(
            step.confirm.as_deref() == Some("second-person"),
            format!("one person alone may do the step `{id}`"),
            "write `confirm=second-person` at the step",
        )
        .must(
            comes_back || written(&step.staged),
            format!("the step `{id}` hits everything at once, for good"),
            "write how it comes back as `undo=`, or how it is done in parts as `staged=`",
        );
}
