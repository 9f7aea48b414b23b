//! # DEP-02: Each dependency says how it is used
//!
//! ## Why it matters
//! Whether an answer is waited for decides what an outage looks like: a slow database stops the
//! page at once, a slow queue is noticed an hour later. Nobody can read that from an arrow.
//!
//! ## How it is proved
//! From the package: each dependency that matters while things run says whether its answer is
//! waited for. Direction and kind (`hard`, `soft`, `startup`, `control-plane`, `recovery`) are
//! there by the format, and what has no kind counts as hard. What is needed only to start, to
//! change or to repair is not asked.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: api
//!     name: API
//!     kind: service
//!     team: shop
//!     depends_on:
//!       - {component: database, kind: hard, mode: sync}
//!       - {component: mailer, kind: soft, mode: async}
//! ```
//!
//! ## How to meet it
//! Write `mode: sync` where a request waits, `mode: async` where a queue, a webhook or a nightly
//! run stands between.

use gonogo_model::component::DependencyKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-02",
    title: "Each dependency says how it is used",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("edges_described.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let components = case.package.components.values();
    for component in components.filter(|c| !c.depends_on.is_empty()) {
        let answer = case.component(answers, component);
        for edge in &component.depends_on {
            let runs = matches!(edge.kind, DependencyKind::Hard | DependencyKind::Soft);
            if runs && edge.mode.is_none() {
                answer.fail(
                    format!(
                        "whether it waits for `{}` is not written",
                        edge.component.id
                    ),
                    "write `mode: sync` or `mode: async` at the dependency",
                );
            }
        }
    }
}
