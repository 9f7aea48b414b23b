//! What is said about an expression that cannot be read.

use std::ops::Range;

use cel::parser::ParseErrors;

use super::Attribute;
use crate::diagnostic::did_you_mean;

/// What is wrong with an expression, and where in it.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) label: String,
    pub(super) at: Range<usize>,
    pub(super) help: Vec<String>,
}

impl Mistake {
    pub(super) fn new(
        at: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            message: message.into(),
            label: label.into(),
            at,
            help: Vec::new(),
        }
    }

    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}

pub(super) fn too_deep(at: Range<usize>) -> Mistake {
    Mistake::new(
        at,
        "this expression is nested too deeply",
        "too many levels by here",
    )
    .help("use fewer parentheses, or compare with a list: `status in [\"a\", \"b\"]`")
}

/// The first error of the grammar, in words.
pub(super) fn syntax(text: &str, errors: &ParseErrors) -> Mistake {
    let Some(first) = errors.errors.first() else {
        return Mistake::new(0..text.len(), "this is no expression", "cannot be read");
    };
    let column = usize::try_from(first.pos.1).unwrap_or(1).max(1) - 1;
    let line = usize::try_from(first.pos.0).unwrap_or(1).max(1) - 1;
    let line_start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(line_start..).unwrap_or_default();
    let start = line_start
        + rest
            .char_indices()
            .nth(column)
            .map_or(rest.len(), |(at, _)| at);
    let at = start..start + word_len(&text[start..]);
    let said = first.msg.trim_start_matches("Syntax error: ");
    let word = &text[at.clone()];
    if word.is_empty() {
        let end = text.trim_end().len();
        return Mistake::new(
            end..text.len().max(end),
            "this expression ends too early",
            "something is missing here",
        )
        .help("write a value to compare with, or close what was opened");
    }
    let mut found = Mistake::new(
        at.clone(),
        format!("`{word}` cannot stand here"),
        "not understood from here on",
    );
    if said.contains("has()") {
        return Mistake::new(at, "`has` asks for a field by its path", "no path")
            .help(format!("of a field at the top write `has(fields.{word})`"));
    }
    if word.starts_with('=') && !word.starts_with("==") {
        found = found.help("equal is written `==`");
    } else if word.starts_with(['"', '\'']) && said.contains("token") {
        found = found.help("close the quotes");
    } else if matches!(word, "and" | "or" | "not" | "AND" | "OR" | "NOT") {
        found = found.help("and is written `&&`, or `||`, not `!`");
    } else if word.starts_with(['&', '|']) {
        found = found.help("and is written `&&`, or `||`");
    } else {
        found = found.help("an expression is CEL: `livemode && data.object.amount >= 100`");
    }
    found
}

/// How long the word is that a text begins with.
pub(super) fn word_len(text: &str) -> usize {
    let named = |c: char| c.is_alphanumeric() || c == '_';
    match text.chars().next() {
        None => 0,
        Some(c) if named(c) => text.find(|c| !named(c)).unwrap_or(text.len()),
        Some(c) => c.len_utf8(),
    }
}

pub(super) fn no_attribute(at: Range<usize>, name: &str) -> Mistake {
    let found = Mistake::new(
        at,
        match name {
            "" => "`event` is not a value by itself".to_owned(),
            _ => format!("an event has no `{name}` of its own"),
        },
        "not known here",
    );
    match did_you_mean(name, Attribute::ALL.map(|(name, _)| name)) {
        Some(near) => found.help(format!("did you mean `event.{near}`?")),
        None => found.help(format!(
            "`event` has `id`, `type`, `subject`, `source` and `time`; fields of the body are written by their path alone, and where that begins with `event` as `fields[\"event.{name}\"]`"
        )),
    }
}
