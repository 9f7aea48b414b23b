//! The whole check of a package: load it, then ask every rule.
//!
//! A mistake is said once. What only follows from another mistake waits until that one is
//! mended, and how much waits is said.

use std::borrow::Cow;

use gonogo_model::diagnostic::Severity;
use gonogo_model::text::{FileNo, Span};
use gonogo_model::{Diagnostic, Loaded, Package, PackageText, load};

use crate::report::{Counts, counted, printable};
use crate::rules;
use crate::secret;

/// What a check gives.
#[derive(Clone, Debug)]
pub struct Checked {
    /// All that could be read.
    pub package: Package,
    /// Every finding, in order of file and line; those about no file first.
    pub diagnostics: Vec<Diagnostic>,
    /// How many.
    pub counts: Counts,
}

impl Checked {
    /// May it be put in force?
    pub fn is_sound(&self) -> bool {
        self.counts.errors == 0
    }
}

/// Checks a package. `unreadable` are findings about files whose text is not whole.
pub fn check(text: &PackageText, unreadable: Vec<Diagnostic>) -> Checked {
    judge(load(text), text, unreadable)
}

/// Checks a package that has been loaded from this text, with or without an overlay.
pub fn judge(loaded: Loaded, text: &PackageText, unreadable: Vec<Diagnostic>) -> Checked {
    let lost = |d: &Diagnostic| d.severity == Severity::Error;
    let incomplete = unreadable.iter().any(lost) || loaded.diagnostics.iter().any(loses_entities);
    let mut diagnostics = unreadable;
    diagnostics.extend(loaded.diagnostics);
    let mut waiting = None;
    if incomplete {
        waiting = Some(hold_back_dangling(&mut diagnostics));
        diagnostics.extend(rules::of_text(text));
    } else {
        diagnostics.extend(rules::all(&loaded.package, text));
    }
    diagnostics.sort_by_key(|d| {
        d.span
            .map_or((FileNo(0), 0, 0), |s| (s.file, s.line, s.column))
    });
    diagnostics.dedup_by(|a, b| a.code == secret::CODE && b.code == a.code && same_place(a, b));
    // It speaks of the others, so it stands after them.
    diagnostics.extend(waiting);
    diagnostics.iter_mut().for_each(clean);
    let counts = Counts::of(&diagnostics, text.files.len());
    Checked {
        package: loaded.package,
        diagnostics,
        counts,
    }
}

/// The same secret is seen by the field that it stands in and by its shape.
fn same_place(a: &Diagnostic, b: &Diagnostic) -> bool {
    let (Some(a), Some(b)) = (a.span, b.span) else {
        return false;
    };
    let inside =
        |column: u32, s: Span| (s.column..s.column.saturating_add(s.len)).contains(&column);
    (a.file, a.line) == (b.file, b.line) && (inside(a.column, b) || inside(b.column, a))
}

/// Findings after which an entity, or a whole file, is missing from what was loaded. What
/// refers to it is then no mistake of its own, and a lint about absence would be wrong.
const LOSES_ENTITIES: &[&str] = &[
    "bad-value",
    "file-too-large",
    "front-matter",
    "missing-field",
    "one-of",
    "secret-in-package",
    "unknown-word",
    "wrong-type",
    "yaml-alias",
    "yaml-depth",
    "yaml-documents",
    "yaml-key",
    "yaml-size",
    "yaml-syntax",
];

fn loses_entities(found: &Diagnostic) -> bool {
    LOSES_ENTITIES.contains(&found.code)
}

fn hold_back_dangling(diagnostics: &mut Vec<Diagnostic>) -> Diagnostic {
    let before = diagnostics.len();
    diagnostics.retain(|d| {
        d.code != "unknown-reference" || d.help.iter().any(|h| h.starts_with("did you mean"))
    });
    let held_back = before - diagnostics.len();
    let waiting = match held_back {
        0 => "the lints wait until the errors above are mended".to_string(),
        n => format!(
            "{} and the lints wait until the errors above are mended",
            counted(n, "dangling reference")
        ),
    };
    Diagnostic::new("not-checked-yet", Severity::Note, None, waiting)
}

/// A message may quote what was written, and that may be a secret in the wrong place, or
/// characters that act on a terminal.
fn clean(found: &mut Diagnostic) {
    let texts = [&mut found.message, &mut found.label]
        .into_iter()
        .chain(&mut found.help)
        .chain(found.related.iter_mut().map(|(_, text)| text));
    for text in texts {
        let masked = secret::mask(text);
        if let Cow::Owned(cleaned) = printable(&masked) {
            *text = cleaned;
        } else if let Cow::Owned(masked) = masked {
            *text = masked;
        }
    }
}
