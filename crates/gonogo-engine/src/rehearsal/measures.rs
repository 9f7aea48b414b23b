//! The numbers of gauges and the values of skews as the world answers them.
//!
//! What is asked for is well until an inject says otherwise: a number between the bounds of all
//! alerts, and two sides that agree. What comes with events comes once an inject says so,
//! because nobody else knows what those events do. Everything runs in exact decimals.

use gonogo_model::alert::Condition;
use gonogo_model::decimal::Decimal;
use gonogo_model::gauge::{Gauge, GaugeFrom};
use gonogo_model::skew::{Skew, SkewSide};
use gonogo_model::value::EventField;
use gonogo_model::{Duration, Id, Package};

use super::luck::Luck;
use super::traffic::Shape;
use crate::input::{GaugeRead, Input, Side, Sighting};
use crate::time::Time;

/// A gauge that is asked oftener than this would stop the clock.
const EVERY_MIN: Duration = Duration::from_secs(5);
/// What both sides of a skew say while nothing goes wrong.
const AGREED: &str = "1.0.0";

/// What the world has to tell.
#[derive(Debug)]
pub(super) enum Told {
    /// An answer to a question of the server's.
    Read(Input),
    /// An event, which its source may hold back.
    Event(Shape),
}

/// A gauge as the world answers it.
#[derive(Debug)]
pub(super) struct Gauged {
    pub(super) id: Id,
    pub(super) every: Duration,
    luck: Luck,
    from: Option<EventField>,
    says: Option<Result<Run, String>>,
}

/// A number, and where it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    value: Decimal,
    to: Decimal,
    begins: Time,
    over: Duration,
}

impl Gauged {
    pub(super) fn new(gauge: &Gauge, package: &Package, seed: u64) -> Self {
        let from = match &gauge.from {
            GaugeFrom::Event(from) => Some(from.clone()),
            GaugeFrom::HttpJson(_) | GaugeFrom::Promql(_) => None,
        };
        Self {
            luck: Luck::of(seed, gauge.id.as_str()),
            id: gauge.id.value.clone(),
            every: gauge.every.value.max(EVERY_MIN),
            says: from.is_none().then(|| Ok(Run::at(well(gauge, package)))),
            from,
        }
    }

    /// How long after the start it is first read.
    pub(super) fn offset(&self) -> Duration {
        Duration::from_millis(self.luck.below(u64::MAX, self.every.as_millis()))
    }

    pub(super) fn reads(&mut self, value: Decimal, run: Option<(Decimal, Duration)>, now: Time) {
        let (to, over) = run.unwrap_or((value, Duration::ZERO));
        self.says = Some(Ok(Run {
            value,
            to,
            begins: now,
            over,
        }));
    }

    pub(super) fn unreadable(&mut self, detail: &str) {
        self.says = Some(Err(detail.to_string()));
    }

    /// What there is to tell now.
    pub(super) fn tell(&self, now: Time) -> Option<Told> {
        let says = self.says.as_ref()?;
        let number = says.as_ref().map(|run| run.number(now));
        if let Some(from) = &self.from {
            // Events without the field are events that never came.
            return Some(Told::Event(event(from, &number.ok()?.to_string())));
        }
        Some(Told::Read(Input::GaugeRead(Box::new(GaugeRead {
            gauge: self.id.clone(),
            at: now,
            number: number.as_ref().ok().copied(),
            detail: number.err().cloned().unwrap_or_default(),
        }))))
    }
}

impl Run {
    fn at(value: Decimal) -> Self {
        Self {
            value,
            to: value,
            begins: Time::default(),
            over: Duration::ZERO,
        }
    }

    /// The number on the straight line, and the last one after its end.
    fn number(&self, now: Time) -> Decimal {
        let (gone, all) = (now.since(self.begins).as_millis(), self.over.as_millis());
        if gone >= all {
            return self.to;
        }
        let (from, to) = (self.value.billionths(), self.to.billionths());
        let (all, gone) = (i128::from(all), i128::from(gone.max(0)));
        let way = match (to - from).checked_mul(gone) {
            Some(product) => product / all,
            None => (to - from) / all * gone,
        };
        Decimal::from_billionths(from + way)
    }
}

