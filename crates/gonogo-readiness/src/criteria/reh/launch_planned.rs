//! # REH-02: The launch has a plan, a way to stop it, and a plan for no
//!
//! ## Why it matters
//! A launch without abort criteria is aborted by whoever is loudest, and too late.
//!
//! ## How it is proved
//! From the package: every item of the checklist has an owner role that somebody holds, and says
//! what it proves or how it is done; items stand before and after the launch. There are abort
//! criteria, each with a number or an alert and somebody who decides; an observation of at least a
//! day; tasks for a no, each with somebody who does it; and for every area of these criteria a
//! position of the poll that answers for it.
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

use gonogo_model::launch::{ChecklistItem, Launch};

use crate::criteria::{AREAS, Answer, find, held_by_somebody};

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
    for item in case.package.checklist.values() {
        checklist_item(case, answers, item);
    }
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let answer = answers.about_package(case);
    let Some(launch) = launch else {
        answer.fail("the package says no launch", "write `launch:` in `package`");
        return;
    };
    let items = || case.package.checklist.values();
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
            launch.observation >= OBSERVED,
            format!("it is watched for {} only", launch.observation),
            "watch it for at least a day",
        );
    abort(case, launch, answer);
    no_go(case, launch, answer);
    poll(launch, answer);
}

fn checklist_item(case: &Case<'_>, answers: &mut Answers, item: &ChecklistItem) {
    let how = item.how.as_ref().is_some_and(|h| !h.trim().is_empty());
    let answer = case.entity(answers, item);
    answer
        .must(
            held_by_somebody(case, &item.owner.id),
            format!("nobody holds `{}`, which does it", item.owner.id),
            "give the role a holder in `roles`",
        )
        .must(
            how || !item.proves.is_empty(),
            "nothing says when it is done",
            "write `proves:` with the criteria that it answers, or `how:`",
        );
    for name in item.proves.iter().filter(|name| find(name).is_none()) {
        answer.fail(
            format!("it proves `{}`, and there is no such criterion", name.value),
            "`gonogo explain` lists them all",
        );
    }
}

fn abort(case: &Case<'_>, launch: &Launch, answer: &mut Answer) {
    answer.must(
        !launch.abort.is_empty(),
        "nothing ends the launch",
        "write `abort:` criteria",
    );
    for abort in &launch.abort {
        let measured = abort.alert.is_some() || abort.when.contains(|c: char| c.is_ascii_digit());
        answer
            .must(
                held_by_somebody(case, &abort.decider.id),
                format!(
                    "nobody holds `{}`, which decides to abort",
                    abort.decider.id
                ),
                "give the role a holder in `roles`",
            )
            .must(
                measured,
                format!("\"{}\" has no number and no alert", abort.when),
                "write from which number on it ends the launch, or the `alert:` that shows it",
            );
    }
}

fn no_go(case: &Case<'_>, launch: &Launch, answer: &mut Answer) {
    answer.must(
        !launch.no_go.is_empty(),
        "nothing is planned for a no",
        "write `no_go:` tasks with owners",
    );
    for task in &launch.no_go {
        answer.must(
            held_by_somebody(case, &task.owner.id),
            format!(
                "nobody holds `{}`, which has to do \"{}\" after a no",
                task.owner.id, task.what
            ),
            "give the role a holder in `roles`",
        );
    }
}

/// Each area of the criteria has a voice. Without any poll, REH-03 says so.
fn poll(launch: &Launch, answer: &mut Answer) {
    let named = || launch.poll.iter().flat_map(|p| &p.criteria);
    for name in named() {
        answer.must(
            AREAS
                .iter()
                .any(|(code, _)| code.eq_ignore_ascii_case(name)),
            format!("a position of the poll answers for `{name}`, which is no area"),
            "name areas such as `OWN` or `RBK`",
        );
    }
    let unheard: Vec<&str> = AREAS
        .iter()
        .map(|(code, _)| *code)
        .filter(|code| !named().any(|name| name.eq_ignore_ascii_case(code)))
        .collect();
    // Positions without areas answer for what their role answers for.
    if named().next().is_some() && !unheard.is_empty() {
        answer.fail(
            format!(
                "nobody in the poll answers for {}",
                gonogo_model::decode::list_of(&unheard)
            ),
            "write them into the `criteria` of a position",
        );
    }
}
