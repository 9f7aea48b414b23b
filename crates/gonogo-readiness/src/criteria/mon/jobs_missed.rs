//! # MON-08: For each job somebody hears when it does not run
//!
//! ## Why it matters
//! A job that fails says so. One that was never started says nothing, and is found when the
//! invoices are missing.
//!
//! ## How it is proved
//! From the package: an alert of each job fires when it does not even begin: on its source going
//! silent, on a check that looks at its last run, or on overdue ends of a flow that something else
//! starts. An end that is overdue says nothing where the job itself would have told of the start.
//! Then that it ran, within the silence that its sources may keep, and at least in the last week.
//!
//! ## Example
//! ```yaml
//! flows:
//!   - id: nightly-export
//!     name: The nightly export ends
//!     component: exporter
//!     start: {source: scheduler, event: [export.due], key: data.run}
//!     end: {source: exporter, event: [export.ended], key: data.run}
//!     deadline: 2h
//! alerts:
//!   - {id: export-overdue, name: The export did not end, severity: SEV3, when: {flow_overdue: {flow: nightly-export}}}
//! ```
//!
//! ## How to meet it
//! Let whatever starts the job say so, and the job say when it ended; or give its source a
//! `silent_after` and an alert; or let a check look at the age of what it made.

use gonogo_model::Id;
use gonogo_model::alert::{Alert, Condition};
use gonogo_model::component::{Component, ComponentKind};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-08",
    title: "For each job somebody hears when it does not run",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(LATELY),
    trigger: Some(Trigger::Job),
    source: include_str!("jobs_missed.rs"),
    assess,
};

/// How long ago a job may have run for which the package names no bound.
const LATELY: Duration = Duration::from_hours(7 * 24);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for job in case.of_kind(ComponentKind::Job) {
        let alerts = case.alerts_of(&job.id.value);
        case.component(answers, job)
            .must(
                alerts.iter().any(|a| fires_without_a_start(case, job, a)),
                "nothing fires when it does not run",
                "alert on its silence, on a check of its last run, or on overdue ends of a flow that something else starts",
            )
            .proved_within(
                case,
                &[],
                Some(lately(case, job)),
                "ask a running server, or record that it ran in its window",
            );
    }
}

fn fires_without_a_start(case: &Case<'_>, job: &Component, alert: &Alert) -> bool {
    let source = |id: &Id| case.package.sources.get(id);
    match &alert.when {
        Condition::CheckFailing(_) => true,
        Condition::SourceSilent(c) => {
            source(&c.source.id).is_some_and(|s| s.silent_after.is_some())
        }
        Condition::FlowOverdue(c) => {
            let flow = case.package.flows.get(&c.flow.id);
            let starts = flow.and_then(|f| source(&f.start.source.id));
            starts.is_some_and(|s| match &s.component {
                Some(speaks) => speaks.id != job.id.value,
                None => false,
            })
        }
        _ => false,
    }
}

/// The longest silence that is normal for whatever its flows hear from.
fn lately(case: &Case<'_>, job: &Component) -> Duration {
    let flows = case.package.flows.values();
    let of_job = flows.filter(|f| f.component.id == job.id.value);
    let bounds = of_job
        .flat_map(|f| [&f.start.source.id, &f.end.source.id])
        .filter_map(|id| case.package.sources.get(id)?.silent_after);
    bounds.max().map_or(LATELY, |bound| bound.max(LATELY))
}
