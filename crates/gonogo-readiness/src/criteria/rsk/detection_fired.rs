//! # RSK-03: What would notice each failure has been seen to fire
//!
//! ## Why it matters
//! An alert that has never fired is a hope. Thresholds that cannot be reached, queries on
//! renamed metrics and pages to nobody all look the same as silence.
//!
//! ## How it is proved
//! From the package: each failure mode names the alerts that would notice it. Then, for each
//! of these alerts, the evidence of MON-05: it was fired end to end and somebody answered.
//!
//! ## Example
//! ```sh
//! gonogo evidence add MON-05 alert/charge-not-recorded --result pass --method drill \
//!   --actor oncall-one --note "withheld one charge in staging: paged after 3 min, acknowledged"
//! ```
//!
//! ## How to meet it
//! Rehearse the failure, or fire the alert by hand through the real path, and record it for the
//! alert.

use crate::criteria::prelude::*;
use crate::register::FIRED;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RSK-03",
    title: "What would notice each failure has been seen to fire",
    classes: &[Class::Lint, Class::Live, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("detection_fired.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for mode in case.package.failure_modes.values() {
        let answer = case.entity(answers, mode);
        if mode.detected_by.is_empty() {
            answer.fail("nothing would notice it", "name an alert in `detected_by`");
        }
        for alert in &mode.detected_by {
            let subject = Subject::Entity(Kind::Alert, alert.id.clone());
            let Some(found) = case.package.alerts.get(&alert.id) else {
                answer.fail(
                    format!("there is no alert `{}`", alert.id),
                    "name one that is there in `detected_by`",
                );
                continue;
            };
            if let Some((state, why)) = case.not_fired(found) {
                answer.stands(
                    state,
                    format!("`{}` has not been seen to fire: {why}", alert.id),
                    format!("fire it end to end, and record {FIRED} for `{subject}`"),
                );
            }
        }
    }
}
