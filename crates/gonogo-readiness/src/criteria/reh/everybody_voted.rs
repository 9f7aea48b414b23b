//! # REH-03: Every position of the poll has said go, for what it answers for as it is now
//!
//! ## Why it matters
//! A go that was given for another state of things is none. And where one part changes, those who
//! answered for the others need not be asked again: a poll that starts anew with each change is
//! never finished, and then it is skipped.
//!
//! ## How it is proved
//! An attestation of the last 72 hours about the role of each position, by somebody who holds it,
//! seen by a second person. It names the package that it was about (`package_digest`), and covers
//! the role and all that the criteria of the position's areas ask about; where no areas are
//! written, all that the role answers for. A change of one of these voids that vote and no other.
//! A missing vote is a no.
//!
//! ## Example
//! ```sh
//! gonogo evidence add REH-03 role/platform-lead --result pass --method attest \
//!   --actor oncall-one --reviewer launch-director --note "GO; relied on the verdict of this morning"
//! ```
//!
//! ## How to meet it
//! Freeze the package, then ask each position in order. Record GO as `pass`; NO-GO and HOLD as
//! `fail`, with the reason and until when. `gonogo evidence add` writes the digests by itself.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::Id;
use gonogo_model::evidence::Evidence;
use gonogo_model::launch::Position;
use gonogo_model::team::Role;

use crate::criteria::prelude::*;
use crate::criteria::{all, people};

pub(super) const CRITERION: Criterion = Criterion {
    id: "REH-03",
    title: "Every position of the poll has said go, for what it answers for as it is now",
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
    let mut of_area = BTreeMap::new();
    for (role, positions) in by_role {
        let Some(role) = case.package.roles.get(role) else {
            continue;
        };
        let covers = answered_for(case, role, &positions, &mut of_area);
        let areas: Vec<&str> = positions.iter().map(|p| p.area.as_str()).collect();
        let action = format!(
            "ask for `{}` in the poll, and record the vote",
            areas.join(", ")
        );
        case.entity(answers, role)
            .proved_unless(
                case,
                &covers,
                CRITERION.ttl,
                &|vote| by_somebody_else(case, role, vote),
                &action,
            )
            .shows(&action, |vote| {
                let why = "the vote does not say which package it was about";
                vote.package_digest
                    .is_none()
                    .then(|| (State::Unknown, why.into()))
            });
    }
}

/// Why a vote is not the position's: whoever gave it did not hold the role then.
fn by_somebody_else(case: &Case<'_>, role: &Role, vote: &Evidence) -> Option<String> {
    let voter = vote.actor.trim();
    let holding = people::holding(case, role, vote.observed_at.0);
    let holds = holding.iter().any(|p| p.id.as_str() == voter);
    (!holds).then(|| format!("`{voter}` voted, and does not hold `{}`", role.id.value))
}

/// What the criteria of each area ask about.
type OfArea = BTreeMap<&'static str, BTreeSet<Subject>>;

/// What a role answers for in the poll.
fn answered_for(
    case: &Case<'_>,
    role: &Role,
    positions: &[&Position],
    of_area: &mut OfArea,
) -> Vec<Subject> {
    let mut found = BTreeSet::new();
    for position in positions {
        if position.criteria.is_empty() {
            let digests = case.package.digests.keys();
            let own =
                digests.filter(|s| case.owner(s).is_some_and(|o| o.id.value == role.id.value));
            found.extend(own.cloned());
        }
        for area in &position.criteria {
            let known = crate::criteria::AREAS
                .iter()
                .find(|(code, _)| code.eq_ignore_ascii_case(area));
            if let Some((code, _)) = known {
                let subjects = of_area.entry(code).or_insert_with(|| asked(case, code));
                found.extend(subjects.iter().cloned());
            }
        }
    }
    found.remove(&Subject::Entity(Kind::Role, role.id.value.clone()));
    found.into_iter().collect()
}

/// What the criteria of an area ask about. The poll itself is left out: it would ask for itself.
fn asked(case: &Case<'_>, area: &str) -> BTreeSet<Subject> {
    let mut found = BTreeSet::new();
    for criterion in all().filter(|c| c.area() == area && c.id != CRITERION.id) {
        let mut answers = Answers::new(criterion, case.profile());
        (criterion.assess)(case, &mut answers);
        let subjects = answers.into_vec().into_iter().map(|a| a.subject);
        found.extend(subjects.filter(|s| case.package.digests.contains_key(s)));
    }
    found
}
