//! Who is called at a moment, when nobody answers, and when that may change.
//!
//! It goes as the engine's walk does: the first holder of a role is called whoever else holds it,
//! a step that finds nobody is passed over at once, and so is one that only calls people again
//! while a later one finds somebody new.

use std::collections::BTreeSet;

use gonogo_model::escalation::{EscalationPolicy, Target};
use gonogo_model::schedule::Schedule;
use gonogo_model::team::{Person, Role};
use gonogo_model::when::{Local, Zone};
use gonogo_model::{Duration, Id};
use jiff::{SignedDuration, Timestamp};

use crate::criteria::{Case, people};
use crate::whom;

/// How far a rota has to reach, at least.
const REACH: SignedDuration = SignedDuration::from_hours(28 * 24);
/// The most turns of one schedule that are looked at.
pub(super) const MOST_TURNS: usize = 10_000;

/// When the launch stops being watched, and at least four weeks from now.
pub(super) fn until(case: &Case<'_>) -> Timestamp {
    let least = case.now.checked_add(REACH).unwrap_or(case.now);
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let watched = launch.and_then(|l| l.at.0.checked_add(l.observation.signed()).ok());
    watched.map_or(least, |end| end.max(least))
}

/// Moments at which somebody else may be meant.
#[derive(Debug)]
pub(super) struct Moments {
    /// The moments in order, beginning with now.
    pub at: Vec<Timestamp>,
    /// They go up to here: to the end, unless there are too many turns.
    pub until: Timestamp,
}

impl Moments {
    /// From now until the end, for these targets.
    pub fn of<'t>(case: &Case<'_>, targets: impl IntoIterator<Item = &'t Target>) -> Self {
        let mut found = Self {
            at: vec![case.now],
            until: until(case),
        };
        for target in targets {
            match target {
                Target::Person(person) => found.person(case, &person.id),
                Target::Role(role) => found.role(case, &role.id),
                Target::Schedule(schedule) => {
                    if let Some(schedule) = case.package.schedules.get(&schedule.id) {
                        found.schedule(case, schedule);
                    }
                }
            }
        }
        let (from, until) = (case.now, found.until);
        found.at.retain(|at| from <= *at && *at < until);
        found.at.sort();
        found.at.dedup();
        found
    }

    fn schedule(&mut self, case: &Case<'_>, schedule: &Schedule) {
        let zone = &schedule.time_zone;
        self.at.push(zone.instant(schedule.rotation.starts.0));
        for o in &schedule.overrides {
            self.at
                .extend([zone.instant(o.from.0), zone.instant(o.until.0)]);
        }
        let mut at = case.now.max(zone.instant(schedule.rotation.starts.0));
        let mut turns = 0;
        while let Some(shift) = schedule.on_call_at(at).filter(|s| s.ends > at) {
            at = shift.ends;
            if at >= self.until {
                break;
            }
            self.at.push(at);
            turns += 1;
            if turns == MOST_TURNS {
                self.until = at;
            }
        }
        for role in whom::roles(case.package, schedule) {
            self.holders(case, role);
        }
    }

    fn role(&mut self, case: &Case<'_>, role: &Id) {
        if let Some(role) = case.package.roles.get(role) {
            self.holders(case, role);
        }
    }

    fn holders(&mut self, case: &Case<'_>, role: &Role) {
        for holder in &role.holders {
            let written = holder.from.iter().chain(&holder.until);
            self.at.extend(written.map(|local| instant(*local)));
            self.person(case, &holder.person.id);
        }
    }

    fn person(&mut self, case: &Case<'_>, person: &Id) {
        let person = case.package.people.get(person);
        self.at.extend(person.and_then(|p| p.left).map(instant));
    }
}

fn instant(local: Local) -> Timestamp {
    Zone::utc().instant(local.0)
}

/// The person whom a target means at a moment, where it is somebody who is there.
pub(super) fn reached<'p>(case: &Case<'p>, target: &Target, at: Timestamp) -> Option<&'p Person> {
    whom::called(case.package, target, at).filter(|p| people::is_there(p, at))
}

/// Somebody who is called in a walk, and how long after its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<'p> {
    /// Who.
    pub person: &'p Person,
    /// When.
    pub after: Duration,
    /// Only after all steps and rounds.
    pub by_fallback: bool,
}

/// Everybody who is called when nobody answers, each once, in order.
pub(super) fn walk<'p>(
    case: &Case<'p>,
    policy: &EscalationPolicy,
    at: Timestamp,
) -> Vec<Called<'p>> {
    let steps: Vec<Vec<&Person>> = policy
        .steps
        .iter()
        .map(|s| {
            s.notify
                .iter()
                .filter_map(|t| reached(case, t, at))
                .collect()
        })
        .collect();
    let mut seen: BTreeSet<&Id> = BTreeSet::new();
    let mut called = Vec::new();
    let mut waited: i64 = 0;
    for (number, step) in policy.steps.iter().enumerate() {
        let found = &steps[number];
        let new = |p: &&&Person| !seen.contains(&p.id.value);
        let again = !found.iter().any(|p| new(&p));
        let later = || steps[number + 1..].iter().flatten().any(|p| new(&p));
        if found.is_empty() || (again && later()) {
            continue;
        }
        for person in found {
            if seen.insert(&person.id.value) {
                called.push(Called {
                    person,
                    after: Duration::from_millis(waited),
                    by_fallback: false,
                });
            }
        }
        waited = waited.saturating_add(step.wait.as_millis());
    }
    // In the rounds that follow the same people are called again, and the fallback after them.
    let fallback = reached(case, &policy.fallback, at);
    if let Some(person) = fallback.filter(|p| !seen.contains(&p.id.value)) {
        let rounds = i64::from(policy.repeat) + 1;
        called.push(Called {
            person,
            after: Duration::from_millis(waited.saturating_mul(rounds)),
            by_fallback: true,
        });
    }
    called
}
