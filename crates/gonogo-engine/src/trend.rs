//! Numbers over time, in bounded memory: the latest as they came, older ones in buckets.
//!
//! A bucket keeps the lowest, the highest and the last number of its stretch, so that a peak
//! is not averaged away. Everything is integers: each machine gives the same answer.

use std::collections::VecDeque;

use gonogo_model::Duration;
use gonogo_model::decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::time::Time;

/// How many numbers are kept as they came.
pub const EXACT_MAX: usize = 512;
/// The buckets' lengths and how many of each are kept: ten minutes for three days, an hour for
/// five weeks.
const TIERS: [(i64, usize); 2] = [(600_000, 432), (3_600_000, 840)];
/// How many points a line is fitted through; more are thinned out evenly over time.
pub const FIT_POINTS_MAX: usize = 64;
/// Slopes are in billionths per so many milliseconds.
const PER_MILLIS: i128 = 1_000_000;

/// The lowest, highest and last of a few numbers that came one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Packed", into = "Packed")]
pub struct Point {
    /// When the last one came.
    pub at: Time,
    /// How many.
    pub count: u32,
    /// The last.
    pub last: Decimal,
    /// The lowest.
    pub low: Decimal,
    /// The highest.
    pub high: Decimal,
}

/// A point without the names of its fields: there are many of them in a snapshot.
#[derive(Serialize, Deserialize)]
struct Packed(Time, u32, Decimal, Decimal, Decimal);

/// Numbers over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    exact: VecDeque<Point>,
    tiers: [VecDeque<Point>; 2],
}

/// What the numbers of a window come down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many numbers there are.
    pub count: u64,
    /// When the first of them came.
    pub first_at: Time,
    /// The last one.
    pub last: Decimal,
    /// The lowest, and when.
    pub low: (Decimal, Time),
    /// The highest, and when.
    pub high: (Decimal, Time),
}

/// A line through the numbers of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number that it has at the last point.
    pub level: Decimal,
    /// When that was.
    pub at: Time,
    /// How much it climbs, in billionths per million milliseconds.
    slope: i128,
}

impl Trend {
    /// Takes in a number. One that is older than the last is not taken.
    pub fn take(&mut self, at: Time, number: Decimal) -> bool {
        if self.exact.back().is_some_and(|last| at < last.at) {
            return false;
        }
        self.exact.push_back(Point::of(at, number));
        if self.exact.len() > EXACT_MAX
            && let Some(oldest) = self.exact.pop_front()
        {
            self.file(0, oldest);
        }
        true
    }

    fn file(&mut self, tier: usize, point: Point) {
        let (Some(buckets), Some((length, kept))) = (self.tiers.get_mut(tier), TIERS.get(tier))
        else {
            return;
        };
        let bucket = |p: &Point| p.at.as_millis().div_euclid(*length);
        match buckets.back_mut() {
            Some(last) if bucket(last) == bucket(&point) => last.follow(&point),
            _ => buckets.push_back(point),
        }
        if buckets.len() > *kept
            && let Some(oldest) = buckets.pop_front()
        {
            self.file(tier + 1, oldest);
        }
    }

    /// The last number.
    pub fn last(&self) -> Option<Point> {
        self.exact.back().copied()
    }

    /// The points of the window that ends at `now`, oldest first.
    pub fn window(&self, now: Time, window: Duration) -> impl Iterator<Item = &Point> {
        let from = now - window;
        let [fine, coarse] = &self.tiers;
        let all = coarse.iter().chain(fine).chain(&self.exact);
        all.filter(move |p| p.at >= from && p.at <= now)
    }

    /// What the numbers of a window come down to; nothing where there are none.
    pub fn span(&self, now: Time, window: Duration) -> Option<Span> {
        let mut points = self.window(now, window);
        let first = points.next()?;
        let mut span = Span {
            count: u64::from(first.count),
            first_at: first.at,
            last: first.last,
            low: (first.low, first.at),
            high: (first.high, first.at),
        };
        for point in points {
            span.count += u64::from(point.count);
            span.last = point.last;
            if point.low < span.low.0 {
                span.low = (point.low, point.at);
            }
            if point.high > span.high.0 {
                span.high = (point.high, point.at);
            }
        }
        Some(span)
    }

