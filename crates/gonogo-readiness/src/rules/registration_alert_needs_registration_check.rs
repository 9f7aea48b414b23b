//! # registration-alert-needs-registration-check
//!
//! ## What it does
//! Finds `registration_expiring` alerts on a check whose probe is not `registration`.
//!
//! ## Why is this bad?
//! Only a registration probe asks the registry. On any other check the alert has nothing to judge
//! and never fires.
//!
//! ## Example
//! ```yaml
//! checks:
//!   - id: app-health
//!     probe: {http: {url: https://app.example.com/health}}
//! alerts:
//!   - id: domain-runs-out
//!     when: {registration_expiring: {check: app-health}}
//! ```
//!
//! ## Instead
//! Add a check with `probe: {registration: {domain: example.com}}` and let the alert name that one.

use gonogo_model::Diagnostic;
use gonogo_model::alert::Condition;
use gonogo_model::check::Probe;

use super::Subject;

pub(super) const CODE: &str = "registration-alert-needs-registration-check";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for alert in subject.package.alerts.values() {
        let Condition::RegistrationExpiring(expiring) = &alert.when else {
            continue;
        };
        let Some(check) = subject.package.checks.get(&expiring.check.id) else {
            continue;
        };
        if matches!(check.probe, Probe::Registration(_)) {
            continue;
        }
        let message = format!(
            "the alert `{}` can never fire: the check asks no registry",
            alert.id.value
        );
        found.push(
            Diagnostic::error(CODE, expiring.check.span, message)
                .label(format!("its probe is `{}`", check.probe.key()))
                .related(check.id.span, "declared here")
                .help("name a check whose probe is `registration`"),
        );
    }
}
