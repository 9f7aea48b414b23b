//! # OWN-07: Nothing relies on somebody who left
//!
//! ## Why it matters
//! Roles outlive the people in them, and lists of people do not notice. A page to somebody who
//! left costs a step of the escalation, and a runbook that says "ask her" ends there.
//!
//! ## How it is proved
//! From the package: whoever holds a role or is named in an escalation policy is still there
//! until the launch has been watched to its end, and no runbook names a person instead of a
//! role. Then, for each of these people, that the directory says so too.
//!
//! ## Example
//! ```sh
//! gonogo evidence add OWN-07 person/oncall-one --result pass --method probe \
//!   --actor directory-sync --note "active"
//! ```
//!
//! ## How to meet it
//! Write `left:` when somebody goes, end what they hold with `until:`, and name roles in
//! runbooks.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::escalation::Target;
use gonogo_model::team::Person;
use gonogo_model::when::{Local, Zone};
use gonogo_model::{Id, Package};
use jiff::Timestamp;

use crate::criteria::day;
use crate::criteria::prelude::*;
use crate::whom;

pub(super) const CRITERION: Criterion = Criterion {
    id: "OWN-07",
    title: "Nothing relies on somebody who left",
    classes: &[Class::Lint, Class::Live],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(30 * 24)),
    trigger: None,
    source: include_str!("nobody_who_left.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let header = case.package.header.as_ref();
    let launch = header.and_then(|h| h.launch.as_ref());
    let watched = launch.and_then(|l| l.at.0.checked_add(l.observation.signed()).ok());
    let end = watched.map_or(case.now, |end| end.max(case.now));
    for (person, relies) in relied_on(case.package, case.now, end) {
        let Some(person) = case.package.people.get(person) else {
            continue;
        };
        let answer = case.entity(answers, person);
        if person.placeholder {
            answer.unknown(
                "who this is, is not known yet",
                "put a person in their place",
            );
            continue;
        }
        let left = person.left.map(|l| Zone::utc().instant(l.0));
        match left.filter(|at| *at < end) {
            Some(at) => {
                for what in relies {
                    let why = format!("{what} relies on them, and they are gone from {}", day(at));
                    answer.fail(why, "name somebody else there, or end it with `until:`");
                }
            }
            None => {
                answer.proved(case, &[], "look them up in the directory, and record it");
            }
        }
    }
    let names = names(case.package);
    for runbook in case.package.runbooks.values() {
        let answer = case.entity(answers, runbook);
        for person in named(&runbook.body, &names) {
            answer.fail(
                format!("it names `{}` instead of a role", person.id.value),
                "name the role that they hold",
            );
        }
    }
}

/// Who is relied on between two instants, and for what.
fn relied_on(package: &Package, from: Timestamp, to: Timestamp) -> BTreeMap<&Id, Vec<String>> {
    let mut found: BTreeMap<&Id, Vec<String>> = BTreeMap::new();
    let utc = Zone::utc();
    for role in package.roles.values() {
        for holder in &role.holders {
            let instant = |local: Option<Local>| local.map(|l| utc.instant(l.0));
            let left = instant(package.people.get(&holder.person.id).and_then(|p| p.left));
            let later = instant(holder.from).is_some_and(|begins| begins > to);
            // Who hands over by the day they leave leaves nothing behind.
            let over = instant(holder.until)
                .is_some_and(|until| until <= from || left.is_some_and(|left| until <= left));
            if !later && !over {
                let relies = found.entry(&holder.person.id).or_default();
                relies.push(format!("the role `{}`", role.id.value));
            }
        }
    }
    for policy in package.escalation_policies.values() {
        for target in whom::targets(policy) {
            if let Target::Person(person) = target {
                let relies = found.entry(&person.id).or_default();
                relies.push(format!("the escalation policy `{}`", policy.id.value));
            }
        }
    }
    found
}

/// People by the first word of their names. A name of one word is left out: it may be any word.
fn names(package: &Package) -> BTreeMap<&str, Vec<&Person>> {
    let mut found: BTreeMap<&str, Vec<&Person>> = BTreeMap::new();
    for person in package.people.values() {
        if let Some((first, _)) = person.name.split_once(' ') {
            found.entry(first).or_default().push(person);
        }
    }
    found
}

/// The people whose full names stand in a text, in order of their ids.
fn named<'p>(text: &str, names: &BTreeMap<&str, Vec<&'p Person>>) -> Vec<&'p Person> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|w| names.contains_key(w)) {
        if !seen.insert(word) {
            continue;
        }
        for person in names.get(word).into_iter().flatten() {
            if !person.placeholder && text.contains(&person.name) {
                found.insert(&person.id.value, *person);
            }
        }
    }
    found.into_values().collect()
}
