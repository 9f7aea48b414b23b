//! Runbooks and rollback.

mod cold_start;
mod data_rollback;
mod destructive_steps_flagged;
mod every_page_has_one;
mod followed_by_another;
mod kill_switches;
mod references_work;
mod rollback_declared;
mod rollback_rehearsed;
mod sections_complete;
mod steps_verified_and_undone;
mod unchanged_since;

use gonogo_model::component::{Component, ComponentKind, DependencyKind};
use gonogo_model::{Kind, Subject};

use super::{Case, Criterion};

/// The criteria of this area, in order.
pub const ALL: &[Criterion] = &[
    every_page_has_one::CRITERION,
    sections_complete::CRITERION,
    followed_by_another::CRITERION,
    references_work::CRITERION,
    destructive_steps_flagged::CRITERION,
    steps_verified_and_undone::CRITERION,
    unchanged_since::CRITERION,
    rollback_declared::CRITERION,
    rollback_rehearsed::CRITERION,
    data_rollback::CRITERION,
    kill_switches::CRITERION,
    cold_start::CRITERION,
];

/// What taking a component back rests on besides itself: the runbook, what it is deployed with,
/// and the configuration that it reads.
fn rollback_rests_on(case: &Case<'_>, component: &Component) -> Vec<Subject> {
    let rollback = component.rollback.as_ref();
    let runbook = rollback.and_then(|r| r.runbook.as_ref());
    let mut found: Vec<Subject> = runbook
        .map(|r| Subject::Entity(Kind::Runbook, r.id.clone()))
        .into_iter()
        .collect();
    for edge in &component.depends_on {
        let needed = case.package.components.get(&edge.component.id);
        let feed = needed.is_some_and(|c| c.kind == ComponentKind::ConfigFeed);
        if feed || edge.kind == DependencyKind::ControlPlane {
            found.push(Subject::Entity(Kind::Component, edge.component.id.clone()));
        }
    }
    found.sort();
    found.dedup();
    found
}
