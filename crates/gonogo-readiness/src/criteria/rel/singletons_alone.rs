//! # REL-08: Jobs that must be alone stay alone during a deployment
//!
//! ## Why it matters
//! A rolling deployment runs the old and the new version side by side for a while. A job that
//! bills, mails or cleans up then does it twice, with nothing red anywhere.
//!
//! ## How it is proved
//! From the package: each job says how many of it may run at once (`concurrency`). For those
//! that have to be alone, and for any other component that says so, a deployment in the last 90
//! days was watched: a lease or a lock kept the second one out.
//!
//! ## Example
//! ```sh
//! gonogo evidence add REL-08 component/invoice-run --result pass --method drill \
//!   --actor oncall-one --note "deployed while it ran: the new one waited for the lease, 1 run logged"
//! ```
//!
//! ## How to meet it
//! Write `concurrency: 1`, take a lease with an expiry before the first effect, and deploy while
//! the job runs.

use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REL-08",
    title: "Jobs that must be alone stay alone during a deployment",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: Some(Trigger::Singleton),
    source: include_str!("singletons_alone.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for component in case.ours() {
        match (component.kind, component.concurrency) {
            (_, Some(1)) => {
                case.component(answers, component).proved(
                    case,
                    &[],
                    "deploy while it runs, and record that the second one stayed out",
                );
            }
            (ComponentKind::Job, Some(0) | None) => {
                case.component(answers, component).fail(
                    "how many of it may run at once is not written",
                    "write `concurrency:`, and 1 where it has to be alone",
                );
            }
            (ComponentKind::Job, Some(_)) => {
                case.component(answers, component);
            }
            _ => {}
        }
    }
}
