//! # alert-without-runbook
//!
//! ## What it does
//! Finds alerts that page somebody and name no runbook.
//!
//! ## Why is this bad?
//! Whoever is woken starts from nothing. What the author knew when writing the alert is not there
//! at three in the morning.
//!
//! ## Example
//! ```yaml
//! alerts:
//!   - id: cloud-down
//!     name: The application does not answer
//!     severity: SEV1
//!     when: {check_failing: {check: cloud-health}}
//! ```
//!
//! ## Instead
//! Write `runbooks/cloud-down.md` and name it: `runbook: cloud-down`. Where nothing can be done
//! at night, the alert is a ticket: `urgency: ticket`.

use gonogo_model::Diagnostic;
use gonogo_model::alert::Urgency;

use super::Subject;

pub(super) const CODE: &str = "alert-without-runbook";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let alerts = subject.package.alerts.values();
    let lacks = alerts.filter(|a| a.urgency == Urgency::Page && a.runbook.is_none());
    found.extend(lacks.map(|alert| {
        let message = format!("the alert `{}` wakes somebody and names no runbook", alert.id.value);
        Diagnostic::warning(CODE, alert.id.span, message)
            .label("no `runbook` here")
            .help("name the runbook to follow, or make it `urgency: ticket` if nothing can be done at night")
    }));
}
