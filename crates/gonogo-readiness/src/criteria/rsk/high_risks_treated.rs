//! # RSK-04: Each high risk is being made smaller, or is accepted for a time
//!
//! ## Why it matters
//! Rating something as dangerous and going on is a decision, whether anybody takes it or not.
//! Here somebody takes it: with a day by which it is better, or with their name under it.
//!
//! ## How it is proved
//! From the package: the action level of each failure mode follows from its ratings, where a
//! detection whose alert has not fired in a drill counts as the worst. Each that comes out high
//! has open actions with an owner and a day that is to come, or an acceptance by a role that
//! somebody holds, which has not ended; neither lies more than a year away.
//!
//! ## Example
//! ```yaml
//! failure_modes:
//!   - id: region-lost
//!     name: The region is lost
//!     component: database
//!     effect: Nothing works.
//!     cause: A fault of the provider.
//!     severity: 5
//!     occurrence: 1
//!     detection: 1
//!     accepted: {by: head-of-engineering, until: 2027-03-01, reason: A second region costs more than the outage.}
//! ```
//!
//! ## How to meet it
//! Write an action with `owner` and `due`, fire the alert that would notice it, or let the role
//! that carries the loss accept it for a time.

use gonogo_model::risk::FailureMode;
use jiff::Timestamp;

use crate::criteria::prelude::*;
use crate::criteria::{Answer, day};
use crate::register::{Acceptance, FIRED, Level, Treatment, instant, rows};

pub(super) const CRITERION: Criterion = Criterion {
    id: "RSK-04",
    title: "Each high risk is being made smaller, or is accepted for a time",
    classes: &[Class::Lint],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("high_risks_treated.rs"),
    assess,
};

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let rows = rows(case);
    let mut high = rows.iter().filter(|r| r.level == Level::High).peekable();
    if high.peek().is_none() && !rows.is_empty() {
        answers.about_package(case);
    }
    for row in high {
        let answer = case.entity(answers, row.mode);
        match row.treatment {
            Treatment::Accepted | Treatment::Planned => far_away(case, row.mode, answer),
            Treatment::Overdue => overdue(case, row.mode, answer),
            Treatment::Unowned => unowned(case, row.mode, answer),
            Treatment::Done => {
                answer.fail(
                    "all that was planned is done, and it is still high",
                    "rate it again, fire the alert that would notice it, or let somebody accept it",
                );
            }
            Treatment::Nothing if row.level_as_rated < Level::High => {
                answer.fail(
                    "it is high until one of its alerts has been seen to fire, and nothing is planned about it",
                    format!("fire one of its alerts and record {FIRED} for it, write an action, or let somebody accept it"),
                );
            }
            Treatment::Nothing => {
                answer.fail(
                    "it is high, and nothing is planned about it",
                    "write an action with `owner` and `due`, or let somebody accept it",
                );
            }
        }
        lapsed(row.mode, row.acceptance, answer);
    }
}

/// What is put off for longer than this is put off for good.
const FARTHEST: Duration = Duration::from_hours(366 * 24);

/// An acceptance that never ends, or an action that is never due, makes nothing smaller.
fn far_away(case: &Case<'_>, mode: &FailureMode, answer: &mut Answer) {
    let far = |at: Timestamp| at.duration_since(case.now) > FARTHEST.signed();
    if let Some(accepted) = mode.accepted.as_ref().filter(|a| far(instant(a.until))) {
        answer.fail(
            format!(
                "it is accepted until {}, which is more than a year away",
                day(instant(accepted.until))
            ),
            "accept it for a year at most, and look at it again then",
        );
    }
    let open = mode.actions.iter().filter(|a| !a.done);
    for late in open.filter(|a| far(instant(a.due))) {
        answer.fail(
            format!(
                "\"{}\" is due on {} only, which is more than a year away",
                late.what,
                day(instant(late.due))
            ),
            "agree on a day within the year",
        );
    }
}

fn overdue(case: &Case<'_>, mode: &FailureMode, answer: &mut Answer) {
    let open = mode.actions.iter().filter(|a| !a.done);
    for late in open.filter(|a| instant(a.due) <= case.now) {
        answer.fail(
            format!("\"{}\" was due on {}", late.what, day(instant(late.due))),
            "do it and write `done: true`, or agree on another day",
        );
    }
}

fn unowned(case: &Case<'_>, mode: &FailureMode, answer: &mut Answer) {
    for action in mode.actions.iter().filter(|a| !a.done) {
        let role = &action.owner.id;
        if !crate::criteria::held_by_somebody(case, role) {
            answer.fail(
                format!("nobody holds `{role}`, which has to do \"{}\"", action.what),
                "give the role a holder in `roles`",
            );
        }
    }
}

fn lapsed(mode: &FailureMode, acceptance: Acceptance, answer: &mut Answer) {
    let Some(accepted) = &mode.accepted else {
        return;
    };
    let by = &accepted.by.id;
    match acceptance {
        Acceptance::Expired => answer.fail(
            format!(
                "its acceptance by `{by}` ended on {}",
                day(instant(accepted.until))
            ),
            "ask again whether it is accepted",
        ),
        Acceptance::Unowned => answer.fail(
            format!("nobody holds `{by}`, which accepted it"),
            "give the role a holder in `roles`, or let somebody else accept it",
        ),
        Acceptance::None | Acceptance::InForce => answer,
    };
}
