//! A number that is watched over time: a quota, the age of a queue, the room on a disk.
//!
//! It comes from events, from a JSON document or from Prometheus. Invariant: a number that
//! nobody could read is unknown, never zero.

use crate::alert::{Alert, Condition};
use crate::component::{Component, Journey};
use crate::decimal::Decimal;
use crate::decode::{choice, record};
use crate::diagnostic::Diagnostic;
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::package::Package;
use crate::text::Spanned;
use crate::value::{EventField, HttpJson, Promql};

/// The shortest time between two readings.
pub const MIN_EVERY: Duration = Duration::from_secs(5);
/// The longest window that is remembered.
pub const MAX_WINDOW: Duration = Duration::from_hours(35 * 24);

record! {
    /// A number that is watched over time.
    pub struct Gauge as "a gauge" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The component it tells about.
        pub component: Ref<Component>,
        /// The journey it tells about.
        pub journey: Option<Ref<Journey>>,
        /// What it counts: `s`, `MiB`, `%`, `requests`.
        pub unit: Option<String>,
        /// Where it is read.
        pub from: GaugeFrom,
        /// How often it is read; of events, how often one is expected.
        pub every: Spanned<Duration> = Spanned::of(Duration::from_secs(60)),
        /// How long an answer may take.
        pub timeout: Duration = Duration::from_secs(10),
        /// After how long without a number it is unknown; three times `every`, where it is not written.
        pub stale_after: Option<Spanned<Duration>>,
        /// The number that it must not reach from below: the quota, the size of the disk.
        pub limit: Option<Decimal>,
        /// The number that it must not reach from above: no credit left.
        pub floor: Option<Decimal>,
    }
}
entity!(Gauge, Gauge);

choice! {
    /// Where a gauge is read.
    pub enum GaugeFrom as "a place where a gauge is read" {
        /// A field of events.
        Event(EventField) = "event",
        /// A field of a JSON document.
        HttpJson(HttpJson) = "http_json",
        /// A query to Prometheus.
        Promql(Promql) = "promql",
    }
}

record! {
    /// A number that is too high, too low, or on its way there. Any of the written bounds is
    /// enough.
    pub struct GaugeBeyond as "a gauge condition" {
        /// The gauge.
        pub gauge: Ref<Gauge>,
        /// Higher than this.
        pub above: Option<Spanned<Decimal>>,
        /// Once it was too high, it has to fall to this to be well again.
        pub clear_below: Option<Spanned<Decimal>>,
        /// Lower than this.
        pub below: Option<Spanned<Decimal>>,
        /// Once it was too low, it has to rise to this to be well again.
        pub clear_above: Option<Spanned<Decimal>>,
        /// It rose by more than this within the window.
        pub rising_by: Option<Spanned<Decimal>>,
        /// It fell by more than this within the window.
        pub falling_by: Option<Spanned<Decimal>>,
        /// At the pace of the window it reaches the gauge's `limit` or `floor` this soon.
        pub exhausted_within: Option<Spanned<Duration>>,
        /// No number could be read for so long.
        pub unknown_for: Option<Spanned<Duration>>,
        /// The window of a pace.
        pub window: Spanned<Duration> = Spanned::of(Duration::from_hours(1)),
        /// Fewer numbers than this in the window say nothing about a pace.
        pub min_samples: u32 = 5,
    }
}

impl Gauge {
    /// After how long without a number it is unknown.
    pub fn stale_after(&self) -> Duration {
        self.stale_after.as_ref().map_or_else(
            || three_times(self.every.value, self.timeout),
            |written| written.value,
        )
    }

    /// A number with its unit: "12.5 MiB".
    pub fn shown(&self, number: Decimal) -> String {
        match self.unit.as_deref() {
            None | Some("") => number.to_string(),
            Some(unit @ "%") => format!("{number} {unit}"),
            Some(unit) => format!("{number} {unit}"),
        }
    }
}

/// How long a silence is still ordinary for something that is asked now and then.
pub(crate) fn three_times(every: Duration, timeout: Duration) -> Duration {
    Duration::from_millis(every.as_millis().saturating_mul(3) + timeout.as_millis())
}

/// What cannot be meant: bounds that contradict each other, windows that hold nothing.
pub(crate) fn mistakes(package: &Package, found: &mut Vec<Diagnostic>) {
    for gauge in package.gauges.values() {
        too_often(&gauge.every, found);
        if let (Some(limit), Some(floor)) = (gauge.limit, gauge.floor)
            && limit <= floor
        {
            let text = format!("the limit {limit} is not above the floor {floor}");
            found.push(
                Diagnostic::error("gauge-bounds", gauge.id.span, text)
                    .label("no number can be between the two"),
            );
        }
        if let Some(stale) = &gauge.stale_after
            && stale.value < gauge.every.value
        {
            let text = format!(
                "it is read every {} and would be unknown after {} already",
                gauge.every.value, stale.value
            );
            found.push(
                Diagnostic::error("stale-too-soon", stale.span, text)
                    .label("shorter than `every`")
                    .help(format!(
                        "write at least {}",
                        three_times(gauge.every.value, gauge.timeout)
                    )),
            );
        }
    }
    for alert in package.alerts.values() {
        if let Condition::Gauge(condition) = &alert.when {
            in_condition(package, alert, condition, found);
        }
    }
}

