//! # DEP-07: Redundancy does not share what takes it down
//!
//! ## Why it matters
//! Two of everything helps against the failures that come one at a time. One region, one
//! certificate, one registrar or one pipeline behind both makes two of one.
//!
//! ## How it is proved
//! From the dependency graph: for each group of which some members have to work, no component
//! that they all need, no attribute that they share (`region`, `vendor`, `issuer`, ...) and no
//! pipeline that changes them all takes more members than can be spared. What takes down
//! whatever needs the group in another way too is not counted against the group.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: api
//!     name: API
//!     kind: service
//!     team: shop
//!     depends_on:
//!       - {component: replica-a, group: replicas, needs: 1}
//!       - {component: replica-b, group: replicas, needs: 1}
//!   - {id: replica-a, name: Replica A, kind: datastore, team: shop, attributes: {region: west}}
//!   - {id: replica-b, name: Replica B, kind: datastore, team: shop, attributes: {region: east}}
//! ```
//!
//! ## How to meet it
//! Put a member elsewhere, or under another certificate, vendor or pipeline; where that is not
//! worth it, take the group apart, so that the graph promises no more than is so.

use std::collections::BTreeMap;

use super::{about, dependants};
use crate::criteria::prelude::*;
use crate::graph::Node;
use crate::graph::common_cause::{Cause, Collapse, collapses};

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-07",
    title: "Redundancy does not share what takes it down",
    classes: &[Class::Graph],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::Redundancy),
    source: include_str!("common_causes.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let key = |node: Node<'_>| (matches!(node, Node::Journey(_)), node.id().clone());
    let mut found: BTreeMap<_, Vec<Collapse<'_>>> = BTreeMap::new();
    for collapse in collapses(case.package, case.graph) {
        found.entry(key(collapse.node)).or_default().push(collapse);
    }
    for node in dependants(case) {
        if node.depends_on().iter().all(|d| d.group.is_none()) {
            continue;
        }
        let answer = about(case, answers, node);
        for collapse in found.get(&key(node)).into_iter().flatten() {
            for why in reasons(collapse) {
                answer.fail(
                    why,
                    "put a member of the group elsewhere, or take the group apart",
                );
            }
        }
    }
}

fn reasons(collapse: &Collapse<'_>) -> Vec<String> {
    let counts = |cause: Cause<'_>| cause.is_failure() || matches!(cause, Cause::ChangedBy(_));
    let shared = collapse
        .causes
        .iter()
        .filter(|s| counts(s.cause) && !s.anyway);
    shared
        .map(|shared| {
            let names: Vec<String> = shared
                .lost
                .iter()
                .map(|c| format!("`{}`", c.id.value))
                .collect();
            let (group, lost) = (collapse.group, names.join(" and "));
            match shared.cause {
                Cause::Component(c) => {
                    format!("of the group `{group}`, {lost} fall with `{}`", c.id.value)
                }
                Cause::Attribute { name, value } => {
                    format!("of the group `{group}`, {lost} share `{name}: {value}`")
                }
                Cause::ChangedBy(c) => format!(
                    "of the group `{group}`, {lost} are changed through `{}`",
                    c.id.value
                ),
                Cause::Team(team) => {
                    format!("of the group `{group}`, {lost} call `{}`", team.id.value)
                }
            }
        })
        .collect()
}
