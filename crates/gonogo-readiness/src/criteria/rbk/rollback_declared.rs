//! # RBK-08: Everything that is deployed says how it is taken back
//!
//! ## Why it matters
//! Taking a change back is the fastest repair there is, if nobody has to argue about it. When to
//! do it, who says so, how long it may take and after what it no longer works are decided in
//! daylight.
//!
//! ## How it is proved
//! From the package: each service, job and config feed has `rollback` with a trigger, a decider
//! whose role somebody holds, a budget of time, a command, and the point of no return, be it
//! "none".
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: api
//!     name: API
//!     kind: service
//!     team: platform
//!     rollback:
//!       trigger: more than 2% of requests fail for 5 minutes after a release
//!       decider: release-lead
//!       budget: 10m
//!       command: gcloud run services update-traffic api --to-revisions=REVISION=100
//!       point_of_no_return: none, the service keeps no state
//! ```
//!
//! ## How to meet it
//! Write down how it was done the last time, then what would have made you do it sooner.

use crate::criteria::held_by_somebody;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-08",
    title: "Everything that is deployed says how it is taken back",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::Deployable),
    source: include_str!("rollback_declared.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for component in case.deployables() {
        let answer = case.component(answers, component);
        let Some(rollback) = &component.rollback else {
            answer.fail("how it is taken back is not written", "write `rollback:`");
            continue;
        };
        let decider = &rollback.decider.id;
        let point = rollback.point_of_no_return.as_deref().unwrap_or("");
        answer
            .must(
                !rollback.trigger.trim().is_empty(),
                "when it is taken back is not written",
                "write `trigger:` in numbers",
            )
            .must(
                !rollback.command.trim().is_empty(),
                "how it is taken back is not written",
                "write `command:`, in one line",
            )
            .must(
                rollback.budget > Duration::ZERO,
                "taking it back may take no time at all",
                "write as `budget:` how long it may take",
            )
            .must(
                held_by_somebody(case, decider),
                format!("nobody holds `{decider}`, which decides on it"),
                "give the role a holder in `roles`",
            )
            .must(
                !point.trim().is_empty(),
                "after what it no longer works is not written",
                "write `point_of_no_return:`, and `none` with the reason where there is none",
            );
    }
}
