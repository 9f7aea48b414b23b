//! # CAP-06: What happens with too much load is decided, and was tried
//!
//! ## Why it matters
//! Everything has a most. Past it a service can say no to some, keep some waiting, or fail for
//! all; which of these happens is a choice only if somebody made it.
//!
//! ## How it is proved
//! Each service says what it does when more comes than it can take (`overload`), and a drill or
//! a load test in the last 90 days showed that it does.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: webhook-receiver
//!     name: Webhook receiver
//!     kind: service
//!     team: platform
//!     overload: stores first and answers 200; past 500 a second it answers 503, and senders come back
//! ```
//!
//! ## How to meet it
//! Send more than the limit to a test environment. Watch whether the oldest or the newest
//! requests are lost, and whether it recovers when the load is gone.

use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CAP-06",
    title: "What happens with too much load is decided, and was tried",
    classes: &[Class::Drill, Class::Artifact],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: None,
    source: include_str!("overload_tested.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for component in case.of_kind(ComponentKind::Service) {
        let overload = component.overload.as_deref().unwrap_or("");
        case.component(answers, component)
            .must(
                !overload.trim().is_empty(),
                "what it does with too much load is not written",
                "write `overload:`: whom it refuses, what it queues, where it slows down",
            )
            .proved(
                case,
                &[],
                "send it more than it can take, and record what it did",
            );
    }
}
