//! # REL-02: The launch reaches customers in stages that can be stopped
//!
//! ## Why it matters
//! What only customers can find is found by the first few of them, or by all of them. A stage
//! without a time, a number and somebody who looks is only a slower big bang.
//!
//! ## How it is proved
//! From the package: `launch.stages` has at least two; the shares grow, the first is not
//! everybody and the last is; each has a bake time, alerts that stop it (`abort_on`), and a
//! decider whose role somebody holds.
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
//!     stages:
//!       - {name: five of a hundred, share: 5%, bake: 2h, abort_on: [checkout-failing], decider: release-lead}
//!       - {name: everybody, share: 100%, bake: 24h, abort_on: [checkout-failing], decider: lead}
//! ```
//!
//! ## How to meet it
//! Take the alerts of the journey that would suffer, and ask how long they need to tell.

use gonogo_model::launch::Stage;
use gonogo_model::percent::Percent;

use super::super::answer::Answer;
use crate::criteria::held_by_somebody;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REL-02",
    title: "The launch reaches customers in stages that can be stopped",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("exposure_in_stages.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let stages: &[Stage] = launch.map_or(&[], |l| &l.stages);
    let answer = answers.about_package(case);
    let [first, .., last] = stages else {
        let why = match stages {
            [] => "no stage of the launch is written",
            _ => "there is one stage only, so it reaches everybody at once",
        };
        answer.fail(why, "write at least two under `launch.stages`");
        return;
    };
    answer
        .must(
            first.share < Percent::ALL,
            "the first stage is everybody",
            "begin with a share that may go wrong",
        )
        .must(
            last.share == Percent::ALL,
            format!("after the last stage {} have it", last.share),
            "end with a stage of 100%",
        );
    for pair in stages.windows(2) {
        answer.must(
            pair[0].share < pair[1].share,
            format!(
                "\"{}\" reaches no more than \"{}\"",
                pair[1].name, pair[0].name
            ),
            "let the share grow from stage to stage",
        );
    }
    for stage in stages {
        gated(case, answer, stage);
    }
}

fn gated(case: &Case<'_>, answer: &mut Answer, stage: &Stage) {
    let name = &stage.name;
    let decider = stage.decider.as_ref();
    let held = decider.is_some_and(|role| held_by_somebody(case, &role.id));
    answer
        .must(
            stage.bake > Duration::ZERO,
            format!("\"{name}\" is not given time to show anything"),
            "write how long it stays there as `bake:`",
        )
        .must(
            !stage.abort_on.is_empty(),
            format!("nothing stops \"{name}\""),
            "write the alerts that take it back as `abort_on:`",
        )
        .must(
            held,
            match decider {
                None => format!("nobody opens the gate after \"{name}\""),
                Some(role) => format!("nobody holds `{}`, which decides on \"{name}\"", role.id),
            },
            "write a `decider:` whose role somebody holds",
        );
}
