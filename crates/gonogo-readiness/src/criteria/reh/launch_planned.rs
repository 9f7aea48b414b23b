//! # REH-02: The launch has a plan, a way to stop it, and a plan for no
//!
//! ## Why it matters
//! A launch without abort criteria is aborted by whoever is loudest, and too late.
//!
//! ## How it is proved
//! From the package: every item of the checklist has an owner whom somebody holds; items stand
//! before and after the launch; there are abort criteria with somebody who decides, an
//! observation of at least a day, and tasks for a no.
//!
//! ## Example
//! ```yaml
//! checklist:
//!   - {id: load-test, name: Load test at twice the peak, at: T-4w, owner: platform-lead, proves: [CAP-02]}
//! package:
//!   launch:
//!     abort: [{when: Errors above 2% for five minutes, decider: platform-lead}]
//!     no_go: [{what: Tell pilots the new date, owner: writer}]
//! ```
//!
//! ## How to meet it
//! Write the list backwards from the day; for each item who, by when, and what would prove it.

use crate::criteria::held_by_somebody;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REH-02",
    title: "The launch has a plan, a way to stop it, and a plan for no",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("launch_planned.rs"),
    assess,
};

/// The shortest time that a launch is watched afterwards.
const OBSERVED: Duration = Duration::from_hours(24);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let held = |role| held_by_somebody(case, role);
    for item in case.package.checklist.values() {
        case.entity(answers, item).must(
            held(&item.owner.id),
            format!("nobody holds `{}`, which does it", item.owner.id),
            "give the role a holder in `roles`",
        );
    }
    let items = || case.package.checklist.values();
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let answer = answers.about_package(case);
    let Some(launch) = launch else {
        answer.fail("the package says no launch", "write `launch:` in `package`");
        return;
    };
    answer
        .must(
            items().any(|i| i.at.as_millis() < 0),
            "nothing is to be done before the launch",
            "write a `checklist` with times such as `T-2w`",
        )
        .must(
            items().any(|i| i.at.as_millis() > 0),
            "nothing is to be done after the launch",
            "write items such as `T+24h`",
        )
        .must(
            !launch.abort.is_empty(),
            "nothing ends the launch",
            "write `abort:` criteria",
        )
        .must(
            launch.observation >= OBSERVED,
            format!("it is watched for {} only", launch.observation),
            "watch it for at least a day",
        )
        .must(
            !launch.no_go.is_empty(),
            "nothing is planned for a no",
            "write `no_go:` tasks with owners",
        );
    for abort in &launch.abort {
        answer.must(
            held(&abort.decider.id),
            format!(
                "nobody holds `{}`, which decides to abort",
                abort.decider.id
            ),
            "give the role a holder in `roles`",
        );
    }
}
