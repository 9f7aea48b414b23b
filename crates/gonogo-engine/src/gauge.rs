//! One gauge's state, and what the bounds of an alert say about it.
//!
//! Invariant: without a number that is fresh enough nothing is said about bounds: an old
//! number is neither a page nor an all-clear.

use gonogo_model::decimal::{Decimal, NoNumber};
use gonogo_model::gauge::{Gauge, GaugeBeyond, GaugeFrom};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::alerting::{Holds, Reading};
use crate::reading::in_words;
use crate::time::Time;
use crate::trend::{Approach, Line, Trend};

/// A gauge's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GaugeState {
    /// The gauge.
    pub id: Option<Id>,
    /// Since when it is looked at.
    pub since: Time,
    /// When the last number reached us.
    pub told_at: Option<Time>,
    /// The numbers.
    pub trend: Trend,
    /// Why the last answer had no number in it.
    pub trouble: Option<String>,
    /// How many answers had none.
    pub without: u64,
    /// How many numbers came after newer ones, and were not taken.
    pub late: u64,
    /// It has been said that nothing was heard for too long.
    pub stale: bool,
    /// When the alerts on it were last read.
    #[serde(default)]
    pub judged_at: Option<Time>,
    /// Something changed that they have not seen.
    #[serde(default)]
    pub unread: bool,
}

impl GaugeState {
    /// The state of a gauge that was never read.
    pub fn new(id: Id, now: Time) -> Self {
        Self {
            id: Some(id),
            since: now,
            ..Self::default()
        }
    }

    /// Takes in a number that was true at a time.
    pub fn take(&mut self, at: Time, number: Decimal, now: Time) {
        if self.trend.take(at, number) {
            self.told_at = Some(now);
            self.trouble = None;
        } else {
            self.late = self.late.saturating_add(1);
        }
    }

    /// Takes in that there is no number.
    pub fn miss(&mut self, why: impl Into<String>) {
        self.without = self.without.saturating_add(1);
        self.trouble = Some(why.into());
    }

    /// The last number, when it is fresh enough to count.
    pub fn current(&self, gauge: &Gauge, now: Time) -> Option<Decimal> {
        let fresh = self.told_at? + gauge.stale_after() > now;
        self.trend.last().filter(|_| fresh).map(|p| p.last)
    }

    /// Since when there has been no number, not counting what is our own fault.
    pub fn quiet_since(&self, listening_since: Option<Time>) -> Time {
        let told = self.told_at.unwrap_or(self.since);
        listening_since.map_or(told, |at| told.max(at))
    }

    /// What the bounds of an alert say right now. `firing` is whether it already fires: then
    /// it takes more to be well again.
    pub fn read(
        &self,
        gauge: &Gauge,
        c: &GaugeBeyond,
        firing: bool,
        listening_since: Option<Time>,
        now: Time,
    ) -> Reading {
        let quiet = now.since(self.quiet_since(listening_since));
        let mut verdict = Verdict::default();
        if let Some(bound) = &c.unknown_for {
            let (holds, text) = match self.current(gauge, now) {
                Some(number) => (Holds::No, gauge.shown(number)),
                None if quiet >= bound.value => (Holds::Yes, self.unknown(now)),
                None => (Holds::No, self.unknown(now)),
            };
            verdict.add(holds, text);
        }
        let Some(number) = self.current(gauge, now) else {
            verdict.add(Holds::CannotTell, self.unknown(now));
            return verdict.reading();
        };
        let reader = Reader {
            gauge,
            c,
            trend: &self.trend,
            now,
        };
        reader.bounds(number, firing, &mut verdict);
        reader.pace(&mut verdict);
        verdict.reading()
    }

    /// Why there is no number to go by.
    pub fn unknown(&self, now: Time) -> String {
        let said = self.trouble.as_deref().map(|why| format!(" ({why})"));
        let said = said.unwrap_or_default();
        match self.told_at {
            Some(at) => format!("unknown: no number for {}{said}", in_words(now.since(at))),
            None => format!("unknown: no number yet{said}"),
        }
    }
}

/// Why a leaf of an event is no number.
pub(crate) fn no_number(field: &str, why: NoNumber) -> String {
    format!("`{field}`: {why}")
}

/// Do numbers of it come by themselves?
pub(crate) fn is_told(gauge: &Gauge) -> bool {
    matches!(gauge.from, GaugeFrom::Event(_))
}

struct Reader<'a> {
    gauge: &'a Gauge,
    c: &'a GaugeBeyond,
    trend: &'a Trend,
    now: Time,
}

