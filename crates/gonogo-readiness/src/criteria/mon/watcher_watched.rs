//! # MON-10: Something outside calls when gonogo itself falls silent
//!
//! ## Why it matters
//! The outage that takes the watcher along is the one that nobody hears of.
//!
//! ## How it is proved
//! From the package: `dead_man` names an outside heartbeat. Then that it was reached in the last
//! five minutes; a running gonogo records that itself.
//!
//! ## Example
//! ```yaml
//! package:
//!   dead_man: {url: "${env:DEAD_MAN_URL}", every: 60s}
//! ```
//!
//! ## How to meet it
//! Take a heartbeat service at another provider, and let it call a telephone.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-10",
    title: "Something outside calls when gonogo itself falls silent",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_mins(5)),
    trigger: None,
    source: include_str!("watcher_watched.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let dead_man = case
        .package
        .header
        .as_ref()
        .and_then(|h| h.dead_man.as_ref());
    let answer = answers.about_package(case);
    if dead_man.is_none() {
        answer.fail(
            "nothing outside calls when gonogo falls silent",
            "write `dead_man:` in `package`",
        );
    } else {
        answer.proved(
            case,
            &[],
            "ask a running server: `gonogo verdict --server URL`",
        );
    }
}
