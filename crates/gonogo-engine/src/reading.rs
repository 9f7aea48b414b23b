//! What the conditions of alerts say right now, with the numbers in a sentence.
//!
//! Reading changes nothing. Invariant: "too few" and "no answer yet" are never a yes or a no.

use gonogo_model::alert::{
    Alert, CertificateExpiring, Condition, FlowFailing, FlowSlow, NoEvents, RegistrationExpiring,
    SloBudget, SloBurn, SloFailing, SloSilent,
};
use gonogo_model::gauge::GaugeBeyond;
use gonogo_model::percent::Percent;
use gonogo_model::slo::{Sli, Slo};
use gonogo_model::{Duration, Id};

use crate::alerting::{Holds, Reading};
use crate::check::Health;
use crate::engine::Engine;
use crate::flow::FlowState;
use crate::series::Histogram;
use crate::slo::{SloState, Standing, burn_ppm, burns};
use crate::time::Time;

/// How many keys a reading names; the count tells of all.
pub const KEYS_NAMED: usize = 20;
/// How many of them are described.
const KEYS_DESCRIBED: usize = 3;

impl Engine {
    /// What an alert's condition says right now.
    pub(crate) fn read(&self, alert: &Alert, now: Time) -> Reading {
        let reading = self.read_signals(alert, now);
        if reading.holds != Holds::No {
            return reading;
        }
        let Some(doubt) = self.doubt_of(alert, now) else {
            return reading;
        };
        let detail = format!(
            "{}, but {} could not be decided: {}",
            reading.detail, doubt.event, doubt.why
        );
        Reading {
            holds: Holds::CannotTell,
            detail,
            ..reading
        }
    }

