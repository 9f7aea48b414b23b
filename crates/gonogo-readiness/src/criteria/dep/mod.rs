//! Architecture and dependencies.

mod common_causes;
mod consumers_reachable;
mod edges_described;
mod edges_survivable;
mod feeds_bounded;
mod impact_confirmed;
mod no_circles;
mod observed_dependencies;
mod promises_kept;
mod recovery_paths;
mod references_resolve;
mod single_points;
mod soft_fallbacks;
mod tiers_agree;

use super::{Answer, Answers, Case, Criterion};
use crate::graph::Node;

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    references_resolve::CRITERION,
    edges_described::CRITERION,
    edges_survivable::CRITERION,
    observed_dependencies::CRITERION,
    no_circles::CRITERION,
    single_points::CRITERION,
    common_causes::CRITERION,
    recovery_paths::CRITERION,
    promises_kept::CRITERION,
    tiers_agree::CRITERION,
    impact_confirmed::CRITERION,
    consumers_reachable::CRITERION,
    soft_fallbacks::CRITERION,
    feeds_bounded::CRITERION,
];

/// Everything that needs something: components first, then journeys, each in order of name.
fn dependants<'p>(case: &Case<'p>) -> impl Iterator<Item = Node<'p>> {
    (0..case.graph.len())
        .map(|at| case.graph.node(at))
        .filter(|node| !node.depends_on().is_empty())
}

/// Begins the answer about a node.
fn about<'a>(case: &Case<'_>, answers: &'a mut Answers, node: Node<'_>) -> &'a mut Answer {
    match node {
        Node::Component(component) => case.component(answers, component),
        Node::Journey(journey) => case.journey(answers, journey),
    }
}
