//! # same-person-twice
//!
//! ## What it does
//! Finds escalation policies whose next step calls the person again who has just not answered.
//! Schedules are walked through their turns, and roles are looked up in their holders.
//!
//! ## Why is this bad?
//! The second step exists for the case that the first person sleeps, is ill or is under way. If it
//! is the same person, there is no second step.
//!
//! ## Example
//! ```yaml
//! escalation_policies:
//!   - id: platform-on-call
//!     steps:
//!       - {notify: [{role: architect}]}
//!       - {notify: [{person: anna}]}   # anna is the architect
//! ```
//!
//! ## Instead
//! Let the second step reach somebody else; give two rotations of the same people opposite order.

use gonogo_model::escalation::{EscalationPolicy, Step, Target};
use gonogo_model::{Diagnostic, Id, Package};
use jiff::Timestamp;

use super::Subject;
use crate::whom;

pub(super) const CODE: &str = "same-person-twice";

/// How many turns of each schedule are walked through.
const MAX_TURNS: usize = 60;

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for policy in subject.package.escalation_policies.values() {
        let instants = instants(subject.package, policy);
        for (number, pair) in policy.steps.windows(2).enumerate() {
            let [first, second] = pair else { continue };
            let same = |at: &&Timestamp| {
                alone(subject.package, first, **at)
                    .is_some_and(|p| alone(subject.package, second, **at) == Some(p))
            };
            let Some(at) = instants.iter().find(same) else {
                continue;
            };
            let (Some(person), Some(target)) =
                (alone(subject.package, first, *at), second.notify.first())
            else {
                continue;
            };
            let message = format!(
                "steps {} and {} of `{}` page the same person",
                number + 1,
                number + 2,
                policy.id.value
            );
            let mut finding = Diagnostic::warning(CODE, whom::span(target), message)
                .label(format!("`{person}` again"));
            if let Some(before) = first.notify.first() {
                finding = finding.related(
                    whom::span(before),
                    format!("`{person}` did not answer here"),
                );
            }
            if instants.len() > 1 {
                let day = at.strftime("%Y-%m-%d");
                finding = finding.help(format!("it is so in the turn of {day}, for example"));
            }
            found.push(finding.help("let the second step reach somebody else"));
        }
    }
}

/// The one person a step means at an instant; `None` where it means several or nobody.
fn alone<'p>(package: &'p Package, step: &Step, at: Timestamp) -> Option<&'p Id> {
    let mut people = step
        .notify
        .iter()
        .map(|target| whom::called(package, target, at).map(|p| &p.id.value));
    let first = people.next()??;
    people.all(|p| p == Some(first)).then_some(first)
}

/// The instants at which somebody else may be meant: every change of turn once all schedules
/// have begun. Without schedules, the launch.
fn instants(package: &Package, policy: &EscalationPolicy) -> Vec<Timestamp> {
    let schedules: Vec<_> = whom::targets(policy)
        .filter_map(|target| match target {
            Target::Schedule(r) => package.schedules.get(&r.id),
            _ => None,
        })
        .collect();
    let begins = schedules
        .iter()
        .map(|s| s.time_zone.instant(s.rotation.starts.0))
        .max();
    let Some(begins) = begins else {
        let launch = package.header.as_ref().and_then(|h| h.launch.as_ref());
        return vec![launch.map_or(Timestamp::MAX, |l| l.at.0)];
    };
    let mut found = vec![begins];
    for schedule in schedules {
        let mut at = begins;
        for _ in 0..MAX_TURNS {
            let Some(shift) = schedule.on_call_at(at) else {
                break;
            };
            at = shift.ends;
            found.push(at);
        }
    }
    found.sort();
    found.dedup();
    found
}
