//! # CAP-07: Peaks that the calendar brings are known
//!
//! ## Why it matters
//! The first of the month, the renewals, the nightly jobs that all begin at two: these peaks come
//! from nobody's traffic, and no launch test has them in it. They only meet once a month, and
//! then everything at once.
//!
//! ## How it is proved
//! From the package: `launch.demand.calendar` says which peaks there are, or that there are none.
//! The starts of the jobs (`runs`, five fields of cron) are laid over one another: where two that
//! need the same component begin in the same minute of the same day, that component or one of the
//! jobs has to stand in `calendar`.
//!
//! ## Example
//! ```yaml
//! package:
//!   format: 1
//!   id: shop
//!   name: Shop
//!   operators: on-call
//!   launch:
//!     at: 2026-12-08T17:00:00Z
//!     director: lead
//!     demand:
//!       unit: orders an hour
//!       base: 120
//!       peak: 900
//!       owner: lead
//!       calendar: ["02:00 UTC on the 1st: invoice-run and usage-export both read the ledger, 15 minutes at 60%"]
//! ```
//!
//! ## How to meet it
//! Move one of the jobs by a few minutes, or write down together with what load they come.

use std::collections::{BTreeMap, BTreeSet};

use gonogo_model::Id;
use gonogo_model::component::Component;

use super::cron::Cron;
use super::demand;
use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "CAP-07",
    title: "Peaks that the calendar brings are known",
    classes: &[Class::Graph],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("calendar_peaks.rs"),
    assess,
};

/// What starts more often than this on a day is no peak, but how it always is.
const MOST_STARTS_A_DAY: u32 = 24;

fn assess(case: &Case<'_>, answers: &mut Answers) {
    let calendar: &[String] = demand(case).map_or(&[], |d| &d.calendar);
    answers.about_package(case).must(
        calendar.iter().any(|entry| !entry.trim().is_empty()),
        "which peaks the calendar brings is not written",
        "write `calendar:` in `launch.demand`, and that there are none where that is so",
    );
    let mut starts: BTreeMap<(&Id, u16), Vec<(&Component, Cron)>> = BTreeMap::new();
    for job in case.package.components.values() {
        let Some(runs) = &job.runs else {
            continue;
        };
        let Some(cron) = Cron::parse(runs) else {
            case.component(answers, job).fail(
                format!("`{runs}` is not five fields of cron"),
                "write minute, hour, day, month and day of the week, such as `30 2 * * *`",
            );
            continue;
        };
        if cron.starts_a_day() > MOST_STARTS_A_DAY {
            continue;
        }
        let needed: BTreeSet<&Id> = job.depends_on.iter().map(|d| &d.component.id).collect();
        for minute in cron.minutes_of_day() {
            for id in &needed {
                starts.entry((id, minute)).or_default().push((job, cron));
            }
        }
    }
    pile_ups(case, answers, &starts, calendar);
}

/// Says where jobs meet, once for each component and pair.
fn pile_ups<'p>(
    case: &Case<'p>,
    answers: &mut Answers,
    starts: &BTreeMap<(&'p Id, u16), Vec<(&'p Component, Cron)>>,
    calendar: &[String],
) {
    let known = |id: &Id| calendar.iter().any(|entry| names(entry, id));
    let mut said: BTreeMap<&Id, Vec<String>> = BTreeMap::new();
    let mut pairs = BTreeSet::new();
    for ((id, minute), jobs) in starts {
        for (at, (other, second)) in jobs.iter().enumerate() {
            // There are no more than 366 days, so one that is shared is soon found.
            let mut before = jobs[..at].iter().rev();
            let Some((one, _)) = before.find(|(_, first)| first.shares_a_day(second)) else {
                continue;
            };
            let (a, b) = (&one.id.value, &other.id.value);
            if !pairs.insert((*id, a, b)) {
                continue;
            }
            let reasons = said.entry(id).or_default();
            if !(known(id) || known(a) || known(b)) {
                let (hour, minute) = (minute / 60, minute % 60);
                reasons.push(format!(
                    "`{a}` and `{b}` both start at {hour:02}:{minute:02} UTC"
                ));
            }
        }
    }
    for (id, reasons) in said {
        let Some(component) = case.package.components.get(id) else {
            continue;
        };
        let answer = case.component(answers, component);
        for why in reasons {
            answer.fail(
                why,
                format!("move one of them, or write `{id}` and the load into `calendar`"),
            );
        }
    }
}

/// Does a sentence have an id in it, as a word?
fn names(sentence: &str, id: &Id) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    sentence
        .split(|c: char| !part(c))
        .any(|word| word.trim_end_matches('.') == id.as_str())
}
