//! # delivery-without-forward
//!
//! ## What it does
//! Finds alerts on failing deliveries and SLOs that count deliveries, of a source that sends
//! nothing on.
//!
//! ## Why is this bad?
//! What the product acknowledged is only known where gonogo hands it over. Without `forward`
//! there is never a number: the alert can never fire, and the SLO never has data.
//!
//! ## Example
//! ```yaml
//! sources:
//!   - id: fivetran
//!     kind: fivetran
//! alerts:
//!   - id: fivetran-undelivered
//!     when: {delivery_failing: {source: fivetran}}
//! ```
//!
//! ## Instead
//! Write on the source where its deliveries go on to: `forward: {url: …, to: …, through: …}`.

use gonogo_model::alert::Condition;
use gonogo_model::kind::Ref;
use gonogo_model::slo::Sli;
use gonogo_model::source::Source;
use gonogo_model::{Diagnostic, Id};

use super::Subject;

pub(super) const CODE: &str = "delivery-without-forward";

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let package = subject.package;
    let mut look = |what: &str, id: &Id, named: &Ref<Source>| {
        let Some(source) = package.sources.get(&named.id) else {
            return;
        };
        if source.forward.is_some() {
            return;
        }
        found.push(
            Diagnostic::error(CODE, named.span, format!("the {what} `{id}` never has a number"))
                .label("what this source sends goes on to nowhere")
                .related(source.id.span, "no `forward` here")
                .help("write on the source where its deliveries go on to: `forward: {url: …, to: …, through: …}`"),
        );
    };
    for alert in package.alerts.values() {
        if let Condition::DeliveryFailing(failing) = &alert.when {
            look("alert", &alert.id.value, &failing.source);
        }
    }
    for slo in package.slos.values() {
        if let Sli::Delivery(delivery) = &slo.sli {
            look("SLO", &slo.id.value, &delivery.source);
        }
    }
}
