//! Whom a step of an escalation policy can mean, at any time.
//!
//! Mostly everybody counts who may be called, because each of them has to be reachable; who it
//! is at one moment is found as the engine finds it.

use std::collections::BTreeMap;

use gonogo_model::alert::{Alert, Urgency};
use gonogo_model::escalation::{EscalationPolicy, Target};
use gonogo_model::schedule::Schedule;
use gonogo_model::team::{Person, Role, Team};
use gonogo_model::text::Span;
use gonogo_model::{Id, Package};
use jiff::Timestamp;

/// Everybody a target can mean, each once, in order of appearance.
pub fn people<'p>(package: &'p Package, target: &Target) -> Vec<&'p Person> {
    let mut found: Vec<&Person> = match target {
        Target::Person(person) => package.people.get(&person.id).into_iter().collect(),
        Target::Role(role) => package
            .roles
            .get(&role.id)
            .map_or_else(Vec::new, |r| holders(package, r)),
        Target::Schedule(schedule) => {
            package
                .schedules
                .get(&schedule.id)
                .map_or_else(Vec::new, |s| {
                    roles(package, s)
                        .into_iter()
                        .flat_map(|r| holders(package, r))
                        .collect()
                })
        }
    };
    let mut seen = Vec::new();
    found.retain(|p| {
        let new = !seen.contains(&&p.id.value);
        seen.push(&p.id.value);
        new
    });
    found
}

/// The person whom a target means at an instant, as the engine finds them.
pub fn called<'p>(package: &'p Package, target: &Target, at: Timestamp) -> Option<&'p Person> {
    let role = match target {
        Target::Person(person) => return package.people.get(&person.id),
        Target::Role(role) => &role.id,
        Target::Schedule(schedule) => &package.schedules.get(&schedule.id)?.on_call_at(at)?.role.id,
    };
    let holder = package.roles.get(role)?.holder_at(at)?;
    package.people.get(&holder.id)
}

/// The roles that take turns on a schedule or stand in on it.
pub fn roles<'p>(package: &'p Package, schedule: &Schedule) -> Vec<&'p Role> {
    let members = schedule.rotation.members.iter();
    let overrides = schedule.overrides.iter().map(|o| &o.role);
    members
        .chain(overrides)
        .filter_map(|r| package.roles.get(&r.id))
        .collect()
}

/// Everybody who holds a role at some time.
pub fn holders<'p>(package: &'p Package, role: &Role) -> Vec<&'p Person> {
    role.holders
        .iter()
        .filter_map(|h| package.people.get(&h.person.id))
        .collect()
}

/// Everybody a policy may page, in order: its steps, then its fallback.
pub fn targets(policy: &EscalationPolicy) -> impl Iterator<Item = &Target> {
    policy
        .steps
        .iter()
        .flat_map(|s| &s.notify)
        .chain(std::iter::once(&policy.fallback))
}

/// Where a target was written.
pub fn span(target: &Target) -> Span {
    match target {
        Target::Schedule(r) => r.span,
        Target::Role(r) => r.span,
        Target::Person(r) => r.span,
    }
}

/// The team that is paged for an alert.
pub fn team<'p>(package: &'p Package, alert: &Alert) -> Option<&'p Team> {
    let own = alert.team.as_ref().map(|t| &t.id);
    let id = own.or_else(|| alert.component(package).map(|c| &c.team.id))?;
    package.teams.get(id)
}

/// Why a policy pages people at night.
#[derive(Clone, Copy, Debug)]
pub enum Because<'p> {
    /// An alert with the urgency `page` goes there.
    Alert(&'p Alert),
    /// It is the one that hears of trouble with gonogo itself.
    Operators,
}

/// The policies that wake people, each with one reason.
pub fn waking_policies(package: &Package) -> BTreeMap<&Id, (&EscalationPolicy, Because<'_>)> {
    let mut found = BTreeMap::new();
    let mut add = |id: &Id, because| {
        if let Some((id, policy)) = package.escalation_policies.get_key_value(id) {
            found.entry(id).or_insert((policy, because));
        }
    };
    for alert in package
        .alerts
        .values()
        .filter(|a| a.urgency == Urgency::Page)
    {
        if let Some(team) = team(package, alert) {
            add(&team.escalation_policy.id, Because::Alert(alert));
        }
    }
    if let Some(header) = &package.header {
        add(&header.operators.id, Because::Operators);
    }
    found
}
