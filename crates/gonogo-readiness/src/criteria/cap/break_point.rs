//! # CAP-03: It is known at what load it breaks, and what breaks first
//!
//! ## Why it matters
//! Whoever knows where the edge is can see it coming, and knows what to add. Everybody else
//! learns both during the outage.
//!
//! ## How it is proved
//! By the report of a test in the last 90 days that went on until something gave way, with the
//! number at which it did (`measured`, in the unit of `launch.demand`), about the same subject as
//! CAP-02. It is above the expected peak.
//!
//! ## Example
//! ```sh
//! gonogo evidence add CAP-03 journey/pay --result pass --method artifact --actor ci \
//!   --measured 3100 --note "the ledger's connections run out first; requests queue, none are lost"
//! ```
//!
//! ## How to meet it
//! After the test at twice the peak raise the load step by step, and write down what gave way
//! first and how it looked from outside.

use super::{about_demand, demand, under_demand};
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CAP-03",
    title: "It is known at what load it breaks, and what breaks first",
    classes: &[Class::Artifact],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: None,
    source: include_str!("break_point.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let under = under_demand(case);
    let peak = demand(case).map(|d| d.peak);
    about_demand(case, answers)
        .proved(
            case,
            &under,
            "raise the load until something gives way, and record where that was",
        )
        .shows(
            "record the number with `--measured`",
            |record| match record.measured {
                None => Some((
                    State::Unknown,
                    "the record does not say at what number it broke".into(),
                )),
                Some(broke) if peak.is_some_and(|peak| broke <= peak) => Some((
                    State::Fail,
                    format!("it broke at {broke}, and the expected peak is {}", peak?),
                )),
                Some(_) => None,
            },
        );
}
