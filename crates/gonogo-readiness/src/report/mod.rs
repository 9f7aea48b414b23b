//! How findings look: on a terminal, as JSON, as annotations, as SARIF, as a JUnit report.
//!
//! All of them say the same; only the shape differs.

pub mod blast;
pub mod evidence;
pub mod github;
pub mod graph;
pub mod json;
pub mod junit;
mod rows;
pub mod rulebook;
pub mod sarif;
pub mod term;
pub mod verdict;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;

use gonogo_model::diagnostic::Severity;
use gonogo_model::text::{FileNo, Span};
use gonogo_model::{Diagnostic, PackageText};

/// The files that findings point into, with quick access to their lines.
#[derive(Debug)]
pub struct Sources<'t> {
    files: Vec<Source<'t>>,
}

impl<'t> Sources<'t> {
    /// Of a package.
    pub fn new(text: &'t PackageText) -> Self {
        let files = text.files.iter().map(|(path, text)| Source {
            path,
            // As it is read: a byte-order mark does not count as a column.
            text: text.strip_prefix('\u{feff}').unwrap_or(text),
            lines: OnceCell::new(),
        });
        Self {
            files: files.collect(),
        }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// No files at all?
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The path of a file.
    pub fn path(&self, file: FileNo) -> Option<&'t str> {
        self.get(file).map(|s| s.path)
    }

    fn get(&self, file: FileNo) -> Option<&Source<'t>> {
        self.files.get(file.0 as usize)
    }
}

/// One file and where its lines begin.
#[derive(Debug)]
struct Source<'t> {
    path: &'t str,
    text: &'t str,
    lines: OnceCell<Vec<usize>>,
}

impl<'t> Source<'t> {
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let after_breaks = self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            std::iter::once(0)
                .chain(after_breaks.map(|(at, _)| at + 1))
                .collect()
        })
    }

    /// The line of a span, from 0; a span past the end is on the last one.
    fn line_of(&self, span: Span) -> usize {
        (span.line.saturating_sub(1) as usize).min(self.lines().len() - 1)
    }

    fn line_start(&self, line: usize) -> usize {
        self.lines().get(line).copied().unwrap_or(self.text.len())
    }

    /// The bytes of a span, at most `max_chars` characters, within its line.
    fn range(&self, span: Span, max_chars: usize) -> Range<usize> {
        let line = self.line_of(span);
        let start = self.line_start(line);
        let whole = &self.text[start..self.line_start(line + 1)];
        let content = whole.trim_end_matches(['\n', '\r']);
        let offset = |chars: usize, text: &str| {
            text.char_indices()
                .nth(chars)
                .map_or(text.len(), |(at, _)| at)
        };
        let from = offset(span.column.saturating_sub(1) as usize, content);
        let len = offset((span.len as usize).min(max_chars), &content[from..]);
        start + from..start + from + len
    }

    /// The line that a span is on, without its line break.
    fn line_text(&self, span: Span) -> &'t str {
        let line = self.line_of(span);
        let whole = &self.text[self.line_start(line)..self.line_start(line + 1)];
        whole.trim_end_matches(['\n', '\r'])
    }

    /// The columns of a span in UTF-16 code units, from 1; the end is not included.
    fn utf16_columns(&self, span: Span) -> Range<usize> {
        let begin = self.line_start(self.line_of(span));
        let bytes = self.range(span, usize::MAX);
        let units = |text: &str| text.encode_utf16().count();
        let start = units(&self.text[begin..bytes.start]) + 1;
        start..start + units(&self.text[bytes]).max(1)
    }

    /// The bytes of a secret: its span, or the rest of the line where it goes on after it.
    fn secret_range(&self, span: Span) -> Range<usize> {
        match span.len {
            0 | 1 => self.range(
                Span {
                    len: u32::MAX,
                    ..span
                },
                usize::MAX,
            ),
            _ => self.range(span, usize::MAX),
        }
    }

    /// The text from a byte to the end of the line that `end` is on, at most `more` characters
    /// past it.
    fn until_line_end(&self, from: usize, end: usize, more: usize) -> &'t str {
        let tail = &self.text[end..];
        let stop = tail.char_indices().take(more).find(|(_, c)| *c == '\n');
        let cut = || {
            tail.char_indices()
                .nth(more)
                .map_or(tail.len(), |(at, _)| at)
        };
        self.text[from..end + stop.map_or_else(cut, |(at, _)| at)].trim_end_matches('\r')
    }
}

/// How many findings of each severity there are, in how many files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What keeps the package from being put in force.
    pub errors: usize,
    /// What somebody will regret.
    pub warnings: usize,
    /// What is worth knowing.
    pub notes: usize,
    /// The files that were read.
    pub files: usize,
}

impl Counts {
    /// Of these findings about so many files.
    pub fn of(diagnostics: &[Diagnostic], files: usize) -> Self {
        let of = |severity| {
            diagnostics
                .iter()
                .filter(|d| d.severity == severity)
                .count()
        };
        Self {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            notes: of(Severity::Note),
            files,
        }
    }
}

/// "3 errors, 1 warning in 12 files"
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notes, "note"),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| counted(n, word))
            .collect();
        match &said[..] {
            [] => write!(f, "no findings in {}", counted(self.files, "file")),
            said => write!(f, "{} in {}", said.join(", "), counted(self.files, "file")),
        }
    }
}

/// A file of the package as the repository sees it: `prefix` is the package's directory.
pub fn in_repository(prefix: &str, path: &str) -> String {
    match prefix.trim_end_matches('/') {
        "" | "." => path.to_string(),
        prefix => format!("{}/{path}", prefix.trim_start_matches("./")),
    }
}

/// "1 file", "3 files"
pub fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// Text that may come from a file, without characters that act on a terminal or hide.
pub fn printable(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::new(), |mut out, c| {
        match acts(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
        out
    }))
}