/// A number at which no alert on the gauge holds, where there is one.
pub fn well(gauge: &Gauge, package: &Package) -> Decimal {
    let (mut low, mut high) = (gauge.floor, gauge.limit);
    for alert in package.alerts.values() {
        let Condition::Gauge(c) = &alert.when else {
            continue;
        };
        if c.gauge.id != gauge.id.value {
            continue;
        }
        let lows = [&c.below, &c.clear_above].into_iter().flatten();
        low = low.into_iter().chain(lows.map(|b| b.value)).max();
        let highs = [&c.above, &c.clear_below].into_iter().flatten();
        high = high.into_iter().chain(highs.map(|b| b.value)).min();
    }
    let one = Decimal::from_whole(1).billionths();
    Decimal::from_billionths(
        match (low.map(Decimal::billionths), high.map(Decimal::billionths)) {
            (Some(low), Some(high)) => low + (high - low) / 2,
            (Some(low), None) => low + low.abs().max(one),
            (None, Some(high)) if high > 0 => high / 2,
            (None, Some(high)) => high - one,
            (None, None) => 0,
        },
    )
}

/// What both sides of a skew say while they agree.
pub fn agreed(skew: &Skew) -> &str {
    match (&skew.actual, &skew.expected) {
        (SkewSide::Fixed(value), _) | (_, SkewSide::Fixed(value)) => value,
        _ => AGREED,
    }
}

/// A skew as the world answers it.
#[derive(Debug)]
pub(super) struct Skewed {
    pub(super) id: Id,
    pub(super) every: Duration,
    luck: Luck,
    expected: Answers,
    actual: Answers,
}

/// A side of a skew.
#[derive(Debug)]
struct Answers {
    from: Option<EventField>,
    asked: bool,
    says: Option<Result<String, String>>,
}

impl Skewed {
    pub(super) fn new(skew: &Skew, seed: u64) -> Self {
        let agreed = agreed(skew);
        Self {
            luck: Luck::of(seed, skew.id.as_str()),
            id: skew.id.value.clone(),
            every: skew.every.value.max(EVERY_MIN),
            expected: Answers::of(&skew.expected, agreed),
            actual: Answers::of(&skew.actual, agreed),
        }
    }

    /// How long after the start it is first read.
    pub(super) fn offset(&self) -> Duration {
        Duration::from_millis(self.luck.below(u64::MAX, self.every.as_millis()))
    }

    pub(super) fn reads(&mut self, side: Side, value: Result<String, String>) {
        let answers = match side {
            Side::Expected => &mut self.expected,
            Side::Actual => &mut self.actual,
        };
        answers.says = Some(value);
    }

    /// The sides that are asked, as they are now.
    pub(super) fn tell(&self, now: Time) -> impl Iterator<Item = Told> {
        let sides = [
            (Side::Expected, &self.expected),
            (Side::Actual, &self.actual),
        ];
        let asked = sides.into_iter().filter(|(_, answers)| answers.asked);
        asked.filter_map(move |(side, answers)| {
            let says = answers.says.as_ref()?;
            Some(Told::Read(Input::Sighting(Sighting {
                skew: self.id.clone(),
                side,
                at: now,
                value: says.as_ref().ok().cloned(),
                detail: says.as_ref().err().cloned().unwrap_or_default(),
            })))
        })
    }

    /// The event that tells of a side once.
    pub(super) fn event(&self, side: Side) -> Option<Shape> {
        let answers = match side {
            Side::Expected => &self.expected,
            Side::Actual => &self.actual,
        };
        let value = answers.says.as_ref()?.as_ref().ok()?;
        Some(event(answers.from.as_ref()?, value))
    }
}

impl Answers {
    fn of(side: &SkewSide, agreed: &str) -> Self {
        let from = match side {
            SkewSide::Event(from) => Some(from.clone()),
            _ => None,
        };
        Self {
            from,
            asked: side.is_asked(),
            says: side.is_asked().then(|| Ok(agreed.to_string())),
        }
    }
}

fn event(from: &EventField, value: &str) -> Shape {
    let kind = from.event.first().cloned().unwrap_or_default();
    let wish = from.r#where.as_deref().map(|asked| asked.wish(true));
    let only = from.only.iter();
    let only =
        only.filter_map(|(field, allowed)| Some((field.as_str(), allowed.first()?.as_str())));
    Shape::saying(
        from.source.id.clone(),
        kind,
        wish.unwrap_or_default(),
        only.chain([(from.field.as_str(), value)]),
    )
}