pub(crate) fn too_often(every: &Spanned<Duration>, found: &mut Vec<Diagnostic>) {
    if every.value < MIN_EVERY {
        let text = format!("every {} is oftener than anything is asked", every.value);
        found.push(
            Diagnostic::error("too-often", every.span, text)
                .label("too often")
                .help(format!("write {MIN_EVERY} or more")),
        );
    }
}

fn in_condition(package: &Package, alert: &Alert, c: &GaugeBeyond, found: &mut Vec<Diagnostic>) {
    let paces = [&c.rising_by, &c.falling_by];
    let bounds = [&c.above, &c.below];
    let has_pace = paces.iter().any(|p| p.is_some()) || c.exhausted_within.is_some();
    if !has_pace && bounds.iter().all(|b| b.is_none()) && c.unknown_for.is_none() {
        found.push(
            Diagnostic::error("no-bound", c.gauge.span, format!("the alert `{}` says no number at which it holds", alert.id.value))
                .label("no bound for this")
                .help("write `above`, `below`, `rising_by`, `falling_by`, `exhausted_within` or `unknown_for`"),
        );
    }
    hysteresis(&c.above, &c.clear_below, Side::High, found);
    hysteresis(&c.below, &c.clear_above, Side::Low, found);
    if let (Some(above), Some(below)) = (&c.above, &c.below)
        && above.value < below.value
    {
        let text = format!(
            "every number is above {} or below {}, so this always holds",
            above.value, below.value
        );
        found.push(
            Diagnostic::error("gauge-bounds", above.span, text)
                .label("below the lower bound")
                .related(below.span, "the lower bound is here"),
        );
    }
    for pace in paces.into_iter().flatten() {
        if pace.value <= Decimal::ZERO {
            let text = format!("`{}` is no change at all", pace.value);
            found.push(
                Diagnostic::error("gauge-bounds", pace.span, text)
                    .label("not more than nothing")
                    .help("write by how much, without a sign: `falling_by` says the direction"),
            );
        }
    }
    let Some(gauge) = package.gauges.get(&c.gauge.id) else {
        return;
    };
    if let Some(within) = &c.exhausted_within
        && gauge.limit.is_none()
        && gauge.floor.is_none()
    {
        let text = format!("the gauge `{}` has nothing to run out of", gauge.id.value);
        found.push(
            Diagnostic::error("no-limit", within.span, text)
                .label("towards which number?")
                .related(gauge.id.span, "the gauge is here")
                .help("give the gauge a `limit`, or a `floor`"),
        );
    }
    if has_pace {
        window(gauge, c, found);
    }
}

fn window(gauge: &Gauge, c: &GaugeBeyond, found: &mut Vec<Diagnostic>) {
    let (window, every) = (c.window.value, gauge.every.value);
    if window.as_millis() < every.as_millis().saturating_mul(2) {
        let text = format!("a window of {window} holds fewer than two numbers, one every {every}");
        found.push(
            Diagnostic::error("window-too-short", c.window.span_or(c.gauge.span), text)
                .label("no pace can be read from one number")
                .help(format!(
                    "write at least {}",
                    Duration::from_millis(every.as_millis().saturating_mul(2))
                )),
        );
    } else if window.as_millis() / every.as_millis().max(1) + 1 < i64::from(c.min_samples) {
        let text = format!(
            "a window of {window} never holds {} numbers, one every {every}",
            c.min_samples
        );
        found.push(
            Diagnostic::error("window-too-short", c.window.span_or(c.gauge.span), text)
                .label("too short for `min_samples`")
                .help("make the window longer, or `min_samples` smaller"),
        );
    }
    if window > MAX_WINDOW {
        let text = format!("a window of {window} is longer than numbers are remembered");
        found.push(
            Diagnostic::error("window-too-long", c.window.span_or(c.gauge.span), text)
                .label("too long")
                .help(format!("write {MAX_WINDOW} or less")),
        );
    }
}

enum Side {
    High,
    Low,
}

fn hysteresis(
    bound: &Option<Spanned<Decimal>>,
    clear: &Option<Spanned<Decimal>>,
    side: Side,
    found: &mut Vec<Diagnostic>,
) {
    let Some(clear) = clear else { return };
    let (bound_word, clear_word) = match side {
        Side::High => ("above", "clear_below"),
        Side::Low => ("below", "clear_above"),
    };
    let Some(bound) = bound else {
        found.push(
            Diagnostic::error(
                "hysteresis",
                clear.span,
                format!("`{clear_word}` is written without `{bound_word}`"),
            )
            .label("ends what never begins")
            .help(format!("write `{bound_word}`, or take `{clear_word}` away")),
        );
        return;
    };
    let wrong = match side {
        Side::High => clear.value > bound.value,
        Side::Low => clear.value < bound.value,
    };
    if wrong {
        let text = format!(
            "it begins {bound_word} {} and would be over {} already",
            bound.value, clear.value
        );
        found.push(
            Diagnostic::error("hysteresis", clear.span, text)
                .label("on the wrong side of the bound")
                .related(bound.span, "the bound is here")
                .help(match side {
                    Side::High => format!("write {} or less", bound.value),
                    Side::Low => format!("write {} or more", bound.value),
                }),
        );
    }
}
