//! # REH-03: Every position of the poll has said go, for the same package
//!
//! ## Why it matters
//! A go that was given for another state of things is none.
//!
//! ## How it is proved
//! An attestation about the role of each position, by whoever holds it and seen by a second
//! person, bound to the role and to what its teams own; and all for the same package, which each
//! vote names (`package_digest`). A later
//! change of something voids the votes of those who own it. A missing vote is a no.
//!
//! ## Example
//! ```sh
//! gonogo evidence add REH-03 role/platform-lead --result pass --method attest \
//!   --actor platform-lead-person --reviewer launch-director --note "GO; relied on the verdict of this morning"
//! ```
//!
//! ## How to meet it
//! Freeze the package, then ask each position in order; record GO as pass, NO-GO and HOLD as fail
//! with the reason.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::Id;
use gonogo_model::evidence::Evidence;
use gonogo_model::launch::Position;

use crate::criteria::people;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "REH-03",
    title: "Every position of the poll has said go, for the same package",
    classes: &[Class::Attestation],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(72)),
    trigger: None,
    source: include_str!("everybody_voted.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let poll = launch.map_or(&[][..], |l| &l.poll);
    if poll.is_empty() {
        let answer = answers.about_package(case);
        answer.fail("nobody is asked", "write `poll:` in `launch`");
        return;
    }
    let mut by_role: BTreeMap<&Id, Vec<&Position>> = BTreeMap::new();
    for position in poll {
        by_role.entry(&position.role.id).or_default().push(position);
    }
    let votes = by_role
        .keys()
        .flat_map(|role| case.records("REH-03", &Subject::Entity(Kind::Role, (*role).clone())));
    // The last poll is the one that counts, so the newest vote says which package it was about.
    let newest = votes.max_by_key(|v| v.observed_at.0);
    let package = newest.and_then(|v| v.package_digest.clone());
    for (role, positions) in by_role {
        let Some(found) = case.package.roles.get(role) else {
            continue;
        };
        let areas: Vec<&str> = positions.iter().map(|p| p.area.as_str()).collect();
        let action = format!(
            "ask for `{}` in the poll, and record the vote",
            areas.join(", ")
        );
        let answer = case.entity(answers, found);
        let holds = |person: &str, at| {
            let person = person.trim();
            let holders = people::holding(case, found, at);
            holders.into_iter().any(|p| p.id.value.as_str() == person)
        };
        let not_theirs = |vote: &Evidence| {
            let theirs = holds(&vote.actor, vote.observed_at.0);
            (!theirs).then(|| format!("`{}` voted for it, and does not hold it", vote.actor))
        };
        answer.proved_unless(
            case,
            &owned(case, role),
            CRITERION.ttl,
            &not_theirs,
            &action,
        );
        let Some(vote) = answer.evidence.last() else {
            continue;
        };
        if vote.package_digest.is_none() {
            answer.unknown("its vote does not say which package it was about", action);
        } else if vote.package_digest != package {
            answer.unknown("it voted on another package than the last vote did", action);
        }
    }
}

/// What the teams that a role answers for own.
fn owned(case: &Case<'_>, role: &Id) -> Vec<Subject> {
    let teams = case
        .package
        .teams
        .values()
        .filter(|t| t.accountable.id == *role);
    let teams: BTreeSet<&Id> = teams.map(|t| &t.id.value).collect();
    let components = case.package.components.values();
    components
        .filter(|c| teams.contains(&c.team.id))
        .map(|c| Subject::Entity(Kind::Component, c.id.value.clone()))
        .collect()
}
