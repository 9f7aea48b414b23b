//! # CRT-03: Nothing expires around the launch
//!
//! ## Why it matters
//! The days after a launch are those in which nobody has time to renew anything, and in which
//! an outage is remembered.
//!
//! ## How it is proved
//! What checks read where it is served was seen in the last hour: the record says that it is
//! valid, and that it renews in time for its own lifetime. What has only a date expires no
//! earlier than 30 days after the launch has been watched, and its renewal begins at least 30
//! days before.
//!
//! ## Example
//! ```yaml
//! expiring:
//!   - id: example-com
//!     name: example.com at the registrar
//!     kind: domain
//!     component: app-domain
//!     expires: 2027-09-30
//!     renew_before: 60d
//!     renewal: by hand, in the registrar's console
//!     owner: platform-lead
//!     notices_to: platform@example.com
//! ```
//!
//! ## How to meet it
//! Renew early what ends in that time. For certificates run gonogo's own `tls` checks: they
//! write the record by themselves.

use gonogo_model::material::Material;
use gonogo_model::when::Zone;
use jiff::{SignedDuration, Timestamp};

use super::super::answer::Answer;
use crate::criteria::day;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CRT-03",
    title: "Nothing expires around the launch",
    classes: &[Class::Live],
    gate: Gate::Blocker,
    tiers: 3,
    ttl: Some(Duration::from_hours(1)),
    trigger: None,
    source: include_str!("nothing_expires_soon.rs"),
    assess,
};

/// How long after the launch was watched nothing may expire, and how early a renewal begins.
const MARGIN: Duration = Duration::from_hours(30 * 24);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let quiet_until = quiet_until(case);
    for material in case.package.expiring.values() {
        let answer = case.entity(answers, material);
        if !material.checks.is_empty() {
            let checks: Vec<Subject> = material
                .checks
                .iter()
                .map(|c| Subject::Entity(Kind::Check, c.id.clone()))
                .collect();
            answer.proved(
                case,
                &checks,
                "look at it where it is served, or let gonogo's check do so",
            );
        }
        match material.expires {
            Some(expires) => {
                let ends = Zone::utc().instant(expires.0);
                dated(case, answer, material, ends, quiet_until);
            }
            None if material.checks.is_empty() => {
                answer.unknown(
                    "when it expires is not written, and no check reads it",
                    "write `expires:`, or name the check as `checks:`",
                );
            }
            None => {}
        }
    }
}

fn dated(
    case: &Case<'_>,
    answer: &mut Answer,
    material: &Material,
    ends: Timestamp,
    quiet_until: Timestamp,
) {
    if ends <= case.now {
        answer.fail(format!("it expired on {}", day(ends)), "renew it now");
    } else if ends < quiet_until {
        let launched = case
            .package
            .header
            .as_ref()
            .is_some_and(|h| h.launch.is_some());
        let why = match launched {
            true => "less than 30 days after the launch was watched",
            false => "in less than 30 days",
        };
        answer.fail(
            format!("it expires on {}, {why}", day(ends)),
            "renew it before",
        );
    }
    answer.must(
        material.renew_before >= MARGIN,
        format!(
            "its renewal begins only {} before its end",
            material.renew_before
        ),
        "begin 30 days before: `renew_before: 30d`",
    );
}

/// Until when nothing may expire: 30 days after the launch was watched, or from now where no
/// launch is written.
fn quiet_until(case: &Case<'_>) -> Timestamp {
    let launch = case.package.header.as_ref().and_then(|h| h.launch.as_ref());
    let watched = launch.map(|l| (l.at.0, l.observation.signed()));
    let (from, long) = watched.unwrap_or((case.now, SignedDuration::ZERO));
    let from = from.max(case.now);
    from.checked_add(long)
        .and_then(|at| at.checked_add(MARGIN.signed()))
        .unwrap_or(Timestamp::MAX)
}
