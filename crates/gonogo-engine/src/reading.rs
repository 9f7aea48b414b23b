//! What the conditions of alerts say right now, with the numbers in a sentence.
//!
//! Reading changes nothing. Invariant: "too few" and "no answer yet" are never a yes or a no.

use gonogo_model::alert::{
    Alert, BurnSpeed, CertificateExpiring, Condition, FlowFailing, FlowSlow, RegistrationExpiring,
};
use gonogo_model::percent::Percent;
use gonogo_model::slo::{Sli, Slo};
use gonogo_model::{Duration, Id};

use crate::alerting::{Holds, Reading};
use crate::check::Health;
use crate::engine::Engine;
use crate::flow::{Counts, FlowState};
use crate::series::Histogram;
use crate::time::Time;

/// How many keys a reading names; the count tells of all.
pub const KEYS_NAMED: usize = 20;
/// How many of them are described.
const KEYS_DESCRIBED: usize = 3;

impl Engine {
    /// What an alert's condition says right now.
    pub(crate) fn read(&self, alert: &Alert, now: Time) -> Reading {
        let flow = |id: &Id| self.state.flows.get(self.plan.flow(id)?);
        let none = Reading::default;
        match &alert.when {
            Condition::FlowOverdue(c) => {
                flow(&c.flow.id).map_or_else(none, |f| overdue(f, c.count))
            }
            Condition::FlowMismatch(c) => flow(&c.flow.id).map_or_else(none, mismatch),
            Condition::FlowFailing(c) => flow(&c.flow.id).map_or_else(none, |f| failing(f, c, now)),
            Condition::FlowSlow(c) => flow(&c.flow.id).map_or_else(none, |f| slow(f, c, now)),
            Condition::CheckFailing(c) => self.check_failing(&c.check.id),
            Condition::CertificateExpiring(c) => self.certificate(c, now),
            Condition::RegistrationExpiring(c) => self.registration(c, now),
            Condition::SourceSilent(c) => self.source_silent(&c.source.id, now),
            Condition::Reconciliation(c) => self.unreconciled(c, now),
            Condition::ReconciliationStale(c) => self.untold(c, now),
            Condition::SloBurn(c) => self
                .plan
                .package
                .slos
                .get(&c.slo.id)
                .map_or_else(none, |slo| self.burn(slo, c.speed, now)),
        }
    }

    fn check_failing(&self, check: &Id) -> Reading {
        let Some(state) = self.state.checks.get(check) else {
            return Reading::default();
        };
        let said = state
            .last
            .as_ref()
            .map_or("never answered", |l| l.detail.as_str());
        let holds = match state.health {
            Health::Ok => Holds::No,
            Health::Unknown => Holds::CannotTell,
            Health::Failing => Holds::Yes,
        };
        Reading {
            holds,
            count: u64::from(holds == Holds::Yes),
            keys: Vec::new(),
            detail: said.to_string(),
        }
    }

    fn certificate(&self, c: &CertificateExpiring, now: Time) -> Reading {
        let state = self.state.checks.get(&c.check.id);
        let Some(certificate) = state.and_then(|s| s.certificate.as_ref()) else {
            return Reading {
                detail: "no certificate seen yet".into(),
                ..Reading::default()
            };
        };
        let lifetime = certificate.not_after.since(certificate.not_before);
        let left = certificate.not_after.since(now);
        let share = Percent::of(
            left.as_secs().unsigned_abs(),
            lifetime.as_secs().unsigned_abs(),
        )
        .unwrap_or_default();
        let expiring = share < c.lifetime_left;
        let detail = if left.is_zero() {
            format!("the certificate expired at {}", certificate.not_after)
        } else {
            format!(
                "the certificate served is valid for {} more, {} % of its {} (until {}, issued by {})",
                in_words(left),
                left.as_secs() * 100 / lifetime.as_secs().max(1),
                in_words(lifetime),
                certificate
                    .not_after
                    .timestamp()
                    .strftime("%-d %b %Y %H:%M UTC"),
                certificate.issuer
            )
        };
        let holds = if expiring { Holds::Yes } else { Holds::No };
        Reading {
            holds,
            count: u64::from(expiring),
            keys: Vec::new(),
            detail,
        }
    }

    fn registration(&self, c: &RegistrationExpiring, now: Time) -> Reading {
        let state = self.state.checks.get(&c.check.id);
        let Some(seen) = state.and_then(|s| s.registration.as_ref()) else {
            return Reading {
                detail: "the registry has not been heard yet".into(),
                ..Reading::default()
            };
        };
        let Some(ends) = seen.ends else {
            return Reading {
                detail: "the registry does not say until when".into(),
                ..Reading::default()
            };
        };
        let left = ends.since(now);
        let until = ends.timestamp().strftime("%-d %b %Y");
        let (holds, detail) = if left.is_zero() {
            (
                Holds::Yes,
                format!(
                    "the registration ended on {until} (with {})",
                    seen.registrar
                ),
            )
        } else {
            let days = left.as_secs() / 86_400;
            let within = days < i64::from(c.days_left);
            let detail = format!(
                "the domain is registered for {} more (until {until}, with {})",
                in_words(left),
                seen.registrar
            );
            (if within { Holds::Yes } else { Holds::No }, detail)
        };
        Reading {
            holds,
            count: u64::from(holds == Holds::Yes),
            keys: Vec::new(),
            detail,
        }
    }

