//! # RBK-09: Every rollback was rehearsed with today's configuration, in time
//!
//! ## Why it matters
//! A rollback that was never tried is a second change during an outage. It fails where the
//! present configuration no longer fits the old version, which is why one from last year proves
//! nothing.
//!
//! ## How it is proved
//! By a drill about each service, job and config feed in the last 90 days. It says how long it
//! took (`took`), and that is within the `budget`. It is bound to the component, to the runbook
//! of its rollback, to what it is deployed with and to the configuration it reads: a change of
//! one of them asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add RBK-09 component/billing-ledger --result pass --method drill \
//!   --actor oncall-one --took 4m10s --note "back to revision 212, 3 requests failed"
//! ```
//!
//! ## How to meet it
//! Release something harmless, take it back by the command that is written, and stop the clock
//! when the old version answers.

use gonogo_model::evidence::Evidence;

use super::rollback_rests_on;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-09",
    title: "Every rollback was rehearsed with today's configuration, in time",
    classes: &[Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: Some(Trigger::Deployable),
    source: include_str!("rollback_rehearsed.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for component in case.deployables() {
        let others = rollback_rests_on(case, component);
        let budget = component.rollback.as_ref().map(|r| r.budget);
        case.component(answers, component)
            .must(
                budget.is_some(),
                "how long taking it back may take is not written",
                "write `rollback:` with a `budget`",
            )
            .proved(
                case,
                &others,
                "take a harmless release back by the written command, and record how long it took",
            )
            .shows("make it faster, or agree on another `budget`", |record| {
                in_time(record, budget?)
            });
    }
}

fn in_time(record: &Evidence, budget: Duration) -> Option<(State, String)> {
    match record.took {
        None => Some((
            State::Unknown,
            "the record does not say how long it took".into(),
        )),
        Some(took) if took > budget => Some((
            State::Fail,
            format!("it took {took}, and may take {budget}"),
        )),
        Some(_) => None,
    }
}
