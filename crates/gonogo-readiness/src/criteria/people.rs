//! Who is really there behind a role.
//!
//! Somebody who is still to be named, or who has left by then, holds nothing.

use gonogo_model::Id;
use gonogo_model::team::{Person, Role, Team};
use gonogo_model::when::Zone;
use jiff::Timestamp;

use super::Case;

/// Is this somebody, and still with us at an instant?
pub(crate) fn is_there(person: &Person, at: Timestamp) -> bool {
    let gone = person
        .left
        .is_some_and(|day| Zone::utc().instant(day.0) <= at);
    !person.placeholder && !gone
}

/// Everybody who holds a role at an instant and is there, in the order written.
pub(super) fn holding<'p>(case: &Case<'p>, role: &Role, at: Timestamp) -> Vec<&'p Person> {
    let zone = Zone::utc();
    let holds = |from: Option<Timestamp>, until: Option<Timestamp>| {
        from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
    };
    let mut found: Vec<&Person> = Vec::new();
    for holder in &role.holders {
        let instant = |local: gonogo_model::when::Local| zone.instant(local.0);
        let person = case.package.people.get(&holder.person.id);
        if let Some(person) = person.filter(|p| is_there(p, at))
            && holds(holder.from.map(instant), holder.until.map(instant))
            && !found.iter().any(|p| p.id.value == person.id.value)
        {
            found.push(person);
        }
    }
    found
}

/// Whoever is asked first of those who hold a role at an instant and are there.
pub(super) fn first<'p>(case: &Case<'p>, role: &Id, at: Timestamp) -> Option<&'p Person> {
    let role = case.package.roles.get(role)?;
    holding(case, role, at).into_iter().next()
}

/// Everybody of a team who is there at an instant, each once.
pub(super) fn of_team<'p>(case: &Case<'p>, team: &Team, at: Timestamp) -> Vec<&'p Person> {
    let roles = std::iter::once(&team.accountable).chain(&team.members);
    let mut found: Vec<&Person> = Vec::new();
    for role in roles.filter_map(|r| case.package.roles.get(&r.id)) {
        for person in holding(case, role, at) {
            if !found.iter().any(|p| p.id.value == person.id.value) {
                found.push(person);
            }
        }
    }
    found
}

/// Does somebody who is there hold a role at the moment that is judged?
pub(crate) fn held_by_somebody(case: &Case<'_>, role: &Id) -> bool {
    first(case, role, case.now).is_some()
}