    fn read_signals(&self, alert: &Alert, now: Time) -> Reading {
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
            Condition::DeliveryFailing(c) => self.delivery_failing(c, now),
            Condition::Domains(c) => self.domains_stand(c, now),
            Condition::Reconciliation(c) => self.unreconciled(c, now),
            Condition::ReconciliationStale(c) => self.untold(c, now),
            Condition::SloBurn(c) => self.burn(c),
            Condition::SloFailing(c) => self.slo_failing(c, now),
            Condition::SloBudget(c) => self.slo_budget(c),
            Condition::SloSilent(c) => self.slo_silent(c, now),
            Condition::NoEvents(c) => self.no_events(alert, c, now),
            Condition::Gauge(c) => self.gauge(alert, c, now),
            Condition::Skew(c) => {
                let skew = self.plan.package.skews.get(&c.skew.id);
                let state = self.state.skews.get(&c.skew.id);
                match (skew, state) {
                    (Some(skew), Some(state)) => state.read(skew, now),
                    _ => Reading::default(),
                }
            }
            Condition::ExternalAlert(c) => self.external_alert(&alert.id.value, c),
        }
    }

    fn gauge(&self, alert: &Alert, c: &GaugeBeyond, now: Time) -> Reading {
        let gauge = self.plan.package.gauges.get(&c.gauge.id);
        let state = self.state.gauges.get(&c.gauge.id);
        let (Some(gauge), Some(state)) = (gauge, state) else {
            return Reading::default();
        };
        let firing = self.fires(&alert.id.value);
        state.read(gauge, c, firing, self.heard_since(gauge), now)
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

    /// The multiwindow burn-rate rule of the SRE workbook, chapter 5, over event counts.
    fn burn(&self, c: &SloBurn) -> Reading {
        let Some((slo, state)) = self.slo(&c.slo.id) else {
            return Reading::default();
        };
        let (long, short, _) = c.speed.windows();
        let rate = c.speed.rate_ppm(slo.period());
        let (of_long, of_short) = state.figures.burn(c.speed);
        let needed = u64::from(c.min_events.unwrap_or(slo.min_events));
        if slo.budget_events.is_none() && of_long.total < needed {
            let detail = format!(
                "too few events to say: {} in {long}, {needed} are needed",
                of_long.total
            );
            return Reading {
                detail,
                ..Reading::default()
            };
        }
        if state.figures.deaf {
            return cannot_tell(&state.figures.why);
        }
        let bad = of_long.bad();
        let both = of_long.bad_millionths > 0
            && burns(slo, of_long, long, rate)
            && burns(slo, of_short, short, rate);
        let seen = |m, window| burn_ppm(slo, m, window).map_or("no burn".into(), times);
        let detail = format!(
            "{bad} of {} bad in {long} ({}), {} of {} in {short} ({}); the bound is {} of {} over {}",
            of_long.total,
            seen(of_long, long),
            of_short.bad(),
            of_short.total,
            seen(of_short, short),
            times(rate),
            budget_words(slo),
            slo.window_words()
        );
        Reading {
            holds: if both { Holds::Yes } else { Holds::No },
            count: bad,
            keys: Vec::new(),
            detail,
        }
    }

    fn slo(&self, id: &Id) -> Option<(&Slo, &SloState)> {
        Some((self.plan.package.slos.get(id)?, self.state.slos.get(id)?))
    }

    /// Bad items, counted and not divided.
    fn slo_failing(&self, c: &SloFailing, now: Time) -> Reading {
        let Some((slo, state)) = self.slo(&c.slo.id) else {
            return Reading::default();
        };
        let in_row = self.bad_in_row(slo);
        let measure = self.measure(slo, now, c.within);
        let row =
            matches!((c.consecutive, in_row), (Some(bound), Some(row)) if row >= bound.max(1));
        let many = c
            .bad_events
            .is_some_and(|bound| measure.bad() >= u64::from(bound.max(1)));
        let nothing_yet = in_row.is_none_or(|n| n == 0) && measure.total == 0;
        let never = state.figures.last_item.is_none() && state.last_item.is_none();
        let holds = if row || many {
            Holds::Yes
        } else if (nothing_yet && never) || (c.bad_events.is_none() && in_row.is_none()) {
            Holds::CannotTell
        } else {
            Holds::No
        };
        let row = in_row.map_or(String::new(), |n| format!(", {n} in a row"));
        let detail = format!(
            "{} of {} bad in {}{row}",
            measure.bad(),
            measure.total,
            c.within
        );
        let named = state.bad_items.iter().rev().map(|b| b.what.clone());
        let flow = slo
            .sli
            .flow()
            .and_then(|f| self.state.flows.get(self.plan.flow(f)?));
        let keys = flow.map_or_else(
            || named.take(KEYS_NAMED).collect(),
            |f| f.failed_keys.clone(),
        );
        let count = measure.bad().max(u64::from(in_row.unwrap_or_default()));
        Reading {
            holds,
            count,
            keys,
            detail,
        }
    }

    /// Bad items in a row, where their order is known.
    fn bad_in_row(&self, slo: &Slo) -> Option<u32> {
        match &slo.sli {
            Sli::Success(f) => {
                let flow = self.state.flows.get(self.plan.flow(&f.id)?)?;
                Some(flow.failures_in_row)
            }
            Sli::Check(check) => Some(self.state.checks.get(&check.id)?.bad_in_row()),
            Sli::Events(_) | Sli::Promql(_) | Sli::Delivery(_) => {
                Some(self.state.slos.get(&slo.id.value)?.bad_in_row)
            }
            _ => None,
        }
    }

    fn slo_budget(&self, c: &SloBudget) -> Reading {
        let Some((slo, state)) = self.slo(&c.slo.id) else {
            return Reading::default();
        };
        let figures = &state.figures;
        match figures.standing {
            Standing::CannotTell => return cannot_tell(&figures.why),
            Standing::TooFew => {
                return cannot_tell(&format!("too few events to say: {}", figures.why));
            }
            Standing::Within | Standing::UsedUp => {}
        }
        let left = figures.left_ppm();
        // Without a budget yet nothing of it is used.
        let holds = left.is_some_and(|left| left <= i64::from(c.left.ppm()))
            && figures.window.bad_millionths > 0;
        let detail = format!(
            "{} of the budget is left: {} bad of {} over {}, {} allowed",
            left.map_or("all".into(), share),
            figures.window.bad(),
            figures.window.total,
            slo.window_words(),
            items(figures.allowed_millionths)
        );
        Reading {
            holds: if holds { Holds::Yes } else { Holds::No },
            count: figures.window.bad(),
            keys: Vec::new(),
            detail,
        }
    }

    /// Nothing is counted any more, though we hear.
    fn slo_silent(&self, c: &SloSilent, now: Time) -> Reading {
        let Some((_, state)) = self.slo(&c.slo.id) else {
            return Reading::default();
        };
        let last = state.last_item.max(state.figures.last_item);
        self.silence("counted", last, state.known_since, c.within, now)
    }

    fn no_events(&self, alert: &Alert, c: &NoEvents, now: Time) -> Reading {
        let Some(awaited) = self.state.awaited.get(&alert.id.value) else {
            return Reading::default();
        };
        let types = if c.event.is_empty() {
            format!("heard from {}", c.source.id)
        } else {
            format!("heard of {} from {}", c.event.join(" or "), c.source.id)
        };
        self.silence(&types, awaited.last, awaited.known_since, c.within, now)
    }

    /// An absence holds only where our own intake was proven to hear until after its end.
    fn silence(
        &self,
        what: &str,
        last: Option<Time>,
        known_since: Time,
        within: Duration,
        now: Time,
    ) -> Reading {
        let excused = self
            .state
            .deaf
            .map_or(known_since, |d| d.until.max(known_since));
        let since = last.unwrap_or(excused).max(excused);
        let holds = if self
            .state
            .heard
            .is_some_and(|heard| since + within <= heard)
        {
            Holds::Yes
        } else if last.is_some() && now.since(since) < within {
            Holds::No
        } else {
            Holds::CannotTell
        };
        let detail = match last {
            Some(last) => format!(
                "nothing {what} for {}; {within} is the longest that is normal",
                in_words(now.since(last))
            ),
            None => format!(
                "nothing {what} since {}, and never before; {within} is the longest that is normal",
                since.timestamp().strftime("%-d %b %Y %H:%M UTC")
            ),
        };
        Reading {
            holds,
            count: u64::from(holds == Holds::Yes),
            keys: Vec::new(),
            detail,
        }
    }
}

