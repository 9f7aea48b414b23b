//! # OWN-03: Nothing can be done by one person only
//!
//! ## Why it matters
//! The one who knows the registrar's password is on a plane. What hangs on a single person works
//! until the day on which it matters, and that person did not choose this.
//!
//! ## How it is proved
//! From the package: for each team that owns a component, and each policy that it is paged by,
//! there are two people today. The same holds for roles that only their holder can act for: those
//! that decide about a rollback, a stage or an abort, let something through a freeze, renew what
//! expires, or write to customers without a backup.
//!
//! ## Example
//! ```yaml
//! roles:
//!   - id: rollback-decider
//!     name: Decides about rollbacks
//!     holders: [{person: oncall-one}, {person: oncall-two}]
//! ```
//!
//! ## How to meet it
//! Give the role a second holder, who stands in, and the same access; or name a backup where
//! there is a field for one.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::{Id, Package};

use crate::criteria::prelude::*;
use crate::graph::people::{Single, What, single_points};

pub(super) const CRITERION: Criterion = Criterion {
    id: "OWN-03",
    title: "Nothing can be done by one person only",
    classes: &[Class::Graph],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("no_single_person.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let package = case.package;
    let (mut teams, mut policies, mut roles) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for single in single_points(package, Some(case.now)) {
        match single.what {
            What::Team(team) => teams.insert(&team.id.value, single),
            What::Policy(policy) => policies.insert(&policy.id.value, single),
            What::Role(role) => roles.insert(&role.id.value, single),
        };
    }
    let owning: BTreeSet<&Id> = package.components.values().map(|c| &c.team.id).collect();
    let mut paging = BTreeSet::new();
    for team in owning.into_iter().filter_map(|id| package.teams.get(id)) {
        paging.insert(&team.escalation_policy.id);
        let answer = case.entity(answers, team);
        if let Some(single) = teams.get(&team.id.value) {
            answer.fail(
                format!("there is nobody in it but `{}`", only(single)),
                "give a role of its `members` to a second person",
            );
        }
    }
    for policy in paging
        .into_iter()
        .filter_map(|id| package.escalation_policies.get(id))
    {
        let answer = case.entity(answers, policy);
        if let Some(single) = policies.get(&policy.id.value) {
            answer.fail(
                format!("it pages nobody but `{}`", only(single)),
                "name somebody else in a later step or as the fallback",
            );
        }
    }
    for (role, what) in deciding(package) {
        let Some(role) = package.roles.get(role) else {
            continue;
        };
        let answer = case.entity(answers, role);
        if let Some(single) = roles.get(&role.id.value) {
            answer.fail(
                format!("nobody but `{}` can {what}", only(single)),
                "give the role a second holder, who has the same access",
            );
        }
    }
}

fn only<'a>(single: &'a Single<'_>) -> &'a Id {
    &single.person.id.value
}

/// The roles that only their holder can act for, each with the first thing that it is needed for.
fn deciding(package: &Package) -> BTreeMap<&Id, String> {
    let mut found = BTreeMap::new();
    let mut needed = |role, what: String| {
        found.entry(role).or_insert(what);
    };
    for component in package.components.values() {
        if let Some(rollback) = &component.rollback {
            let what = format!("take back a change of `{}`", component.id.value);
            needed(&rollback.decider.id, what);
        }
    }
    for material in package.expiring.values() {
        needed(&material.owner.id, format!("renew `{}`", material.id.value));
    }
    let launch = package.header.as_ref().and_then(|h| h.launch.as_ref());
    if let Some(launch) = launch {
        for stage in &launch.stages {
            if let Some(decider) = &stage.decider {
                needed(&decider.id, format!("end the stage \"{}\"", stage.name));
            }
        }
        for abort in &launch.abort {
            needed(&abort.decider.id, "abort the launch".into());
        }
        for freeze in &launch.freezes {
            needed(
                &freeze.override_by.id,
                "let a change through a freeze".into(),
            );
        }
    }
    for rule in package.comms.iter().flat_map(|c| &c.rules) {
        if rule.backup.is_none() {
            let what = format!("write to customers in a {}", rule.severity.value.word());
            needed(&rule.owner.id, what);
        }
    }
    found
}
