//! # alert-without-component
//!
//! ## What it does
//! Finds alerts that nobody owns: their condition is about no component, and they name no team.
//! That can only be a `source_silent` condition on a source without a component.
//!
//! ## Why is this bad?
//! The alert fires and there is nobody to page.
//!
//! ## Example
//! ```yaml
//! sources:
//!   - id: ledger
//!     name: The ledger's events
//!     kind: cloudevents
//! alerts:
//!   - id: ledger-silent
//!     when: {source_silent: {source: ledger}}
//! ```
//!
//! ## Instead
//! Say which component speaks on the source (`component: billing-ledger`), or give the alert a
//! `team`.

use gonogo_model::Diagnostic;
use gonogo_model::alert::Condition;

use super::Subject;
use crate::whom;

pub(super) const CODE: &str = "alert-without-component";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for alert in subject.package.alerts.values() {
        if whom::team(subject.package, alert).is_some() {
            continue;
        }
        let message = format!("nobody owns the alert `{}`", alert.id.value);
        let mut finding =
            Diagnostic::error(CODE, alert.id.span, message).label("no team and no component");
        let source = match &alert.when {
            Condition::SourceSilent(silent) => Some(&silent.source.id),
            Condition::ExternalAlert(external) => Some(&external.source.id),
            _ => None,
        };
        if let Some(source) = source.and_then(|id| subject.package.sources.get(id)) {
            finding = finding.related(source.id.span, "this source names no component");
        }
        found.push(finding.help("name the source's `component`, or give the alert a `team`"));
    }
}
