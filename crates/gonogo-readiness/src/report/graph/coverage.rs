//! Which ways to fail are written down, journey by component.

use gonogo_model::component::Component;
use gonogo_model::{Id, Package};
use serde_json::{Value, json};

use super::{Page, is_asked, listed};
use crate::graph::Graph;
use crate::graph::coverage::{Cell, Coverage};
use crate::report::counted;
use crate::report::rows::Row;

pub(super) fn page(package: &Package, graph: &Graph<'_>, asked: Option<&Id>) -> Page {
    let mut coverage = Coverage::of(package, graph);
    coverage.journeys.retain(|journey| is_asked(journey, asked));
    coverage.cells.retain(|cell| is_asked(cell.journey, asked));
    let needed = |c: &&Component| {
        coverage
            .cells
            .iter()
            .any(|cell| cell.component.id.value == c.id.value)
    };
    coverage.components = coverage.components.iter().copied().filter(needed).collect();
    let gaps = coverage.gaps().count();
    let modes = coverage.undetected.iter();
    let undetected = modes
        .map(|m| (m.id.value.to_string(), m.name.clone()))
        .collect();
    Page {
        headline: format!(
            "{} of a journey and what it hard-needs, {} without a failure mode.",
            counted(coverage.cells.len(), "pair"),
            gaps
        ),
        sections: vec![
            (legend(&coverage), matrix(&coverage)),
            ("Pairs without a failure mode".into(), missing(&coverage)),
            (
                "Failure modes that no alert would notice".into(),
                undetected,
            ),
        ],
        notes: Vec::new(),
        json: json!({
            "cells": coverage.cells.iter().map(json_of).collect::<Vec<Value>>(),
            "undetected": coverage.undetected.iter().map(|m| &m.id.value).collect::<Vec<_>>(),
        }),
    }
}

/// What the columns and the signs of the matrix mean.
fn legend(coverage: &Coverage<'_>) -> String {
    let journeys = coverage.journeys.iter().zip(1..);
    let columns: Vec<String> = journeys
        .map(|(j, n)| format!("{n} {}", j.id.value))
        .collect();
    format!(
        "Failure modes of each pair (! none, · not needed): {}",
        columns.join(", ")
    )
}

fn matrix(coverage: &Coverage<'_>) -> Vec<Row> {
    let width = coverage.journeys.len().to_string().len().max(2);
    let line = |signs: Vec<String>| {
        let signs = signs.into_iter().map(|sign| format!("{sign:>width$}"));
        signs.collect::<Vec<_>>().join(" ")
    };
    let head = (1..=coverage.journeys.len())
        .map(|n| n.to_string())
        .collect();
    let rows = coverage.components.iter().map(|component| {
        let sign = |journey: &&gonogo_model::component::Journey| match coverage
            .cell(&journey.id.value, component)
            .map(|c| c.modes.len())
        {
            None => "·".to_string(),
            Some(0) => "!".to_string(),
            Some(n) => n.to_string(),
        };
        let signs = coverage.journeys.iter().map(sign).collect();
        (component.id.value.to_string(), line(signs))
    });
    match coverage.components.is_empty() {
        true => Vec::new(),
        false => std::iter::once((String::new(), line(head)))
            .chain(rows)
            .collect(),
    }
}

/// One row for each journey.
fn missing(coverage: &Coverage<'_>) -> Vec<Row> {
    let of = |journey: &&gonogo_model::component::Journey| {
        let gaps = coverage
            .gaps()
            .filter(|cell| cell.journey.id.value == journey.id.value);
        let names = listed(gaps.map(|cell| cell.component.id.value.as_str()));
        (!names.is_empty()).then(|| (journey.id.value.to_string(), names))
    };
    coverage.journeys.iter().filter_map(of).collect()
}

fn json_of(cell: &Cell<'_>) -> Value {
    let ids = |modes: &[&gonogo_model::risk::FailureMode]| {
        modes
            .iter()
            .map(|m| json!(m.id.value))
            .collect::<Vec<Value>>()
    };
    json!({
        "journey": cell.journey.id.value,
        "component": cell.component.id.value,
        "alone": cell.alone,
        "failure_modes": ids(&cell.modes),
        "of_other_journeys": ids(&cell.elsewhere),
    })
}
