//! # escalation-empty-step
//!
//! ## What it does
//! Finds escalation policies without steps, and steps that notify nobody.
//!
//! ## Why is this bad?
//! The engine cannot wait for somebody it did not call: such a step goes to the fallback at once,
//! which is usually the person who was meant to be last.
//!
//! ## Example
//! ```yaml
//! escalation_policies:
//!   - id: platform-on-call
//!     steps:
//!       - {notify: []}
//!     fallback: {role: head-of-engineering}
//! ```
//!
//! ## Instead
//! Name a schedule, a role or a person in each step, or take the step away.

use gonogo_model::Diagnostic;

use super::Subject;

pub(super) const CODE: &str = "escalation-empty-step";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for policy in subject.package.escalation_policies.values() {
        let id = &policy.id;
        if policy.steps.is_empty() {
            let message = format!("the policy `{}` has no steps", id.value);
            found.push(
                Diagnostic::error(CODE, id.span, message)
                    .label("only its fallback is ever paged")
                    .help("add `steps:`, each with whom to `notify`"),
            );
        }
        for (number, step) in policy.steps.iter().enumerate() {
            if step.notify.is_empty() {
                let message = format!(
                    "step {} of the policy `{}` notifies nobody",
                    number + 1,
                    id.value
                );
                found.push(
                    Diagnostic::error(CODE, id.span, message)
                        .label(format!("its step {} is empty", number + 1))
                        .help("name a schedule, a role or a person in it, or take the step away"),
                );
            }
        }
    }
}
