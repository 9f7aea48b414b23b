//! `/signals`: which source, flow, check or SLO is silent, late, failing or burning.

mod pages;

use gonogo_model::alert::{Alert, Condition};

pub use pages::routes;

/// Where the evidence for an alert is shown.
pub fn href_of(alert: &Alert) -> Option<String> {
    let flow = |id| Some(format!("/signals/flows/{id}"));
    let check = |id| Some(format!("/signals/checks/{id}"));
    match &alert.when {
        Condition::FlowOverdue(c) => flow(&c.flow.id),
        Condition::FlowFailing(c) => flow(&c.flow.id),
        Condition::FlowSlow(c) => flow(&c.flow.id),
        Condition::FlowMismatch(c) => flow(&c.flow.id),
        Condition::CheckFailing(c) => check(&c.check.id),
        Condition::CertificateExpiring(c) => check(&c.check.id),
        Condition::SourceSilent(c) => Some(format!("/signals/sources/{}", c.source.id)),
        Condition::SloBurn(_) => Some("/signals#slos".to_owned()),
    }
}
