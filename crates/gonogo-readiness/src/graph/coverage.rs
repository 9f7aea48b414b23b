//! Which ways to fail are written down for what each journey stands on.
//!
//! A cell is a journey and a component that it hard-needs, directly or through others. It is
//! covered by a failure mode of that component which names the journey, or names none and so
//! speaks of all.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::component::{Component, Journey};
use gonogo_model::risk::FailureMode;
use gonogo_model::{Id, Package};

use super::cut_sets::single_points;
use super::{Graph, Node};

/// Journeys against what they stand on.
#[derive(Clone, Debug)]
pub struct Coverage<'p> {
    /// The journeys, in order of name: the columns.
    pub journeys: Vec<&'p Journey>,
    /// The components that some journey hard-needs: the rows, the more important first.
    pub components: Vec<&'p Component>,
    /// What is known of each pair, by journey and then in the order of `components`.
    pub cells: Vec<Cell<'p>>,
    /// Failure modes that no alert would notice, in order of name.
    pub undetected: Vec<&'p FailureMode>,
}

/// A journey and a component that it hard-needs.
#[derive(Clone, Debug)]
pub struct Cell<'p> {
    /// The journey.
    pub journey: &'p Journey,
    /// What it needs.
    pub component: &'p Component,
    /// Does the journey fall when this fails alone?
    pub alone: bool,
    /// The failure modes that cover the pair, in order of name.
    pub modes: Vec<&'p FailureMode>,
    /// Failure modes of the component that name other journeys and not this one.
    pub elsewhere: Vec<&'p FailureMode>,
}

impl<'p> Coverage<'p> {
    /// Of a package.
    pub fn of(package: &'p Package, graph: &Graph<'p>) -> Self {
        let mut modes: BTreeMap<&Id, Vec<&'p FailureMode>> = BTreeMap::new();
        for mode in package.failure_modes.values() {
            modes.entry(&mode.component.id).or_default().push(mode);
        }
        let mut coverage = Self {
            journeys: package.journeys.values().collect(),
            components: Vec::new(),
            cells: Vec::new(),
            undetected: package
                .failure_modes
                .values()
                .filter(|mode| mode.detected_by.is_empty())
                .collect(),
        };
        for (at, alone) in single_points(graph) {
            let Node::Journey(journey) = graph.node(at) else {
                continue;
            };
            let of_it = |mode: &&FailureMode| {
                let named = mode.journeys.iter().any(|j| j.id == journey.id.value);
                named || mode.journeys.is_empty()
            };
            for place in graph.beneath([at]) {
                let Node::Component(component) = graph.node(place) else {
                    continue;
                };
                let known = modes
                    .get(&component.id.value)
                    .into_iter()
                    .flatten()
                    .copied();
                let (covering, elsewhere) = known.partition(of_it);
                coverage.cells.push(Cell {
                    journey,
                    component,
                    alone: alone.binary_search(&place).is_ok(),
                    modes: covering,
                    elsewhere,
                });
            }
        }
        let rank = |c: &&'p Component| (c.tier, &c.id.value);
        let mut seen = BTreeSet::new();
        let rows = coverage.cells.iter().map(|cell| cell.component);
        coverage.components = rows.filter(|c| seen.insert(&c.id.value)).collect();
        coverage.components.sort_by_key(rank);
        coverage
            .cells
            .sort_by_key(|cell| (&cell.journey.id.value, rank(&cell.component)));
        coverage
    }

    /// What is known of a pair; `None` where the journey does not hard-need the component.
    pub fn cell(&self, journey: &Id, component: &Component) -> Option<&Cell<'p>> {
        let wanted = (journey, component.tier, &component.id.value);
        let key = |cell: &Cell<'p>| {
            (
                &cell.journey.id.value,
                cell.component.tier,
                &cell.component.id.value,
            )
        };
        let found = self.cells.binary_search_by(|cell| key(cell).cmp(&wanted));
        self.cells.get(found.ok()?)
    }

    /// Pairs without any failure mode, by journey.
    pub fn gaps(&self) -> impl Iterator<Item = &Cell<'p>> {
        self.cells.iter().filter(|cell| cell.modes.is_empty())
    }
}
