//! The board as it was judged, with all that follows from the same evidence.
//!
//! Invariant: it holds what pages need and borrows nothing, so that one judging serves many.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_engine::Time;
use gonogo_engine::plan::Plan;
use gonogo_model::Id;
use gonogo_model::evidence::Evidence;
use gonogo_readiness::criteria::Case;
use gonogo_readiness::graph::Graph;
use gonogo_readiness::report::verdict as report;
use gonogo_readiness::runbook_status::RunbookStatus;
use gonogo_readiness::verdict::{Verdict, judge};
use serde_json::Value;

use crate::risks::Risks;
use crate::view::View;

/// What was judged.
#[derive(Clone)]
pub(super) struct Key {
    plan: Arc<Plan>,
    version: u64,
    minute: i64,
}

impl Key {
    pub(super) fn of(view: &View, version: u64, now: Time) -> Self {
        Self {
            plan: Arc::clone(&view.plan),
            version,
            minute: now.as_millis().div_euclid(60_000),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.plan, &other.plan)
            && (self.version, self.minute) == (other.version, other.minute)
    }
}

/// The board of a package at a moment.
pub struct Board {
    pub(super) key: Key,
    /// The package that was judged.
    pub plan: Arc<Plan>,
    /// GO or NO-GO, and why.
    pub verdict: Verdict,
    /// The same as JSON.
    pub value: Value,
    /// How far each runbook can be trusted.
    pub runbooks: BTreeMap<Id, RunbookStatus>,
    /// The risk register.
    pub risks: Risks,
}

impl Board {
    pub(super) fn judge(key: Key, view: &View, known: &[Evidence], now: Time) -> Self {
        let plan = Arc::clone(&view.plan);
        let (package, text, now) = (&plan.package, &plan.text, now.timestamp());
        let verdict = judge(package, text, known, &[], now);
        let graph = Graph::new(package);
        let case = Case::new(package, text, &graph, known, now);
        let status = |(id, runbook): (&Id, _)| (id.clone(), RunbookStatus::of(&case, runbook));
        let runbooks = package.runbooks.iter().map(status).collect();
        Self {
            key,
            value: report::value(&verdict, package.name(), text),
            risks: Risks::of(&case),
            verdict,
            runbooks,
            plan: Arc::clone(&plan),
        }
    }
}
