//! # redundancy-shares-cause
//!
//! ## What it does
//! Finds groups that can spare a member on paper and lose too many of them by one cause: a
//! component that they all need, or an attribute such as `region`, `vendor`, `registrar` or
//! `issuer` that they share. Causes that take down what needs the group in another way too are
//! left out, because the group could not help against them.
//!
//! ## Why is this bad?
//! The second one is there for the day on which the first one fails. Two that fail by the same
//! cause are one, paid for twice and counted on once too often.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: checkout
//!     depends_on:
//!       - {component: dns-one, group: dns}
//!       - {component: dns-two, group: dns}
//!   - id: dns-one
//!     attributes: {vendor: example-dns}
//!   - id: dns-two
//!     attributes: {vendor: example-dns}
//! ```
//!
//! ## Instead
//! Move one member to where the cause does not reach. Where that is not to be had, write the
//! dependencies without a group: the plan is then made for one.

use gonogo_model::Diagnostic;

use super::Subject;
use crate::graph::common_cause::{Cause, Collapse, collapses};
use crate::report::counted;

pub(super) const CODE: &str = "redundancy-shares-cause";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let all = collapses(subject.package, subject.graph);
    found.extend(all.iter().filter_map(finding));
}

fn finding(collapse: &Collapse<'_>) -> Option<Diagnostic> {
    let mut causes = collapse.broken_by();
    let first = causes.next()?;
    let others = causes.count() + collapse.more;
    let (id, group) = (collapse.node.id(), collapse.group);
    let lost: Vec<String> = first
        .lost
        .iter()
        .map(|c| format!("`{}`", c.id.value))
        .collect();
    let by = match first.cause {
        Cause::Attribute { name, value } => format!("share `{name}: {value}`"),
        Cause::Component(c) => format!("fail with `{}`, which they all need", c.id.value),
        cause => format!("fail with {}", cause.describe()),
    };
    let message = format!(
        "group `{group}` of `{id}` is less than it looks: {} {by}",
        lost.join(" and ")
    );
    let edges = collapse.node.depends_on();
    let of_group = |component: &&gonogo_model::component::Component| {
        edges
            .iter()
            .find(|d| d.group.as_deref() == Some(group) && d.component.id == component.id.value)
    };
    let mut spans = first
        .lost
        .iter()
        .filter_map(of_group)
        .map(|d| d.component.span);
    let mut finding = Diagnostic::warning(CODE, spans.next()?, message).label("falls with it");
    for span in spans {
        finding = finding.related(span, "and so does this");
    }
    if others > 0 {
        let more = counted(others, "more cause");
        finding = finding.help(format!(
            "{more} would do the same; `gonogo graph shared` lists them"
        ));
    }
    Some(
        finding
            .help("move one of them out of reach, or write them without a group and plan for one"),
    )
}