    /// The line through the numbers of a window, by Theil and Sen: the median of the slopes
    /// between all pairs of points, which a third of outliers does not move. Nothing where the
    /// points do not differ in time.
    pub fn line(&self, now: Time, window: Duration) -> Option<Line> {
        let points = self.thinned(now, window);
        let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
        for (index, (from, low)) in points.iter().enumerate() {
            for (to, high) in &points[index + 1..] {
                let millis = i128::from(to.since(*from).as_millis());
                if millis > 0 {
                    let rise = high.billionths() - low.billionths();
                    slopes.push(rise * PER_MILLIS / millis);
                }
            }
        }
        let slope = median(&mut slopes)?;
        let (at, _) = *points.last()?;
        let mut levels: Vec<i128> = points
            .iter()
            .map(|(t, v)| v.billionths() + climb(slope, at.since(*t)))
            .collect();
        let level = Decimal::from_billionths(median(&mut levels)?);
        Some(Line { level, at, slope })
    }

    /// At most [`FIT_POINTS_MAX`] points of a window: the last of each stretch.
    fn thinned(&self, now: Time, window: Duration) -> Vec<(Time, Decimal)> {
        let points: Vec<(Time, Decimal)> =
            self.window(now, window).map(|p| (p.at, p.last)).collect();
        let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else {
            return points;
        };
        if points.len() <= FIT_POINTS_MAX {
            return points;
        }
        let stretch = last.since(*first).as_millis() / FIT_POINTS_MAX as i64 + 1;
        let place = |at: Time| at.since(*first).as_millis() / stretch;
        let mut thin: Vec<(Time, Decimal)> = Vec::with_capacity(FIT_POINTS_MAX);
        for point in &points {
            match thin.last_mut() {
                Some(kept) if place(kept.0) == place(point.0) => *kept = *point,
                _ => thin.push(*point),
            }
        }
        thin
    }
}

impl Line {
    /// By how much it climbs in so much time; negative when it falls.
    pub fn climb(&self, length: Duration) -> Decimal {
        Decimal::from_billionths(climb(self.slope, length))
    }

    /// How long until it reaches a number, from its last point; never, where it goes the other
    /// way or takes longer than anybody counts. A number that it is past already is reached.
    pub fn reaches(&self, bound: Decimal, from: Approach) -> Option<Duration> {
        let (left, slope) = match from {
            Approach::Below => (bound.minus(self.level), self.slope),
            Approach::Above => (self.level.minus(bound), -self.slope),
        };
        if left <= Decimal::ZERO {
            return Some(Duration::ZERO);
        }
        if slope <= 0 {
            return None;
        }
        let millis = left.billionths() * PER_MILLIS / slope;
        i64::try_from(millis).ok().map(Duration::from_millis)
    }
}

/// From which side a bound is approached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approach {
    /// Rising.
    Below,
    /// Falling.
    Above,
}

fn climb(slope: i128, length: Duration) -> i128 {
    let millis = i128::from(length.as_millis());
    let exact = slope.checked_mul(millis).map(|c| c / PER_MILLIS);
    exact.unwrap_or_else(|| (slope / PER_MILLIS).saturating_mul(millis))
}

/// The one in the middle, or the mean of the two there.
fn median(values: &mut [i128]) -> Option<i128> {
    values.sort_unstable();
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values[middle - 1];
    Some(lower + (upper - lower) / 2)
}

impl Point {
    fn of(at: Time, number: Decimal) -> Self {
        Self {
            at,
            count: 1,
            last: number,
            low: number,
            high: number,
        }
    }

    fn follow(&mut self, later: &Self) {
        self.at = later.at;
        self.count = self.count.saturating_add(later.count);
        self.last = later.last;
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
    }
}

impl From<Packed> for Point {
    fn from(Packed(at, count, last, low, high): Packed) -> Self {
        Self {
            at,
            count,
            last,
            low,
            high,
        }
    }
}

impl From<Point> for Packed {
    fn from(point: Point) -> Self {
        Self(point.at, point.count, point.last, point.low, point.high)
    }
}

#[cfg(test)]
mod tests {
    use gonogo_model::decimal::{MAX_WHOLE, ONE};
    use proptest::prelude::*;

    use super::*;

    const START: Time = Time::from_millis(1_795_608_000_000);

    fn trend(numbers: impl IntoIterator<Item = (i64, i128)>) -> Trend {
        let mut trend = Trend::default();
        for (secs, billionths) in numbers {
            let at = START + Duration::from_secs(secs);
            assert!(trend.take(at, Decimal::from_billionths(billionths)));
        }
        trend
    }

