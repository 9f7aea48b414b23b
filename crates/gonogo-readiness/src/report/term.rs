//! Findings for a person at a terminal, in the manner of compilers.
//!
//! The excerpt shows the line as it was written, with the caret under the characters that are
//! meant, whatever stands before them: tabs, wide characters, a byte-order mark.

use std::ops::Range;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use gonogo_model::Diagnostic;
use gonogo_model::diagnostic::Severity;
use gonogo_model::text::{FileNo, Span};

use super::{Sources, printable};
use crate::secret;

/// The longest caret that is drawn: a longer one says no more.
const MAX_CARET_CHARS: usize = 100;
/// How much of a line is kept after the caret; what does not fit the width is cut from it.
const KEPT_AFTER_CARET: usize = 2 * DEFAULT_TERM_WIDTH;

/// Whether escape sequences for colour go into the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Text and nothing else.
    Off,
    /// For a terminal, or for a stream that strips them.
    On,
}

/// Draws findings one after the other.
#[derive(Debug)]
pub struct Painter<'t> {
    sources: &'t Sources<'t>,
    renderer: Renderer,
}

impl<'t> Painter<'t> {
    /// A painter for findings about these files.
    pub fn new(sources: &'t Sources<'t>, colours: Colours) -> Self {
        let renderer = match colours {
            Colours::Off => Renderer::plain(),
            Colours::On => Renderer::styled().hyperlink(false),
        };
        Self { sources, renderer }
    }

    /// One finding, with a line break at its end.
    pub fn paint(&self, found: &Diagnostic) -> String {
        let level = match found.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level
            .primary_title(printable(&found.message))
            .id(found.code);
        let mut group = Group::with_title(title);
        for (file, marks) in marks_by_file(found) {
            group = self.draw(group, file, &marks);
        }
        for help in &found.help {
            group = group.element(Level::HELP.message(printable(help)));
        }
        let mut out = self.renderer.render(&[group]);
        out.push('\n');
        out
    }

    fn draw<'s>(&'s self, group: Group<'s>, file: FileNo, marks: &[Mark<'s>]) -> Group<'s> {
        let Some(source) = self.sources.get(file) else {
            return group;
        };
        let spots: Vec<Range<usize>> = marks
            .iter()
            .map(|m| source.range(m.span, MAX_CARET_CHARS))
            .collect();
        let first_line = marks
            .iter()
            .map(|m| source.line_of(m.span))
            .min()
            .unwrap_or(0);
        let from = source.line_start(first_line);
        let end = spots.iter().map(|s| s.end).max().unwrap_or(from);
        let excerpt = source.until_line_end(from, end, KEPT_AFTER_CARET);
        let mut shown = secret::mask(excerpt);
        for mark in marks.iter().filter(|m| m.hidden) {
            let Range { start, end } = source.secret_range(mark.span);
            let end = end.min(from + shown.len());
            shown = secret::strike(&shown, start.min(end) - from..end - from).into();
        }
        let mut snippet = Snippet::source(shown)
            .path(printable(source.path))
            .line_start(first_line + 1);
        for (mark, spot) in marks.iter().zip(spots) {
            snippet = snippet.annotation(mark.annotation(spot.start - from..spot.end - from));
        }
        group.element(snippet)
    }
}

/// A place to draw: the one that is meant, or one that explains it.
struct Mark<'d> {
    span: Span,
    label: &'d str,
    kind: AnnotationKind,
    /// What stands there is not to be shown.
    hidden: bool,
}

impl<'d> Mark<'d> {
    fn annotation<'s>(&self, at: Range<usize>) -> Annotation<'s>
    where
        'd: 's,
    {
        let label = (!self.label.is_empty()).then(|| printable(self.label));
        self.kind.span(at).label(label)
    }
}

/// The places of a finding, those of one file together, its own file first.
fn marks_by_file(found: &Diagnostic) -> Vec<(FileNo, Vec<Mark<'_>>)> {
    let own = found.span.iter().map(|span| Mark {
        span: *span,
        label: &found.label,
        kind: AnnotationKind::Primary,
        hidden: found.code == secret::CODE,
    });
    let related = found.related.iter().map(|(span, label)| Mark {
        span: *span,
        label,
        kind: AnnotationKind::Context,
        hidden: false,
    });
    let mut files: Vec<(FileNo, Vec<Mark<'_>>)> = Vec::new();
    for mark in own.chain(related) {
        match files.iter_mut().find(|(file, _)| *file == mark.span.file) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((mark.span.file, vec![mark])),
        }
    }
    files
}
