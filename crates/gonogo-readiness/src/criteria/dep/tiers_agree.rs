//! # DEP-10: What is needed matters as much as what needs it
//!
//! ## Why it matters
//! Tiers decide who is woken, how soon and what is tested. When checkout stands on something
//! that may wait until Monday, checkout waits until Monday.
//!
//! ## How it is proved
//! From the dependency graph: what a component hard-needs is of its own tier or a more important
//! one, and what a critical journey hard-needs is of a tier that can block a launch. A group with
//! members to spare is no such need of any one of them.
//!
//! ## Example
//! ```yaml
//! components:
//!   - {id: checkout, name: Checkout, kind: service, team: shop, tier: 1, depends_on: [{component: rates}]}
//!   - {id: rates, name: Rates, kind: service, team: shop, tier: 1}
//! ```
//!
//! ## How to meet it
//! Raise the tier of what is needed, with all that this asks of it, or make the dependency soft.

use std::collections::BTreeMap;

use gonogo_model::component::DependencyKind;

use super::{about, dependants};
use crate::criteria::prelude::*;
use crate::graph::Node;
use crate::graph::tier::{Inversion, inversions};

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-10",
    title: "What is needed matters as much as what needs it",
    classes: &[Class::Graph],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("tiers_agree.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let key = |node: Node<'_>| (matches!(node, Node::Journey(_)), node.id().clone());
    let mut found: BTreeMap<_, Vec<Inversion<'_>>> = BTreeMap::new();
    for inversion in inversions(case.graph) {
        found
            .entry(key(inversion.node))
            .or_default()
            .push(inversion);
    }
    for node in dependants(case) {
        let hard = |d: &gonogo_model::component::Dependency| d.kind == DependencyKind::Hard;
        if !node.depends_on().iter().any(hard) {
            continue;
        }
        let answer = about(case, answers, node);
        for inversion in found.get(&key(node)).into_iter().flatten() {
            answer.fail(
                format!(
                    "it cannot do without `{}`, which is of tier {} and has to be of tier {} or a more important one",
                    inversion.needed.id.value, inversion.needed.tier, inversion.at_least
                ),
                "raise the tier of what is needed, or make the dependency soft",
            );
        }
    }
}
