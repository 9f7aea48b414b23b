//! # RBK-12: Starting again does not bring it down again
//!
//! ## Why it matters
//! After an outage everything asks for everything at once: empty caches, queues full of retries,
//! clients that reconnect in the same second. Many outages last hours because of the second
//! wave.
//!
//! ## How it is proved
//! Each service and datastore of one's own says how it starts again (`restart`: jitter, backoff,
//! admission of a few at a time). And it was started cold, under load, in the last 90 days.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: webhook-receiver
//!     name: Webhook receiver
//!     kind: service
//!     team: platform
//!     restart: takes 50 events a second until the backlog is gone; senders back off with jitter up to 5 minutes
//! ```
//!
//! ## How to meet it
//! Stop it in a test environment until a backlog has grown, start it, and watch what it leans on.

use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "RBK-12",
    title: "Starting again does not bring it down again",
    classes: &[Class::Drill],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: None,
    source: include_str!("cold_start.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let starts = |kind| matches!(kind, ComponentKind::Service | ComponentKind::Datastore);
    for component in case.package.components.values().filter(|c| starts(c.kind)) {
        let restart = component.restart.as_deref().unwrap_or("");
        case.component(answers, component)
            .must(
                !restart.trim().is_empty(),
                "how it starts again under load is not written",
                "write `restart:`, with what keeps everybody from coming at once",
            )
            .proved(
                case,
                &[],
                "start it cold with a backlog, and record what happened",
            );
    }
}
