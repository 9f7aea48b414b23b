//! The whole check of a package: load it, then ask every rule.
//!
//! A mistake is said once. What only follows from another mistake waits until that one is
//! mended, and how much waits is said.

use gonogo_model::diagnostic::Severity;
use gonogo_model::text::FileNo;
use gonogo_model::{Diagnostic, Package, PackageText, load};

use crate::report::{Counts, counted};
use crate::rules;

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
    let loaded = load(text);
    let incomplete = !unreadable.is_empty() || loaded.diagnostics.iter().any(loses_entities);
    let mut diagnostics = unreadable;
    diagnostics.extend(loaded.diagnostics);
    let mut waiting = None;
    if incomplete {
        waiting = Some(hold_back_dangling(&mut diagnostics));
    } else {
        diagnostics.extend(rules::all(&loaded.package));
    }
    diagnostics.sort_by_key(|d| {
        d.span
            .map_or((FileNo(0), 0, 0), |s| (s.file, s.line, s.column))
    });
    // It speaks of the others, so it stands after them.
    diagnostics.extend(waiting);
    let counts = Counts::of(&diagnostics, text.files.len());
    Checked {
        package: loaded.package,
        diagnostics,
        counts,
    }
}

/// Findings after which an entity, or a whole file, is missing from what was loaded. What
/// refers to it is then no mistake of its own, and a lint about absence would be wrong.
const LOSES_ENTITIES: &[&str] = &[
    "bad-value",
    "file-too-large",
    "front-matter",
    "missing-field",
    "one-of",
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
    Diagnostic::new("not-checked-yet", Severity::Note, None, waiting).help(
        "what could not be read may hold the names they look for; run `gonogo check` again then",
    )
}
