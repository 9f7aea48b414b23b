//! Taking in measurements: numbers into gauges, values into skews, and what time does to them.
//!
//! Taking one in costs the same however many others there are.

use std::sync::Arc;

use gonogo_model::decimal::Decimal;
use gonogo_model::event::Event;
use gonogo_model::gauge::GaugeFrom;
use gonogo_model::skew::SkewSide;
use gonogo_model::{Duration, Id};

use crate::alerting::Stage;
use crate::engine::{Engine, LOOK_AGAIN_AFTER};
use crate::expression::{Match, asks};
use crate::gauge::{is_told, no_number};
use crate::history::EntryKind;
use crate::input::{GaugeRead, Side, Sighting};
use crate::plan::Reader;
use crate::time::Time;

impl Engine {
    /// What gauges and skews read in an event.
    pub(crate) fn read_values(&mut self, event: &Event, happened: Time, now: Time) {
        let plan = Arc::clone(&self.plan);
        for reader in plan.readers(&event.source, &event.kind) {
            match reader {
                Reader::Gauge(id) => {
                    let Some(gauge) = plan.package.gauges.get(id) else {
                        continue;
                    };
                    let GaugeFrom::Event(from) = &gauge.from else {
                        continue;
                    };
                    match asks(&from.only, from.r#where.as_deref(), event) {
                        Match::Yes => {}
                        Match::No => continue,
                        Match::Undecided(asked, why) => {
                            self.in_doubt("gauge", id, asked, why, event, now);
                            continue;
                        }
                    }
                    let number = match event.fields.get(&from.field) {
                        Some(value) => {
                            Decimal::of(value).map_err(|why| no_number(&from.field, why))
                        }
                        None => Err(format!("`{}` is missing", from.field)),
                    };
                    self.take_number(id, happened, number, now);
                }
                Reader::Skew(id, side) => {
                    let Some(skew) = plan.package.skews.get(id) else {
                        continue;
                    };
                    let from = match side {
                        Side::Expected => &skew.expected,
                        Side::Actual => &skew.actual,
                    };
                    let SkewSide::Event(from) = from else {
                        continue;
                    };
                    match asks(&from.only, from.r#where.as_deref(), event) {
                        Match::Yes => {}
                        Match::No => continue,
                        Match::Undecided(asked, why) => {
                            self.in_doubt("skew", id, asked, why, event, now);
                            continue;
                        }
                    }
                    let value = event.fields.get(&from.field);
                    let value = value
                        .and_then(gonogo_model::event::Scalar::as_key)
                        .ok_or_else(|| format!("`{}` is missing", from.field));
                    self.take_value(id, *side, happened, value, now);
                }
            }
        }
    }

    pub(crate) fn take_gauge_read(&mut self, sample: &GaugeRead, now: Time) {
        let number = sample.number.ok_or_else(|| sample.detail.clone());
        self.take_number(&sample.gauge, sample.at.min(now), number, now);
    }

    pub(crate) fn take_sighting(&mut self, seen: &Sighting, now: Time) {
        let value = seen.value.clone().ok_or_else(|| seen.detail.clone());
        self.take_value(&seen.skew, seen.side, seen.at.min(now), value, now);
    }

    fn take_number(&mut self, id: &Id, at: Time, number: Result<Decimal, String>, now: Time) {
        let plan = Arc::clone(&self.plan);
        // One that was under way while a reload took its gauge away is no news.
        let (Some(gauge), Some(state)) =
            (plan.package.gauges.get(id), self.state.gauges.get_mut(id))
        else {
            return;
        };
        let number = match number {
            Ok(number) => number,
            Err(why) => {
                state.miss(why);
                return;
            }
        };
        state.take(at, number, now);
        let known_again = state.stale && state.current(gauge, now).is_some();
        if known_again {
            state.stale = false;
        }
        let soon = state.judged_at.map(|at| at + LOOK_AGAIN_AFTER);
        if plan.has_pace(id) && soon.is_some_and(|soon| now < soon) {
            // Fitting lines costs more than an event may.
            state.unread = true;
            self.state
                .look_again_at
                .get_or_insert(now + LOOK_AGAIN_AFTER);
        } else {
            state.judged_at = Some(now);
            state.unread = false;
            self.judge_all(plan.alerts_of_gauge(id), now);
        }
        if known_again {
            let text = format!("{} is known again: {}", gauge.name, gauge.shown(number));
            self.say(now, None, EntryKind::Blind, id.as_str(), text);
        }
    }

