//! # DEP-14: Pushed data and configuration have limits and are validated
//!
//! ## Why it matters
//! A file that is pushed everywhere acts at once and everywhere, without the stages of a
//! release. One that was twice as long as expected, or had an empty field, has taken whole
//! networks down.
//!
//! ## How it is proved
//! From the package: each `config-feed` has at least one limit of size or shape, says how it is
//! validated before it is used, and something depends on it.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: routing-table
//!     name: Routing table
//!     kind: config-feed
//!     team: platform
//!     limits: [{name: entries, max: 20000}]
//!     validation: The reader refuses a file that is too long or has a field that it does not know, and keeps the last good one.
//! ```
//!
//! ## How to meet it
//! Ask what the reader does with a file that is empty, doubled or of another shape; write down
//! the limit at which it refuses it.

use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-14",
    title: "Pushed data and configuration have limits and are validated",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::ConfigFeed),
    source: include_str!("feeds_bounded.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for feed in case.of_kind(ComponentKind::ConfigFeed) {
        let validated = feed
            .validation
            .as_ref()
            .is_some_and(|v| !v.trim().is_empty());
        let place = case.graph.component(&feed.id.value);
        let read = place.is_some_and(|at| !case.graph.needed_by(at).is_empty());
        case.component(answers, feed)
            .must(
                !feed.limits.is_empty(),
                "how large it may be, and of what shape, is not written",
                "write `limits:` at the feed",
            )
            .must(
                validated,
                "how it is validated before it is used is not written",
                "write `validation:` at the feed",
            )
            .must(
                read,
                "nothing says that it reads it",
                "write it into `depends_on` of whatever reads it",
            );
    }
}
