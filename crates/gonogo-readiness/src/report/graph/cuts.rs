//! What takes a journey down together.

use gonogo_model::{Id, Package};
use serde_json::{Value, json};

use super::{Page, is_asked, names};
use crate::graph::cut_sets::{CutSet, CutSets, MAX_WORK};
use crate::graph::{Graph, Node};
use crate::report::counted;
use crate::report::rows::Row;

pub(super) fn page(package: &Package, graph: &Graph<'_>, asked: Option<&Id>, order: usize) -> Page {
    let journeys = graph.journeys().filter(|at| match graph.node(*at) {
        Node::Journey(journey) => is_asked(journey, asked),
        Node::Component(_) => false,
    });
    let all: Vec<CutSets<'_>> = journeys
        .map(|at| CutSets::of(package, graph, at, order))
        .collect();
    let larger = |cuts: &CutSets<'_>| cuts.sets.iter().filter(|s| s.components.len() > 1).count();
    let pairs: usize = all.iter().map(larger).sum();
    let asked_for = all.first().map_or(order, |cuts| cuts.asked);
    Page {
        headline: format!(
            "What takes a journey down, up to {} together: {} beyond single points.",
            counted(asked_for, "component"),
            counted(pairs, "set")
        ),
        sections: all.iter().map(|cuts| (title(cuts), rows(cuts))).collect(),
        notes: all
            .iter()
            .filter(|cuts| cuts.is_truncated())
            .map(note)
            .collect(),
        json: json!({"journeys": all.iter().map(json_of).collect::<Vec<Value>>()}),
    }
}

fn title(cuts: &CutSets<'_>) -> String {
    format!("{} ({})", cuts.node.name(), cuts.node.id())
}

/// Single points in one row, then one row for each larger set.
fn rows(cuts: &CutSets<'_>) -> Vec<Row> {
    let alone: Vec<_> = cuts
        .single_points()
        .flat_map(|set| &set.components)
        .collect();
    let single = (!alone.is_empty()).then(|| ("alone".into(), names(alone)));
    let larger = cuts.sets.iter().filter(|set| set.components.len() > 1);
    let row = |set: &CutSet<'_>| {
        let text = format!(
            "{} (tier {}, likelihood {})",
            names(&set.components),
            set.tier,
            set.likelihood
        );
        ("together".into(), text)
    };
    single.into_iter().chain(larger.map(row)).collect()
}

fn note(cuts: &CutSets<'_>) -> String {
    format!(
        "note: for {} sets of more than {} would take over {MAX_WORK} steps and are left out",
        cuts.node.id(),
        counted(cuts.complete_to, "component")
    )
}

fn json_of(cuts: &CutSets<'_>) -> Value {
    let set = |set: &CutSet<'_>| {
        json!({
            "components": set.components.iter().map(|c| &c.id.value).collect::<Vec<_>>(),
            "tier": set.tier,
            "likelihood": set.likelihood,
        })
    };
    json!({
        "journey": cuts.node.id(),
        "complete_to": cuts.complete_to,
        "truncated": cuts.is_truncated(),
        "sets": cuts.sets.iter().map(set).collect::<Vec<Value>>(),
    })
}
