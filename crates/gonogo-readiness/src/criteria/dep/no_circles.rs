//! # DEP-05: Nothing needs itself in a circle
//!
//! ## Why it matters
//! Components that need one another to work or to start cannot be brought back in any order. It
//! goes unnoticed for years, until everything is down at once.
//!
//! ## How it is proved
//! From the dependency graph: no circle of hard and startup dependencies. A member of a group is
//! no such need, because another member may do.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: sign-in
//!     name: Sign-in
//!     kind: service
//!     team: shop
//!     depends_on:
//!       - {component: sessions}
//!   - id: sessions
//!     name: Sessions
//!     kind: service
//!     team: shop
//!     depends_on:
//!       - {component: sign-in, kind: soft, fallback: Sessions are read and not renewed.}
//! ```
//!
//! ## How to meet it
//! Find the edge of the circle that can be done without for a while, make it so, and write
//! `kind: soft`.

use crate::criteria::prelude::*;
use crate::graph::Node;
use crate::graph::cycles::cycles;

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-05",
    title: "Nothing needs itself in a circle",
    classes: &[Class::Graph],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("no_circles.rs"),
    assess,
};

/// How many components of a circle are named; of a longer one the rest is counted.
const MAX_NAMED: usize = 8;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let found = cycles(case.graph);
    if found.is_empty() {
        answers.about_package(case);
    }
    for cycle in &found {
        let name = |at| format!("`{}`", case.graph.node(at).id());
        let Some((first, _)) = cycle.steps.first() else {
            continue;
        };
        let mut path: Vec<String> = cycle.steps.iter().map(|(at, _)| name(*at)).collect();
        if path.len() > MAX_NAMED {
            let more = format!("{} more", path.len() - MAX_NAMED);
            path.truncate(MAX_NAMED);
            path.push(more);
        }
        path.push(name(*first));
        let Node::Component(component) = case.graph.node(*first) else {
            continue;
        };
        case.component(answers, component).fail(
            format!("it needs itself: {}", path.join(" → ")),
            "find the edge that can be done without for a while, and make it `kind: soft`",
        );
    }
}
