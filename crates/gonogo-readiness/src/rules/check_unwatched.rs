//! # check-unwatched
//!
//! ## What it does
//! Finds checks that no alert and no SLO with an alert watches.
//!
//! ## Why is this bad?
//! The check fails, a page turns red, and nobody is told.
//!
//! ## Example
//! ```yaml
//! checks:
//!   - id: cloud-health         # and no alert with {check_failing: {check: cloud-health}}
//! ```
//!
//! ## Instead
//! Add an alert on it. Where a ticket is enough, say `urgency: ticket`.

use gonogo_model::Diagnostic;
use gonogo_model::check::Probe;

use super::Subject;
use super::watched::watched;

pub(super) const CODE: &str = "check-unwatched";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let watched = watched(subject.package);
    let checks = subject.package.checks.values();
    found.extend(
        checks
            .filter(|c| !watched.checks.contains(&c.id.value))
            .map(|check| {
                let message = format!("no alert watches the check `{}`", check.id.value);
                let condition = match check.probe {
                    Probe::Tls(_) => "certificate_expiring",
                    Probe::Registration(_) => "registration_expiring",
                    _ => "check_failing",
                };
                Diagnostic::warning(CODE, check.id.span, message)
                    .label("it can fail and nobody is told")
                    .help(format!(
                        "add an alert with `when: {{{condition}: {{check: {}}}}}`",
                        check.id.value
                    ))
            }),
    );
}
