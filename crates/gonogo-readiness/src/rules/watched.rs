//! What is watched: the flows and checks that some alert is about, directly or through an SLO.

use std::collections::BTreeSet;

use gonogo_model::alert::Condition;
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
            | Condition::DeliveryFailing(_)
            | Condition::NoEvents(_)
            | Condition::Domains(_)
            | Condition::ExternalAlert(_)
            | Condition::Reconciliation(_)
            | Condition::ReconciliationStale(_)
            | Condition::Gauge(_)
            | Condition::Skew(_) => false,
            Condition::SloBurn(_)
            | Condition::SloFailing(_)
            | Condition::SloBudget(_)
            | Condition::SloSilent(_) => {
                let slo = alert.when.slo().and_then(|s| package.slos.get(&s.id));
                let parts = slo.map_or_else(Vec::new, |s| s.parts(package));
                for slo in slo
                    .into_iter()
                    .chain(parts.into_iter().map(|(part, _)| part))
                {
                    watched.flows.extend(slo.sli.flow());
                    watched.checks.extend(slo.sli.check());
                }
                false
            }
        };
    }
    watched
}
