//! # RBK-04: What runbooks point to is there
//!
//! ## Why it matters
//! Dashboards move, hosts are renamed, a tool changes an option. A dead link costs minutes when
//! there are none, and makes the reader doubt the steps that are right.
//!
//! ## How it is proved
//! From the package: every role, alert, component, runbook, template and file that a runbook
//! names exists (the rule `runbook-dead-link`). And in the last seven days somebody, or a job,
//! tried its links, dashboards, hosts and commands, each in a form that changes nothing.
//!
//! ## Example
//! ```sh
//! gonogo evidence add RBK-04 runbook/ledger-down --result pass --method probe \
//!   --actor ci --note "9 links answer, 12 commands resolve with --help or a dry run"
//! ```
//!
//! ## How to meet it
//! Put a weekly job into CI that opens each link and asks each command for its help, and let it
//! write the record.

use crate::criteria::prelude::*;
use crate::{mentions, runbook_status};

pub(super) const CRITERION: Criterion = Criterion {
    id: runbook_status::TRIED,
    title: "What runbooks point to is there",
    classes: &[Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(7 * 24)),
    trigger: None,
    source: include_str!("references_work.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for runbook in case.package.runbooks.values() {
        let answer = case.entity(answers, runbook);
        for dead in mentions::dead(case.package, case.text, runbook) {
            answer.fail(
                format!(
                    "line {} names the {} `{}`, which is not there",
                    dead.span.line, dead.what, dead.name
                ),
                "name what there is, or take it away",
            );
        }
        answer.proved(
            case,
            &[],
            "try its links, hosts and commands, in a form that changes nothing",
        );
    }
}
