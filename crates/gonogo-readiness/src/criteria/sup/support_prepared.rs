//! # SUP-05: Support has an answer ready for each failure, and knows where it goes
//!
//! ## Why it matters
//! Support often hears first. Without words and a way, the first hour of tickets is answered one
//! by one, and wrongly.
//!
//! ## How it is proved
//! From the package: each failure mode that customers feel (`journeys`) has a macro and leads
//! somewhere by a routing rule of its own or of one of these journeys, and so does each critical
//! journey. No macro breaks a rule of wording, and no two have the same tag. Somebody holds
//! support's role, and `declare` says how they declare an incident. Then a drill of the last 180
//! days that began with a ticket.
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
use gonogo_model::risk::FailureMode;
use gonogo_model::support::Support;

use crate::criteria::{Answer, held_by_somebody};
use crate::wording;

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
    answer.must(
        held_by_somebody(case, &support.role.id),
        format!(
            "nobody holds `{}`, which answers customers",
            support.role.id
        ),
        "give the role a holder in `roles`",
    );
    routed(case, support, answer);
    answered(case, support, answer);
    answer
        .must(
            support
                .declare
                .as_ref()
                .is_some_and(|d| !d.trim().is_empty()),
            "how support declares an incident is not written",
            "write `declare:`",
        )
        .proved(case, &[], "begin a rehearsal with a ticket, and record it");
}

/// What customers say leads somewhere.
fn routed(case: &Case<'_>, support: &Support, answer: &mut Answer) {
    let journeys = support.routing.iter().filter_map(|r| r.journey.as_ref());
    let journeys: BTreeSet<&Id> = journeys.map(|j| &j.id).collect();
    let modes = support.routing.iter().flat_map(|r| &r.failure_modes);
    let modes: BTreeSet<&Id> = modes.map(|m| &m.id).collect();
    for journey in case.critical() {
        let id = &journey.id.value;
        let live = case
            .off(&Subject::Entity(Kind::Journey, id.clone()))
            .is_none();
        answer.must(
            !live || journeys.contains(id),
            format!("what customers say about `{id}` leads nowhere"),
            "write a routing rule with `journey:`",
        );
    }
    for mode in felt(case) {
        let by_journey = mode.journeys.iter().any(|j| journeys.contains(&j.id));
        answer.must(
            by_journey || modes.contains(&mode.id.value),
            format!("what customers say about `{}` leads nowhere", mode.id.value),
            "name it in the `failure_modes` of a routing rule",
        );
    }
}

/// An answer is ready, is found again by its tag, and reads well.
fn answered(case: &Case<'_>, support: &Support, answer: &mut Answer) {
    let macros = support.macros.iter().flat_map(|m| &m.failure_modes);
    let answered: BTreeSet<&Id> = macros.map(|m| &m.id).collect();
    for mode in felt(case) {
        answer.must(
            answered.contains(&mode.id.value),
            format!("there is no answer ready for `{}`", mode.id.value),
            "name it in the `failure_modes` of a macro",
        );
    }
    let mut tags = BTreeSet::new();
    for ready in &support.macros {
        let tag = ready.tag.trim();
        answer.must(
            tags.insert(tag),
            format!("two answers have the tag `{tag}`, so their tickets cannot be told apart"),
            "give each macro a tag of its own",
        );
        for finding in wording::text(&ready.body, None) {
            answer.fail(
                format!("in the answer `{tag}`, {}", finding.message),
                finding.help,
            );
        }
    }
}

/// The failures that customers feel, of what is live.
fn felt<'p>(case: &Case<'p>) -> impl Iterator<Item = &'p FailureMode> {
    let modes = case.package.failure_modes.values();
    modes.filter(|mode| {
        let subject = Subject::Entity(Kind::FailureMode, mode.id.value.clone());
        !mode.journeys.is_empty() && case.off(&subject).is_none()
    })
}
