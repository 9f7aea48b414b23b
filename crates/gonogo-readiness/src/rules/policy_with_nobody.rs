//! # policy-with-nobody
//!
//! ## What it does
//! Finds targets of escalation policies that mean nobody: a role that nobody holds, a schedule
//! without members.
//!
//! ## Why is this bad?
//! The step is skipped on the night it is needed. It is a warning and not an error, because a
//! package is written before every seat is filled.
//!
//! ## Example
//! ```yaml
//! roles:
//!   - id: head-of-engineering
//!     name: Head of engineering
//!     holders: []
//! ```
//!
//! ## Instead
//! Name a holder, even a deputy, until the seat is filled.

use std::collections::BTreeSet;

use gonogo_model::Diagnostic;
use gonogo_model::escalation::Target;

use super::Subject;
use crate::whom;

pub(super) const CODE: &str = "policy-with-nobody";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let package = subject.package;
    let mut empty_roles = BTreeSet::new();
    for policy in package.escalation_policies.values() {
        for target in whom::targets(policy) {
            let roles = match target {
                Target::Person(_) => continue,
                Target::Role(role) => package.roles.get(&role.id).into_iter().collect(),
                Target::Schedule(r) => {
                    let Some(schedule) = package.schedules.get(&r.id) else {
                        continue;
                    };
                    if schedule.rotation.members.is_empty() {
                        let message = format!("nobody takes turns on the schedule `{}`", r.id);
                        let finding = Diagnostic::warning(CODE, schedule.id.span, message)
                            .label("its rotation has no members")
                            .related(r.span, format!("`{}` relies on it", policy.id.value));
                        found
                            .push(finding.help("name the roles that take turns: `members: [...]`"));
                    }
                    whom::roles(package, schedule)
                }
            };
            for role in roles.into_iter().filter(|r| r.holders.is_empty()) {
                if !empty_roles.insert(&role.id.value) {
                    continue;
                }
                let message = format!("nobody holds the role `{}`", role.id.value);
                let finding = Diagnostic::warning(CODE, role.id.span, message)
                    .label("no holders")
                    .related(
                        whom::span(target),
                        format!("`{}` relies on it", policy.id.value),
                    );
                found.push(finding.help("name who holds it: `holders: [{person: ...}]`"));
            }
        }
    }
}
