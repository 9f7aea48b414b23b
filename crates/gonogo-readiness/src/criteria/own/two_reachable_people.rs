//! # OWN-02: Every owning team has two people, and they answer
//!
//! ## Why it matters
//! One person sleeps, flies and falls ill. A second one whose number is out of date is no second
//! one, and nobody finds that out on a quiet day.
//!
//! ## How it is proved
//! From the package: each team that owns a component has two people who are there today, each
//! with a way to be reached. Then, for each of them, that they answered a page or a test message
//! in the last 30 days; a new number asks again.
//!
//! ## Example
//! ```sh
//! gonogo evidence add OWN-02 person/oncall-one --result pass --method probe \
//!   --actor gonogo --note "acknowledged a test page after 40 s"
//! ```
//!
//! ## How to meet it
//! Give the team's `members` roles that two people hold, write their `contacts`, and send each a
//! test page.

use std::collections::BTreeSet;

use gonogo_model::team::Person;

use crate::criteria::people;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "OWN-02",
    title: "Every owning team has two people, and they answer",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("two_reachable_people.rs"),
    assess,
};

/// With fewer than this somebody is always on call.
const ENOUGH: usize = 2;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let owning: BTreeSet<_> = case
        .package
        .components
        .values()
        .map(|c| &c.team.id)
        .collect();
    let mut asked = BTreeSet::new();
    for team in case
        .package
        .teams
        .values()
        .filter(|t| owning.contains(&t.id.value))
    {
        let there = people::of_team(case, team, case.now);
        let reachable = |p: &&&Person| !p.contacts.is_empty();
        let count = there.iter().filter(reachable).count();
        case.entity(answers, team).must(
            count >= ENOUGH,
            match there.iter().find(reachable) {
                Some(only) => format!(
                    "`{}` is the only one there who can be reached",
                    only.id.value
                ),
                None => "nobody who is there can be reached".to_string(),
            },
            "give a role of its `members` to a second person with `contacts`",
        );
        asked.extend(there.iter().filter(reachable).map(|p| &p.id.value));
    }
    for person in asked
        .into_iter()
        .filter_map(|id| case.package.people.get(id))
    {
        case.entity(answers, person).proved(
            case,
            &[],
            "send them a test page, and record that they answered",
        );
    }
}
