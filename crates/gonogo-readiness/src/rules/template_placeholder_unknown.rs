//! # template-placeholder-unknown
//!
//! ## What it does
//! Finds words in braces in a message to customers that nothing fills in.
//!
//! ## Why is this bad?
//! Customers read `{affected_services}`, in the middle of an outage.
//!
//! ## Example
//! ```markdown
//! ---
//! state: investigating
//! title: We are investigating a problem
//! ---
//! {services} do not work since {since}.
//! ```
//!
//! ## Instead
//! Use one of `{journeys}`, `{components}`, `{since}`, `{next_update}` and `{impact}`.

use gonogo_model::comms::PLACEHOLDERS;
use gonogo_model::decode::list_of;
use gonogo_model::diagnostic::did_you_mean;
use gonogo_model::text::Span;
use gonogo_model::{Diagnostic, runbook};

use super::Subject;
use crate::wording;

pub(super) const CODE: &str = "template-placeholder-unknown";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for template in subject.package.templates.values() {
        let file = template.id.span.file;
        let Some(text) = subject.text.files.get(subject.package.path(file)) else {
            continue;
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let body = runbook::front_matter(text).map_or(1, |(_, _, line)| line);
        for (line, content) in (1..).zip(text.lines()) {
            // Of the front matter, only the title is shown to customers.
            if line >= body || content.starts_with("title:") {
                found.extend(on_line(
                    content,
                    Span {
                        file,
                        line,
                        column: 1,
                        len: 1,
                    },
                ));
            }
        }
    }
}

fn on_line(line: &str, at: Span) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (open, word) in wording::unfilled(line) {
        let chars = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let span = Span {
            column: chars(&line[..open]) + 1,
            len: chars(word) + 2,
            ..at
        };
        let finding = Diagnostic::error(CODE, span, format!("nothing fills in `{{{word}}}`"))
            .label("customers would read this as it stands");
        found.push(
            match did_you_mean(word.trim(), PLACEHOLDERS.iter().copied()) {
                Some(near) => finding.help(format!("did you mean `{{{near}}}`?")),
                None => finding.help(format!(
                    "the words that are filled in are {}",
                    list_of(PLACEHOLDERS)
                )),
            },
        );
    }
    found
}
