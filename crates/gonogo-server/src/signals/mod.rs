//! `/signals`: which source, flow, check or SLO is silent, late, failing or burning.
//!
//! One file for each kind of signal: its row in lists and its own page. Invariant: "too few
//! events" and "nothing heard yet" are said as such, and are never green.

mod check;
mod deliveries;
mod event;
mod flow;
pub mod health;
mod items;
mod letters;
mod maintenance;
pub mod measure;
mod overview;
pub mod reconciliation;
mod silences;
mod slo;
mod source;
mod watching;

use axum::Router;
use axum::routing::{get, post};
use gonogo_model::alert::{Alert, Condition};

use crate::site::Site;

pub use check::target;
pub use overview::rank;
pub use watching::standing;

/// Rows of a kind that the first page shows; its own list has all.
pub const ROWS_FIRST: usize = 12;

/// The addresses of signals.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/signals", get(overview::show))
        .route("/signals/sources", get(source::list))
        .route("/signals/sources/{id}", get(source::show))
        .route("/signals/flows", get(flow::list))
        .route("/signals/flows/{id}", get(flow::show))
        .route("/signals/flows/{id}/items", get(items::show))
        .route("/signals/flows/{id}/items.csv", get(items::csv))
        .route("/events/{id}", get(event::show))
        .route("/signals/flows/{id}/write-off", post(flow::write_off))
        .route("/signals/checks", get(check::list))
        .route("/signals/checks/{id}", get(check::show))
        .route("/signals/slos", get(slo::list))
        .route("/signals/slos/{id}", get(slo::show))
        .route("/signals/gauges", get(measure::list))
        .route("/signals/gauges/{id}", get(measure::gauge))
        .route("/signals/skews/{id}", get(measure::skew))
        .route("/signals/reconciliations", get(reconciliation::list))
        .route("/signals/reconciliations/{id}", get(reconciliation::show))
        .route(
            "/signals/reconciliations/{id}/differences.csv",
            get(reconciliation::csv),
        )
        .route(
            "/signals/reconciliations/{id}/write-off",
            post(reconciliation::write_off),
        )
        .route("/signals/changes", get(slo::changes))
        .route(
            "/signals/maintenance",
            get(maintenance::list).post(maintenance::begin),
        )
        .route("/signals/maintenance/{id}/end", post(maintenance::end))
        .route("/silences", get(silences::list).post(silences::create))
        .route("/silences/{source}/{id}/end", post(silences::end))
        .route("/signals/dead-letters", get(letters::list))
        .route("/signals/dead-letters/{id}/replay", post(letters::replay))
        .route(
            "/signals/sources/{id}/replay-dead-letters",
            post(letters::replay_all),
        )
}

/// Where the evidence for an alert is shown.
pub fn href_of(alert: &Alert) -> Option<String> {
    let flow = |id| Some(format!("/signals/flows/{id}"));
    let check = |id| Some(format!("/signals/checks/{id}"));
    let compared = |id| Some(format!("/signals/reconciliations/{id}"));
    match &alert.when {
        Condition::FlowOverdue(c) => flow(&c.flow.id),
        Condition::FlowFailing(c) => flow(&c.flow.id),
        Condition::FlowSlow(c) => flow(&c.flow.id),
        Condition::FlowMismatch(c) => flow(&c.flow.id),
        Condition::CheckFailing(c) => check(&c.check.id),
        Condition::CertificateExpiring(c) => check(&c.check.id),
        Condition::RegistrationExpiring(c) => check(&c.check.id),
        Condition::SourceSilent(c) => Some(format!("/signals/sources/{}", c.source.id)),
        Condition::DeliveryFailing(c) => Some(format!("/signals/sources/{}", c.source.id)),
        Condition::Domains(c) => Some(format!("/domains?fleet={}", c.fleet.id)),
        Condition::ExternalAlert(c) => Some(format!("/signals/sources/{}", c.source.id)),
        Condition::Reconciliation(c) => compared(&c.reconciliation.id),
        Condition::ReconciliationStale(c) => compared(&c.reconciliation.id),
        Condition::NoEvents(c) => Some(format!("/signals/sources/{}", c.source.id)),
        Condition::SloBurn(_)
        | Condition::SloFailing(_)
        | Condition::SloBudget(_)
        | Condition::SloSilent(_) => {
            let slo = alert.when.slo()?;
            Some(format!("/signals/slos/{}", slo.id))
        }
        Condition::Gauge(c) => Some(format!("/signals/gauges/{}", c.gauge.id)),
        Condition::Skew(c) => Some(format!("/signals/skews/{}", c.skew.id)),
    }
}
