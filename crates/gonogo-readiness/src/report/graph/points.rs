//! What takes a journey down alone, and what is known of it.

use std::collections::BTreeMap;

use gonogo_model::component::{Component, Journey};
use gonogo_model::risk::FailureMode;
use gonogo_model::{Id, Package};
use serde_json::{Value, json};

use super::{Page, component_json, described, is_asked, listed};
use crate::graph::cut_sets::single_points;
use crate::graph::{Graph, Node, Place};
use crate::report::counted;
use crate::report::rows::Row;

/// One component and the journeys that fall with it.
struct Point<'p> {
    component: &'p Component,
    journeys: Vec<&'p Journey>,
    modes: Vec<&'p FailureMode>,
}

pub(super) fn page(package: &Package, graph: &Graph<'_>, asked: Option<&Id>) -> Page {
    let points = points(package, graph, asked);
    let journeys = package
        .journeys
        .values()
        .filter(|j| is_asked(j, asked))
        .count();
    let rows = |known: bool| -> Vec<Row> {
        let of = points.iter().filter(|p| p.modes.is_empty() != known);
        of.map(row).collect()
    };
    Page {
        headline: format!(
            "{} can take a journey down alone; there are {}.",
            counted(points.len(), "component"),
            counted(journeys, "journey")
        ),
        sections: vec![
            ("Without any failure mode".into(), rows(false)),
            ("Known in the risk register".into(), rows(true)),
        ],
        notes: Vec::new(),
        json: json!({"single_points": points.iter().map(json_of).collect::<Vec<Value>>()}),
    }
}

fn points<'p>(package: &'p Package, graph: &Graph<'p>, asked: Option<&Id>) -> Vec<Point<'p>> {
    let mut found: BTreeMap<Place, Vec<&'p Journey>> = BTreeMap::new();
    for (at, alone) in single_points(graph) {
        if let Node::Journey(journey) = graph.node(at)
            && is_asked(journey, asked)
        {
            alone
                .into_iter()
                .for_each(|place| found.entry(place).or_default().push(journey));
        }
    }
    let point = |(place, journeys)| {
        let Node::Component(component) = graph.node(place) else {
            return None;
        };
        let of_it = |mode: &&FailureMode| mode.component.id == component.id.value;
        let modes = package.failure_modes.values().filter(of_it).collect();
        Some(Point {
            component,
            journeys,
            modes,
        })
    };
    let mut points: Vec<Point<'p>> = found.into_iter().filter_map(point).collect();
    points.sort_by_key(|p| {
        (
            std::cmp::Reverse(p.journeys.len()),
            p.component.tier,
            &p.component.id.value,
        )
    });
    points
}

fn row(point: &Point<'_>) -> Row {
    let component = point.component;
    let journeys = listed(point.journeys.iter().map(|j| j.id.value.as_str()));
    let accepted = point
        .modes
        .iter()
        .find_map(|m| Some((m, m.accepted.as_ref()?)));
    let accepted = accepted.map_or(String::new(), |(mode, by)| {
        let day = by.until.0.date();
        format!(
            "; {} is accepted by {} until {day}",
            mode.id.value, by.by.id
        )
    });
    let text = format!("{}: {journeys}{accepted}", described(component));
    (component.id.value.to_string(), text)
}

fn json_of(point: &Point<'_>) -> Value {
    let mut value = component_json(point.component);
    value["journeys"] = point.journeys.iter().map(|j| json!(j.id.value)).collect();
    value["failure_modes"] = point
        .modes
        .iter()
        .map(|mode| json!({"id": mode.id.value, "accepted": mode.accepted.is_some()}))
        .collect();
    value
}