    fn source_silent(&self, source: &Id, now: Time) -> Reading {
        let Some(state) = self.state.sources.get(source) else {
            return Reading::default();
        };
        let quiet = now.since(state.quiet_since());
        let detail = match &state.last_event_type {
            Some(last) => format!("nothing heard for {}; the last was {last}", in_words(quiet)),
            None => format!("nothing heard for {}, and never before", in_words(quiet)),
        };
        let holds = if state.silent {
            Holds::Yes
        } else if state.last_event_at.is_some() {
            Holds::No
        } else {
            Holds::CannotTell
        };
        Reading {
            holds,
            count: u64::from(state.silent),
            keys: Vec::new(),
            detail,
        }
    }

    /// Good and bad items of an SLI over a window.
    pub fn sli(&self, slo: &Slo, now: Time, window: Duration) -> (u64, u64) {
        let counted = |id: &Id, count: fn(&Counts) -> (u32, u32)| {
            let flow = self
                .plan
                .flow(id)
                .and_then(|index| self.state.flows.get(index));
            flow.map_or((0, 0), |f| add_up(f.series.window(now, window).map(count)))
        };
        match &slo.sli {
            // An end that came late is counted as the overdue start that it was.
            Sli::Completion(f) => counted(&f.id, |c| (c.completed, c.overdue)),
            Sli::Success(f) => counted(&f.id, |c| (c.successes, c.failures)),
            Sli::Latency(l) => {
                let flow = self.plan.flow(&l.flow.id);
                let flow = flow.and_then(|index| self.state.flows.get(index));
                flow.map_or((0, 0), |f| {
                    let buckets = f.series.window(now, window);
                    buckets.fold((0, 0), |(good, bad), c| {
                        let fast = c.latency.within(l.under);
                        (good + fast, bad + c.latency.count() - fast)
                    })
                })
            }
            Sli::Check(check) => self.state.checks.get(&check.id).map_or((0, 0), |s| {
                add_up(s.series.window(now, window).map(|a| (a.good, a.bad)))
            }),
        }
    }

    /// The multiwindow burn-rate rule of the SRE workbook, chapter 5, over event counts.
    fn burn(&self, slo: &Slo, speed: BurnSpeed, now: Time) -> Reading {
        let (long, short, budget_ppm) = windows(speed);
        let allowed = u128::from(1_000_000 - slo.target.ppm());
        // factor = share of the budget × SLO window ÷ long window, in parts per million.
        let factor = u128::from(budget_ppm) * slo.window.as_millis().unsigned_abs() as u128
            / long.as_millis().unsigned_abs().max(1) as u128;
        let burns = |(good, bad): (u64, u64)| {
            // bad / total ≥ factor × allowed, each in parts per million.
            u128::from(bad) * 1_000_000 * 1_000_000 >= factor * allowed * u128::from(good + bad)
        };
        let (of_long, of_short) = (self.sli(slo, now, long), self.sli(slo, now, short));
        let (good, bad) = of_long;
        if good + bad < u64::from(slo.min_events) {
            let detail = format!(
                "too few events to say: {} in {long}, {} are needed",
                good + bad,
                slo.min_events
            );
            return Reading {
                detail,
                ..Reading::default()
            };
        }
        let both = bad > 0 && burns(of_long) && burns(of_short);
        let detail = format!(
            "{bad} of {} bad in {long}, {} of {} in {short}; the target is {} over {}",
            good + bad,
            of_short.1,
            of_short.0 + of_short.1,
            slo.target,
            slo.window
        );
        Reading {
            holds: if both { Holds::Yes } else { Holds::No },
            count: bad,
            keys: Vec::new(),
            detail,
        }
    }
}

/// The windows of a burn speed and the share of the budget that is used up in the long one, in
/// parts per million (SRE workbook, table 5-8).
fn windows(speed: BurnSpeed) -> (Duration, Duration, u32) {
    match speed {
        BurnSpeed::Fast => (Duration::from_hours(1), Duration::from_mins(5), 20_000),
        BurnSpeed::Medium => (Duration::from_hours(6), Duration::from_mins(30), 50_000),
        BurnSpeed::Slow => (Duration::from_hours(72), Duration::from_hours(6), 100_000),
    }
}

