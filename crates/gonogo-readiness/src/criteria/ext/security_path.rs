//! # EXT-05: An attack is handled in another way than an outage, and that way is written
//!
//! ## Why it matters
//! During an outage one restarts, posts and invites. During an attack each of these destroys
//! traces or warns the wrong people, and a law may set the hours within which to report.
//!
//! ## How it is proved
//! From the package: the coordination names a `security` runbook. It is not what an alert says
//! to follow in an outage, and not the way in without sign-in; it has sections to follow.
//!
//! ## Example
//! ```yaml
//! package:
//!   coordination:
//!     room: "#incident"
//!     security: security-incident
//! ```
//!
//! ## How to meet it
//! Write who is called, what is kept before anything is changed, who may speak, and whom a
//! breach of data has to be reported to within which time.

use gonogo_model::alert::{Alert, AlertClass};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "EXT-05",
    title: "An attack is handled in another way than an outage, and that way is written",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("security_path.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let header = case.package.header.as_ref();
    let coordination = header.and_then(|h| h.coordination.as_ref());
    let named = coordination.and_then(|c| c.security.as_ref());
    let Some(runbook) = named.and_then(|r| case.package.runbooks.get(&r.id)) else {
        answers.about_package(case).fail(
            "what to do in an attack or a leak is not written",
            "write that runbook and name it as `coordination.security`",
        );
        return;
    };
    let own = &runbook.id.value;
    let follows = |a: &&Alert| {
        a.class() == AlertClass::Availability && a.runbook.as_ref().is_some_and(|r| r.id == *own)
    };
    let outage = case.package.alerts.values().find(follows);
    let break_glass = coordination.and_then(|c| c.break_glass.as_ref());
    case.entity(answers, runbook)
        .must(
            !runbook.sections.is_empty(),
            "it has no section to follow",
            "write the way in `##` sections",
        )
        .must(
            outage.is_none(),
            outage.map_or_else(String::new, |a| {
                format!(
                    "it is also what `{}` says to follow in an outage",
                    a.id.value
                )
            }),
            "write a way of its own for attacks and leaks",
        )
        .must(
            break_glass.is_none_or(|r| r.id != *own),
            "it is also the way in without sign-in",
            "write a way of its own for attacks and leaks",
        );
}
