//! # DEP-12: Who depends on a component can be told
//!
//! ## Why it matters
//! A change that breaks a caller, or an outage that will last, has to be said to those who build
//! on it. Where they are is a question for a quiet afternoon.
//!
//! ## How it is proved
//! From the package: whatever needs a component has an owner whom something reaches, which is a
//! room of the owning team or a contact of whoever answers for it.
//!
//! ## Example
//! ```yaml
//! teams:
//!   - id: storefront
//!     name: Storefront
//!     accountable: storefront-lead
//!     members: [storefront-lead]
//!     escalation_policy: storefront
//!     rooms:
//!       - {channel: slack, to: "${env:STOREFRONT_ROOM}"}
//! ```
//!
//! ## How to meet it
//! Give the team of each dependant a room, or the role that answers for it a holder with a
//! contact.

use std::collections::BTreeMap;

use gonogo_model::{Id, Package};

use crate::criteria::people;
use crate::criteria::prelude::*;
use crate::graph::Node;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-12",
    title: "Who depends on a component can be told",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("consumers_reachable.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let reachable = reachable_roles(case);
    let teams = reachable_teams(case.package, &reachable);
    for at in 0..case.graph.len() {
        let Node::Component(component) = case.graph.node(at) else {
            continue;
        };
        if case.graph.needed_by(at).is_empty() {
            continue;
        }
        let answer = case.component(answers, component);
        for user in case.graph.needed_by(at) {
            let user = case.graph.node(*user);
            let told = match user {
                Node::Component(c) => teams.get(&c.team.id).copied().unwrap_or(false),
                Node::Journey(j) => j
                    .owner
                    .as_ref()
                    .is_some_and(|r| reachable.get(&r.id).copied().unwrap_or(false)),
            };
            if !told {
                answer.fail(
                    format!(
                        "`{}` needs it, and nobody who answers for that can be told",
                        user.id()
                    ),
                    "give the dependant's team a room, or its owner a holder with `contacts`",
                );
            }
        }
    }
}

fn reachable_roles<'p>(case: &Case<'p>) -> BTreeMap<&'p Id, bool> {
    let roles = case.package.roles.values();
    roles
        .map(|role| {
            let holders = people::holding(case, role, case.now);
            (
                &role.id.value,
                holders.iter().any(|p| !p.contacts.is_empty()),
            )
        })
        .collect()
}

fn reachable_teams<'p>(
    package: &'p Package,
    roles: &BTreeMap<&'p Id, bool>,
) -> BTreeMap<&'p Id, bool> {
    let teams = package.teams.values();
    teams
        .map(|team| {
            let owner = roles.get(&team.accountable.id).copied().unwrap_or(false);
            (&team.id.value, owner || !team.rooms.is_empty())
        })
        .collect()
}
