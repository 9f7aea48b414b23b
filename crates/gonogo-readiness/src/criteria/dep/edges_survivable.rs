//! # DEP-03: The failure of each hard dependency is seen, bounded and answered
//!
//! ## Why it matters
//! What one cannot do without will be away one day. Then it counts that something says so, that
//! callers give up in time instead of piling up, and that somebody knows what to do.
//!
//! ## How it is proved
//! From the package, for each hard dependency: an alert tells of the needed component, or of one
//! of its failure modes; the dependency names a runbook, or a runbook covers that component; and
//! a component that needs it says what happens meanwhile (`when_it_fails`), how it tries again
//! (`retry`) and, where it waits, for how long (`timeout`). A journey just fails, so the
//! last three are not asked of it.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: api
//!     name: API
//!     kind: service
//!     team: shop
//!     depends_on:
//!       - component: database
//!         mode: sync
//!         when_it_fails: Reads answer 503 at once; writes are refused.
//!         timeout: 2s
//!         retry: twice, 100 ms and 400 ms apart, with jitter
//!         runbook: database-down
//! ```
//!
//! ## How to meet it
//! Take one dependency at a time and write these fields with whoever wrote the client; then give
//! the needed component an alert.

use gonogo_model::component::{CallMode, Dependency, DependencyKind};

use super::{about, dependants};
use crate::criteria::Answer;
use crate::criteria::prelude::*;
use crate::graph::Node;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-03",
    title: "The failure of each hard dependency is seen, bounded and answered",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("edges_survivable.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for node in dependants(case) {
        let hard = || {
            node.depends_on()
                .iter()
                .filter(|d| d.kind == DependencyKind::Hard)
        };
        if hard().next().is_none() {
            continue;
        }
        let answer = about(case, answers, node);
        for edge in hard() {
            answered(case, answer, edge);
            if let Node::Component(_) = node {
                bounded(answer, edge);
            }
        }
    }
}

/// Something says that it failed, and what to do then.
fn answered(case: &Case<'_>, answer: &mut Answer, edge: &Dependency) {
    let to = &edge.component.id;
    let seen = !case.alerts_of(to).is_empty()
        || case
            .failure_modes_of(to)
            .iter()
            .any(|m| !m.detected_by.is_empty());
    if !seen {
        answer.fail(
            format!("no alert tells of the failure of `{to}`"),
            "give the needed component an alert, or a failure mode with `detected_by`",
        );
    }
    if edge.runbook.is_none() && case.runbooks_of(to).is_empty() {
        answer.fail(
            format!("no runbook says what to do without `{to}`"),
            "write `runbook:` at the dependency, or let a runbook cover the needed component",
        );
    }
}

/// What happens meanwhile is known, and nobody waits for ever.
fn bounded(answer: &mut Answer, edge: &Dependency) {
    let to = &edge.component.id;
    let written = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    if !written(&edge.when_it_fails) {
        answer.fail(
            format!("what happens here without `{to}` is not written"),
            "write `when_it_fails:` at the dependency",
        );
    }
    if edge.mode != Some(CallMode::Async) && edge.timeout.is_none() {
        answer.fail(
            format!("how long it waits for `{to}` is not written"),
            "write `timeout:` at the dependency",
        );
    }
    if !written(&edge.retry) {
        answer.fail(
            format!("how it tries `{to}` again is not written"),
            "write `retry:` at the dependency; `none` is an answer",
        );
    }
}
