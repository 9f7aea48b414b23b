//! # MON-13: Each failure is noticed as fast as it has to be
//!
//! ## Why it matters
//! An objective of five minutes and an alert that takes twenty is a promise broken by arithmetic.
//!
//! ## How it is proved
//! From the package: for each failure mode the longest time that its fastest alert can take is no
//! longer than `detect_within`. A check takes its interval times the failures that it waits for,
//! and the time-out of the last; a missing end the deadline of the flow, and half a minute where
//! it is asked for before anybody is paged; a share or a quantile its window besides; a silent
//! source its `silent_after`; a burning budget its long window; and all of them `hold`. For a flow
//! it counts from the start that goes wrong: how often there is one, the package does not know.
//!
//! ## Example
//! ```yaml
//! failure_modes:
//!   - id: ledger-down
//!     detect_within: 5m
//!     detected_by: [ledger-down]
//! ```
//!
//! ## How to meet it
//! Write how soon it has to be noticed; then ask oftener, or wait less.

use gonogo_model::alert::{Alert, Condition};
use gonogo_model::check::{Check, Probe};
use gonogo_model::reconciliation::Reconciliation;
use gonogo_model::{Id, Package};

use crate::criteria::prelude::*;

pub(super) const CRITERION: Criterion = Criterion {
    id: "MON-13",
    title: "Each failure is noticed as fast as it has to be",
    classes: &[Class::Lint],
    gate: Gate::Warning,
    tiers: 3,
    ttl: None,
    trigger: None,
    source: include_str!("noticed_in_time.rs"),
    assess,
};

/// How long the engine waits for the answer about a missing end before it pages.
const CONFIRMED: Duration = Duration::from_secs(30);

fn assess(case: &Case<'_>, answers: &mut Answers) {
    for mode in case.package.failure_modes.values() {
        let answer = case.entity(answers, mode);
        let Some(wanted) = mode.detect_within else {
            answer.fail(
                "how soon it has to be noticed is not written",
                "write `detect_within:`",
            );
            continue;
        };
        let alerts = mode
            .detected_by
            .iter()
            .filter_map(|a| case.package.alerts.get(&a.id));
        let mut never = None;
        let mut fastest: Option<(Duration, &Id)> = None;
        for alert in alerts {
            let id = &alert.id.value;
            match worst_case(case.package, alert) {
                Some(time) if fastest.is_none_or(|(best, _)| time < best) => {
                    fastest = Some((time, id));
                }
                Some(_) => {}
                None => never = Some(id),
            }
        }
        // Without any alert RSK-02 says what is missing.
        match (fastest, never) {
            (Some((time, alert)), _) => answer.must(
                time <= wanted,
                format!("`{alert}` can take {time}, and {wanted} is wanted"),
                "ask oftener, wait for fewer failures, or shorten the deadline",
            ),
            (None, Some(alert)) => answer.fail(
                format!("`{alert}` can never fire, because nothing bounds what it waits for"),
                "write `silent_after:` at its source, or what it is to count",
            ),
            (None, None) => answer,
        };
    }
}

/// The longest an alert can take to fire, from when its condition came about; `None` where it
/// never does.
fn worst_case(package: &Package, alert: &Alert) -> Option<Duration> {
    let check = |id: &Id| package.checks.get(id);
    let flow = |id: &Id| package.flows.get(id).map(|f| f.deadline.as_millis());
    let millis = match &alert.when {
        Condition::CheckFailing(c) => check_millis(check(&c.check.id)?),
        Condition::DeliveryFailing(c) => c.older_than.as_millis().min(match c.below {
            Some(_) => c.window.as_millis(),
            None => i64::MAX,
        }),
        Condition::CertificateExpiring(c) => {
            let check = check(&c.check.id)?;
            check
                .every
                .as_millis()
                .saturating_add(check.timeout.as_millis())
        }
        Condition::RegistrationExpiring(c) => {
            let check = check(&c.check.id)?;
            (check.asked_every().as_millis()).saturating_add(check.timeout.as_millis())
        }
        Condition::FlowOverdue(c) => {
            let asks = package.flows.get(&c.flow.id)?.confirm.is_some();
            let asked = if asks { CONFIRMED.as_millis() } else { 0 };
            flow(&c.flow.id)?.saturating_add(asked)
        }
        // An end that comes later than its deadline is overdue, and told of as that.
        Condition::FlowMismatch(c) => flow(&c.flow.id)?,
        Condition::FlowFailing(c) => {
            let share = c.below.map(|_| c.window.as_millis());
            let window = c.consecutive.map(|_| 0).or(share)?;
            flow(&c.flow.id)?.saturating_add(window)
        }
        Condition::FlowSlow(c) => flow(&c.flow.id)?.saturating_add(c.window.as_millis()),
        Condition::SourceSilent(c) => {
            let source = package.sources.get(&c.source.id)?;
            source.silent_after?.as_millis()
        }
        Condition::Reconciliation(c) => {
            reconciliation_millis(package.reconciliations.get(&c.reconciliation.id)?)
        }
        Condition::ReconciliationStale(c) => c.after.as_millis(),
        Condition::SloBurn(c) => c.speed.windows().0.as_millis(),
        Condition::SloFailing(c) => {
            c.consecutive.or(c.bad_events)?;
            c.within.as_millis()
        }
        Condition::SloBudget(c) => package.slos.get(&c.slo.id)?.period().as_millis(),
        Condition::SloSilent(c) => c.within.as_millis(),
        Condition::NoEvents(c) => c.within.as_millis(),
        Condition::Domains(c) => {
            let fleet = package.fleets.get(&c.fleet.id)?;
            (fleet.every.as_millis()).saturating_add(fleet.timeout.as_millis())
        }
        Condition::Gauge(c) => {
            let gauge = package.gauges.get(&c.gauge.id)?;
            let read = gauge
                .every
                .as_millis()
                .saturating_add(gauge.timeout.as_millis());
            // A bound tells at the next number, a pace when its window is full of the new one.
            let at_once = c.above.is_some() || c.below.is_some();
            let window = if at_once { 0 } else { c.window.as_millis() };
            read.saturating_add(window)
        }
        Condition::Skew(c) => {
            let skew = package.skews.get(&c.skew.id)?;
            let read = skew
                .every
                .as_millis()
                .saturating_add(skew.timeout.as_millis());
            read.saturating_add(skew.agree_within.as_millis())
        }
        // The tool that decides says nothing of how long it takes to.
        Condition::ExternalAlert(_) => 0,
    };
    Some(Duration::from_millis(
        millis.saturating_add(alert.hold.as_millis()),
    ))
}

/// The record comes just after a run, has to settle, and is looked at a second time.
fn reconciliation_millis(r: &Reconciliation) -> i64 {
    [r.settle, r.every, r.catch_up, r.timeout, r.timeout]
        .iter()
        .fold(0, |sum: i64, d| sum.saturating_add(d.as_millis()))
}

/// The failure comes just after a good answer, and every bad one takes all its time.
fn check_millis(check: &Check) -> i64 {
    if let Probe::Heartbeat(beat) = &check.probe {
        // Its end is missed after a run's length, its start after the time between two of them.
        let gap = match &beat.cron {
            Some(cron) => cron
                .longest_gap(&beat.zone())
                .map_or(i64::MAX, Duration::as_millis),
            None => check.every.as_millis(),
        };
        return gap.saturating_add(beat.grace.as_millis());
    }
    let round = check.every.as_millis().max(check.timeout.as_millis());
    let rounds = round.saturating_mul(i64::from(check.fails_after.max(1)));
    rounds.saturating_add(check.timeout.as_millis())
}