    #[test]
    fn memory_is_bounded_and_peaks_stay() {
        let peak = 7_777;
        let all = (0..100_000).map(|i| (i * 60, if i == 80_000 { peak * ONE } else { 0 }));
        let trend = trend(all);
        let points = trend.exact.len() + trend.tiers.iter().map(VecDeque::len).sum::<usize>();
        assert!(points <= EXACT_MAX + 432 + 840, "{points}");
        let now = START + Duration::from_secs(100_000 * 60);
        let span = trend.span(now, Duration::from_hours(35 * 24)).unwrap();
        assert_eq!(span.high.0, Decimal::from_whole(7_777));
        assert_eq!(span.last, Decimal::ZERO);
        assert!(
            !{ trend.clone() }.take(START, Decimal::ZERO),
            "older than the last"
        );
    }

    #[test]
    fn outliers_do_not_bend_the_line() {
        // Up by 2 a minute, with every fourth number being nonsense.
        let trend = trend((0..40).map(|i| {
            let number = if i % 4 == 1 {
                100_000
            } else {
                10 + 2 * i128::from(i)
            };
            (i * 60, number * ONE)
        }));
        let now = START + Duration::from_mins(39);
        let line = trend.line(now, Duration::from_hours(1)).unwrap();
        assert_eq!(
            line.climb(Duration::from_mins(1)).brief(),
            Decimal::from_whole(2)
        );
        let left = line
            .reaches(Decimal::from_whole(208), Approach::Below)
            .unwrap();
        assert!((left.as_secs() - 60 * 60).abs() <= 60, "{left}");
        assert_eq!(line.reaches(Decimal::ZERO, Approach::Above), None);
    }

    proptest! {
        /// An exact line is found again, and so is the time at which it ends.
        #[test]
        fn a_line_says_when_it_ends(
            per_min in 1_i128..1_000_000,
            begin in 0_i128..1_000_000,
            count in 2_i64..200,
            more_mins in 1_i64..100_000,
        ) {
            let trend = trend((0..count).map(|i| (i * 60, (begin + per_min * i128::from(i)) * ONE)));
            let now = START + Duration::from_mins(count - 1);
            let line = trend.line(now, Duration::from_hours(48)).unwrap();
            prop_assert_eq!(line.climb(Duration::from_mins(1)).brief(), Decimal::from_billionths(per_min * ONE).brief());
            let limit = begin + per_min * i128::from(count - 1 + more_mins);
            let limit = Decimal::from_billionths(limit * ONE);
            let left = line.reaches(limit, Approach::Below).unwrap();
            let exact = more_mins * 60_000;
            prop_assert!((left.as_millis() - exact).abs() <= exact / 1000 + 1000, "{} {}", left.as_millis(), exact);
            prop_assert_eq!(line.reaches(Decimal::from_whole(-1), Approach::Above), None);
        }

        /// The nearer the limit, the sooner it is reached.
        #[test]
        fn a_nearer_limit_is_reached_sooner(
            numbers in prop::collection::vec(0_i128..1_000_000, 2..60),
            near in 1_000_000_i128..2_000_000,
            further in 0_i128..1_000_000,
        ) {
            let trend = trend(numbers.iter().enumerate().map(|(i, n)| (i as i64 * 60, n * ONE)));
            let now = START + Duration::from_mins(numbers.len() as i64);
            let line = trend.line(now, Duration::from_hours(2)).unwrap();
            let to = |n: i128| line.reaches(Decimal::from_billionths(n * ONE), Approach::Below);
            match (to(near), to(near + further)) {
                (Some(sooner), Some(later)) => prop_assert!(sooner <= later),
                (None, later) => prop_assert_eq!(later, None),
                (Some(_), None) => {}
            }
        }

        /// The largest numbers at the strangest times give an answer and no overflow.
        #[test]
        fn nothing_overflows(
            numbers in prop::collection::vec((0_i64..i64::MAX / 4, -MAX_WHOLE * ONE..=MAX_WHOLE * ONE), 0..20),
            bound in -MAX_WHOLE * ONE..=MAX_WHOLE * ONE,
            window in 0_i64..i64::MAX / 2,
        ) {
            let mut trend = Trend::default();
            for (at, number) in &numbers {
                trend.take(Time::from_millis(*at), Decimal::from_billionths(*number));
            }
            let (now, window) = (Time::from_millis(i64::MAX), Duration::from_millis(window));
            let _ = trend.span(now, window);
            if let Some(line) = trend.line(now, window) {
                let bound = Decimal::from_billionths(bound);
                let _ = (line.reaches(bound, Approach::Below), line.reaches(bound, Approach::Above));
                let _ = line.climb(Duration::from_millis(i64::MAX));
            }
            let bytes = rmp_serde::to_vec_named(&trend).unwrap();
            prop_assert_eq!(rmp_serde::from_slice::<Trend>(&bytes).unwrap(), trend);
        }
    }
}
