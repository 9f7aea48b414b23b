//! # RSK-05: No detection is rated better than it has been seen to be
//!
//! ## Why it matters
//! Detection is the rating that is wished for most. Each step that it is too good lowers a risk
//! by nothing but optimism.
//!
//! ## How it is proved
//! A detection of 1, 2 or 3 says that an alert comes before most customers do. It is believed
//! where one of the failure mode's alerts has fired in a drill (the evidence of MON-05); without
//! that the register counts it as 5.
//!
//! ## Example
//! ```sh
//! gonogo evidence add MON-05 alert/checkout-down --result pass --method drill \
//!   --actor oncall-one --note "blocked the port for 4 min: paged after 2 min"
//! ```
//!
//! ## How to meet it
//! Fire one of its alerts and record that, or rate the detection 4 or 5 until somebody has.

use crate::criteria::prelude::*;
use crate::register::{FIRED, rows};

pub(super) const CRITERION: Criterion = Criterion {
    id: "RSK-05",
    title: "No detection is rated better than it has been seen to be",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("detection_rating.rs"),
    assess,
};

/// Up to here a rating says that an alert comes before most customers do.
const NEEDS_PROOF: u8 = 3;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for row in rows(case) {
        let rated = row.mode.detection;
        let answer = case.entity(answers, row.mode);
        if rated > NEEDS_PROOF || row.detection_fired {
            continue;
        }
        if row.detections.is_empty() {
            answer.fail(
                format!("its detection is rated {rated}, and nothing would notice it"),
                "name an alert in `detected_by`, or rate it 5",
            );
        } else {
            answer.unknown(
                format!(
                    "its detection is rated {rated} and counts as {}: none of its alerts has been seen to fire",
                    row.credited_detection
                ),
                format!("fire one of its alerts and record {FIRED} for it, or rate it 4 or 5"),
            );
        }
    }
}
