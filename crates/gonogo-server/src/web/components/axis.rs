//! Where the lines of a chart's grid stand, and what is written beside them.
//!
//! Steps are those that people count in: 1, 2 and 5 for numbers, minutes, hours and days for
//! times. An axis never has more than a handful, so that it stays readable on a phone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::number::{MAX_VALUE, Unit};

/// The most lines of a time axis.
pub const MAX_TIME_TICKS: i64 = 5;
/// About as many lines as a number axis should have.
const VALUE_TICKS: f64 = 3.0;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const TIME_STEPS: [i64; 19] = [
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    30 * DAY,
    60 * DAY,
    90 * DAY,
    180 * DAY,
];

/// A range of numbers with its grid lines; the first and the last line are its ends.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueAxis {
    /// The lines, from the lowest.
    pub ticks: Vec<f64>,
}

impl ValueAxis {
    /// An axis that holds everything from `low` to `high`.
    pub fn new(low: f64, high: f64, unit: &Unit) -> Self {
        let clean = |v: f64| {
            if v.is_finite() {
                v.clamp(-MAX_VALUE, MAX_VALUE)
            } else {
                0.0
            }
        };
        let (low, mut high) = (clean(low.min(high)), clean(low.max(high)));
        if high <= low {
            high = if low == 0.0 {
                1.0
            } else {
                low + low.abs() * 0.1
            };
        }
        let step = nice_step((high - low) / VALUE_TICKS, unit);
        let first = (low / step).floor();
        let count = ((high / step).ceil() - first).clamp(1.0, 8.0) as u32;
        let mut ticks: Vec<f64> = (0..=count).map(|i| (first + f64::from(i)) * step).collect();
        if *unit == Unit::Ratio && high <= 1.0 {
            ticks.retain(|tick| *tick <= 1.0 + step * 1e-6);
            if ticks.len() < 2 {
                ticks = vec![1.0 - step, 1.0];
            }
        }
        Self { ticks }
    }

    /// Where a value stands: 0 at the lowest line, 1 at the highest.
    pub fn share(&self, value: f64) -> f64 {
        let (low, high) = (self.ticks[0], self.ticks[self.ticks.len() - 1]);
        let share = (value.clamp(-MAX_VALUE, MAX_VALUE) - low) / (high - low);
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

fn nice_step(rough: f64, unit: &Unit) -> f64 {
    if *unit == Unit::Seconds && rough > MINUTE as f64 / 4.0 {
        let steps = [15, 30].into_iter().chain(TIME_STEPS);
        if let Some(step) = steps.map(|s| s as f64).find(|step| *step >= rough) {
            return step;
        }
    }
    let power = 10f64.powf(rough.max(f64::MIN_POSITIVE).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(rough);
    match unit {
        Unit::Count if step < 1.0 && rough > 0.2 => 1.0,
        _ if step > 0.0 && step.is_finite() => step,
        _ => 1.0,
    }
}

/// The lines of a time axis: moments on full minutes, hours or days of UTC with their words.
pub fn time_ticks(from: Timestamp, to: Timestamp) -> Vec<(Timestamp, String)> {
    let (start, end) = (from.as_second(), to.as_second());
    let length = end - start;
    if length <= 0 {
        return Vec::new();
    }
    let longest = length.div_euclid(MAX_TIME_TICKS).max(1);
    let step = TIME_STEPS
        .into_iter()
        .find(|step| length / step < MAX_TIME_TICKS)
        .unwrap_or_else(|| longest.div_euclid(DAY).max(1) * DAY + DAY);
    let first = start + (step - start.rem_euclid(step)) % step;
    (0..MAX_TIME_TICKS)
        .map(|i| first + i * step)
        .filter(|second| *second <= end)
        .filter_map(|second| Timestamp::from_second(second).ok())
        .map(|at| (at, tick_word(at, step)))
        .collect()
}

fn tick_word(at: Timestamp, step: i64) -> String {
    let shape = match () {
        () if step >= 60 * DAY => "%b %Y",
        () if at.as_second().rem_euclid(DAY) == 0 || step >= DAY => "%-d %b",
        () => "%H:%M",
    };
    at.to_zoned(TimeZone::UTC).strftime(shape).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(low: f64, high: f64, unit: Unit) -> Vec<f64> {
        ValueAxis::new(low, high, &unit).ticks
    }

    fn times(from: &str, to: &str) -> Vec<String> {
        let at = |text: &str| text.parse().expect("a timestamp");
        let ticks = time_ticks(at(from), at(to));
        ticks.into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn numbers_are_counted_in_ones_twos_and_fives() {
        assert_eq!(ticks(0.0, 3.0, Unit::Count), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(ticks(0.0, 47.0, Unit::Count), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(ticks(0.0, 700.0, Unit::Seconds), [0.0, 300.0, 600.0, 900.0]);
        assert_eq!(
            ticks(0.5, 1.0, Unit::Ratio),
            [0.4, 0.6000000000000001, 0.8, 1.0]
        );
        assert_eq!(ticks(0.0, 0.0, Unit::Count), [0.0, 1.0]);
        assert_eq!(ticks(0.0, 0.4, Unit::Count).last(), Some(&0.4));
    }

    #[test]
    fn no_range_breaks_the_axis() {
        let odd = [
            0.0,
            1.0,
            -1.0,
            5e-324,
            1e-300,
            f64::MAX,
            f64::MIN,
            f64::NAN,
            f64::INFINITY,
        ];
        for low in odd {
            for high in odd {
                for unit in [Unit::Count, Unit::Ratio, Unit::Seconds, Unit::Bytes] {
                    let axis = ValueAxis::new(low, high, &unit);
                    assert!((2..=9).contains(&axis.ticks.len()), "{low} {high} {axis:?}");
                    for value in odd {
                        assert!((0.0..=1.0).contains(&axis.share(value)) || value.is_nan());
                    }
                }
            }
        }
    }

    #[test]
    fn times_stand_on_full_hours_and_days() {
        assert_eq!(
            times("2026-11-03T13:02:05Z", "2026-11-03T14:02:05Z"),
            ["13:15", "13:30", "13:45", "14:00"]
        );
        assert_eq!(
            times("2026-11-02T14:02:05Z", "2026-11-03T14:02:05Z"),
            ["18:00", "3 Nov", "06:00", "12:00"]
        );
        assert_eq!(
            times("2026-10-06T00:00:00Z", "2026-11-03T00:00:00Z").len(),
            4
        );
        assert!(times("2026-11-03T00:00:00Z", "2026-11-03T00:00:00Z").is_empty());
        assert!(times("1900-01-01T00:00:00Z", "2026-11-03T00:00:00Z").len() <= 5);
    }
}
