//! # RBK-03: Somebody else than the author has followed every runbook
//!
//! ## Why it matters
//! Whoever wrote a runbook reads what they meant. Only somebody else finds the step that went
//! without saying, the right that they lack, the command that worked on one laptop.
//!
//! ## How it is proved
//! By a record that somebody followed it, in a rehearsal or a real incident: by somebody who is
//! not its author, in the last 90 days (180 for what matters less), and neither it nor a
//! component that it covers changed since. Where no `author` is written, whoever holds the
//! owning role counts as one. A step that did not do what it says, or that was needed and did
//! not stand there, fails it.
//!
//! ## Example
//! ```sh
//! gonogo evidence add RBK-03 runbook/charge-not-recorded --result pass --method drill \
//!   --actor oncall-two --step mitigate-1=ok --step mitigate-2=skipped \
//!   --note "followed it in the October rehearsal, 14 minutes"
//! ```
//!
//! ## How to meet it
//! Hand the runbook to whoever is on call next, watch and do not help. Record each step that they
//! did with `--step`; those count as proven, and `gonogo` shows the share.

use crate::criteria::prelude::*;
use crate::runbook_status;

pub(super) const CRITERION: Criterion = Criterion {
    id: runbook_status::FOLLOWED,
    title: "Somebody else than the author has followed every runbook",
    classes: &[Class::Drill],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(runbook_status::HOLDS_LOW_TIER),
    trigger: None,
    source: include_str!("followed_by_another.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for runbook in case.package.runbooks.values() {
        let answer = case.entity(answers, runbook);
        let holds = runbook_status::holds(case, &answer.subject);
        answer.proved_unless(
            case,
            &runbook_status::covered(runbook),
            Some(holds),
            &|record| runbook_status::by_its_author(case, runbook, record),
            "have somebody who did not write it follow it, and record each step",
        );
        for step in runbook_status::steps(case, runbook) {
            if step.is_broken() {
                answer.fail(
                    runbook_status::broken_step(&step),
                    "mend that step, and have it followed again",
                );
            }
        }
    }
}
