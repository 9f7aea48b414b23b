//! # OWN-08: Somebody keeps it reliable after the launch
//!
//! ## Why it matters
//! Launch teams dissolve. What they built goes on to need upgrades, answers and nights, and
//! drifts to nobody unless the day and the next owner were agreed on beforehand.
//!
//! ## How it is proved
//! From the package: the launch names the team that takes over and from when, somebody answers
//! for that team on that day, and the day does not fall into the launch's observation. The same
//! holds for a component with a handover of its own.
//!
//! ## Example
//! ```yaml
//! package:
//!   launch:
//!     at: 2026-12-08T17:00:00Z
//!     observation: 7d
//!     handover: {to: platform, on: 2027-01-11}
//! ```
//!
//! ## How to meet it
//! Write `handover:` at the launch; where the team that built it keeps it, name that one.

use gonogo_model::component::Handover;
use gonogo_model::launch::Launch;
use gonogo_model::when::Zone;

use crate::criteria::prelude::*;
use crate::criteria::{Answer, day, people};

pub(super) const CRITERION: Criterion = Criterion {
    id: "OWN-08",
    title: "Somebody keeps it reliable after the launch",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("owner_after_launch.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let header = case.package.header.as_ref();
    let launch = header.and_then(|h| h.launch.as_ref());
    let answer = answers.about_package(case);
    match launch.and_then(|l| l.handover.as_ref()) {
        Some(handover) => look(case, answer, handover, launch),
        None => {
            answer.fail(
                "nobody is named who keeps it reliable after the launch",
                "write `handover: {to: …, on: …}` at the launch",
            );
        }
    }
    for component in case.package.components.values() {
        if let Some(handover) = &component.handover {
            look(case, case.component(answers, component), handover, launch);
        }
    }
}

fn look(case: &Case<'_>, answer: &mut Answer, handover: &Handover, launch: Option<&Launch>) {
    let on = Zone::utc().instant(handover.on.0);
    let to = &handover.to.id;
    let role = case.package.teams.get(to).map(|t| &t.accountable.id);
    if role.and_then(|r| people::first(case, r, on)).is_none() {
        answer.fail(
            format!(
                "nobody answers for `{to}` on {}, when it takes over",
                day(on)
            ),
            "give the role that answers for that team a holder",
        );
    }
    let Some(launch) = launch else {
        return;
    };
    let end = launch.at.0.checked_add(launch.observation.signed());
    if on >= launch.at.0 && end.is_ok_and(|end| on < end) {
        answer.fail(
            format!(
                "`{to}` takes over on {}, while the launch is still watched",
                day(on)
            ),
            "hand over after the observation",
        );
    }
}
