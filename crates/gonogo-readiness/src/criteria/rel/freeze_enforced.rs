//! # REL-05: The freeze around the launch is enforced by tools
//!
//! ## Why it matters
//! A freeze that is a message in a channel holds for those who read it. The change that spoils a
//! launch comes from elsewhere: a flag, a Terraform run, a scheduled upgrade.
//!
//! ## How it is proved
//! From the package: a freeze covers the hour of the launch, holds flags and infrastructure as
//! well as code and configuration, and names who may let something through. And in the last 30
//! days a pipeline was seen to refuse during a freeze.
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
//!     freezes:
//!       - reason: launch
//!         from: 2026-12-07T17:00:00Z
//!         until: 2026-12-10T17:00:00Z
//!         changes: [code, config, flag, infrastructure]
//!         override_by: lead
//! ```
//!
//! ## How to meet it
//! Let each pipeline ask whether it may go on, try one during a freeze of five minutes, and
//! record that it was refused.

use gonogo_model::launch::ChangeType;

use crate::criteria::held_by_somebody;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REL-05",
    title: "The freeze around the launch is enforced by tools",
    classes: &[Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("freeze_enforced.rs"),
    assess,
};

/// What has to be held, each by some freeze over the hour of the launch.
const HELD: &[ChangeType] = &[
    ChangeType::Code,
    ChangeType::Config,
    ChangeType::Flag,
    ChangeType::Infrastructure,
];

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let answer = answers.about_package(case);
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let Some(launch) = launch else {
        answer.fail("no launch is written", "write `launch:` in the package");
        return;
    };
    let over: Vec<_> = launch
        .freezes
        .iter()
        .filter(|f| f.from.0 <= launch.at.0 && launch.at.0 < f.until.0)
        .collect();
    answer.must(
        !over.is_empty(),
        "no freeze covers the hour of the launch",
        "write one under `launch.freezes`",
    );
    if !over.is_empty() {
        // A freeze that names components holds only those.
        let whole = || over.iter().filter(|f| f.components.is_empty());
        for change in HELD {
            answer.must(
                whole().any(|f| f.changes.contains(change)),
                format!("nothing holds {} during the launch", change.word()),
                format!("write `{}` under the freeze's `changes`", change.word()),
            );
        }
    }
    for freeze in &over {
        let role = &freeze.override_by.id;
        answer.must(
            held_by_somebody(case, role),
            format!("nobody holds `{role}`, which may let something through"),
            "give the role a holder in `roles`",
        );
    }
    answer.proved(
        case,
        &[],
        "try a pipeline during a freeze, and record that it was refused",
    );
}