    fn take_value(
        &mut self,
        id: &Id,
        side: Side,
        at: Time,
        value: Result<String, String>,
        now: Time,
    ) {
        let plan = Arc::clone(&self.plan);
        let (Some(skew), Some(state)) = (plan.package.skews.get(id), self.state.skews.get_mut(id))
        else {
            return;
        };
        match value {
            Ok(value) => state.side(side).take(at, &value, now),
            Err(why) => state.side(side).miss(why),
        }
        state.compare(skew, now);
        self.judge_all(plan.alerts_of_skew(id), now);
    }

    /// What counts as equal may have changed.
    pub(crate) fn compare_anew(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        for (id, skew) in &plan.package.skews {
            if let Some(state) = self.state.skews.get_mut(id) {
                state.compare(skew, now);
                state.late &= state
                    .differs_since
                    .is_some_and(|s| s + skew.agree_within <= now);
            }
        }
    }

    /// When a gauge becomes unknown, or two sides have differed for too long.
    pub(crate) fn measure_deadlines(&self, offer: &mut impl FnMut(Option<Time>, &'static str)) {
        let package = &self.plan.package;
        // Gauges and skews are kept in the same order as their states.
        for (gauge, state) in package.gauges.values().zip(self.state.gauges.values()) {
            if !state.stale {
                offer(
                    Some(self.quiet_since(gauge, state) + gauge.stale_after()),
                    "a gauge falls silent",
                );
            }
        }
        for (skew, state) in package.skews.values().zip(self.state.skews.values()) {
            offer(state.late_at(skew), "two values differ for too long");
        }
    }

    pub(crate) fn advance_measures(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        let mut stale: Vec<&Id> = Vec::new();
        for (id, gauge) in &plan.package.gauges {
            let Some(state) = self.state.gauges.get(id).filter(|s| !s.stale) else {
                continue;
            };
            if self.quiet_since(gauge, state) + gauge.stale_after() <= now {
                stale.push(id);
            }
        }
        for id in stale {
            let (Some(gauge), Some(state)) =
                (plan.package.gauges.get(id), self.state.gauges.get_mut(id))
            else {
                continue;
            };
            state.stale = true;
            let text = format!("{}: {}", gauge.name, state.unknown(now));
            self.say(now, None, EntryKind::Blind, id.as_str(), text);
            self.judge_all(plan.alerts_of_gauge(id), now);
        }
        for (id, skew) in &plan.package.skews {
            let Some(state) = self.state.skews.get_mut(id) else {
                continue;
            };
            if state.late_at(skew).is_some_and(|at| at <= now) {
                state.late = true;
                self.judge_all(plan.alerts_of_skew(id), now);
            }
        }
    }

    /// The alerts of gauges in which something changed.
    pub(crate) fn look_at_gauges(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        let unread: Vec<Id> = self
            .state
            .gauges
            .iter_mut()
            .filter_map(|(id, s)| std::mem::take(&mut s.unread).then(|| id.clone()))
            .collect();
        for id in unread {
            if let Some(state) = self.state.gauges.get_mut(&id) {
                state.judged_at = Some(now);
            }
            self.judge_all(plan.alerts_of_gauge(&id), now);
        }
    }

    /// Since when a gauge has been silent, not counting what is our own fault: of what is sent
    /// to us nothing is known while we do not hear.
    fn quiet_since(
        &self,
        gauge: &gonogo_model::gauge::Gauge,
        state: &crate::gauge::GaugeState,
    ) -> Time {
        state.quiet_since(self.heard_since(gauge))
    }

    /// Since when silence of a gauge counts.
    pub(crate) fn heard_since(&self, gauge: &gonogo_model::gauge::Gauge) -> Option<Time> {
        let deaf = self.state.deaf.filter(|_| is_told(gauge));
        let excused = deaf.map(|d| d.until + Duration::from_secs(60));
        self.state.listening_since.max(excused)
    }

    /// Does an alert fire?
    pub(crate) fn fires(&self, alert: &Id) -> bool {
        let state = self.state.alerts.get(alert);
        state.is_some_and(|s| matches!(s.stage, Stage::Firing { .. }))
    }
}
