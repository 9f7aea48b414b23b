//! What matters less than what stands on it.

use serde_json::{Value, json};

use super::Page;
use crate::graph::Graph;
use crate::graph::tier::{Inversion, inversions};
use crate::report::rows::Row;

pub(super) fn page(graph: &Graph<'_>) -> Page {
    let found = inversions(graph);
    let headline = match found.len() {
        0 => "Nothing stands on something that is said to matter less.".to_string(),
        1 => "1 dependency is on something that is said to matter less.".to_string(),
        n => format!("{n} dependencies are on something that is said to matter less."),
    };
    Page {
        headline,
        sections: vec![("Needed by".into(), found.iter().map(row).collect())],
        notes: Vec::new(),
        json: json!({"inversions": found.iter().map(json_of).collect::<Vec<Value>>()}),
    }
}

fn row(inversion: &Inversion<'_>) -> Row {
    let needed = inversion.needed;
    let text = format!(
        "needs {} of tier {}; it would have to be of tier {}",
        needed.id.value, needed.tier, inversion.at_least
    );
    (inversion.node.id().to_string(), text)
}

fn json_of(inversion: &Inversion<'_>) -> Value {
    json!({
        "node": inversion.node.id(),
        "needs": inversion.needed.id.value,
        "tier": inversion.needed.tier,
        "at_least": inversion.at_least,
    })
}
