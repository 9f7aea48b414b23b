//! The steps of a runbook as pages show them: a command to copy, what to expect, the way back.
//!
//! The server never runs a command; it prints it.

use gonogo_engine::incident::StepDone;
use gonogo_model::runbook::{Runbook, Section, Step, StepKind};

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

/// A section's Markdown with what its steps expect, and how to undo them, after each command.
///
/// Both stand in the line that opens the block, which no Markdown reader shows.
pub fn annotated(section: &Section) -> String {
    let mut out = String::with_capacity(section.body.len() + 512);
    let mut waiting = section.steps.iter().peekable();
    let mut block: Option<String> = None;
    for line in section.body.lines() {
        out.push_str(line);
        out.push('\n');
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        block = match block {
            None if fence => Some(String::new()),
            Some(text) if fence => {
                if let Some(step) = waiting.next_if(|s| s.command == text.trim_end()) {
                    note(&mut out, step);
                }
                None
            }
            Some(text) => Some(text + line + "\n"),
            None => None,
        };
    }
    out
}

fn note(out: &mut String, step: &Step) {
    let danger = danger(step.kind).map(|_| kind_word(step.kind));
    let parts = [
        ("This step", danger),
        ("Expect", step.expect.as_deref()),
        ("To undo", step.undo.as_deref()),
    ];
    for (word, text) in parts {
        if let Some(text) = text {
            let text: String = text
                .chars()
                .flat_map(|c| {
                    c.is_ascii_punctuation()
                        .then_some('\\')
                        .into_iter()
                        .chain([c])
                })
                .collect();
            out.push_str(&format!("\n**{word}:** {text}\n"));
        }
    }
    out.push('\n');
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

#[cfg(test)]
mod tests {
    use gonogo_model::runbook::sections;
    use gonogo_model::text::FileNo;

    use super::*;
    use crate::web::components::markdown;

    #[test]
    fn what_stands_in_the_opening_line_is_read_out() {
        let text = "## Mitigate\n\nMove it:\n\n```sh step=mutate expect=\"*one* <b>row</b>\" undo=\"again\"\nmv a b\n```\n\n```\nno step\n```\n";
        let mut found = Vec::new();
        let sections = sections(text, FileNo(0), 1, &mut found);
        let html = markdown::render(&annotated(&sections[0]));
        insta::assert_snapshot!(html.as_str(), @r#"
        <p>Move it:</p>
        <div class="code" data-copy=""><pre tabindex="0" dir="ltr"><code class="language-sh">mv a b</code></pre></div>
        <p><strong>This step:</strong> changes something</p>
        <p><strong>Expect:</strong> *one* &lt;b&gt;row&lt;/b&gt;</p>
        <p><strong>To undo:</strong> again</p>
        <div class="code" data-copy=""><pre tabindex="0" dir="ltr"><code>no step</code></pre></div>
        "#);
    }
}
