//! # DEP-06: What a critical journey cannot lose is known, and somebody lives with that
//!
//! ## Why it matters
//! Every product stands on a few things that must not fail. That is no mistake as long as they
//! were chosen; it is one where the outage is how people learn of them.
//!
//! ## How it is proved
//! From the dependency graph: each component whose failure alone takes a critical journey down
//! has a failure mode, and one of these is accepted by somebody for a time, or has open actions
//! with an owner and a day that is to come. A group of which one member is enough takes its
//! members off this list.
//!
//! ## Example
//! ```yaml
//! failure_modes:
//!   - id: database-down
//!     name: The database does not answer
//!     component: database
//!     journeys: [pay]
//!     effect: Nobody can pay.
//!     cause: A failed upgrade or a full disk.
//!     severity: 4
//!     occurrence: 2
//!     detection: 2
//!     accepted: {by: head-of-engineering, until: 2027-03-01, reason: A standby follows in spring.}
//! ```
//!
//! ## How to meet it
//! Go through the list with whoever carries the loss: accept, plan a second one, or make the
//! dependency soft.

use std::collections::BTreeMap;

use gonogo_model::component::Journey;

use crate::criteria::prelude::*;
use crate::graph::Node;
use crate::graph::cut_sets::single_points;
use crate::register::{Treatment, row};

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-06",
    title: "What a critical journey cannot lose is known, and somebody lives with that",
    classes: &[Class::Graph],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("single_points.rs"),
    assess,
};

/// What hangs on a critical journey matters as much as one.
const TIER: u8 = 1;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let mut points: BTreeMap<usize, (&Journey, usize)> = BTreeMap::new();
    for (journey, found) in single_points(case.graph) {
        let Node::Journey(journey) = case.graph.node(journey) else {
            continue;
        };
        for at in found.into_iter().filter(|_| journey.critical) {
            points.entry(at).or_insert((journey, 0)).1 += 1;
        }
    }
    if points.is_empty() && case.critical().next().is_some() {
        answers.about_package(case);
    }
    for (at, (journey, count)) in points {
        let Node::Component(component) = case.graph.node(at) else {
            continue;
        };
        let subject = Subject::Entity(Kind::Component, component.id.value.clone());
        let answer = answers.about(subject, Some(component.id.span), TIER);
        let falls = || match count {
            1 => format!("`{}` falls with it alone", journey.id.value),
            n => format!(
                "`{}` and {} more fall with it alone",
                journey.id.value,
                n - 1
            ),
        };
        let modes = case.failure_modes_of(&component.id.value);
        let lived_with = |treatment| matches!(treatment, Treatment::Accepted | Treatment::Planned);
        if modes.is_empty() {
            answer.fail(
                format!("{}, and no failure mode says so", falls()),
                "write a failure mode for it, and let somebody accept it or plan to change it",
            );
        } else if !modes.iter().any(|m| lived_with(row(case, m).treatment)) {
            answer.fail(
                format!("{}, and nobody has accepted that", falls()),
                "let somebody accept one of its failure modes for a time, or plan to change it",
            );
        }
    }
}
