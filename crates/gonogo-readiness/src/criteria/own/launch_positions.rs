//! # OWN-05: Every position of the launch is filled, and somebody stands in
//!
//! ## Why it matters
//! Whoever mends, leads and writes to customers at once does none of it. The hours after a
//! launch are when these three are needed together, and when the first of them drops out.
//!
//! ## How it is proved
//! From the package: an incident commander, operations, communications, support, a scribe and
//! an approver each have a role and a backup. From the launch to the end of its observation
//! both are held without a gap, by different people, and nobody is first in two positions.
//!
//! ## Example
//! ```yaml
//! package:
//!   launch:
//!     staff:
//!       - {position: incident-commander, role: commander, backup: second-commander}
//!       - {position: scribe, role: scribe, backup: support-lead}
//! ```
//!
//! ## How to meet it
//! Write `staff:` at the launch. Where there are fewer people than positions, let somebody
//! double up by a signed exception for that role, and say what keeps it safe.

use std::collections::BTreeMap;

use gonogo_model::Id;
use gonogo_model::launch::{Launch, LaunchPosition, Staff};
use gonogo_model::when::Zone;
use jiff::Timestamp;

use crate::criteria::prelude::*;
use crate::criteria::{day, people};

pub(super) const CRITERION: Criterion = Criterion {
    id: "OWN-05",
    title: "Every position of the launch is filled, and somebody stands in",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("launch_positions.rs"),
    assess,
};

/// Without these there is no launch.
const WANTED: &[LaunchPosition] = &[
    LaunchPosition::IncidentCommander,
    LaunchPosition::Operations,
    LaunchPosition::Communications,
    LaunchPosition::Support,
    LaunchPosition::Scribe,
    LaunchPosition::Approver,
];

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let header = case.package.header.as_ref();
    let answer = answers.about_package(case);
    let Some(launch) = header.and_then(|h| h.launch.as_ref()) else {
        answer.fail(
            "the package declares no launch",
            "write `launch:` in `package`",
        );
        return;
    };
    for wanted in WANTED {
        let mut filled = launch.staff.iter().filter(|s| s.position == *wanted);
        let word = wanted.word();
        let (why, action) = match filled.next() {
            None => (
                format!("nobody is the launch's `{word}`"),
                format!("write `{{position: {word}, role: …, backup: …}}` in `launch.staff`"),
            ),
            Some(staff) if staff.backup.is_none() => (
                format!("nobody stands in for the launch's `{word}`"),
                format!("write `backup:` at the position `{word}`"),
            ),
            Some(_) => continue,
        };
        answer.fail(why, action);
    }
    for (role, trouble) in troubles(case, launch) {
        let Some(role) = case.package.roles.get(role) else {
            continue;
        };
        let answer = case.entity(answers, role);
        for (why, action) in trouble {
            answer.fail(why, action);
        }
    }
}

type Troubles<'p> = BTreeMap<&'p Id, Vec<(String, &'static str)>>;

/// What is wrong with each role of the staff at any moment of the window, each thing once.
fn troubles<'p>(case: &Case<'p>, launch: &'p Launch) -> Troubles<'p> {
    let mut found: Troubles<'p> = BTreeMap::new();
    for staff in &launch.staff {
        for role in std::iter::once(&staff.role).chain(&staff.backup) {
            found.entry(&role.id).or_default();
        }
    }
    for at in moments(case, launch) {
        let mut taken: Vec<(&Id, &Staff)> = Vec::new();
        for staff in &launch.staff {
            let mut say = |role: &'p Id, key: String, since: &str, action| {
                let said = found.entry(role).or_default();
                if !said.iter().any(|(why, _)| why.starts_with(&key)) {
                    said.push((format!("{key}{since}"), action));
                }
            };
            let word = staff.position.word();
            let since = format!(" on {}", day(at));
            let fill = "give the role a holder for the whole launch and its observation";
            let first = people::first(case, &staff.role.id, at);
            let Some(first) = first.map(|p| &p.id.value) else {
                say(
                    &staff.role.id,
                    format!("nobody holds it as `{word}`"),
                    &since,
                    fill,
                );
                continue;
            };
            if let Some((_, other)) = taken.iter().find(|(person, _)| *person == first) {
                say(
                    &staff.role.id,
                    format!(
                        "`{first}` is `{}` and `{word}` at once",
                        other.position.word()
                    ),
                    "",
                    "give one of the two to somebody else, or sign an exception",
                );
            }
            taken.push((first, staff));
            let Some(backup) = &staff.backup else {
                continue;
            };
            match people::first(case, &backup.id, at).map(|p| &p.id.value) {
                None => say(
                    &backup.id,
                    format!("nobody holds it to stand in as `{word}`"),
                    &since,
                    fill,
                ),
                Some(second) if second == first => say(
                    &backup.id,
                    format!("`{first}` would stand in as `{word}` for themselves"),
                    "",
                    "let somebody else stand in",
                ),
                Some(_) => {}
            }
        }
    }
    found
}

/// The launch, and each moment of its window at which who holds a role of the staff may change.
fn moments(case: &Case<'_>, launch: &Launch) -> Vec<Timestamp> {
    let start = launch.at.0;
    let end = start
        .checked_add(launch.observation.signed())
        .unwrap_or(start);
    let utc = Zone::utc();
    let roles = launch
        .staff
        .iter()
        .flat_map(|s| std::iter::once(&s.role).chain(&s.backup))
        .filter_map(|r| case.package.roles.get(&r.id));
    let mut found = vec![start];
    for holder in roles.flat_map(|r| &r.holders) {
        let person = case.package.people.get(&holder.person.id);
        let left = person.and_then(|p| p.left);
        let turns = [holder.from, holder.until, left].into_iter().flatten();
        found.extend(
            turns
                .map(|l| utc.instant(l.0))
                .filter(|at| *at > start && *at < end),
        );
    }
    found.sort();
    found.dedup();
    found
}
