//! # DEP-04: What is declared is what runs
//!
//! ## Why it matters
//! Every answer about what falls with what is only as true as the graph. The dependency that was
//! forgotten is the one that surprises, because it is also the one that nobody watches.
//!
//! ## How it is proved
//! For each service, job and config feed of ours: somebody or something compared what it declares with
//! the calls that traces, egress logs or DNS showed in the last 30 days. A changed declaration
//! asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add DEP-04 component/api --result pass --method probe \
//!   --actor trace-diff --note "9 declared, 9 seen in 14 days"
//! ```
//!
//! ## How to meet it
//! List the targets that a component really called, add what is missing to `depends_on`, and
//! take out what was never called.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-04",
    title: "What is declared is what runs",
    classes: &[Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: Some(Trigger::Deployable),
    source: include_str!("observed_dependencies.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for component in case.deployables() {
        case.component(answers, component).proved(
            case,
            &[],
            "compare its dependencies with what traces, egress logs or DNS show",
        );
    }
}
