//! Values that stand in for written ones while something is tried out.
//!
//! A demonstration shortens deadlines and points checks at itself without touching the
//! package: the digest stays, and what differs is a list that is printed.

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Severity};
use crate::text::Span;
use crate::text::Spanned;
use crate::yaml::{Entry, Node, Value};

/// A list of replacements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// The replacements, in order.
    pub set: Vec<Replacement>,
}

/// One replaced value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The list that holds the entry: `flows`.
    pub list: String,
    /// The entry's id: `charge-recorded`.
    pub id: String,
    /// The field in it, dotted: `probe.http.url`, `steps.0.wait`.
    pub field: String,
    /// The value, as YAML.
    pub to: String,
}

impl Overlay {
    /// Adds a replacement.
    pub fn set(&mut self, list: &str, id: &str, field: &str, to: impl Into<String>) {
        self.set.push(Replacement {
            list: list.into(),
            id: id.into(),
            field: field.into(),
            to: to.into(),
        });
    }

    /// Puts the values into the trees of a package; says which found no place.
    pub(crate) fn apply(&self, trees: &mut [Node], diagnostics: &mut Vec<Diagnostic>) {
        for replacement in &self.set {
            let place = trees.iter_mut().find_map(|tree| entry(tree, replacement));
            let Some(place) = place else {
                diagnostics.push(Diagnostic::new(
                    "overlay-place",
                    Severity::Error,
                    None,
                    format!("the overlay sets {replacement}, but the package has no such entry"),
                ));
                continue;
            };
            let span = place.span;
            if let Some(mut value) = crate::yaml::parse(&replacement.to, span.file, 1, diagnostics)
            {
                relocate(&mut value, span);
                set(place, &replacement.field, value);
            }
        }
    }
}

impl std::fmt::Display for Replacement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} {} = {}", self.list, self.id, self.field, self.to)
    }
}

fn entry<'n>(tree: &'n mut Node, replacement: &Replacement) -> Option<&'n mut Node> {
    let Value::Map(entries) = &mut tree.value else {
        return None;
    };
    let list = entries
        .iter_mut()
        .find(|e| e.key.value == replacement.list)?;
    if replacement.id.is_empty() {
        return Some(&mut list.value);
    }
    let Value::List(items) = &mut list.value.value else {
        return None;
    };
    items.iter_mut().find(|item| {
        matches!(item.get("id"), Some(Node { value: Value::Scalar { text, .. }, .. }) if *text == replacement.id)
    })
}

fn set(place: &mut Node, field: &str, value: Node) {
    let (head, tail) = match field.split_once('.') {
        Some((head, tail)) => (head, Some(tail)),
        None => (field, None),
    };
    if let Value::List(items) = &mut place.value
        && let Ok(index) = head.parse::<usize>()
    {
        if let Some(item) = items.get_mut(index) {
            match tail {
                None => *item = value,
                Some(tail) => set(item, tail, value),
            }
        }
        return;
    }
    if !matches!(place.value, Value::Map(_)) {
        place.value = Value::Map(Vec::new());
    }
    let span = place.span;
    let Value::Map(entries) = &mut place.value else {
        return;
    };
    let index = entries
        .iter()
        .position(|e| e.key.value == head)
        .unwrap_or_else(|| {
            let key = Spanned {
                value: head.to_string(),
                span,
            };
            entries.push(Entry {
                key,
                value: Node {
                    span,
                    value: Value::Null,
                    pieces: None,
                },
            });
            entries.len() - 1
        });
    match tail {
        None => entries[index].value = value,
        Some(tail) => set(&mut entries[index].value, tail, value),
    }
}

/// A value from an overlay stands where it was put, so that a message points somewhere real.
fn relocate(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|n| relocate(n, span)),
        Value::Map(entries) => entries.iter_mut().for_each(|e| {
            e.key.span = span;
            relocate(&mut e.value, span);
        }),
        Value::Null | Value::Scalar { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FileNo;

    #[test]
    fn sets_values_in_maps_lists_and_places_that_were_not_there() {
        let mut found = Vec::new();
        let text = "flows:\n  - id: a\n    steps: [{wait: 5m}, {wait: 6m}]\n";
        let mut trees = [crate::yaml::parse(text, FileNo(0), 1, &mut found).unwrap()];
        let mut overlay = Overlay::default();
        overlay.set("flows", "a", "steps.1.wait", "1s");
        overlay.set("flows", "a", "deep.er", "[x]");
        overlay.set("flows", "missing", "x", "1");
        overlay.apply(&mut trees, &mut found);
        let Value::List(items) = &trees[0].get("flows").unwrap().value else {
            panic!()
        };
        let Value::List(steps) = &items[0].get("steps").unwrap().value else {
            panic!()
        };
        let text = |n: &Node| match &n.value {
            Value::Scalar { text, .. } => text.clone(),
            _ => "-".into(),
        };
        assert_eq!(text(steps[0].get("wait").unwrap()), "5m");
        assert_eq!(text(steps[1].get("wait").unwrap()), "1s");
        assert!(items[0].get("deep").unwrap().get("er").is_some());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, "overlay-place");
    }
}
