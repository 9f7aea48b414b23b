//! Findings for a program: one JSON document with a stable shape.
//!
//! Fields are only ever added; `version` changes if one is taken away or means something else.

use gonogo_model::Diagnostic;
use gonogo_model::text::Span;
use serde::Serialize;

use super::{Counts, Sources};

/// The version of this shape.
pub const VERSION: u32 = 1;

/// All findings as one document, with a line break at its end.
pub fn render(
    diagnostics: &[Diagnostic],
    sources: &Sources<'_>,
    digest: &str,
    counts: Counts,
) -> String {
    let report = Report {
        version: VERSION,
        digest,
        files: counts.files,
        errors: counts.errors,
        warnings: counts.warnings,
        notes: counts.notes,
        findings: diagnostics.iter().map(|d| finding(d, sources)).collect(),
    };
    let mut out = serde_json::to_string_pretty(&report).unwrap_or_default();
    out.push('\n');
    out
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    digest: &'a str,
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    place: Option<Place<'a>>,
    label: &'a str,
    related: Vec<Related<'a>>,
    help: &'a [String],
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    length: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    place: Option<Place<'a>>,
    message: &'a str,
}

fn finding<'a>(found: &'a Diagnostic, sources: &Sources<'a>) -> Finding<'a> {
    let related = found.related.iter().map(|(span, message)| Related {
        place: place(*span, sources),
        message,
    });
    Finding {
        code: found.code,
        severity: found.severity.word(),
        message: &found.message,
        place: found.span.and_then(|span| place(span, sources)),
        label: &found.label,
        related: related.collect(),
        help: &found.help,
    }
}

fn place<'a>(span: Span, sources: &Sources<'a>) -> Option<Place<'a>> {
    Some(Place {
        file: sources.path(span.file)?,
        line: span.line,
        column: span.column,
        length: span.len.max(1),
    })
}
