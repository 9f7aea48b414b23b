//! # EXT-04: Getting in without the usual sign-in works, and is logged
//!
//! ## Why it matters
//! When sign-in is down, so is the way to whatever would mend it. The account in the safe is of
//! use only if its password still works and somebody notices that it was used.
//!
//! ## How it is proved
//! From the package: the coordination names a `break_glass` runbook. Then, in the last 90 days,
//! somebody followed it and the use was seen in the log; a changed runbook asks again.
//!
//! ## Example
//! ```yaml
//! package:
//!   coordination:
//!     room: "#incident"
//!     break_glass: break-glass
//! ```
//!
//! ## How to meet it
//! Write down where the account is, who may use it and where its use shows; then do it once,
//! find the entry in the log, and change the password.

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "EXT-04",
    title: "Getting in without the usual sign-in works, and is logged",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(90 * 24)),
    trigger: None,
    source: include_str!("break_glass.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let header = case.package.header.as_ref();
    let coordination = header.and_then(|h| h.coordination.as_ref());
    let named = coordination.and_then(|c| c.break_glass.as_ref());
    match named.and_then(|r| case.package.runbooks.get(&r.id)) {
        Some(runbook) => {
            case.entity(answers, runbook).proved(
                case,
                &[],
                "follow it once, find the entry in the log, and record both",
            );
        }
        None => {
            answers.about_package(case).fail(
                "how to get in when sign-in is down is not written",
                "write that runbook and name it as `coordination.break_glass`",
            );
        }
    }
}
