//! How well what a source sends gets through to the product's own endpoint.
//!
//! The server forwards and reports totals; here they become counts over time. Totals and not
//! differences are reported, so that a report that is lost or repeated changes no sum.
//! Invariant: without a report of late nothing is known, and that is neither good nor bad.

use gonogo_model::alert::DeliveryFailing;
use gonogo_model::percent::Percent;
use gonogo_model::slo::Sli;
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::alerting::{Holds, Reading};
use crate::engine::Engine;
use crate::input::{ForwardTotals, Forwarded};
use crate::reading::in_words;
use crate::series::{Histogram, Series, Sum};
use crate::time::Time;

/// The server reports every minute; without a report for this long nothing is known.
pub const REPORT_STALE_AFTER: Duration = Duration::from_mins(3);
/// The most latencies that one report may name.
const LATENCIES_MAX: usize = 10_000;

/// What is known of the forwarding of a source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForwardState {
    /// The last report.
    pub last: Option<Forwarded>,
    /// Deliveries over time, by when their fate was known.
    #[serde(default)]
    pub series: Series<Passed>,
}

/// Deliveries in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    /// Received and to be sent on.
    #[serde(default)]
    pub received: u32,
    /// Acknowledged in time.
    #[serde(default)]
    pub in_time: u32,
    /// Not acknowledged in time, or never to be.
    #[serde(default)]
    pub failed: u32,
    /// How long it took from receipt to acknowledgement.
    #[serde(default)]
    pub latency: Histogram,
}

impl Sum for Passed {
    fn add(&mut self, other: &Self) {
        self.received = self.received.saturating_add(other.received);
        self.in_time = self.in_time.saturating_add(other.in_time);
        self.failed = self.failed.saturating_add(other.failed);
        self.latency.add(&other.latency);
    }
}

impl ForwardState {
    /// Takes in a report; answers how many it adds that were acknowledged in time, and that were not.
    pub fn take(&mut self, report: &Forwarded, now: Time) -> (u64, u64) {
        let before = self
            .last
            .as_ref()
            .map_or_else(ForwardTotals::default, |l| l.totals);
        let totals = report.totals;
        // Totals that went back were counted anew: all of them are news.
        let before = if totals.received < before.received {
            ForwardTotals::default()
        } else {
            before
        };
        let news = |new: u64, old: u64| u32::try_from(new.saturating_sub(old)).unwrap_or(u32::MAX);
        let (good, bad) = (
            news(totals.in_time, before.in_time),
            news(totals.failed, before.failed),
        );
        let bucket = self.series.at(report.at.min(now));
        bucket.add(&Passed {
            received: news(totals.received, before.received),
            in_time: good,
            failed: bad,
            latency: Histogram::default(),
        });
        for (took, count) in report.latencies.iter().take(LATENCIES_MAX) {
            bucket.latency.record_many(*took, *count);
        }
        self.last = Some(Forwarded {
            latencies: Vec::new(),
            ..report.clone()
        });
        (u64::from(good), u64::from(bad))
    }

    /// The last report, unless it is too old to say anything.
    pub fn fresh(&self, now: Time) -> Option<&Forwarded> {
        self.last
            .as_ref()
            .filter(|l| now.since(l.at) <= REPORT_STALE_AFTER)
    }
}

impl Engine {
    pub(crate) fn take_forwarded(&mut self, report: &Forwarded, now: Time) {
        let plan = std::sync::Arc::clone(&self.plan);
        let Some(state) = self.state.sources.get_mut(&report.source) else {
            return;
        };
        let (good, bad) = state.forward.get_or_insert_default().take(report, now);
        for (id, slo) in &plan.package.slos {
            let Sli::Delivery(delivery) = &slo.sli else {
                continue;
            };
            if delivery.source.id == report.source
                && (good > 0 || bad > 0)
                && let Some(state) = self.state.slos.get_mut(id)
            {
                state.delivered(good, bad, report.at.min(now));
                self.judge_all(plan.alerts_of_slo(id), now);
            }
        }
        self.judge_all(plan.alerts_of_source(&report.source), now);
    }

    /// Good and bad deliveries of a source over a window.
    fn delivered(&self, source: &Id, now: Time, window: Duration) -> (u64, u64) {
        let state = self
            .state
            .sources
            .get(source)
            .and_then(|s| s.forward.as_ref());
        let buckets = state.into_iter().flat_map(|f| f.series.window(now, window));
        buckets.fold((0, 0), |(good, bad), p| {
            (good + u64::from(p.in_time), bad + u64::from(p.failed))
        })
    }

    pub(crate) fn delivery_failing(&self, c: &DeliveryFailing, now: Time) -> Reading {
        let unknown = |detail: &str| Reading {
            detail: detail.into(),
            ..Reading::default()
        };
        let state = self
            .state
            .sources
            .get(&c.source.id)
            .and_then(|s| s.forward.as_ref());
        let Some(report) = state.and_then(|f| f.fresh(now)) else {
            return unknown(
                "nothing is known of what is sent on: no report of it in the last minutes",
            );
        };
        if let Some(why) = &report.stopped {
            return Reading {
                holds: Holds::Yes,
                count: report.waiting.max(1),
                keys: Vec::new(),
                detail: format!(
                    "nothing is sent on any more: {why}; {} wait",
                    report.waiting
                ),
            };
        }
        let (good, bad) = self.delivered(&c.source.id, now, c.window);
        let all = good + bad;
        let enough = all >= u64::from(c.min_events.max(1));
        let ratio = Percent::of(good, all).filter(|_| enough);
        let below = matches!((c.below, ratio), (Some(bound), Some(ratio)) if ratio < bound);
        let oldest = report.oldest.map(|at| now.since(at));
        let old = oldest.is_some_and(|age| age > c.older_than);
        let in_row = c
            .consecutive
            .is_some_and(|n| report.failures_in_row >= n.max(1));
        let holds = if below || old || in_row {
            Holds::Yes
        } else if report.totals.received == 0 || (c.below.is_some() && !enough && bad > 0) {
            Holds::CannotTell
        } else if report.waiting == 0 || good > 0 || report.failures_in_row == 0 {
            Holds::No
        } else {
            Holds::CannotTell
        };
        let waits = match oldest {
            Some(age) => format!("{} wait, the oldest for {}", report.waiting, in_words(age)),
            None => "none wait".to_string(),
        };
        Reading {
            holds,
            count: bad.max(u64::from(holds == Holds::Yes)),
            keys: Vec::new(),
            detail: format!(
                "{good} of {all} acknowledged in time in {}; {waits}; {} attempts failed in a row",
                c.window, report.failures_in_row
            ),
        }
    }
}
