//! The lines of a runbook's Markdown, told apart: prose, and what stands in fenced blocks.
//!
//! Fences are read as the loader reads them, so that a step and a block are the same thing in
//! both. Line numbers are those of the file.

use gonogo_model::runbook::{Runbook, front_matter};
use gonogo_model::text::Span;
use gonogo_model::{Package, PackageText};

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block<'t> {
    /// The language: `sh`.
    pub language: &'t str,
    /// Does its info string say what the step does?
    pub is_step: bool,
    /// Where it opens.
    pub span: Span,
    /// What stands in it.
    pub text: String,
}

/// A line outside of all fences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prose<'t> {
    /// The heading that it stands under; empty before the first.
    pub section: &'t str,
    /// The line.
    pub text: &'t str,
    /// Where it is.
    pub span: Span,
}

/// What a runbook consists of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts<'t> {
    /// Its lines outside of fences.
    pub prose: Vec<Prose<'t>>,
    /// Its fenced blocks.
    pub blocks: Vec<Block<'t>>,
}

/// Takes a runbook apart.
pub(crate) fn parts<'t>(package: &Package, text: &PackageText, runbook: &'t Runbook) -> Parts<'t> {
    let file = runbook.id.span.file;
    let content = text.files.get(package.path(file));
    let first = content
        .and_then(|content| front_matter(content))
        .map_or(1, |(_, _, line)| line);
    let mut parts = Parts::default();
    let mut open: Option<(&str, Block<'t>)> = None;
    let mut section = "";
    for (number, line) in runbook.body.lines().enumerate() {
        let span = Span {
            file,
            line: first.saturating_add(u32::try_from(number).unwrap_or(0)),
            column: 1,
            len: u32::try_from(line.chars().count().max(1)).unwrap_or(1),
        };
        match open.take() {
            Some((marks, block)) if closes(line, marks) => parts.blocks.push(block),
            Some((marks, mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some((marks, block));
            }
            None => match opens(line) {
                Some((marks, info)) => open = Some((marks, block(info, span))),
                None => {
                    if let Some(title) = line.strip_prefix("## ") {
                        section = title.trim();
                    }
                    parts.prose.push(Prose {
                        section,
                        text: line,
                        span,
                    });
                }
            },
        }
    }
    // What is never closed is a block all the same.
    parts.blocks.extend(open.map(|(_, block)| block));
    parts
}

fn block<'t>(info: &'t str, span: Span) -> Block<'t> {
    Block {
        language: info.split_whitespace().next().unwrap_or(""),
        is_step: info.split_whitespace().any(|a| a.starts_with("step=")),
        span,
        text: String::new(),
    }
}

fn opens(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    let marks = &line[..line.len() - info.len()];
    (marks.len() >= 3).then(|| (marks, info.trim()))
}

fn closes(line: &str, marks: &str) -> bool {
    let line = line.trim();
    line.starts_with(marks) && line.chars().all(|c| matches!(c, '`' | '~'))
}

/// The pieces of a line between single backticks, and where each begins, counted in characters
/// from 0.
pub(crate) fn code_spans(line: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = line;
    let mut at = 0;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((inside, tail)) = after.split_once('`') else {
            break;
        };
        at += before.chars().count() + 1;
        found.push((at, inside));
        at += inside.chars().count() + 1;
        rest = tail;
    }
    found
}

/// The targets of a line's links, and where each begins, counted in characters from 0.
pub(crate) fn links(line: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = line[from..].find("](") {
        let begin = from + at + 2;
        let Some(len) = line[begin..].find(')') else {
            break;
        };
        let inside = &line[begin..begin + len];
        // A title may follow: [text](target "title").
        let target = inside.split_whitespace().next().unwrap_or("");
        let target = target.trim_start_matches('<').trim_end_matches('>');
        found.push((line[..begin].chars().count(), target));
        from = begin + len;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_code_and_links_with_their_columns() {
        let line = "é see `a b` and [x](y.md \"t\"), `c";
        assert_eq!(code_spans(line), [(7, "a b")]);
        assert_eq!(links(line), [(20, "y.md")]);
        assert_eq!(links("[x](y"), []);
    }

    #[test]
    fn a_fence_closes_with_as_many_marks() {
        assert_eq!(
            opens("  ````sh step=check"),
            Some(("````", "sh step=check"))
        );
        assert!(opens("`x`").is_none());
        assert!(!closes("```", "````") && closes("````", "````"));
    }
}
