//! # RBK-10: What changes data says how data comes back
//!
//! ## Why it matters
//! Code goes back in minutes; rows that a new version wrote do not. Without an answer the rollback
//! meets a schema that it does not know, and the outage becomes loss.
//!
//! ## How it is proved
//! From the package: each service, job and config feed that depends on a datastore says in
//! `rollback.data` how data and schema are taken back, or why going forward is the only way. And
//! that way was walked in the last 90 days, with what the component and the datastores are now.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: ledger
//!     name: Ledger
//!     kind: service
//!     team: billing
//!     depends_on: [{component: ledger-db}]
//!     rollback:
//!       trigger: entries do not balance
//!       decider: head-of-billing
//!       budget: 15m
//!       command: gcloud run services update-traffic ledger --to-revisions=REVISION=100
//!       data: migrations only add; the old version ignores new columns; entries are corrected by reversing entries
//! ```
//!
//! ## How to meet it
//! Keep migrations apart from releases and readable by the version before. Restore a copy, run
//! the newest migration, start the version before, and record what happened.

use gonogo_model::component::{Component, ComponentKind};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-10",
    title: "What changes data says how data comes back",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: Some(Trigger::Datastore),
    source: include_str!("data_rollback.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for component in case.deployables() {
        let stores = stores(case, component);
        if stores.is_empty() {
            continue;
        }
        let data = component.rollback.as_ref().and_then(|r| r.data.as_ref());
        case.component(answers, component)
            .must(
                data.is_some_and(|d| !d.trim().is_empty()),
                "how its data and schema come back is not written",
                "write `data:` in its `rollback`, or why going forward is the only way",
            )
            .proved(
                case,
                &stores,
                "run the version before on what the newest one wrote, and record what happened",
            );
    }
}

/// The datastores that it depends on directly.
fn stores(case: &Case<'_>, component: &Component) -> Vec<Subject> {
    let needed = component.depends_on.iter().map(|d| &d.component.id);
    let mut found: Vec<Subject> = needed
        .filter(|id| {
            let component = case.package.components.get(*id);
            component.is_some_and(|c| c.kind == ComponentKind::Datastore)
        })
        .map(|id| Subject::Entity(Kind::Component, id.clone()))
        .collect();
    found.sort();
    found.dedup();
    found
}
