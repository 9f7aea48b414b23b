//! # DEP-08: What things are mended with does not fall with them
//!
//! ## Why it matters
//! Paging over the network that is down, deploying through the sign-in that is to be mended, a
//! status page in the region that it tells about: the longest outages on record had such a
//! circle in them.
//!
//! ## How it is proved
//! From the dependency graph: for each component that says what it is repaired with (`recovery`),
//! one way is left while it is down; and for each use of a tool (`used_for`), one tool is
//! left whatever fails that a critical journey stands on. What pages, where people talk and what
//! deploys have to be declared.
//!
//! ## Example
//! ```yaml
//! components:
//!   - {id: chat, name: Chat, kind: tool, team: shop, used_for: [chat]}
//!   - {id: phone-bridge, name: Telephone bridge, kind: tool, team: shop, used_for: [chat]}
//! ```
//!
//! ## How to meet it
//! Declare a second way that shares nothing with the first, such as a telephone bridge, a
//! console of another vendor or a break-glass account, and use it once.

use std::collections::BTreeMap;

use gonogo_model::Id;
use gonogo_model::component::{Component, DependencyKind, ToolUse};

use crate::criteria::prelude::*;
use crate::graph::recovery::{Loop, What, loops};

pub(super) const CRITERION: Criterion = Criterion {
    id: "DEP-08",
    title: "What things are mended with does not fall with them",
    classes: &[Class::Graph],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("recovery_paths.rs"),
    assess,
};

/// No incident is handled without these: a team that declares nothing for one of them has not
/// asked yet what it falls with.
const WANTED: &[ToolUse] = &[ToolUse::Paging, ToolUse::Chat, ToolUse::Deploy];
/// How many causes are named for one tool; of more the rest is counted.
const MAX_NAMED: usize = 4;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let package = case.package;
    let repaired = |c: &&Component| {
        let recovery = |d: &gonogo_model::component::Dependency| d.kind == DependencyKind::Recovery;
        c.depends_on.iter().any(recovery)
    };
    let asked = |c: &&Component| !c.used_for.is_empty() || repaired(c);
    if !package.components.values().any(|c| asked(&c)) {
        answers.about_package(case).unknown(
            "what things are mended with is not declared",
            "write `used_for:` at the tools for paging, chat, sign-in, deploying and publishing",
        );
        return;
    }
    let declared = |to: &ToolUse| {
        let mut all = package.components.values();
        all.any(|c| c.used_for.contains(to))
    };
    if WANTED.iter().any(|to| !declared(to)) {
        let answer = answers.about_package(case);
        for missing in WANTED.iter().filter(|to| !declared(to)) {
            let word = missing.word();
            answer.unknown(
                format!("nothing is declared for {word}, so nobody knows what it falls with"),
                format!("write `used_for: [{word}]` at the tool for it"),
            );
        }
    }
    let mut found: BTreeMap<&Id, Vec<Loop<'_>>> = BTreeMap::new();
    for found_loop in loops(package, case.graph) {
        if let Some(subject) = subject(&found_loop) {
            found.entry(subject).or_default().push(found_loop);
        }
    }
    for component in package.components.values().filter(asked) {
        let answer = case.component(answers, component);
        let loops = found
            .get(&component.id.value)
            .map_or(&[][..], Vec::as_slice);
        for found_loop in loops.iter().take(MAX_NAMED) {
            answer.fail(
                reason(found_loop),
                "declare a second way that does not need it, and use it once",
            );
        }
        if loops.len() > MAX_NAMED {
            let more = loops.len() - MAX_NAMED;
            answer.fail(format!("and the same with {more} more that may fail"), "");
        }
    }
}

/// Whose answer it is: the tool's for a use, otherwise the component's that is to be repaired.
fn subject<'p>(found: &Loop<'p>) -> Option<&'p Id> {
    let component = match found.what {
        What::Use(_) => *found.tools.first()?,
        What::Repair(_) => found.cause,
    };
    Some(&component.id.value)
}

fn reason(found: &Loop<'_>) -> String {
    let cause = &found.cause.id.value;
    let way: Vec<String> = found
        .path
        .iter()
        .map(|d| format!(" → `{}`", d.component.id))
        .collect();
    let way = way.concat();
    match found.what {
        What::Use(to) if found.path.is_empty() => {
            format!("when it is down itself, nothing is left for {}", to.word())
        }
        What::Use(to) => format!(
            "when `{cause}` is down, nothing is left for {} (it{way})",
            to.word()
        ),
        What::Repair(dependency) => {
            let tool = &dependency.component.id;
            format!("it is mended with `{tool}`, which is down whenever it is (`{tool}`{way})")
        }
    }
}
