//! # RBK-06: Every step that changes something says how to see it and how to undo it
//!
//! ## Why it matters
//! A repair is a change like any other, made faster and with less thought. Without an expected
//! output nobody knows whether it worked; without a way back the second try starts from somewhere
//! unknown.
//!
//! ## How it is proved
//! From the package: each `mutate` and `destructive` step has `expect` and `undo`. Where there is
//! no way back it says `undo=none`, and somebody has to agree: `approver=` a role, or
//! `confirm=second-person`.
//!
//! ## Example
//! ````markdown
//! ```sh step=mutate expect="100% REVISION" undo="gcloud run services update-traffic api --to-latest"
//! gcloud run services update-traffic api --to-revisions=REVISION=100
//! ```
//! ````
//!
//! ## How to meet it
//! Try the step once in a test environment, and write down what it printed and what takes it back.

use gonogo_model::Id;
use gonogo_model::runbook::{Step, StepKind};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-06",
    title: "Every step that changes something says how to see it and how to undo it",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("steps_verified_and_undone.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for runbook in case.package.runbooks.values() {
        let steps = runbook.sections.iter().flat_map(|s| &s.steps);
        let changing: Vec<&Step> = steps
            .filter(|s| matches!(s.kind, StepKind::Mutate | StepKind::Destructive))
            .collect();
        let answer = case.entity(answers, runbook);
        for step in changing {
            let id = &step.id;
            let written =
                |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
            answer
                .must(
                    written(&step.expect),
                    format!("the step `{id}` does not say how to see that it worked"),
                    "write `expect=\"...\"` at the step",
                )
                .must(
                    written(&step.undo),
                    format!("the step `{id}` does not say how it is undone"),
                    "write `undo=\"...\"` at the step, or `undo=none`",
                )
                .must(
                    !step.is_irreversible() || somebody_agrees(case, step),
                    format!("the step `{id}` cannot be undone, and nobody has to agree to it"),
                    "write `approver=` and a role at the step, or `confirm=second-person`",
                );
        }
    }
}

fn somebody_agrees(case: &Case<'_>, step: &Step) -> bool {
    let approver = step.approver.as_deref().and_then(|a| Id::parse(a).ok());
    step.confirm.as_deref() == Some("second-person")
        || approver.is_some_and(|role| case.package.roles.contains_key(&role))
}
