//! What the analyses of the dependency graph say, for people and for programs.
//!
//! One view is one file. Each gives the same facts twice, as headed rows and as JSON.

mod availability;
mod coverage;
mod cuts;
mod people;
mod points;
mod recovery;
mod shared;
mod tiers;

use gonogo_model::component::{Component, Journey};
use gonogo_model::{Id, Package};
use serde_json::{Value, json};

use super::printable;
use super::rows::{self, Row};
use crate::graph::Graph;

/// The version of the JSON shapes.
pub const VERSION: u32 = 1;

/// Something that can be asked of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What takes a journey down alone.
    Points,
    /// What takes a journey down together.
    Cuts {
        /// Up to so many components together.
        order: usize,
    },
    /// What members of a group share.
    Shared,
    /// What is missing when it is needed.
    Recovery,
    /// What matters less than what stands on it.
    Tiers,
    /// What can be promised.
    Availability,
    /// What hangs on one person.
    People,
    /// Which ways to fail are written down.
    Coverage,
}

/// What a view says.
#[derive(Clone, Debug)]
pub struct Page {
    headline: String,
    sections: Vec<(String, Vec<Row>)>,
    notes: Vec<String>,
    json: Value,
}

impl Page {
    /// Of a package; where a journey is named, of that one only.
    pub fn of(view: View, package: &Package, graph: &Graph<'_>, journey: Option<&Id>) -> Self {
        match view {
            View::Points => points::page(package, graph, journey),
            View::Cuts { order } => cuts::page(package, graph, journey, order),
            View::Shared => shared::page(package, graph),
            View::Recovery => recovery::page(package, graph),
            View::Tiers => tiers::page(graph),
            View::Availability => availability::page(package, graph),
            View::People => people::page(package, graph),
            View::Coverage => coverage::page(package, graph, journey),
        }
    }

    /// For a person.
    pub fn human(&self) -> String {
        let mut out = format!("{}\n", printable(&self.headline));
        for (title, rows) in &self.sections {
            rows::section(&mut out, title, rows);
        }
        for note in &self.notes {
            out.push_str(&format!("\n{}\n", printable(note)));
        }
        out
    }

    /// For a program. Fields are only ever added.
    pub fn json(&self) -> String {
        let mut value = json!({"version": VERSION});
        if let (Some(into), Some(from)) = (value.as_object_mut(), self.json.as_object()) {
            into.extend(from.clone());
        }
        let mut out = serde_json::to_string_pretty(&value).unwrap_or_default();
        out.push('\n');
        out
    }
}

/// Is this the journey that was asked about, or was none?
fn is_asked(journey: &Journey, asked: Option<&Id>) -> bool {
    asked.is_none_or(|id| journey.id.value == *id)
}

/// "Cloud SQL (tier 1, platform)"
fn described(component: &Component) -> String {
    format!(
        "{} (tier {}, {})",
        component.name, component.tier, component.team.id
    )
}

fn component_json(component: &Component) -> Value {
    json!({
        "id": component.id.value,
        "name": component.name,
        "tier": component.tier,
        "team": component.team.id,
    })
}

/// "a, b and c"
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match &names[..] {
        [] => String::new(),
        [one] => (*one).to_string(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The names of components: "a, b and c"
fn names<'p>(components: impl IntoIterator<Item = &'p &'p Component>) -> String {
    listed(components.into_iter().map(|c| c.id.value.as_str()))
}
