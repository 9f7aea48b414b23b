//! # MON-12: Those on call are woken seldom, and for something
//!
//! ## Why it matters
//! Whoever is woken for nothing learns to sleep on. Two pages a shift is what people can take and
//! still think.
//!
//! ## How it is proved
//! A record of the last thirty days about each schedule: at most two pages a shift in the middle,
//! and most of them led to something being done. A running gonogo counts them.
//!
//! ## Example
//! ```sh
//! gonogo evidence add MON-12 schedule/shop-primary --result pass --method probe \
//!   --actor gonogo --note "1.2 pages a shift, 80% acted on"
//! ```
//!
//! ## How to meet it
//! Look at what woke somebody without need; make it a ticket or mend it.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-12",
    title: "Those on call are woken seldom, and for something",
    classes: &[Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("pages_bearable.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for schedule in case.package.schedules.values() {
        case.entity(answers, schedule).proved(
            case,
            &[],
            "count the pages of each shift of the last month, and which of them led to something",
        );
    }
}
