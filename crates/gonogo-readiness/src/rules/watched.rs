//! What is watched: the flows and checks that some alert is about, directly or through an SLO.

use std::collections::BTreeSet;

use gonogo_model::alert::Condition;
use gonogo_model::slo::Sli;
use gonogo_model::{Id, Package};

/// The names of what is watched.
#[derive(Debug, Default)]
pub(super) struct Watched<'p> {
    pub(super) flows: BTreeSet<&'p Id>,
    pub(super) checks: BTreeSet<&'p Id>,
}

pub(super) fn watched(package: &Package) -> Watched<'_> {
    let mut watched = Watched::default();
    for alert in package.alerts.values() {
        match &alert.when {
            Condition::FlowOverdue(c) => watched.flows.insert(&c.flow.id),
            Condition::FlowFailing(c) => watched.flows.insert(&c.flow.id),
            Condition::FlowSlow(c) => watched.flows.insert(&c.flow.id),
            Condition::FlowMismatch(c) => watched.flows.insert(&c.flow.id),
            Condition::CheckFailing(c) => watched.checks.insert(&c.check.id),
            Condition::CertificateExpiring(c) => watched.checks.insert(&c.check.id),
            Condition::RegistrationExpiring(c) => watched.checks.insert(&c.check.id),
            Condition::SourceSilent(_)
            | Condition::Reconciliation(_)
            | Condition::ReconciliationStale(_) => false,
            Condition::SloBurn(c) => match package.slos.get(&c.slo.id).map(|slo| &slo.sli) {
                Some(Sli::Completion(flow) | Sli::Success(flow)) => watched.flows.insert(&flow.id),
                Some(Sli::Latency(latency)) => watched.flows.insert(&latency.flow.id),
                Some(Sli::Check(check)) => watched.checks.insert(&check.id),
                None => false,
            },
        };
    }
    watched
}
