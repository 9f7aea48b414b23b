//! # CAP-01: Somebody has estimated what the launch brings
//!
//! ## Why it matters
//! "It scales" has no number in it. An estimate that turns out wrong can be compared with what
//! came; without one nobody knows whether a test was large enough, or a quota.
//!
//! ## How it is proved
//! From the package: `launch.demand` has a unit, an ordinary day (`base`), a peak that is not
//! below it, what it consists of (`mix`), and an owner whose role somebody holds.
//!
//! ## Example
//! ```yaml
//! package:
//!   format: 1
//!   id: shop
//!   name: Shop
//!   operators: on-call
//!   launch:
//!     at: 2026-12-08T17:00:00Z
//!     director: lead
//!     demand: {unit: orders an hour, base: 120, peak: 900, mix: 80% cards and 20% invoices, owner: lead}
//! ```
//!
//! ## How to meet it
//! Take the busiest hour there was, what marketing announces, and who else has that hour; write
//! the number down with the name of whoever answers for it.

use super::demand;
use crate::criteria::held_by_somebody;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CAP-01",
    title: "Somebody has estimated what the launch brings",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("demand_estimated.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let answer = answers.about_package(case);
    let Some(demand) = demand(case) else {
        answer.fail(
            "what is expected to come is not written",
            "write `launch.demand`",
        );
        return;
    };
    let owner = &demand.owner.id;
    answer
        .must(
            !demand.unit.trim().is_empty(),
            "of what the demand is is not written",
            "write `unit:`, such as `orders an hour`",
        )
        .must(
            demand.base > 0,
            "an ordinary day brings nothing",
            "write as `base:` what an ordinary day brings",
        )
        .must(
            demand.peak >= demand.base,
            format!(
                "the peak of {} is below the ordinary {}",
                demand.peak, demand.base
            ),
            "write as `peak:` the most that may come",
        )
        .must(
            demand.mix.as_ref().is_some_and(|m| !m.trim().is_empty()),
            "of what it consists is not written",
            "write `mix:`: which requests, of which size, from whom",
        )
        .must(
            held_by_somebody(case, owner),
            format!("nobody holds `{owner}`, which answers for it"),
            "give the role a holder in `roles`",
        );
}
