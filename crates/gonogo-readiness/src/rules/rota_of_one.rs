//! # rota-of-one
//!
//! ## What it does
//! Finds schedules on which the same person is always on call: a rotation with one member, or
//! members that one person holds.
//!
//! ## Why is this bad?
//! A rota of one is on call every night, on leave and ill. The pages go on being sent, and some
//! night nobody answers.
//!
//! ## Example
//! ```yaml
//! schedules:
//!   - id: platform-primary
//!     rotation: {starts: 2026-01-05T09:00, turn: 7d, members: [architect]}
//! ```
//!
//! ## Instead
//! Add a second role to the rotation. Where there is nobody else yet, let the next step of the
//! policy go to another person, and accept the risk by name.

use gonogo_model::Diagnostic;

use super::Subject;
use crate::whom;

pub(super) const CODE: &str = "rota-of-one";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for schedule in subject.package.schedules.values() {
        let members = &schedule.rotation.members;
        let roles = members
            .iter()
            .filter_map(|r| subject.package.roles.get(&r.id));
        let mut people: Vec<_> = roles
            .flat_map(|r| whom::holders(subject.package, r))
            .collect();
        people.dedup_by_key(|p| &p.id.value);
        let (Some(first), false) = (members.first(), people.len() > 1) else {
            continue;
        };
        let alone = members.iter().all(|m| m.id == first.id);
        let Some(person) = people.first() else {
            continue;
        };
        let message = format!(
            "`{}` is always on call on `{}`",
            person.id.value, schedule.id.value
        );
        let label = match alone {
            true => format!("only `{}` takes turns", first.id),
            false => "one person holds every role in it".to_string(),
        };
        found.push(
            Diagnostic::warning(CODE, schedule.id.span, message)
                .label(label)
                .related(first.span, "the first turn")
                .help("add somebody to the rotation, or let the policy's next step reach another person"),
        );
    }
}
