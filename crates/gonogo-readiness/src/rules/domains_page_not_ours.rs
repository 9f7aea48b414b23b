//! # domains-page-not-ours
//!
//! ## What it does
//! Finds alerts about customers' domains that page somebody for a trouble that may be the
//! customer's own.
//!
//! ## Why is this bad?
//! Customers change their DNS at any hour. Whoever is woken for it can only write to the customer,
//! which support does in the morning, and soon nobody takes these pages seriously.
//!
//! ## Example
//! ```yaml
//! alerts:
//!   - id: domains-broken
//!     urgency: page
//!     when: {domains: {fleet: customer-domains, stand: [broken]}}
//! ```
//!
//! ## Instead
//! Page only for `whose: ours`, and let a second alert with `urgency: ticket` tell support of
//! `whose: theirs`.

use gonogo_model::Diagnostic;
use gonogo_model::alert::{Condition, Urgency};
use gonogo_model::domains::{DomainStage, Whose};

use super::Subject;

pub(super) const CODE: &str = "domains-page-not-ours";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for alert in subject.package.alerts.values() {
        let Condition::Domains(domains) = &alert.when else {
            continue;
        };
        // That nobody can say for too long may well be ours.
        let only_unknown =
            !domains.stand.is_empty() && domains.stand.iter().all(|s| *s == DomainStage::Unknown);
        let may_be_theirs = match domains.whose {
            Some(Whose::Ours | Whose::Authority | Whose::Unknown) => false,
            Some(Whose::Theirs) => true,
            None => !only_unknown,
        };
        if alert.urgency != Urgency::Page || !may_be_theirs {
            continue;
        }
        let message = format!(
            "the alert `{}` wakes somebody for what a customer has to mend",
            alert.id.value
        );
        found.push(
            Diagnostic::error(CODE, alert.id.span, message)
                .label("pages, and does not say `whose: ours`")
                .help("write `whose: ours`, or `urgency: ticket` for what support tells customers"),
        );
    }
}
