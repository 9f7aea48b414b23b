//! # SUP-05: Support has an answer ready for each failure, and knows where it goes
//!
//! ## Why it matters
//! Support often hears first. Without words and a way, the first hour of tickets is answered one
//! by one, and wrongly.
//!
//! ## How it is proved
//! From the package: each failure mode that customers feel (`journeys`) has a macro, and each
//! critical journey a routing rule; `declare` says how support declares an incident. Then a drill
//! of the last 180 days that began with a ticket.
//!
//! ## Example
//! ```yaml
//! support:
//!   role: support-lead
//!   routing:
//!     - {symptom: I paid and nothing happened, journey: pay, queue: billing, escalate_to: billing-on-call}
//!   macros:
//!     - {failure_modes: [charge-lost], tag: payment-not-shown, body: Your payment arrived and is safe.}
//!   declare: "`gonogo incident declare`"
//! ```
//!
//! ## How to meet it
//! Write the answers with whoever answers customers, in customers' words, and begin one rehearsal
//! with a ticket.

use std::collections::BTreeSet;

use gonogo_model::Id;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "SUP-05",
    title: "Support has an answer ready for each failure, and knows where it goes",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(180 * 24)),
    trigger: None,
    source: include_str!("support_prepared.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let answer = answers.about(Subject::Support, None, 1);
    let Some(support) = &case.package.support else {
        answer.fail("nothing says how support works", "write `support:`");
        return;
    };
    let macros = support.macros.iter().flat_map(|m| &m.failure_modes);
    let answered: BTreeSet<&Id> = macros.map(|m| &m.id).collect();
    for mode in case.package.failure_modes.values() {
        if !mode.journeys.is_empty() && !answered.contains(&mode.id.value) {
            answer.fail(
                format!("there is no answer ready for `{}`", mode.id.value),
                "name it in the `failure_modes` of a macro",
            );
        }
    }
    let routed = support.routing.iter().filter_map(|r| r.journey.as_ref());
    let routed: BTreeSet<&Id> = routed.map(|j| &j.id).collect();
    for journey in case.critical() {
        answer.must(
            routed.contains(&journey.id.value),
            format!(
                "what customers say about `{}` leads nowhere",
                journey.id.value
            ),
            "write a routing rule with `journey:`",
        );
    }
    answer
        .must(
            support.declare.is_some(),
            "how support declares an incident is not written",
            "write `declare:`",
        )
        .proved(case, &[], "begin a rehearsal with a ticket, and record it");
}
