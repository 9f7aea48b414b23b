//! # REL-03: Configuration, data and policy go out in stages like code
//!
//! ## Why it matters
//! Many of the largest outages were no release: a quota, a routing table, a rule that was pushed
//! everywhere in a second. What acts like code has to wait like code.
//!
//! ## How it is proved
//! From the package: `config`, `data` and `policy` each stand under `changes` of at least two of
//! the launch's stages, the first of which is not everybody.
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
//!       - {name: canary, share: 5%, bake: 2h, changes: [code, config, data, policy, flag]}
//!       - {name: everybody, share: 100%, bake: 24h, changes: [code, config, data, policy, flag]}
//! ```
//!
//! ## How to meet it
//! List what can change production without a release, and send it through the same pipeline.

use gonogo_model::launch::{ChangeType, Stage};
use gonogo_model::percent::Percent;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REL-03",
    title: "Configuration, data and policy go out in stages like code",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("every_change_staged.rs"),
    assess,
};

/// What acts like code and is often pushed at once.
const STAGED: &[ChangeType] = &[ChangeType::Config, ChangeType::Data, ChangeType::Policy];

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let stages: &[Stage] = launch.map_or(&[], |l| &l.stages);
    let answer = answers.about_package(case);
    for change in STAGED {
        let through: Vec<&Stage> = stages
            .iter()
            .filter(|s| s.changes.contains(change))
            .collect();
        let in_parts = through.len() > 1 && through[0].share < Percent::ALL;
        answer.must(
            in_parts,
            match through.is_empty() {
                true => format!("no stage says that {} goes through it", change.word()),
                false => format!("{} reaches everybody at once", change.word()),
            },
            format!(
                "let it go through two stages, and write `{}` under their `changes`",
                change.word()
            ),
        );
    }
}
