//! # RSK-01: Each thing that a critical journey needs has a way to fail written down
//!
//! ## Why it matters
//! What nobody wrote down gets no alert, no runbook and no rehearsal. The gaps are easy to find
//! beforehand, as they are the empty cells of a table.
//!
//! ## How it is proved
//! From the dependency graph: for each critical journey and each component that it hard-needs,
//! directly or through others, there is a failure mode of that component which names the
//! journey, or names none and so speaks of all.
//!
//! ## Example
//! ```yaml
//! failure_modes:
//!   - id: database-down
//!     name: The database does not answer
//!     component: database
//!     journeys: [pay, sign-in]
//!     effect: Nobody can pay or sign in.
//!     cause: A failed upgrade.
//!     trigger: deploy
//!     severity: 4
//!     occurrence: 2
//!     detection: 2
//! ```
//!
//! ## How to meet it
//! Take the empty cells one by one and ask: how does this fail, and what do customers of this
//! journey see then?

use std::collections::BTreeMap;

use gonogo_model::Id;

use crate::criteria::prelude::*;
use crate::graph::coverage::{Cell, Coverage};

pub(super) const CRITERION: Criterion = Criterion {
    id: "RSK-01",
    title: "Each thing that a critical journey needs has a way to fail written down",
    classes: &[Class::Graph],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("every_dependency_covered.rs"),
    assess,
};

/// How many empty cells are named for one journey; of more the rest is counted.
const MAX_NAMED: usize = 8;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let coverage = Coverage::of(case.package, case.graph);
    let mut gaps: BTreeMap<&Id, Vec<&Cell<'_>>> = BTreeMap::new();
    for gap in coverage.gaps() {
        gaps.entry(&gap.journey.id.value).or_default().push(gap);
    }
    for journey in case.critical() {
        let answer = case.journey(answers, journey);
        if journey.depends_on.is_empty() {
            answer.fail(
                "it needs nothing, so no failure would reach it",
                "write `depends_on:` at the journey",
            );
        }
        let gaps = gaps.get(&journey.id.value).map_or(&[][..], Vec::as_slice);
        for gap in gaps.iter().take(MAX_NAMED) {
            let component = &gap.component.id.value;
            match gap.elsewhere.first() {
                Some(mode) => answer.fail(
                    format!(
                        "no failure mode of `{component}` names it; `{}` names other journeys",
                        mode.id.value
                    ),
                    "add the journey to `journeys` of that failure mode, or write another one",
                ),
                None => answer.fail(
                    format!("`{component}`, which it needs, has no failure mode"),
                    "write how it fails and what customers of the journey see then",
                ),
            };
        }
        if gaps.len() > MAX_NAMED {
            let more = gaps.len() - MAX_NAMED;
            answer.fail(format!("{more} more that it needs have none either"), "");
        }
    }
}
