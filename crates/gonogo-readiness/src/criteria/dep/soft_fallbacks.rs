//! # DEP-13: Doing without a soft dependency is described, and was tried
//!
//! ## Why it matters
//! "It goes on without it" is the most common wrong sentence in a review. The call turns out to
//! be in the way of a page, the cache to be empty, the default to be nothing.
//!
//! ## How it is proved
//! From the package: each soft dependency says what is done instead (`fallback`). Then,
//! for each component and journey that has one: in the last 90 days it was taken away and the
//! rest went on. A changed declaration asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add DEP-13 component/api --result pass --method drill \
//!   --actor oncall-one --note "mailer off for 20 min: orders went on, mails came later"
//! ```
//!
//! ## How to meet it
//! Write `fallback:` at the dependency, switch the needed component off for a while where it
//! does no harm, and record what happened.

use gonogo_model::component::DependencyKind;

use super::{about, dependants};
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-13",
    title: "Doing without a soft dependency is described, and was tried",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: Some(Trigger::SoftDependency),
    source: include_str!("soft_fallbacks.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for node in dependants(case) {
        let soft = || {
            node.depends_on()
                .iter()
                .filter(|d| d.kind == DependencyKind::Soft)
        };
        if soft().next().is_none() {
            continue;
        }
        let answer = about(case, answers, node);
        for edge in soft() {
            if edge.fallback.as_ref().is_none_or(|f| f.trim().is_empty()) {
                answer.fail(
                    format!(
                        "what is done instead of `{}` is not written",
                        edge.component.id
                    ),
                    "write `fallback:` at the dependency",
                );
            }
        }
        answer.proved(
            case,
            &[],
            "take what it can do without away for a while, and record what happened",
        );
    }
}
