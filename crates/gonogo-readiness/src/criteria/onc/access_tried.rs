//! # ONC-04: Those on call can do what the runbooks ask of them
//!
//! ## Why it matters
//! A command that is refused at three in the morning costs as much as one that is missing.
//!
//! ## How it is proved
//! A drill or a probe of the last 90 days about each runbook that names `access`: somebody who may
//! be called for what it covers ran its looking steps with their own account. It is bound to the
//! runbook and to the roles that are called, so that a new holder asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add ONC-04 runbook/ledger-down --result pass --method drill \
//!   --actor oncall-two --note "ran every step that only looks, with my own account"
//! ```
//!
//! ## How to meet it
//! Let each person on call run the steps that only look, by daylight.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_model::escalation::{EscalationPolicy, Target};
use gonogo_model::evidence::{Evidence, Method};
use gonogo_model::runbook::Runbook;

use crate::whom;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-04",
    title: "Those on call can do what the runbooks ask of them",
    classes: &[Class::Live, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: None,
    source: include_str!("access_tried.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for runbook in case.package.runbooks.values() {
        if runbook.head.access.is_empty() {
            continue;
        }
        let policies = policies(case, runbook);
        case.entity(answers, runbook).proved_unless(
            case,
            &roles(case, &policies),
            CRITERION.ttl,
            &|record| by_somebody_else(case, &policies, record),
            "let somebody on call run its looking steps with their own account, and record it",
        );
    }
}

/// The policies that call somebody for what a runbook covers, each once.
fn policies<'p>(case: &Case<'p>, runbook: &Runbook) -> Vec<&'p EscalationPolicy> {
    let covered = runbook.head.covers.iter();
    let components = covered.filter_map(|c| case.package.components.get(&c.id));
    let teams = components.filter_map(|c| case.package.teams.get(&c.team.id));
    let ids: BTreeSet<&Id> = teams.map(|t| &t.escalation_policy.id).collect();
    let found = ids.into_iter();
    found
        .filter_map(|id| case.package.escalation_policies.get(id))
        .collect()
}

fn roles(case: &Case<'_>, policies: &[&EscalationPolicy]) -> Vec<Subject> {
    let mut found = BTreeSet::new();
    for target in policies.iter().flat_map(|p| whom::targets(p)) {
        match target {
            Target::Person(_) => {}
            Target::Role(role) => {
                found.insert(role.id.clone());
            }
            Target::Schedule(schedule) => {
                let schedule = case.package.schedules.get(&schedule.id);
                let roles = schedule.map_or_else(Vec::new, |s| whom::roles(case.package, s));
                found.extend(roles.into_iter().map(|r| r.id.value.clone()));
            }
        }
    }
    found
        .into_iter()
        .map(|id| Subject::Entity(Kind::Role, id))
        .collect()
}

/// Why a drill does not show it: whoever did it is never called. What asks for the rights of
/// others, as a probe does, is nobody who is called.
fn by_somebody_else(
    case: &Case<'_>,
    policies: &[&EscalationPolicy],
    record: &Evidence,
) -> Option<String> {
    if policies.is_empty() || record.method != Method::Drill {
        return None;
    }
    let actor = record.actor.trim();
    let mut called = policies
        .iter()
        .flat_map(|p| whom::targets(p))
        .flat_map(|t| whom::people(case.package, t));
    let is_called = called.any(|p| p.id.as_str() == actor);
    (!is_called).then(|| format!("`{actor}` tried it, and is never called for what it covers"))
}
