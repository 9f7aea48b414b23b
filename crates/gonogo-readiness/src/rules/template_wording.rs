//! # template-wording
//!
//! ## What it does
//! Finds words in templates for customers that do more harm than good, and what a template lacks.
//!
//! Words, in the headline and in the text: a time by which it will be over, "some users", what
//! says nothing of what customers notice, an empty apology, somebody to blame, words and machines
//! of ours, what helps an attacker, a time of day without its zone; a cause while it is still
//! being looked for, and "it is over" while it is not. A template has to say since when, what is
//! affected (in its first paragraph) and when customers hear again; and at the end what remains,
//! such as data that is lost or late.
//!
//! ## Why is this bad?
//! What is sent at night is what was written by day. A promised hour that passes costs more trust
//! than the outage, and a text without content makes customers write tickets.
//!
//! ## Example
//! ```md
//! ---
//! state: investigating
//! title: Degraded performance
//! ---
//! We apologise for any inconvenience. It should be fixed within an hour.
//! ```
//!
//! ## Instead
//! ```md
//! ---
//! state: investigating
//! title: We are investigating a problem
//! ---
//! Since {since}, this does not work as it should: {journeys}. {impact}
//! We will write again by {next_update}.
//! ```

use gonogo_model::Diagnostic;
use gonogo_model::comms::Template;
use gonogo_model::text::Span;

use super::Subject;
use crate::wording::{self, At};

pub(super) const CODE: &str = "template-wording";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for template in subject.package.templates.values() {
        for finding in wording::template(template) {
            let label = match finding.at {
                At::Whole => "the text under this headline",
                At::Title { .. } | At::Text { .. } => "what customers would read",
            };
            found.push(
                Diagnostic::warning(CODE, span(template, finding.at), finding.message)
                    .label(label)
                    .help(finding.help),
            );
        }
    }
}

fn span(template: &Template, at: At) -> Span {
    let title = template.head.title.span;
    match at {
        At::Whole => title,
        // A headline in quotes begins one character later.
        At::Title { column, len } => {
            let quoted = title.len as usize > template.head.title.chars().count();
            Span {
                column: title.column + number(column) + u32::from(quoted),
                len: number(len),
                ..title
            }
        }
        At::Text { line, column, len } => Span {
            line: template.body_span.line + number(line),
            column: number(column) + 1,
            len: number(len),
            ..template.body_span
        },
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
