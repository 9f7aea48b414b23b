//! # REH-01: Each high risk has been rehearsed, and what was found is closed
//!
//! ## Why it matters
//! A plan that was never played holds until its first minute.
//!
//! ## How it is proved
//! From the register: each failure mode with a high action level has a drill of the last 180
//! days, bound to the failure mode, its runbook and its alerts, so that a change asks again. A
//! drill with open findings is recorded as failed. Where no risk is high, nothing has to be played.
//!
//! ## Example
//! ```sh
//! gonogo rehearse combined-outage ops
//! gonogo evidence add REH-01 failure-mode/region-down --result pass --method drill \
//!   --actor oncall-one --reviewer oncall-two --note "27 of 27; the finding about the bridge is closed"
//! ```
//!
//! ## How to meet it
//! Play it, write down what surprised, change the package, play it again.

use crate::register::{Level, Row, rows};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REH-01",
    title: "Each high risk has been rehearsed, and what was found is closed",
    classes: &[Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(180 * 24)),
    trigger: None,
    source: include_str!("high_risks_rehearsed.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let rows = rows(case);
    let high = |row: &&Row<'_>| row.level_as_rated == Level::High;
    if !rows.is_empty() && !rows.iter().any(|r| high(&r)) {
        // A register without a high risk leaves nothing to play; an empty one is RSK's to tell.
        answers.about_package(case);
    }
    for row in rows.iter().filter(high) {
        let mode = row.mode;
        let alerts = mode
            .detected_by
            .iter()
            .map(|a| Subject::Entity(Kind::Alert, a.id.clone()));
        let runbook = mode
            .runbook
            .iter()
            .map(|r| Subject::Entity(Kind::Runbook, r.id.clone()));
        let covers: Vec<Subject> = alerts.chain(runbook).collect();
        case.entity(answers, mode).proved(
            case,
            &covers,
            "play it, close what was found, and record it",
        );
    }
}
