//! # MON-12: Those on call are woken seldom, and for something
//!
//! ## Why it matters
//! Whoever is woken for nothing learns to sleep on. Two pages a shift is what people can take and
//! still think.
//!
//! ## How it is proved
//! A record of the last thirty days about each schedule, with the number of pages of a shift in
//! the middle (`measured`): at most two. The note says how many of them led to something being
//! done.
//!
//! ## Example
//! ```sh
//! gonogo evidence add MON-12 schedule/shop-primary --result pass --method probe \
//!   --actor gonogo --measured 1 --note "34 pages in 28 shifts, 27 acted on"
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

/// How many pages of a shift people can take and still think.
const MOST: u64 = 2;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for schedule in case.package.schedules.values() {
        let action =
            "count the pages of each shift of the last month, and which of them led to something";
        case.entity(answers, schedule)
            .proved(case, &[], action)
            .shows(
                "look at what woke somebody without need: make it a ticket, or mend it",
                |record| match record.measured {
                    Some(pages) if pages <= MOST => None,
                    Some(pages) => Some((State::Fail, format!("{pages} pages a shift"))),
                    None => Some((
                        State::Unknown,
                        "the record does not say how many pages a shift".into(),
                    )),
                },
            );
    }
}
