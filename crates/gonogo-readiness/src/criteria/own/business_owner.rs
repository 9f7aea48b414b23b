//! # OWN-06: Journeys that move money or data have an owner in the business
//!
//! ## Why it matters
//! Whether to refund, to tell a regulator or to stop selling is no engineer's decision. Somebody
//! who may decide it has to be known before the night on which it has to be decided.
//!
//! ## How it is proved
//! From the package: each journey that moves money or data names a `business_owner`, and
//! somebody holds that role.
//!
//! ## Example
//! ```yaml
//! journeys:
//!   - id: pay
//!     name: Pay for a plan
//!     owner: head-of-billing
//!     business_owner: head-of-finance
//!     moves: [money]
//! ```
//!
//! ## How to meet it
//! Ask finance, legal or sales who decides, give that role a holder, and name it at the journey.

use crate::criteria::people;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "OWN-06",
    title: "Journeys that move money or data have an owner in the business",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::MoneyOrData),
    source: include_str!("business_owner.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let moving = case.package.journeys.values();
    for journey in moving.filter(|j| !j.moves.is_empty()) {
        let answer = case.journey(answers, journey);
        match &journey.business_owner {
            None => answer.fail(
                "nobody in the business answers for what it moves",
                "write `business_owner:` at the journey",
            ),
            Some(role) => answer.must(
                people::first(case, &role.id, case.now).is_some(),
                format!(
                    "nobody holds `{}`, which answers for what it moves",
                    role.id
                ),
                "give the role a holder in `roles`",
            ),
        };
    }
}
