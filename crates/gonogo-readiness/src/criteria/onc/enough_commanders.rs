//! # ONC-07: Three people can lead an incident, and have done so in a rehearsal
//!
//! ## Why it matters
//! One who can lead is on holiday, one sleeps, and the third is needed.
//!
//! ## How it is proved
//! From the package: three people hold the commander's role or stand in for it in the launch.
//! Then that three of them led, or shadowed whoever led, in a rehearsal of the last 180 days: the
//! record names them in `tried`.
//!
//! ## Example
//! ```yaml
//! package:
//!   coordination: {room: The channel `incident`, commander: incident-lead}
//! roles:
//!   - {id: incident-lead, name: Leads incidents, holders: [{person: one}, {person: two}, {person: three}]}
//! ```
//!
//! ```sh
//! gonogo evidence add ONC-07 package --result pass --method drill --actor one \
//!   --tried one --tried two --tried three --note "each led one of the rehearsals of October"
//! ```
//!
//! ## How to meet it
//! Let a different person lead each rehearsal, with somebody beside them.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_model::launch::LaunchPosition;

use crate::criteria::people;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-07",
    title: "Three people can lead an incident, and have done so in a rehearsal",
    classes: &[Class::Lint, Class::Drill],
    gate: Gate::Warning,
    tiers: 3,
    ttl: Some(Duration::from_hours(180 * 24)),
    trigger: None,
    source: include_str!("enough_commanders.rs"),
    assess,
};

/// How many have to be able to lead.
const ENOUGH: usize = 3;

const LEAD: &str = "let each of them lead a rehearsal, and record who led with `--tried`";

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let header = case.package.header.as_ref();
    let commander = header
        .and_then(|h| h.coordination.as_ref())
        .and_then(|c| c.commander.as_ref());
    let staff = header
        .and_then(|h| h.launch.as_ref())
        .into_iter()
        .flat_map(|l| &l.staff);
    let leads = staff
        .filter(|s| s.position == LaunchPosition::IncidentCommander)
        .flat_map(|s| std::iter::once(&s.role).chain(&s.backup));
    let roles: BTreeSet<&Id> = commander.into_iter().chain(leads).map(|r| &r.id).collect();
    let held = roles.iter().filter_map(|id| case.package.roles.get(*id));
    let who: BTreeSet<&Id> = held
        .flat_map(|r| people::holding(case, r, case.now))
        .map(|p| &p.id.value)
        .collect();
    let covers: Vec<Subject> = roles
        .iter()
        .map(|id| Subject::Entity(Kind::Role, (*id).clone()))
        .collect();
    answers
        .about_package(case)
        .must(
            who.len() >= ENOUGH,
            format!(
                "{} can lead an incident",
                match who.len() {
                    0 => "nobody".to_string(),
                    1 => "one person".to_string(),
                    n => format!("only {n} people"),
                }
            ),
            "give the role of `coordination.commander` to three people",
        )
        .proved(case, &covers, LEAD)
        .shows(LEAD, |record| {
            let led = record.tried.iter().map(|name| name.trim());
            let led: BTreeSet<&str> = led
                .filter(|name| who.iter().any(|id| id.as_str() == *name))
                .collect();
            (led.len() < ENOUGH).then(|| {
                let why = format!("the record names {} of them who led", led.len());
                (State::Unknown, why)
            })
        });
}
