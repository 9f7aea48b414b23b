//! # MON-08: For each job somebody hears when it does not run
//!
//! ## Why it matters
//! A job that fails says so. One that was never started says nothing, and is found when the
//! invoices are missing.
//!
//! ## How it is proved
//! From the package: an alert of each job fires on absence: on ends that are overdue, on a source
//! that goes silent, or on a check that looks at its last run. Then that it ran in its window.
//!
//! ## Example
//! ```yaml
//! flows:
//!   - id: nightly-export
//!     name: The nightly export ends
//!     component: exporter
//!     start: {source: jobs, event: [export.started], key: data.run}
//!     end: {source: jobs, event: [export.ended], key: data.run}
//!     deadline: 2h
//! alerts:
//!   - {id: export-overdue, name: The export did not end, severity: SEV3, when: {flow_overdue: {flow: nightly-export}}}
//! ```
//!
//! ## How to meet it
//! Let the job say when it begins and ends, or let a check look at the age of what it made.

use gonogo_model::alert::Condition;
use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-08",
    title: "For each job somebody hears when it does not run",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(24)),
    trigger: Some(Trigger::Job),
    source: include_str!("jobs_missed.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for job in case.of_kind(ComponentKind::Job) {
        let absence = case.alerts_of(&job.id.value).iter().any(|a| {
            matches!(
                a.when,
                Condition::FlowOverdue(_) | Condition::SourceSilent(_) | Condition::CheckFailing(_)
            )
        });
        case.component(answers, job)
            .must(
                absence,
                "nothing fires when it does not run",
                "alert on its overdue end, its silence, or a check of its last run",
            )
            .proved(
                case,
                &[],
                "ask a running server, or record that it ran in its window",
            );
    }
}
