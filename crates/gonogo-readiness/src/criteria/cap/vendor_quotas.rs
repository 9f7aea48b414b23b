//! # CAP-05: Vendors' quotas are above what is forecast
//!
//! ## Why it matters
//! A quota is an outage with a date. It is raised by a form, by people who need days, and it is
//! reached on the busiest day there ever was.
//!
//! ## How it is proved
//! From the package: each vendor that something needs has its `limits` written, each with the
//! `forecast` for the launch's peak, and no forecast is above its limit.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: stripe
//!     name: Stripe
//!     kind: vendor
//!     team: billing
//!     limits: [{name: requests a second, max: 100, forecast: 35}]
//! ```
//!
//! ## How to meet it
//! Look into the vendor's console for each quota, multiply the forecast out, and ask for more in
//! time. Where there is none, write the number at which they would call.

use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CAP-05",
    title: "Vendors' quotas are above what is forecast",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: Some(Trigger::Vendor),
    source: include_str!("vendor_quotas.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for vendor in case.of_kind(ComponentKind::Vendor) {
        let place = case.graph.component(&vendor.id.value);
        if place.is_some_and(|at| case.graph.needed_by(at).is_empty()) {
            continue;
        }
        let answer = case.component(answers, vendor);
        answer.must(
            !vendor.limits.is_empty(),
            "which quotas it has is not written",
            "write `limits:`, each with a `forecast`",
        );
        for limit in &vendor.limits {
            let name = &limit.name;
            match limit.forecast {
                None => answer.fail(
                    format!("how much of \"{name}\" is to be expected is not written"),
                    "write `forecast:` at the limit",
                ),
                Some(forecast) => answer.must(
                    forecast <= limit.max,
                    format!(
                        "{forecast} of \"{name}\" are forecast, and {} are allowed",
                        limit.max
                    ),
                    "have the quota raised, or need less",
                ),
            };
        }
    }
}
