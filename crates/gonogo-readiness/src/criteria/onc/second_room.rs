//! # ONC-05: When chat is down, everybody knows where to meet
//!
//! ## Why it matters
//! Chat and sign-in go down with the cloud they stand on, and then each waits for the others
//! somewhere else.
//!
//! ## How it is proved
//! From the package: `coordination` names an alternate room, which is another one. Then a drill of the last 180 days in
//! which people met there.
//!
//! ## Example
//! ```yaml
//! package:
//!   coordination:
//!     room: The channel `incident`
//!     alternate_room: The telephone conference on the card in everybody's wallet
//! ```
//!
//! ## How to meet it
//! Take another vendor and another sign-in, and hold one rehearsal there.

use gonogo_model::launch::Coordination;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-05",
    title: "When chat is down, everybody knows where to meet",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(180 * 24)),
    trigger: None,
    source: include_str!("second_room.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let coordination = case
        .package
        .header
        .as_ref()
        .and_then(|h| h.coordination.as_ref());
    let other = coordination.and_then(|c| c.alternate_room.as_ref());
    let answer = answers.about_package(case);
    let same = |c: &Coordination| {
        let other = c.alternate_room.as_deref().unwrap_or_default();
        other.trim().eq_ignore_ascii_case(c.room.trim())
    };
    match coordination {
        None => answer.fail(
            "where people meet is not written",
            "write `coordination:` in `package`",
        ),
        Some(_) if other.is_none_or(|o| o.trim().is_empty()) => answer.fail(
            "where people meet when that is down is not written",
            "write `alternate_room:`, at another vendor",
        ),
        Some(c) if same(c) => answer.fail(
            "where people meet when that is down is the same room",
            "write another `alternate_room:`, at another vendor",
        ),
        Some(_) => answer.proved(case, &[], "hold a rehearsal there, and record it"),
    };
}
