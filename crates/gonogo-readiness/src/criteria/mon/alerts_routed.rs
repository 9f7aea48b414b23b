//! # MON-03: Each alert reaches a team, by a policy, with a runbook
//!
//! ## Why it matters
//! An alert that belongs to nobody is read by nobody, and one without a runbook is a riddle at
//! three in the morning.
//!
//! ## How it is proved
//! From the package: the alert's team, or its component's, exists and has an escalation policy,
//! and the alert names a runbook.
//!
//! ## Example
//! ```yaml
//! alerts:
//!   - id: checkout-down
//!     name: The checkout does not answer
//!     severity: SEV1
//!     when: {check_failing: {check: checkout-health}}
//!     runbook: checkout-down
//! ```
//!
//! ## How to meet it
//! Write `runbook:` at the alert, and `team:` where its component does not say whose it is.

use crate::whom;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-03",
    title: "Each alert reaches a team, by a policy, with a runbook",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("alerts_routed.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for alert in case.package.alerts.values() {
        let team = whom::team(case.package, alert);
        let policy = team.is_some_and(|t| {
            let id = &t.escalation_policy.id;
            case.package.escalation_policies.contains_key(id)
        });
        case.entity(answers, alert)
            .must(
                team.is_some(),
                "it belongs to no team",
                "write `team:`, or let it be about a component",
            )
            .must(
                team.is_none() || policy,
                "its team has no escalation policy",
                "write `escalation_policy:` at the team",
            )
            .must(
                alert.runbook.is_some(),
                "no runbook says what to do",
                "write `runbook:`",
            );
    }
}
