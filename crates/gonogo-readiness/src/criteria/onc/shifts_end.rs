//! # ONC-08: Nobody leads an incident for longer than a shift
//!
//! ## Why it matters
//! After ten hours people decide badly and do not notice. Handing over has to be a rule, because
//! nobody asks for it.
//!
//! ## How it is proved
//! From the package: `coordination.longest_shift` is written, and no more than twelve hours.
//!
//! ## Example
//! ```yaml
//! package:
//!   coordination: {room: The channel `incident`, longest_shift: 8h}
//! ```
//!
//! ## How to meet it
//! Write it, and let the one who keeps the list say when it is time.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-08",
    title: "Nobody leads an incident for longer than a shift",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("shifts_end.rs"),
    assess,
};

/// The longest that anybody can lead and still decide well.
const LONGEST: Duration = Duration::from_hours(12);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let coordination = case
        .package
        .header
        .as_ref()
        .and_then(|h| h.coordination.as_ref());
    let answer = answers.about_package(case);
    match coordination.and_then(|c| c.longest_shift) {
        None => answer.fail(
            "how long somebody leads at most is not written",
            "write `longest_shift:` in `coordination`",
        ),
        Some(shift) => answer.must(
            shift <= LONGEST,
            format!("somebody may lead for {shift}"),
            "let it be 12 hours or less",
        ),
    };
}
