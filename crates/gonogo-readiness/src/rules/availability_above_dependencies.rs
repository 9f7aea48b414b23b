//! # availability-above-dependencies
//!
//! ## What it does
//! Finds SLOs on checks, and `availability` of components, that promise more than what lies
//! beneath allows: the product of what the hard dependencies promise, groups worked out, what
//! is shared counted once. Components that promise nothing count as perfect, and failures as
//! independent, so the result is the most that can be reached.
//!
//! ## Why is this bad?
//! The budget is spent before anybody made a mistake. Such an SLO alerts about its own
//! arithmetic, until nobody listens to it.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: checkout
//!     depends_on:
//!       - {component: card-processor}
//!   - id: card-processor
//!     kind: vendor
//!     availability: 99.5%
//! checks:
//!   - {id: checkout-health, component: checkout}
//! slos:
//!   - {id: checkout-available, sli: {check: checkout-health}, target: 99.9%}
//! ```
//!
//! ## Instead
//! Promise less, or depend on less: a second provider in a group, a queue in between
//! (`kind: soft`), a better contract.

use gonogo_model::Diagnostic;
use gonogo_model::percent::Percent;
use gonogo_model::text::Span;

use super::Subject;
use crate::graph::availability::{Availability, Promise, above};

pub(super) const CODE: &str = "availability-above-dependencies";

/// How many dependencies are named; the others are on `gonogo graph availability`.
const MAX_NAMED: usize = 4;

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let above = above(subject.package, subject.graph);
    // That an SLO leaves nothing to fail is said by slo-without-budget.
    let other = |a: &&Availability<'_>| {
        a.target < Percent::ALL || matches!(a.promise, Promise::Component(_))
    };
    found.extend(above.iter().filter(other).map(finding));
}

fn finding(availability: &Availability<'_>) -> Diagnostic {
    let (who, span): (_, Span) = match availability.promise {
        Promise::Journey(slo, _) | Promise::Slo(slo, _) => (&slo.id.value, slo.id.span),
        Promise::Component(component) => (&component.id.value, component.id.span),
    };
    let message = format!(
        "`{who}` promises {}, and what it stands on allows {} at most",
        availability.target, availability.at_most
    );
    let mut finding =
        Diagnostic::warning(CODE, span, message).label(format!("promises {}", availability.target));
    for (component, promised) in availability.counted.iter().take(MAX_NAMED) {
        finding = finding.related(component.id.span, format!("promises {promised}"));
    }
    finding.help("promise less, or put a second one beside the weakest; `gonogo graph availability` shows the sum")
}
