//! The steps of a runbook as pages show them: a command to copy, what to expect, the way back.
//!
//! The server never runs a command; it prints it.

use gonogo_engine::incident::StepDone;
use gonogo_model::runbook::{Runbook, Step, StepKind};

use crate::shown::plural;
use crate::web::components::items::{Progress, Step as Shown};
use crate::web::components::{Markup, State, escape};

/// The outcome that takes a tick back.
pub const TAKEN_BACK: &str = "undone";

/// The steps of one section.
pub struct Part {
    /// The section's heading.
    pub title: String,
    /// Its steps.
    pub steps: Vec<Shown>,
}

impl Part {
    /// It has the step that is next.
    pub fn is_next(&self) -> bool {
        self.steps.iter().any(|s| s.progress == Progress::Next)
    }

    /// "5 steps", "2 of 5 done".
    pub fn note(&self) -> String {
        let done = self.steps.iter().filter(|s| !s.is_open()).count();
        match done {
            0 => plural(self.steps.len(), "step", "steps"),
            n => format!("{n} of {} done", self.steps.len()),
        }
    }
}

/// All steps, section by section. With `incident` they can be ticked, and show who did.
pub fn parts(runbook: &Runbook, done: &[StepDone], incident: Option<u64>) -> Vec<Part> {
    let id = &runbook.id.value;
    let mut number = 0;
    let mut next_found = incident.is_none();
    let mut parts = Vec::new();
    for section in runbook.sections.iter().filter(|s| !s.steps.is_empty()) {
        let mut steps = Vec::new();
        for step in &section.steps {
            number += 1;
            let last = done
                .iter()
                .rev()
                .find(|d| d.runbook == *id && d.step == step.id);
            let mut progress = progress(last);
            if progress == Progress::Open && !next_found {
                next_found = true;
                progress = Progress::Next;
            }
            let action = incident.map(|n| format!("/incidents/{n}/steps/{id}/{}", step.id));
            steps.push(Shown {
                number,
                title: plain(&step.title),
                body: body(step),
                owner: kind_word(step.kind).to_owned(),
                proof: danger(step.kind),
                progress,
                action: action.unwrap_or_default(),
            });
        }
        parts.push(Part {
            title: section.title.clone(),
            steps,
        });
    }
    parts
}

fn progress(last: Option<&StepDone>) -> Progress {
    match last {
        None => Progress::Open,
        Some(d) if d.outcome == TAKEN_BACK => Progress::Open,
        Some(d) if d.outcome == "skipped" => Progress::Skipped {
            by: d.by.clone(),
            at: d.at.timestamp(),
            why: "it was not needed".into(),
        },
        Some(d) => Progress::Done {
            by: d.by.clone(),
            at: d.at.timestamp(),
        },
    }
}

fn kind_word(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Check => "looks, changes nothing",
        StepKind::Decide => "decide",
        StepKind::Mutate => "changes something",
        StepKind::Destructive => "cannot be undone",
        StepKind::Communicate => "tell people",
        StepKind::Escalate => "call somebody",
    }
}

fn danger(kind: StepKind) -> Option<(State, String)> {
    match kind {
        StepKind::Destructive => Some((State::Bad, "destructive".into())),
        StepKind::Mutate => Some((State::Warn, "read the undo first".into())),
        _ => None,
    }
}

/// A step's sentence is Markdown; its heading is plain.
fn plain(title: &str) -> String {
    title.replace("**", "").replace('`', "")
}

fn body(step: &Step) -> Markup {
    let mut html = String::new();
    if !step.command.is_empty() {
        let command = escape(&step.command);
        html.push_str(&format!(
            "<div class=\"code\" data-copy=\"\"><pre><code>{command}</code></pre></div>"
        ));
    }
    for (word, text) in [("Expect", &step.expect), ("To undo", &step.undo)] {
        if let Some(text) = text {
            html.push_str(&format!("<p><b>{word}:</b> {}</p>", escape(text)));
        }
    }
    Markup::trusted(html)
}
