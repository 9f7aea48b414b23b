//! # template-wording
//!
//! ## What it does
//! Finds words in templates for customers that do more harm than good: a time by which it will be
//! over, somebody to blame, "some users", an empty apology, words of ours.
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
use gonogo_model::text::Span;

use super::Subject;
use crate::wording;

pub(super) const CODE: &str = "template-wording";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for template in subject.package.templates.values() {
        for finding in wording::text(&template.body) {
            let span = Span {
                line: template.body_span.line + number(finding.line),
                column: number(finding.column) + 1,
                len: number(finding.len),
                ..template.body_span
            };
            found.push(
                Diagnostic::warning(CODE, span, finding.message)
                    .label("what customers would read")
                    .help(finding.help),
            );
        }
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
