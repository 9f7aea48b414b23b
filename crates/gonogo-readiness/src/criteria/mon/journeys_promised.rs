//! # MON-01: Each critical journey has an objective and somebody who owns it
//!
//! ## Why it matters
//! Without a number nobody can say whether a launch goes well, and every argument about stopping
//! it is about feelings.
//!
//! ## How it is proved
//! From the package: each critical journey has an SLO that names it, with a target and an owner
//! whom somebody holds; and at least one of them is live, with all that it needs.
//!
//! ## Example
//! ```yaml
//! slos:
//!   - id: checkout-works
//!     name: Checkouts are paid
//!     journey: checkout
//!     owner: head-of-shop
//!     sli: {flow_completion: order-paid}
//!     target: 99.5%
//! ```
//!
//! ## How to meet it
//! Begin with what is measured already, a check or a flow, and a target that last month would
//! have met.

use gonogo_model::Id;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-01",
    title: "Each critical journey has an objective and somebody who owns it",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("journeys_promised.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let live = |id: &Id| {
        let subject = Subject::Entity(Kind::Journey, id.clone());
        case.off(&subject).is_none()
    };
    let mut critical = case.critical().peekable();
    if critical.peek().is_some() && !critical.any(|j| live(&j.id.value)) {
        answers.about_package(case).unknown(
            "every critical journey is switched off with something that it needs, so nothing is asked that a launch could rest on",
            "take `off:` away from what the launch needs",
        );
    }
    for journey in case.critical() {
        let answer = case.journey(answers, journey);
        let of_it = case
            .package
            .slos
            .values()
            .filter(|s| s.journey.as_ref().is_some_and(|j| j.id == journey.id.value));
        let mut any = false;
        for slo in of_it {
            any = true;
            match &slo.owner {
                None => answer.fail(
                    format!("nobody owns its objective `{}`", slo.id.value),
                    "write `owner:` at the SLO",
                ),
                Some(role) => answer.must(
                    crate::criteria::held_by_somebody(case, &role.id),
                    format!("nobody holds `{}`, which owns `{}`", role.id, slo.id.value),
                    "give the role a holder in `roles`",
                ),
            };
        }
        answer.must(
            any,
            "no SLO names it",
            "write an SLO with `journey:` and a target",
        );
    }
}
