//! # slo-without-budget
//!
//! ## What it does
//! Finds SLOs with a target of 100 %.
//!
//! ## Why is this bad?
//! There is no error budget: a single failure breaks the promise for the whole window, every burn
//! alert fires at once, and nothing can ever be changed.
//!
//! ## Example
//! ```yaml
//! slos:
//!   - id: dashboards
//!     sli: {check: cloud-health}
//!     target: 100%
//! ```
//!
//! ## Instead
//! Promise what customers need: 99.9 % leaves 40 minutes in 28 days. What must never happen at
//! all is no SLO but an alert, such as `flow_mismatch`.

use gonogo_model::Diagnostic;
use gonogo_model::percent::Percent;

use super::Subject;

pub(super) const CODE: &str = "slo-without-budget";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let slos = subject.package.slos.values();
    found.extend(slos.filter(|s| s.target == Percent::ALL).map(|slo| {
        let message = format!("the SLO `{}` leaves no error budget", slo.id.value);
        Diagnostic::warning(CODE, slo.id.span, message)
            .label("its target is 100%")
            .help("promise what customers need, such as 99.9%; what must never happen is an alert of its own")
    }));
}
