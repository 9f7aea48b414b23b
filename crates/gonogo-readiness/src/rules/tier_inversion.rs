//! # tier-inversion
//!
//! ## What it does
//! Finds components that hard-need one of a less important tier, and critical journeys that
//! hard-need one whose tier never blocks a launch. A group that can spare a member is no such
//! need.
//!
//! ## Why is this bad?
//! What something cannot work without matters as much as it does. The tier decides how closely
//! a component is watched and what a launch waits for, so here the weakest link gets the least
//! attention.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: checkout
//!     tier: 1
//!     depends_on:
//!       - {component: database}
//!   - id: database
//!     tier: 3
//! ```
//!
//! ## Instead
//! Give what is needed the tier of what needs it. Where it really matters less, find out what
//! happens without it and write `kind: soft`, or put a second one beside it in a group.

use gonogo_model::Diagnostic;

use super::Subject;
use crate::graph::Node;
use crate::graph::tier::inversions;

pub(super) const CODE: &str = "tier-inversion";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for inversion in inversions(subject.graph) {
        let (id, needed) = (inversion.node.id(), inversion.needed);
        let what = match inversion.node {
            Node::Component(c) => format!("`{id}` is of tier {}", c.tier),
            Node::Journey(_) => format!("`{id}` is a critical journey"),
        };
        let message = format!(
            "{what} and cannot work without `{}`, which is of tier {}",
            needed.id.value, needed.tier
        );
        let help = format!(
            "give `{}` tier {}, or make this edge `kind: soft` if it can be done without",
            needed.id.value, inversion.at_least
        );
        found.push(
            Diagnostic::warning(CODE, inversion.dependency.component.span, message)
                .label("needed to work")
                .related(needed.id.span, format!("tier {}", needed.tier))
                .help(help),
        );
    }
}
