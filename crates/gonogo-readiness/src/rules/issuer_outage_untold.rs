//! # issuer-outage-untold
//!
//! ## What it does
//! Finds fleets of domains with an `issuer_check` where no alert tells of the domains that wait
//! for the certificate authority.
//!
//! ## Why is this bad?
//! While the check fails, such a domain is no longer ours to mend, so alerts for `whose: ours`
//! leave it out. Without another one, customers' domains go down and nobody is told.
//!
//! ## Example
//! ```yaml
//! fleets:
//!   - id: customer-domains
//!     issuer_check: acme-directory
//! alerts:
//!   - id: domains-broken
//!     when: {domains: {fleet: customer-domains, stand: [broken], whose: ours}}
//! ```
//!
//! ## Instead
//! Add an alert for `stand: [broken]` and `whose: authority`, or one that names nobody.

use gonogo_model::Diagnostic;
use gonogo_model::alert::Condition;
use gonogo_model::domains::{DomainStage, Fleet, Whose};

use super::Subject;

pub(super) const CODE: &str = "issuer-outage-untold";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let told = |fleet: &Fleet| {
        subject.package.alerts.values().any(|alert| {
            matches!(&alert.when, Condition::Domains(c)
                if c.fleet.id == fleet.id.value
                    && c.stand.contains(&DomainStage::Broken)
                    && matches!(c.whose, None | Some(Whose::Authority)))
        })
    };
    for fleet in subject.package.fleets.values() {
        if fleet.issuer_check.is_none() || told(fleet) {
            continue;
        }
        let message = format!(
            "no alert tells of domains of `{}` that wait for the certificate authority",
            fleet.id.value
        );
        found.push(
            Diagnostic::warning(CODE, fleet.id.span, message)
                .label("has an `issuer_check`")
                .help("add an alert with `stand: [broken]` and `whose: authority`"),
        );
    }
}
