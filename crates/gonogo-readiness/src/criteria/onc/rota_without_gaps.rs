//! # ONC-01: Somebody is on call at every hour of the launch and the weeks after
//!
//! ## Why it matters
//! A gap in a rota is found by the page that falls into it.
//!
//! ## How it is proved
//! From the package: each schedule that a policy calls is walked through until the observation of
//! the launch ends, and at least for 28 days. At every moment at which somebody else may be meant
//! (a turn ends, an override begins, somebody takes a role, lays it down or leaves), whoever is
//! called is there: no gap in the turns, no role without a holder, no placeholder, nobody who has
//! left.
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
//! Give every role in the rotation a holder for all of that time, or write an override for the
//! days without one. Where a role has several holders, the first who is listed is called: take
//! those away who have left.

use std::collections::BTreeSet;

use gonogo_model::Id;
use gonogo_model::escalation::Target;
use gonogo_model::schedule::Schedule;
use jiff::Timestamp;

use super::walk::{MOST_TURNS, Moments, until};
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

/// How many gaps of one schedule are told.
const TOLD: usize = 3;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let used = used(case);
    let schedules = case.package.schedules.values();
    for schedule in schedules.filter(|s| used.contains(&s.id.value)) {
        let target = Target::Schedule(gonogo_model::Ref::new(
            schedule.id.value.clone(),
            schedule.id.span,
        ));
        let moments = Moments::of(case, [&target]);
        let gaps = gaps(case, schedule, &moments);
        let answer = case.entity(answers, schedule);
        for gap in gaps.iter().take(TOLD) {
            answer.fail(
                gap.say(moments.until),
                "give the role a holder, or write an override for those days",
            );
        }
        if gaps.len() > TOLD {
            let more = gaps.len() - TOLD;
            let action = "write an override for each of them, or change who takes turns";
            answer.fail(format!("and so {more} more times"), action);
        }
        if moments.until < until(case) {
            answer.unknown(
                format!(
                    "its turns are so short that only the first {MOST_TURNS} were looked at, up to {}",
                    day(moments.until)
                ),
                "let a turn be at least a few hours long",
            );
        }
    }
}

/// The schedules that policies call.
fn used<'p>(case: &Case<'p>) -> BTreeSet<&'p Id> {
    let policies = case.package.escalation_policies.values();
    let targets = policies.flat_map(whom::targets);
    let schedules = targets.filter_map(|t| match t {
        Target::Schedule(schedule) => Some(&schedule.id),
        _ => None,
    });
    schedules.collect()
}

/// A time in which nobody who is there is on call.
struct Gap {
    why: String,
    from: Timestamp,
    until: Timestamp,
}

impl Gap {
    fn say(&self, end: Timestamp) -> String {
        let (from, until) = (day(self.from), day(self.until));
        if self.until >= end {
            format!("{} from {from} on", self.why)
        } else if from == until {
            format!("{} for hours on {from}", self.why)
        } else {
            format!("{} from {from} to {until}", self.why)
        }
    }
}

fn gaps(case: &Case<'_>, schedule: &Schedule, moments: &Moments) -> Vec<Gap> {
    let mut found: Vec<Gap> = Vec::new();
    for (number, at) in moments.at.iter().enumerate() {
        let next = moments.at.get(number + 1).copied();
        let next = next.unwrap_or(moments.until);
        let Some(why) = absent(case, schedule, *at) else {
            continue;
        };
        match found.last_mut() {
            Some(gap) if gap.until == *at && gap.why == why => gap.until = next,
            _ => found.push(Gap {
                why,
                from: *at,
                until: next,
            }),
        }
    }
    found
}

/// Why nobody is on call at a moment; `None` where somebody is.
fn absent(case: &Case<'_>, schedule: &Schedule, at: Timestamp) -> Option<String> {
    let Some(shift) = schedule.on_call_at(at) else {
        return Some("nobody has a turn".into());
    };
    let role = &shift.role.id;
    let holder = case.package.roles.get(role).and_then(|r| r.holder_at(at));
    let Some(holder) = holder.and_then(|h| case.package.people.get(&h.id)) else {
        return Some(format!("nobody holds `{role}`, whose turn it is,"));
    };
    let name = &holder.id.value;
    match people::is_there(holder, at) {
        true => None,
        false if holder.placeholder => Some(format!(
            "`{name}`, who holds `{role}` in its turn, is a placeholder"
        )),
        false => Some(format!("`{name}`, who holds `{role}` in its turn, is gone")),
    }
}
