//! Names with what there is to say about them, under a heading.
//!
//! A heading without rows is not printed, so nobody reads that there is nothing to read.

use std::fmt::Write as _;

use super::printable;

/// A name, and what there is to say about it.
pub(super) type Row = (String, String);

/// A longer name does not push the others' texts further to the right.
const MAX_NAME_WIDTH: usize = 32;

/// Adds a heading and its rows, with an empty line before.
pub(super) fn section(out: &mut String, title: &str, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let widest = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = widest.unwrap_or(0).min(MAX_NAME_WIDTH);
    let _ = writeln!(out, "\n{}", printable(title));
    for (name, text) in rows {
        let line = format!("  {:<width$}  {}", printable(name), printable(text));
        let _ = writeln!(out, "{}", line.trim_end());
    }
}