fn cannot_tell(why: &str) -> Reading {
    Reading {
        detail: if why.is_empty() {
            "not looked at yet".into()
        } else {
            why.to_owned()
        },
        ..Reading::default()
    }
}

/// A burn rate: "14.4 ×".
pub fn times(ppm: u64) -> String {
    let hundredths = ppm / 10_000;
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{} ×", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A share of a budget, which may be negative: "-12.5 %".
pub fn share(ppm: i64) -> String {
    let sign = if ppm < 0 { "-" } else { "" };
    let tenths = ppm.unsigned_abs() / 1000;
    match tenths % 10 {
        0 => format!("{sign}{} %", tenths / 10),
        rest => format!("{sign}{}.{rest} %", tenths / 10),
    }
}

/// So many items, with a digit where it is not a whole number.
pub fn items(millionths: u128) -> String {
    let tenths = millionths / 100_000;
    match tenths % 10 {
        0 => format!("{}", tenths / 10),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

/// What an SLO promises: "99.9% good", "2 bad ones".
pub fn budget_words(slo: &Slo) -> String {
    match slo.budget_events {
        Some(1) => "a budget of 1 bad item".into(),
        Some(n) => format!("a budget of {n} bad items"),
        None => format!(
            "a budget of {} bad",
            Percent::from_ppm(1_000_000 - slo.target.ppm())
        ),
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
pub fn in_words(length: Duration) -> String {
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
