//! # flow-alert-missing
//!
//! ## What it does
//! Finds flows that no alert and no SLO with an alert watches.
//!
//! ## Why is this bad?
//! gonogo counts what is lost and tells nobody.
//!
//! ## Example
//! ```yaml
//! flows:
//!   - id: charge-recorded      # and no alert with {flow_overdue: {flow: charge-recorded}}
//! ```
//!
//! ## Instead
//! Add an alert on it, `flow_overdue` at least. Where a ticket is enough, say `urgency: ticket`.

use gonogo_model::Diagnostic;

use super::Subject;
use super::watched::watched;

pub(super) const CODE: &str = "flow-alert-missing";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let watched = watched(subject.package);
    let flows = subject.package.flows.values();
    found.extend(
        flows
            .filter(|f| !watched.flows.contains(&f.id.value))
            .map(|flow| {
                let message = format!("no alert watches the flow `{}`", flow.id.value);
                Diagnostic::warning(CODE, flow.id.span, message)
                    .label("a missing end is counted and told to nobody")
                    .help(format!(
                        "add an alert with `when: {{flow_overdue: {{flow: {}}}}}`",
                        flow.id.value
                    ))
            }),
    );
}
