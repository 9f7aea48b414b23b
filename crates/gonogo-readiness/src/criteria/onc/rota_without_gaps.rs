//! # ONC-01: Somebody is on call at every hour of the launch and the weeks after
//!
//! ## Why it matters
//! A gap in a rota is found by the page that falls into it.
//!
//! ## How it is proved
//! From the package: each schedule that a policy uses is walked through, shift by shift, until
//! the observation of the launch ends and at least for 28 days; each shift is held from its
//! beginning to its end by somebody who is there.
//!
//! ## Example
//! ```yaml
//! schedules:
//!   - id: shop
//!     name: Shop
//!     time_zone: Europe/Berlin
//!     rotation: {starts: 2026-01-05T09:00, turn: 7d, members: [first, second]}
//! ```
//!
//! ## How to meet it
//! Give every role in the rotation a holder, or write an override for the days without one.

use gonogo_model::Id;
use gonogo_model::schedule::Schedule;
use jiff::{SignedDuration, Timestamp};

use crate::criteria::{day, people};
use crate::whom;

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "ONC-01",
    title: "Somebody is on call at every hour of the launch and the weeks after",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("rota_without_gaps.rs"),
    assess,
};

/// How far a rota has to reach, at least.
const REACH: SignedDuration = SignedDuration::from_hours(28 * 24);
/// A rota that hands over every hour still ends.
const MOST_SHIFTS: usize = 5000;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let until = until(case);
    for schedule in case.package.schedules.values() {
        if !is_used(case, &schedule.id.value) {
            continue;
        }
        let answer = case.entity(answers, schedule);
        match first_gap(case, schedule, until) {
            Turns::Whole => {}
            Turns::Gap(at, why) => {
                answer.fail(
                    format!("{why} on {}", day(at)),
                    "give the role a holder, or write an override for those days",
                );
            }
            Turns::TooMany(at) => {
                answer.unknown(
                    format!(
                        "it hands over so often that nobody looked further than {}",
                        day(at)
                    ),
                    "let a turn last for longer",
                );
            }
        }
    }
}

fn until(case: &Case<'_>) -> Timestamp {
    let least = case.now.checked_add(REACH).unwrap_or(case.now);
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let watched = launch.and_then(|l| l.at.0.checked_add(l.observation.signed()).ok());
    watched.map_or(least, |end| end.max(least))
}

fn is_used(case: &Case<'_>, schedule: &Id) -> bool {
    use gonogo_model::escalation::Target;
    let policies = case.package.escalation_policies.values();
    policies.flat_map(whom::targets).any(|t| match t {
        Target::Schedule(s) => s.id == *schedule,
        _ => false,
    })
}

/// What the turns of a schedule come to.
enum Turns {
    /// Somebody is there at every hour.
    Whole,
    /// From then on nobody is, and why.
    Gap(Timestamp, String),
    /// There are more turns than are looked at; from then on nothing is known.
    TooMany(Timestamp),
}

/// Looks for the first moment at which nobody is on call.
fn first_gap(case: &Case<'_>, schedule: &Schedule, until: Timestamp) -> Turns {
    let mut at = case.now;
    for _ in 0..MOST_SHIFTS {
        if at >= until {
            return Turns::Whole;
        }
        let Some(shift) = schedule.on_call_at(at) else {
            return Turns::Gap(at, "nobody has a turn".into());
        };
        let role = &shift.role.id;
        let ends = shift.ends.min(until);
        let nobody = |at: &Timestamp| people::first(case, role, *at).is_none();
        if let Some(at) = people::turns(case, role, at, ends).into_iter().find(nobody) {
            return Turns::Gap(at, format!("nobody holds `{role}`, whose turn it is"));
        }
        if shift.ends <= at {
            break;
        }
        at = shift.ends;
    }
    Turns::TooMany(at)
}