fn add_up(pairs: impl Iterator<Item = (u32, u32)>) -> (u64, u64) {
    pairs.fold((0, 0), |(good, bad), (g, b)| {
        (good + u64::from(g), bad + u64::from(b))
    })
}

fn overdue(flow: &FlowState, bound: u32) -> Reading {
    let count = flow.overdue_count();
    let keys: Vec<String> = flow.overdue.iter().take(KEYS_NAMED).cloned().collect();
    let waiting = flow.open.len().saturating_sub(flow.overdue.len());
    let detail = match count {
        0 => format!("none overdue, {waiting} open"),
        _ => {
            let named = keys.iter().take(KEYS_DESCRIBED);
            let mut shown: Vec<String> = named.map(|k| describe(flow, k)).collect();
            let more = count.saturating_sub(shown.len() as u64);
            if more > 0 {
                shown.push(format!("and {more} more"));
            }
            format!("{count} overdue: {}", shown.join(", "))
        }
    };
    let holds = if count >= u64::from(bound.max(1)) {
        Holds::Yes
    } else {
        Holds::No
    };
    Reading {
        holds,
        count,
        keys,
        detail,
    }
}

/// "ch_1 (amount 1200, currency usd)"
fn describe(flow: &FlowState, key: &str) -> String {
    let fields = flow.open.get(key).map(|open| &open.fields);
    let shown: Vec<String> = fields
        .into_iter()
        .flatten()
        .map(|(path, value)| format!("{} {value}", path.rsplit('.').next().unwrap_or(path)))
        .collect();
    if shown.is_empty() {
        key.to_string()
    } else {
        format!("{key} ({})", shown.join(", "))
    }
}

fn mismatch(flow: &FlowState) -> Reading {
    let count = flow.mismatched.len() as u64;
    let keys: Vec<String> = flow.mismatched.keys().take(KEYS_NAMED).cloned().collect();
    let shown: Vec<String> = flow
        .mismatched
        .iter()
        .take(KEYS_DESCRIBED)
        .map(|(key, what)| format!("{key}: {what}"))
        .collect();
    let detail = if count == 0 {
        "nothing contradicts".into()
    } else {
        format!("{count} contradict: {}", shown.join("; "))
    };
    Reading {
        holds: if count > 0 { Holds::Yes } else { Holds::No },
        count,
        keys,
        detail,
    }
}

fn failing(flow: &FlowState, c: &FlowFailing, now: Time) -> Reading {
    let buckets = flow.series.window(now, c.window);
    let (successes, failures) = add_up(buckets.map(|c| (c.successes, c.failures)));
    let ends = successes + failures;
    let in_row = c
        .consecutive
        .is_some_and(|bound| flow.failures_in_row >= bound.max(1));
    let ratio = Percent::of(successes, ends);
    let enough = ends >= u64::from(c.min_events);
    let below = matches!((c.below, ratio), (Some(bound), Some(ratio)) if enough && ratio < bound);
    let holds = if in_row || below {
        Holds::Yes
    } else if flow.last_end.is_none() || (c.consecutive.is_none() && !enough) {
        Holds::CannotTell
    } else {
        Holds::No
    };
    let detail = format!(
        "{failures} of the last {ends} in {} failed, {} in a row",
        c.window, flow.failures_in_row
    );
    Reading {
        holds,
        count: failures.max(u64::from(flow.failures_in_row)),
        keys: flow.failed_keys.clone(),
        detail,
    }
}

fn slow(flow: &FlowState, c: &FlowSlow, now: Time) -> Reading {
    let mut latency = Histogram::default();
    for counts in flow.series.window(now, c.window) {
        latency.add(&counts.latency);
    }
    let count = latency.count();
    let Some(quantile) = latency
        .quantile(c.quantile.ppm())
        .filter(|_| count >= u64::from(c.min_events))
    else {
        let detail = format!(
            "too few events to say: {count} in {}, {} are needed",
            c.window, c.min_events
        );
        return Reading {
            detail,
            ..Reading::default()
        };
    };
    let holds = if quantile > c.above {
        Holds::Yes
    } else {
        Holds::No
    };
    let detail = format!(
        "{} took up to {} ({count} in {}); the bound is {}",
        c.quantile,
        in_words(quantile),
        c.window,
        in_words(c.above)
    );
    Reading {
        holds,
        count,
        keys: Vec::new(),
        detail,
    }
}

/// A length of time in its two largest units: "3d 4h".
pub(crate) fn in_words(length: Duration) -> String {
    let millis = length.as_millis();
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, " min"),
        (1000, " s"),
        (1, " ms"),
    ];
    let mut out = Vec::new();
    let mut rest = millis;
    for (unit, name) in units {
        if rest >= unit && out.len() < 2 {
            out.push(format!("{}{name}", rest / unit));
            rest %= unit;
        } else if !out.is_empty() {
            break;
        }
    }
    if out.is_empty() {
        "no time".into()
    } else {
        out.join(" ")
    }
}
