//! The declared fields of a body, and nothing else of it.
//!
//! The journal keeps what the package asks for. Invariant: no undeclared part of a body gets
//! into an event, and no field is larger than [`MAX_FIELD_BYTES`].

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::event::{Scalar, field_at};
use serde_json::Value;

use super::event::Note;

/// The longest text kept of one field, in bytes.
pub const MAX_FIELD_BYTES: usize = 4096;

/// The leaves of `body` at the declared paths; a path that leads nowhere gives none.
pub(super) fn extract(
    body: &Value,
    paths: &BTreeSet<String>,
    notes: &mut Vec<Note>,
) -> BTreeMap<String, Scalar> {
    paths
        .iter()
        .filter_map(|path| {
            let mut leaf = field_at(body, path)?;
            if let Scalar::Text(text) = &mut leaf
                && text.len() > MAX_FIELD_BYTES
            {
                text.truncate(text.floor_char_boundary(MAX_FIELD_BYTES));
                notes.push(Note::FieldCut(path.clone()));
            }
            Some((path.clone(), leaf))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_declared_leaves_only() {
        let body = serde_json::json!({"a": {"b": 1, "card": "4242"}, "list": [1], "n": null});
        let paths = ["a.b", "a", "list", "n", "no.where"]
            .map(String::from)
            .into();
        let fields = extract(&body, &paths, &mut Vec::new());
        assert_eq!(
            fields,
            [("a.b".into(), Scalar::Int(1)), ("n".into(), Scalar::Null)].into()
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_noted() {
        let paths = ["long".to_owned(), "whole".to_owned()].into();
        let body = serde_json::json!({
            "whole": "x".repeat(MAX_FIELD_BYTES),
            "long": format!("{}é", "x".repeat(MAX_FIELD_BYTES - 1)),
        });
        let mut notes = Vec::new();
        let fields = extract(&body, &paths, &mut notes);
        let len = |path: &str| fields[path].as_key().unwrap().len();
        assert_eq!(
            (len("whole"), len("long")),
            (MAX_FIELD_BYTES, MAX_FIELD_BYTES - 1)
        );
        assert_eq!(notes, [Note::FieldCut("long".into())]);
    }
}
