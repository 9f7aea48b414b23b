//! # SUP-02: What the status page lists is what customers use
//!
//! ## Why it matters
//! A journey that no public component stands for cannot be told about. A public component that no
//! journey needs is noise.
//!
//! ## How it is proved
//! From the graph: each critical journey needs a component with a `public` name, and each
//! component with one is needed by a journey.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: checkout
//!     public: {name: Checkout, group: Shop}
//! ```
//!
//! ## How to meet it
//! Give the component that customers would name a `public` name, and take it from the others.

use std::collections::BTreeSet;

use gonogo_model::component::DependencyKind;

use crate::graph::Place;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "SUP-02",
    title: "What the status page lists is what customers use",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("public_names_map.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let mut used: BTreeSet<Place> = BTreeSet::new();
    for journey in case.package.journeys.values() {
        let start = journey.depends_on.iter().filter(|d| counts(d.kind));
        let below = reach(
            case,
            start.filter_map(|d| case.graph.component(&d.component.id)),
        );
        let public = |at: &Place| match case.graph.node(*at) {
            crate::graph::Node::Component(c) => c.public.is_some(),
            crate::graph::Node::Journey(_) => false,
        };
        if journey.critical {
            case.journey(answers, journey).must(
                below.iter().any(public),
                "no public component stands for it",
                "give a component that it needs a `public` name",
            );
        }
        used.extend(below);
    }
    for component in case
        .package
        .components
        .values()
        .filter(|c| c.public.is_some())
    {
        let at = case.graph.component(&component.id.value);
        case.component(answers, component).must(
            at.is_some_and(|at| used.contains(&at)),
            "customers see it on the status page, and no journey needs it",
            "let a journey depend on it, or take its `public` name away",
        );
    }
}

/// Both what fails with something and what is worse without it can be told of.
fn counts(kind: DependencyKind) -> bool {
    matches!(kind, DependencyKind::Hard | DependencyKind::Soft)
}

fn reach(case: &Case<'_>, from: impl Iterator<Item = Place>) -> BTreeSet<Place> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Place> = from.collect();
    while let Some(at) = open.pop() {
        if found.insert(at) {
            let edges = case.graph.needs(at).iter();
            open.extend(edges.filter(|e| counts(e.dependency.kind)).map(|e| e.to));
        }
    }
    found
}
