//! # OWN-01: Every component and journey has one accountable owner
//!
//! ## Why it matters
//! In an outage the first question is who decides. Where nobody or everybody answers for
//! something, minutes go by in finding out, and the follow-up is nobody's.
//!
//! ## How it is proved
//! From the package: each component names one team, whose `accountable` role somebody holds; each
//! journey names the role that answers for it, and somebody holds that.
//!
//! ## Example
//! ```yaml
//! journeys:
//!   - id: pay
//!     name: Pay for a plan
//!     owner: head-of-billing
//! ```
//!
//! ## How to meet it
//! Write `owner:` at the journey, `team:` at the component, and give the role a holder.

use crate::criteria::held_by_somebody;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "OWN-01",
    title: "Every component and journey has one accountable owner",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("one_accountable_owner.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let held = |role| held_by_somebody(case, role);
    for component in case.package.components.values() {
        let team = case.package.teams.get(&component.team.id);
        let role = team.map(|t| &t.accountable.id);
        case.component(answers, component).must(
            role.is_some_and(held),
            match role {
                Some(role) => format!("nobody holds `{role}`, which answers for it"),
                None => format!("there is no team `{}`", component.team.id),
            },
            "give the role that answers for it a holder in `roles`",
        );
    }
    for journey in case.package.journeys.values() {
        let answer = case.journey(answers, journey);
        match &journey.owner {
            None => answer.fail("no role answers for it", "write `owner:` at the journey"),
            Some(role) => answer.must(
                held(&role.id),
                format!("nobody holds `{}`, which answers for it", role.id),
                "give the role a holder in `roles`",
            ),
        };
    }
}
