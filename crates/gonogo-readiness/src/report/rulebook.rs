//! What each code means, for formats that describe their rules beside the findings.
//!
//! Every code that `gonogo check` can give has an entry: a rule's comes from its manual page,
//! a reader's from the table below. A test holds the table against the cases of mistakes.

use crate::rules::RULES;

/// A code and its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The code.
    pub code: &'static str,
    /// One sentence.
    pub summary: String,
    /// The whole manual page as Markdown; of a reader's code there is only the sentence.
    pub manual: Option<String>,
}

/// All of them, in order of the code.
pub fn entries() -> Vec<Entry> {
    let rules = RULES.iter().map(|rule| {
        let manual = rule.manual();
        Entry {
            code: rule.code,
            summary: first_sentence(&manual),
            manual: Some(manual),
        }
    });
    let known = |code: &str| RULES.iter().any(|rule| rule.code == code);
    let readers = READERS.iter().filter(|(code, _)| !known(code));
    let readers = readers.map(|(code, summary)| Entry {
        code,
        summary: (*summary).into(),
        manual: None,
    });
    let mut all: Vec<Entry> = rules.chain(readers).collect();
    all.sort_by_key(|entry| entry.code);
    all
}

/// What stands first under "What it does".
fn first_sentence(manual: &str) -> String {
    let does = manual.split("## What it does\n").nth(1).unwrap_or_default();
    let paragraph = does.split("\n\n").next().unwrap_or_default();
    let line = paragraph.replace('\n', " ");
    line.split_inclusive(". ")
        .next()
        .unwrap_or_default()
        .trim()
        .to_string()
}

/// What reading a package can find, before any rule is asked.
const READERS: &[(&str, &str)] = &[
    (
        "bad-value",
        "A value is not of the form that its field has.",
    ),
    (
        "check-places",
        "A check is asked from places that could not agree, or that cannot ask it.",
    ),
    (
        "duplicate-id",
        "Two entities of one kind have the same name.",
    ),
    ("duplicate-key", "A key stands twice in one mapping."),
    (
        "duplicate-section",
        "A section that a package has once stands in two files.",
    ),
    (
        "expression",
        "A condition cannot be read, or has something in it that conditions cannot have.",
    ),
    (
        "expression-field",
        "A condition asks for a field that its events do not have.",
    ),
    (
        "expression-field-missing",
        "A condition asks for a field that only some of its events have.",
    ),
    (
        "expression-type",
        "A condition takes a value for something that it is not.",
    ),
    (
        "expression-value",
        "A condition compares a field with a value that it never has.",
    ),
    (
        "expression-without-schema",
        "Nobody has said which fields the events of a condition have.",
    ),
    ("file-name", "The name of a file cannot be read."),
    ("file-too-large", "A file is too large to be read."),
    ("file-unreadable", "A file cannot be read, or not as text."),
    (
        "format-version",
        "The package is of a format that this release does not read.",
    ),
    ("front-matter", "A Markdown file has no front matter."),
    (
        "gauge-bounds",
        "Bounds of a gauge contradict each other, or are none.",
    ),
    (
        "hysteresis",
        "A bound at which something ends is on the wrong side, or ends what never begins.",
    ),
    ("inject-value", "An inject of a rehearsal cannot be played."),
    (
        "link-loop",
        "A link leads back to a directory that it stands in.",
    ),
    (
        "maintenance-covers-nothing",
        "A maintenance window covers nothing.",
    ),
    (
        "maintenance-never-ends",
        "A maintenance window begins again before it has ended.",
    ),
    (
        "missing-field",
        "A field that has to be written is missing.",
    ),
    (
        "no-bound",
        "An alert on a gauge says no number at which it holds.",
    ),
    (
        "no-limit",
        "A gauge is to run out and has no number at which it does.",
    ),
    ("no-package", "No file says `package:`."),
    (
        "not-checked-yet",
        "Some findings wait until errors before them are mended.",
    ),
    ("one-of", "Of several shapes, exactly one has to be chosen."),
    (
        "overlay-place",
        "A value is replaced in a place that there is not.",
    ),
    (
        "skew-fixed",
        "Both sides of a skew are written in the package.",
    ),
    (
        "stale-too-soon",
        "Something is unknown before it is read again.",
    ),
    ("too-often", "Something is asked oftener than anything is."),
    (
        "unknown-field",
        "A mapping has a field that it cannot have.",
    ),
    (
        "unknown-reference",
        "A name does not resolve to anything that is declared.",
    ),
    (
        "unknown-word",
        "A word is not one of those that can stand there.",
    ),
    (
        "uplink-nowhere",
        "An uplink names no place by which anything could be told.",
    ),
    (
        "window-too-long",
        "A window is longer than numbers are remembered.",
    ),
    (
        "window-too-short",
        "A window never holds the numbers that it needs.",
    ),
    (
        "wrong-type",
        "Something else stands where a list, a mapping or a value belongs.",
    ),
    ("yaml-alias", "An alias points into itself."),
    ("yaml-depth", "A file is nested too deeply."),
    (
        "yaml-documents",
        "A package file holds more than one document.",
    ),
    ("yaml-key", "A key of a mapping is not text."),
    (
        "yaml-size",
        "A file grows too large when its aliases are written out.",
    ),
    ("yaml-syntax", "A file is not valid YAML."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_says_something_and_stands_once() {
        let all = entries();
        assert!(all.windows(2).all(|pair| pair[0].code < pair[1].code));
        for entry in all {
            assert!(
                entry.summary.ends_with('.'),
                "{}: {}",
                entry.code,
                entry.summary
            );
        }
    }
}
