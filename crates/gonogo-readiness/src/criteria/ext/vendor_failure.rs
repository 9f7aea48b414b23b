//! # EXT-02: Whoever uses a vendor says whether it goes on or stops without it
//!
//! ## Why it matters
//! Letting everybody in while the fraud check is down and letting nobody pay while it is are
//! both decisions. Without one, a default in a library takes it.
//!
//! ## How it is proved
//! From the package: each hard or soft dependency on a vendor says `fails: open` or
//! `fails: closed`, and each vendor is needed by something, or people use it (`used_for`).
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: checkout
//!     name: Checkout
//!     kind: service
//!     team: billing
//!     depends_on:
//!       - {component: fraud-check, kind: soft, fails: open, fallback: Orders above 500 wait for a person.}
//! ```
//!
//! ## How to meet it
//! Ask whoever answers for the journey, write the answer at the dependency, and try whether the
//! code does the same.

use gonogo_model::component::{ComponentKind, Dependency, DependencyKind};
use gonogo_model::{Id, Package};

use crate::criteria::prelude::*;
use crate::graph::Node;

pub(super) const CRITERION: Criterion = Criterion {
    id: "EXT-02",
    title: "Whoever uses a vendor says whether it goes on or stops without it",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::Vendor),
    source: include_str!("vendor_failure.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for at in 0..case.graph.len() {
        let node = case.graph.node(at);
        let vendors = || {
            node.depends_on()
                .iter()
                .filter(|d| uses_vendor(case.package, d))
        };
        if vendors().next().is_some() {
            let answer = match node {
                Node::Component(component) => case.component(answers, component),
                Node::Journey(journey) => case.journey(answers, journey),
            };
            for edge in vendors().filter(|d| d.fails.is_none()) {
                let vendor = &edge.component.id;
                answer.fail(
                    format!("whether it goes on or stops without `{vendor}` is not written"),
                    "write `fails: open` or `fails: closed` at the dependency",
                );
            }
        }
        if let Node::Component(vendor) = node
            && vendor.kind == ComponentKind::Vendor
            && vendor.used_for.is_empty()
            && case.graph.needed_by(at).is_empty()
        {
            case.component(answers, vendor).fail(
                "nothing says that it needs it",
                "write it into `depends_on` of whatever uses it",
            );
        }
    }
}

fn uses_vendor(package: &Package, edge: &Dependency) -> bool {
    let is_vendor = |id: &Id| {
        let component = package.components.get(id);
        component.is_some_and(|c| c.kind == ComponentKind::Vendor)
    };
    matches!(edge.kind, DependencyKind::Hard | DependencyKind::Soft)
        && is_vendor(&edge.component.id)
}
