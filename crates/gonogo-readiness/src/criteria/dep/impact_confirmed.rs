//! # DEP-11: What each failure does to a journey was confirmed
//!
//! ## Why it matters
//! The graph says that a journey falls with a component, or merely gets worse. Only whoever knows
//! the journey can say whether that is so, and the places where they disagree are worth
//! more than the picture.
//!
//! ## How it is proved
//! The dependency graph gives, for each journey, the components that it fails without and those
//! that it is worse without. Somebody confirms that list by name; a change of any of
//! these components, or a new one, asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add DEP-11 journey/pay --result pass --method attest \
//!   --actor head-of-billing --note "walked through gonogo blast for each component"
//! ```
//!
//! ## How to meet it
//! Read the journey's line of the impact matrix with its owner, mend the graph where it is
//! wrong, and record what they said.

use gonogo_model::component::DependencyKind;

use crate::criteria::prelude::*;
use crate::graph::Node;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-11",
    title: "What each failure does to a journey was confirmed",
    classes: &[Class::Graph, Class::Attestation],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("impact_confirmed.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for at in 0..case.graph.len() {
        let Node::Journey(journey) = case.graph.node(at) else {
            continue;
        };
        let answer = case.journey(answers, journey);
        if journey.depends_on.is_empty() {
            answer.fail(
                "it needs nothing, so no failure would reach it",
                "write `depends_on:` at the journey",
            );
            continue;
        }
        answer.proved(
            case,
            &below(case, at),
            "read the list of what it fails without with its owner, and record what they said",
        );
    }
}

/// Every component that a journey fails or is worse without, however far away, in order of name.
fn below(case: &Case<'_>, journey: usize) -> Vec<Subject> {
    let matters = |kind| matches!(kind, DependencyKind::Hard | DependencyKind::Soft);
    let mut seen = vec![false; case.graph.len()];
    let mut open = vec![journey];
    while let Some(at) = open.pop() {
        for edge in case.graph.needs(at) {
            if matters(edge.dependency.kind) && !std::mem::replace(&mut seen[edge.to], true) {
                open.push(edge.to);
            }
        }
    }
    let components = (0..seen.len()).filter(|at| seen[*at]);
    components
        .map(|at| Subject::Entity(Kind::Component, case.graph.node(at).id().clone()))
        .collect()
}
