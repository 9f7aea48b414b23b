//! # certificate-alert-needs-tls-check
//!
//! ## What it does
//! Finds `certificate_expiring` alerts on a check whose probe is not `tls`.
//!
//! ## Why is this bad?
//! Only a tls probe looks at the certificate that is served. On any other check the alert has
//! nothing to judge and never fires.
//!
//! ## Example
//! ```yaml
//! checks:
//!   - id: app-health
//!     probe: {http: {url: https://app.example.com/health}}
//! alerts:
//!   - id: app-certificate
//!     when: {certificate_expiring: {check: app-health}}
//! ```
//!
//! ## Instead
//! Add a check with `probe: {tls: {host: app.example.com}}` and let the alert name that one.

use gonogo_model::Diagnostic;
use gonogo_model::alert::Condition;
use gonogo_model::check::Probe;

use super::Subject;

pub(super) const CODE: &str = "certificate-alert-needs-tls-check";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for alert in subject.package.alerts.values() {
        let Condition::CertificateExpiring(expiring) = &alert.when else {
            continue;
        };
        let Some(check) = subject.package.checks.get(&expiring.check.id) else {
            continue;
        };
        if matches!(check.probe, Probe::Tls(_)) {
            continue;
        }
        let message = format!(
            "the alert `{}` can never fire: the check sees no certificate",
            alert.id.value
        );
        found.push(
            Diagnostic::error(CODE, expiring.check.span, message)
                .label(format!("its probe is `{}`", check.probe.key()))
                .related(check.id.span, "declared here")
                .help("name a check whose probe is `tls`"),
        );
    }
}
