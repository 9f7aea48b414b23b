//! # MON-13: Each failure is noticed as fast as it has to be
//!
//! ## Why it matters
//! An objective of five minutes and an alert that takes twenty is a promise broken by arithmetic.
//!
//! ## How it is proved
//! From the package: for each failure mode with `detect_within`, the longest time its fastest
//! alert can take (interval of the check times the failures it waits for, deadline of the flow,
//! window, hold) is no longer.
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

use gonogo_model::alert::{Alert, BurnSpeed, Condition};
use gonogo_model::check::Check;

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
        let fastest = alerts
            .map(|a| (worst_case(case, a), &a.id.value))
            .min_by_key(|(time, _)| *time);
        // Without any alert RSK-02 says what is missing.
        if let Some((time, alert)) = fastest {
            answer.must(
                time <= wanted,
                format!("`{alert}` can take {time}, and {wanted} is wanted"),
                "ask oftener, wait for fewer failures, or shorten the deadline",
            );
        }
    }
}

/// The longest an alert can take to fire, from when its condition came about.
fn worst_case(case: &Case<'_>, alert: &Alert) -> Duration {
    let millis = match &alert.when {
        Condition::CheckFailing(c) => case.package.checks.get(&c.check.id).map_or(0, check_millis),
        Condition::CertificateExpiring(c) => case
            .package
            .checks
            .get(&c.check.id)
            .map_or(0, |c| c.every.as_millis() + c.timeout.as_millis()),
        Condition::FlowOverdue(c) => case
            .package
            .flows
            .get(&c.flow.id)
            .map_or(0, |f| f.deadline.as_millis()),
        Condition::FlowFailing(c) => c
            .consecutive
            .map_or(c.window.as_millis(), |_| 0)
            .min(c.window.as_millis()),
        Condition::FlowSlow(c) => c.window.as_millis(),
        Condition::FlowMismatch(_) => 0,
        Condition::SourceSilent(c) => {
            let source = case.package.sources.get(&c.source.id);
            source
                .and_then(|s| s.silent_after)
                .map_or(i64::MAX / 4, Duration::as_millis)
        }
        Condition::SloBurn(c) => match c.speed {
            BurnSpeed::Fast => Duration::from_hours(1).as_millis(),
            BurnSpeed::Medium => Duration::from_hours(6).as_millis(),
            BurnSpeed::Slow => Duration::from_hours(72).as_millis(),
        },
    };
    Duration::from_millis(millis.saturating_add(alert.hold.as_millis()))
}

/// The failure comes just after a good answer, and every bad one takes all its time.
fn check_millis(check: &Check) -> i64 {
    let round = check.every.as_millis().max(check.timeout.as_millis());
    round * i64::from(check.fails_after.max(1)) + check.timeout.as_millis()
}
