//! # page-without-waking-channel
//!
//! ## What it does
//! Finds people who may be paged and have no contact on a channel that wakes somebody. Looked at
//! is every step and the fallback of every policy that an alert with `urgency: page` reaches, and
//! of the policy of `operators`; a schedule means all its members, a role all its holders.
//!
//! ## Why is this bad?
//! Mail and chat do not ring. The page is sent, the timeline says so, and nobody gets up; the
//! next step comes minutes later, if there is one.
//!
//! ## Example
//! ```yaml
//! people:
//!   - id: anna
//!     name: Anna
//!     contacts:
//!       - {channel: email, to: anna@example.com}
//! ```
//!
//! ## Instead
//! Give each of them a contact on `ntfy` or `pagerduty`, listed before the mail address.

use std::collections::BTreeMap;

use gonogo_model::team::Person;
use gonogo_model::text::Span;
use gonogo_model::{Diagnostic, Id};

use super::Subject;
use crate::whom::{self, Because};

pub(super) const CODE: &str = "page-without-waking-channel";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let mut asleep: BTreeMap<&Id, (&Person, Span, &Id, Because<'_>)> = BTreeMap::new();
    for (policy, (steps, because)) in whom::waking_policies(subject.package) {
        for target in whom::targets(steps) {
            for person in whom::people(subject.package, target) {
                if !person.contacts.iter().any(|c| c.channel.value.wakes()) {
                    let place = (person, whom::span(target), policy, because);
                    asleep.entry(&person.id.value).or_insert(place);
                }
            }
        }
    }
    found.extend(
        asleep
            .into_values()
            .map(|(person, target, policy, because)| {
                let message = format!(
                    "`{}` can be paged at night, and nothing would wake them",
                    person.id.value
                );
                let channels: Vec<&str> = person
                    .contacts
                    .iter()
                    .map(|c| c.channel.value.word())
                    .collect();
                let label = match &channels[..] {
                    [] => "no contact at all".to_string(),
                    some => format!("only {}, which does not ring", some.join(" and ")),
                };
                let finding = Diagnostic::error(CODE, person.id.span, message)
                    .label(label)
                    .related(target, format!("`{policy}` pages them here"));
                match because {
                    Because::Alert(alert) => {
                        finding.related(alert.id.span, "for this alert, for example")
                    }
                    Because::Operators => finding,
                }
                .help("give them a contact on `ntfy` or `pagerduty`, which ring on a phone")
            }),
    );
}
