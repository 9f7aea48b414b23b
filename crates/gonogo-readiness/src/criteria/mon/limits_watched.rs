//! # MON-11: Before each limit somebody hears of it
//!
//! ## Why it matters
//! Quotas, disks and pools end at a number that somebody could have read weeks before.
//!
//! ## How it is proved
//! From the package: each of a component's `limits` names an alert, and `alert_at` is 80% or
//! less.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: orders-database
//!     limits:
//!       - {name: connections, max: 400, alert: database-nearly-full, alert_at: 75%}
//! ```
//!
//! ## How to meet it
//! Write the limit with the alert that comes before it. Where nothing can be asked yet, the limit
//! itself is the finding.

use gonogo_model::percent::Percent;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-11",
    title: "Before each limit somebody hears of it",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::Limit),
    source: include_str!("limits_watched.rs"),
    assess,
};

/// The share of a limit at which an alert still leaves time.
const LATEST: Percent = Percent::from_ppm(800_000);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for component in case.package.components.values() {
        if component.limits.is_empty() {
            continue;
        }
        let answer = case.component(answers, component);
        for limit in &component.limits {
            let name = &limit.name;
            answer.must(
                limit.alert.is_some(),
                format!("nothing says that `{name}` is near"),
                "write `alert:` at the limit",
            );
            match limit.alert_at {
                None => answer.fail(
                    format!("at which share of `{name}` it fires is not written"),
                    "write `alert_at:`, at most 80%",
                ),
                Some(share) => answer.must(
                    share <= LATEST,
                    format!("`{name}` is told of only at {share}"),
                    "let it fire at 80% or before",
                ),
            };
        }
    }
}
