//! # RBK-05: What destroys says so, and asks before it does
//!
//! ## Why it matters
//! The worst minutes of many outages are the repair: the right command in the wrong window, a
//! filter that matched everything. A step that cannot be taken back has to slow its reader down.
//!
//! ## How it is proved
//! From the package: a step whose command deletes, drops, destroys, terminates or pays out is
//! `step=destructive`; a block that is no step at all does not hide one. Each such step says what
//! has to be confirmed (`confirm=type-target` or `confirm=second-person`), what it hits
//! (`target`) and how much that is at most (`blast`).
//!
//! ## Example
//! ````markdown
//! ```sh step=destructive confirm=type-target target="$ENTRY" blast="one host name" expect="Deleted" undo="create it again"
//! gcloud certificate-manager maps entries delete "$ENTRY" --map=main
//! ```
//! ````
//!
//! ## How to meet it
//! Mark the step, then write what stands to be lost as if the reader were in the wrong project.

use gonogo_model::runbook::{Runbook, Step, StepKind};

use super::super::answer::Answer;
use crate::criteria::prelude::*;
use crate::{destructive, markdown};

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-05",
    title: "What destroys says so, and asks before it does",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("destructive_steps_flagged.rs"),
    assess,
};

/// What can be asked for before a step that destroys.
const CONFIRMATIONS: &[&str] = &["type-target", "second-person"];

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for runbook in case.package.runbooks.values() {
        let answer = case.entity(answers, runbook);
        for step in runbook.sections.iter().flat_map(|s| &s.steps) {
            match step.kind {
                StepKind::Destructive => asks_first(answer, step),
                StepKind::Check | StepKind::Mutate => unmarked(answer, step),
                // These hold words for people.
                StepKind::Decide | StepKind::Communicate | StepKind::Escalate => {}
            }
        }
        hidden(case, answer, runbook);
    }
}

fn asks_first(answer: &mut Answer, step: &Step) {
    let asked = step.confirm.as_deref();
    let written = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    let id = &step.id;
    answer
        .must(
            asked.is_some_and(|c| CONFIRMATIONS.contains(&c)),
            format!("the step `{id}` destroys, and nothing has to be confirmed before"),
            "write `confirm=type-target` or `confirm=second-person` at the step",
        )
        .must(
            written(&step.target),
            format!("the step `{id}` does not say what it hits"),
            "write `target=\"...\"` at the step",
        )
        .must(
            written(&step.blast),
            format!("the step `{id}` does not say how much it can hit"),
            "write `blast=\"...\"` at the step",
        );
}

fn unmarked(answer: &mut Answer, step: &Step) {
    if let Some(words) = destructive::words(&step.command) {
        answer.fail(
            format!(
                "the step `{}` says `{words}`, and is not marked as destructive",
                step.id
            ),
            "write `step=destructive`, and what it asks for before",
        );
    }
}

/// Languages of blocks that nobody runs.
const PROSE: &[&str] = &["text", "txt", "markdown", "md", "mermaid"];

/// Blocks that are no steps, and are copied all the same.
fn hidden(case: &Case<'_>, answer: &mut Answer, runbook: &Runbook) {
    for block in markdown::parts(case.package, case.text, runbook).blocks {
        if block.is_step || PROSE.contains(&block.language) {
            continue;
        }
        if let Some(words) = destructive::words(&block.text) {
            answer.fail(
                format!(
                    "the block at line {} says `{words}`, and is no step",
                    block.span.line
                ),
                "write `step=destructive` after its language, and what it asks for before",
            );
        }
    }
}
