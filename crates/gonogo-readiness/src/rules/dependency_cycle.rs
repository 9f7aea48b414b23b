//! # dependency-cycle
//!
//! ## What it does
//! Finds components that need one another in a circle, to work or to start. A member of a
//! `k-of-n` group is no such need, because another member may do.
//!
//! ## Why is this bad?
//! None of them can be started first. After a full outage such a circle has to be broken by
//! hand, by somebody who finds out at that moment that it exists. And whichever of them fails,
//! all of them do, so no alert can tell which one is the cause.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: sign-in
//!     depends_on:
//!       - {component: sessions}
//!   - id: sessions
//!     depends_on:
//!       - {component: sign-in}
//! ```
//!
//! ## Instead
//! Find the edge that can be done without for a while and say so: `kind: soft`, or
//! `control-plane` if only changes need it. Where both are really hard, the two are one
//! component, or one of them needs a way to start alone.

use gonogo_model::Diagnostic;
use gonogo_model::component::DependencyKind;

use super::Subject;
use crate::graph::cycles::{Cycle, cycles};

pub(super) const CODE: &str = "dependency-cycle";

/// How many components of a circle are named and shown; of a longer one the rest is counted.
const MAX_SHOWN: usize = 8;

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    found.extend(
        cycles(subject.graph)
            .iter()
            .filter_map(|c| finding(subject, c)),
    );
}

fn finding(subject: &Subject<'_>, cycle: &Cycle<'_>) -> Option<Diagnostic> {
    let name = |at| format!("`{}`", subject.graph.node(at).id());
    let (first, rest) = cycle.steps.split_first()?;
    let mut path: Vec<String> = cycle
        .steps
        .iter()
        .take(MAX_SHOWN)
        .map(|(at, _)| name(*at))
        .collect();
    if cycle.steps.len() > MAX_SHOWN {
        path.push(format!("{} more", cycle.steps.len() - MAX_SHOWN));
    }
    path.push(name(first.0));
    let starts = |kind| kind == DependencyKind::Startup;
    let verb = match cycle.steps.iter().any(|(_, e)| starts(e.dependency.kind)) {
        true => "can only start",
        false => "only work",
    };
    let message = format!(
        "these components {verb} with one another: {}",
        path.join(" → ")
    );
    let label = |at, to| format!("{} needs {}", name(at), name(to));
    let mut finding = Diagnostic::error(CODE, first.1.dependency.component.span, message)
        .label(label(first.0, first.1.to));
    for (at, edge) in rest.iter().take(MAX_SHOWN) {
        finding = finding.related(edge.dependency.component.span, label(*at, edge.to));
    }
    let entangled = cycle.entangled - cycle.steps.len();
    if entangled > 0 {
        finding = finding.help(format!(
            "{entangled} more are caught in the same tangle; this is the shortest circle"
        ));
    }
    Some(
        finding.help("which of these can be done without for a while? make that edge `kind: soft`"),
    )
}
