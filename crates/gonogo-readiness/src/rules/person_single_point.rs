//! # person-single-point
//!
//! ## What it does
//! Finds teams that come down to one person at the time of the launch: nobody else belongs to
//! the team, answers for it or is ever paged for it. Without a launch, everybody counts who
//! holds a role at any time.
//!
//! ## Why is this bad?
//! People sleep, fly and fall ill. While this one does, nobody answers for what the team owns,
//! and nobody else has ever seen it.
//!
//! ## Example
//! ```yaml
//! roles:
//!   - {id: engineer, holders: [{person: anna}]}
//! teams:
//!   - {id: billing, accountable: engineer, escalation_policy: billing-on-call}
//! escalation_policies:
//!   - {id: billing-on-call, steps: [{notify: [{role: engineer}]}], fallback: {role: engineer}}
//! ```
//!
//! ## Instead
//! Let the policy's fallback reach a second person, and show them around before the launch.

use gonogo_model::Diagnostic;

use super::Subject;
use crate::graph::people::{What, single_points};
use crate::report::counted;

pub(super) const CODE: &str = "person-single-point";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let header = subject.package.header.as_ref();
    let launch = header.and_then(|h| h.launch.as_ref()).map(|l| l.at.0);
    for single in single_points(subject.package, launch) {
        let What::Team(team) = single.what else {
            continue;
        };
        if single.components.is_empty() {
            continue;
        }
        let person = &single.person.id.value;
        let message = format!(
            "team `{}` is `{person}` alone, for {}",
            team.id.value,
            counted(single.components.len(), "component")
        );
        found.push(
            Diagnostic::warning(CODE, team.id.span, message)
                .label(format!("nobody but `{person}`"))
                .related(single.person.id.span, "one person")
                .help(
                    "let the escalation policy reach a second person, who knows what the team owns",
                ),
        );
    }
}