impl Reader<'_> {
    fn bounds(&self, number: Decimal, firing: bool, verdict: &mut Verdict) {
        let (c, shown) = (self.c, self.gauge.shown(number));
        if let Some(bound) = &c.above {
            let clear = c.clear_below.as_ref().filter(|_| firing);
            let text = if number > bound.value {
                format!("{shown}, above {}", self.gauge.shown(bound.value))
            } else if let Some(clear) = clear.filter(|clear| number > clear.value) {
                let clear = self.gauge.shown(clear.value);
                format!("{shown}, and well only from {clear} down")
            } else {
                let bound = self.gauge.shown(bound.value);
                verdict.add(Holds::No, format!("{shown}; the bound is {bound}"));
                return self.low(number, firing, verdict);
            };
            verdict.add(Holds::Yes, text);
        }
        self.low(number, firing, verdict);
    }

    fn low(&self, number: Decimal, firing: bool, verdict: &mut Verdict) {
        let (c, shown) = (self.c, self.gauge.shown(number));
        let Some(bound) = &c.below else { return };
        let clear = c.clear_above.as_ref().filter(|_| firing);
        if number < bound.value {
            let text = format!("{shown}, below {}", self.gauge.shown(bound.value));
            verdict.add(Holds::Yes, text);
        } else if let Some(clear) = clear.filter(|clear| number < clear.value) {
            let clear = self.gauge.shown(clear.value);
            verdict.add(
                Holds::Yes,
                format!("{shown}, and well only from {clear} up"),
            );
        } else {
            let bound = self.gauge.shown(bound.value);
            verdict.add(Holds::No, format!("{shown}; the bound is {bound}"));
        }
    }

    fn pace(&self, verdict: &mut Verdict) {
        let c = self.c;
        if c.rising_by.is_none() && c.falling_by.is_none() && c.exhausted_within.is_none() {
            return;
        }
        let window = c.window.value;
        let span = self.trend.span(self.now, window);
        let count = span.map_or(0, |s| s.count);
        let Some(span) = span.filter(|_| count >= u64::from(c.min_samples.max(2))) else {
            let text = format!(
                "too few numbers to tell a pace: {count} in {window}, {} are needed",
                c.min_samples.max(2)
            );
            verdict.add(Holds::CannotTell, text);
            return;
        };
        let last = self.gauge.shown(span.last);
        for (bound, (extreme, at), word) in [
            (&c.rising_by, span.low, "rose"),
            (&c.falling_by, span.high, "fell"),
        ] {
            let Some(bound) = bound else { continue };
            let change = match word {
                "rose" => span.last.minus(extreme),
                _ => extreme.minus(span.last),
            };
            let text = format!(
                "{word} by {} in {window}, from {} at {} to {last}; the bound is {}",
                self.gauge.shown(change),
                self.gauge.shown(extreme),
                clock(at),
                self.gauge.shown(bound.value)
            );
            let holds = change > bound.value;
            verdict.add(if holds { Holds::Yes } else { Holds::No }, text);
        }
        if let Some(within) = &c.exhausted_within {
            // A pace of the first minutes is no pace of a day.
            let seen = self.now.since(span.first_at);
            if seen.as_millis() < window.as_millis() / 2 {
                let text = format!(
                    "too soon to tell when it ends: numbers of {} so far, half of {window} are needed",
                    in_words(seen)
                );
                verdict.add(Holds::CannotTell, text);
            } else if let Some(line) = self.trend.line(self.now, window) {
                self.end(&line, span.last, within.value, verdict);
            }
        }
    }

    fn end(&self, line: &Line, last: Decimal, within: Duration, verdict: &mut Verdict) {
        let hour = Duration::from_hours(1);
        let pace = self.gauge.shown(line.climb(hour).brief());
        let shown = self.gauge.shown(last);
        for (bound, approach) in [
            (self.gauge.limit, Approach::Below),
            (self.gauge.floor, Approach::Above),
        ] {
            let Some(bound) = bound else { continue };
            let past = match approach {
                Approach::Below => last >= bound,
                Approach::Above => last <= bound,
            };
            let limit = self.gauge.shown(bound);
            let left = line.reaches(bound, approach);
            let left = left.map(|l| (line.at + l).since(self.now));
            let (holds, text) = match left {
                _ if past => (Holds::Yes, format!("{shown}: {limit} is reached")),
                None => (
                    Holds::No,
                    format!("{shown}, {pace} an hour: not on its way to {limit}"),
                ),
                Some(left) => {
                    let holds = if left <= within {
                        Holds::Yes
                    } else {
                        Holds::No
                    };
                    let text = format!(
                        "{shown}, {pace} an hour over {}: {limit} is reached in {}, about {}",
                        self.c.window.value,
                        in_words(left),
                        (self.now + left)
                            .timestamp()
                            .strftime("%-d %b %Y %H:%M UTC")
                    );
                    (holds, text)
                }
            };
            verdict.add(holds, text);
        }
    }
}

fn clock(at: Time) -> String {
    at.timestamp().strftime("%H:%M UTC").to_string()
}

/// What several bounds say together: any one is enough.
#[derive(Default)]
struct Verdict {
    said: Vec<(Holds, String)>,
}

impl Verdict {
    fn add(&mut self, holds: Holds, text: String) {
        self.said.push((holds, text));
    }

    fn reading(self) -> Reading {
        let any = |wanted| self.said.iter().any(|(holds, _)| *holds == wanted);
        let holds = if any(Holds::Yes) {
            Holds::Yes
        } else if any(Holds::CannotTell) || self.said.is_empty() {
            Holds::CannotTell
        } else {
            Holds::No
        };
        let told = self.said.iter().filter(|(said, _)| *said == holds);
        let mut texts: Vec<&str> = told.map(|(_, text)| text.as_str()).collect();
        texts.dedup();
        Reading {
            holds,
            count: u64::from(holds == Holds::Yes),
            keys: Vec::new(),
            detail: texts.join("; "),
        }
    }
}
