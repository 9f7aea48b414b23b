//! # ONC-06: Each vendor can be reached, even when its portal is down
//!
//! ## Why it matters
//! The portal in which a case is opened is often part of the outage.
//!
//! ## How it is proved
//! From the package: each vendor has `support` with a level, a portal, the account that they ask
//! for first, and what to do when the portal is down. Then that it was tried in the last 180 days.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: payment-provider
//!     kind: vendor
//!     support:
//!       level: Standard, answer within a day
//!       portal: https://support.example.com/
//!       account: The number on each invoice
//!       when_portal_is_down: The telephone number on the contract
//! ```
//!
//! ## How to meet it
//! Ask the vendor once, by the second way, and write down what worked.

use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-06",
    title: "Each vendor can be reached, even when its portal is down",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(180 * 24)),
    trigger: Some(Trigger::Vendor),
    source: include_str!("vendors_reachable.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let said = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    for vendor in case.of_kind(ComponentKind::Vendor) {
        let answer = case.component(answers, vendor);
        let Some(support) = &vendor.support else {
            answer.fail(
                "how somebody there is reached is not written",
                "write `support:`",
            );
            continue;
        };
        answer
            .must(
                said(&support.portal),
                "where a case is opened is not written",
                "write `portal:`",
            )
            .must(
                said(&support.account),
                "which account they ask for first is not written",
                "write `account:`, or that they ask for none",
            )
            .must(
                said(&support.when_portal_is_down),
                "what to do when its portal is down is not written",
                "write `when_portal_is_down:`",
            )
            .proved(
                case,
                &[],
                "reach them once by the second way, and record it",
            );
    }
}
