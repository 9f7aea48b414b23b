//! # EXT-01: Each vendor's own status is read
//!
//! ## Why it matters
//! Half an hour of looking for one's own mistake is what a vendor's outage costs those who do
//! not read the vendor's status page by machine.
//!
//! ## How it is proved
//! From the package: each vendor has a `status_feed`. Then that the feed was read in the last
//! hour; another address asks again.
//!
//! ## Example
//! ```yaml
//! components:
//!   - id: payment-provider
//!     name: Payment provider
//!     kind: vendor
//!     team: billing
//!     status_feed: https://status.example.com/feed.atom
//! ```
//!
//! ## How to meet it
//! Look for RSS or Atom on the vendor's status page and write its address. A vendor without one
//! is worth an exception that says how its outages are noticed instead.

use gonogo_model::component::ComponentKind;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "EXT-01",
    title: "Each vendor's own status is read",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(1)),
    trigger: Some(Trigger::Vendor),
    source: include_str!("vendor_feeds.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for vendor in case.of_kind(ComponentKind::Vendor) {
        let answer = case.component(answers, vendor);
        if vendor
            .status_feed
            .as_ref()
            .is_none_or(|f| f.trim().is_empty())
        {
            answer.fail(
                "where it says how it is doing is not written",
                "write the address of its feed as `status_feed`",
            );
        } else {
            answer.proved(case, &[], "read its feed, and record that it answered");
        }
    }
}
