//! # DEP-01: Every dependency leads to something
//!
//! ## Why it matters
//! An edge to a name that nothing has is a blind spot: what fails there has no owner, no tier
//! and no place in any answer about what falls with it.
//!
//! ## How it is proved
//! From the package: each component and runbook that a dependency names is declared, and no
//! group asks for more members than it has.
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
//! ```
//!
//! ## How to meet it
//! Mend what `gonogo check` calls an unknown reference; declare the component, or name the one
//! that was meant.

use std::collections::BTreeMap;

use gonogo_model::component::Dependency;

use super::{about, dependants};
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-01",
    title: "Every dependency leads to something",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("references_resolve.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let package = case.package;
    for node in dependants(case) {
        let answer = about(case, answers, node);
        for dependency in node.depends_on() {
            let to = &dependency.component.id;
            if !package.components.contains_key(to) {
                let why = format!("there is no component `{to}`, which it needs");
                answer.fail(why, "declare the component, or name the one that is meant");
            }
            let runbook = dependency.runbook.as_ref().map(|r| &r.id);
            if let Some(runbook) = runbook.filter(|r| !package.runbooks.contains_key(*r)) {
                let why = format!("there is no runbook `{runbook}` for when `{to}` fails");
                answer.fail(why, "write that runbook, or name the one that is meant");
            }
        }
        for (group, wanted, members) in overdrawn(node.depends_on()) {
            answer.fail(
                format!("the group `{group}` needs {wanted} and has {members}"),
                "add members to the group, or ask for fewer",
            );
        }
    }
}

/// The groups that ask for more members than they have.
fn overdrawn(edges: &[Dependency]) -> Vec<(&str, usize, usize)> {
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for edge in edges {
        if let Some(group) = &edge.group {
            let (wanted, members) = groups.entry(group).or_default();
            *wanted = (*wanted).max(usize::from(edge.needs.unwrap_or(1)));
            *members += 1;
        }
    }
    let groups = groups.into_iter();
    groups
        .filter(|(_, (wanted, members))| wanted > members)
        .map(|(group, (wanted, members))| (group, wanted, members))
        .collect()
}
