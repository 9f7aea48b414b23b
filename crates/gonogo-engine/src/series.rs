//! Counts over time, in tiers: fine for the last hours, coarse for the last weeks.
//!
//! A minute's bucket for six hours, five minutes' for three days, an hour's beyond. Sums are
//! of counts and never of ratios, so a quiet hour weighs as little as it should.

use std::collections::BTreeMap;

use gonogo_model::Duration;
use serde::{Deserialize, Serialize};

use crate::time::Time;

const MINUTE: i64 = 60_000;
/// Bucket length and how long buckets of it are kept, in milliseconds, finest first: a little
/// longer than the windows of six hours and three days, whose far ends would blur otherwise.
const TIERS: [(i64, i64); 3] = [
    (MINUTE, (6 * 60 + 10) * MINUTE),
    (5 * MINUTE, (3 * 24 + 2) * 60 * MINUTE),
    (60 * MINUTE, 93 * 24 * 60 * MINUTE),
];

/// What a bucket holds.
pub trait Sum: Default + Clone {
    /// Adds another bucket's counts.
    fn add(&mut self, other: &Self);
}

/// Buckets of counts over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series<T> {
    tiers: [BTreeMap<i64, T>; 3],
    /// What was too old for any bucket, so that [`Series::ever`] never falls.
    #[serde(default)]
    gone: T,
}

impl<T: Sum> Series<T> {
    /// The bucket that a time falls in, to add to.
    pub fn at(&mut self, time: Time) -> &mut T {
        let begin = time.as_millis().div_euclid(MINUTE).saturating_mul(MINUTE);
        self.tiers[0].entry(begin).or_default()
    }

    /// Was nothing added, or nothing that is still kept?
    pub fn is_empty(&self) -> bool {
        self.tiers.iter().all(BTreeMap::is_empty)
    }

    /// The sum over the window that ends at `now`.
    pub fn sum(&self, now: Time, window: Duration) -> T {
        let mut total = T::default();
        for counts in self.window(now, window) {
            total.add(counts);
        }
        total
    }

    /// The sums over several windows that end at `now`, in one pass over the buckets.
    ///
    /// From the newest bucket back, so that each is added once, however many windows hold it.
    pub fn sums<S: Sum>(&self, now: Time, windows: &[Duration], of: impl Fn(&T) -> S) -> Vec<S> {
        let mut sums = vec![S::default(); windows.len()];
        let until = now.as_millis();
        let mut by_length: Vec<(Duration, usize)> = windows.iter().copied().zip(0..).collect();
        by_length.sort_unstable();
        let Some((longest, _)) = by_length.last().copied() else {
            return sums;
        };
        for (tier, (length, _)) in self.tiers.iter().zip(TIERS) {
            let first = |window: Duration| {
                let from = until.saturating_sub(window.as_millis());
                from.saturating_add(1).saturating_sub(length).min(until)
            };
            let mut waiting = by_length.iter().map(|(w, place)| (first(*w), *place));
            let mut next = waiting.next();
            let mut running = S::default();
            for (begin, counts) in tier.range(first(longest)..=until).rev() {
                while let Some((_, place)) = next.filter(|(first, _)| begin < first) {
                    sums[place].add(&running);
                    next = waiting.next();
                }
                running.add(&of(counts));
            }
            for (_, place) in next.into_iter().chain(waiting) {
                sums[place].add(&running);
            }
        }
        sums
    }

    /// The sum of all that was ever added.
    pub fn ever<S: Sum>(&self, of: impl Fn(&T) -> S) -> S {
        let mut sum = of(&self.gone);
        for counts in self.tiers.iter().flat_map(BTreeMap::values) {
            sum.add(&of(counts));
        }
        sum
    }

    /// The buckets of the window that ends at `now`.
    ///
    /// Buckets that begin inside the window count whole: a window is exact to its first bucket.
    pub fn window(&self, now: Time, window: Duration) -> impl Iterator<Item = &T> {
        let from = now.as_millis().saturating_sub(window.as_millis());
        let until = now.as_millis();
        self.tiers
            .iter()
            .zip(TIERS)
            .flat_map(move |(tier, (length, _))| {
                let first = from.saturating_add(1).saturating_sub(length);
                tier.range(first.min(until)..=until)
                    .map(|(_, counts)| counts)
            })
    }

    /// One sum for each of `steps` equal stretches that end at `now`, oldest first.
    pub fn stretches(&self, now: Time, stretch: Duration, steps: usize) -> Vec<(Time, T)> {
        let length = stretch.as_millis().max(MINUTE);
        let end = now
            .as_millis()
            .div_euclid(length)
            .saturating_add(1)
            .saturating_mul(length);
        let mut out: Vec<(Time, T)> = (0..steps)
            .map(|i| {
                let back = length.saturating_mul((steps - i) as i64);
                (Time::from_millis(end.saturating_sub(back)), T::default())
            })
            .collect();
        let first = out.first().map_or(end, |(t, _)| t.as_millis());
        for tier in &self.tiers {
            for (begin, counts) in tier.range(first.min(end)..end) {
                let slot = ((begin - first) / length) as usize;
                if let Some((_, sum)) = out.get_mut(slot) {
                    sum.add(counts);
                }
            }
        }
        out
    }

    /// Moves what is old into coarser buckets and drops what is too old for any.
    pub fn roll(&mut self, now: Time) {
        for (tier, (_, kept)) in TIERS.iter().enumerate() {
            let keep_from = now.as_millis().saturating_sub(*kept);
            while let Some(oldest) = self.tiers[tier].first_entry() {
                if *oldest.key() >= keep_from {
                    break;
                }
                let (begin, counts) = oldest.remove_entry();
                if let Some((length, _)) = TIERS.get(tier + 1) {
                    let begin = begin.div_euclid(*length).saturating_mul(*length);
                    self.tiers[tier + 1].entry(begin).or_default().add(&counts);
                } else {
                    self.gone.add(&counts);
                }
            }
        }
    }
}

/// How often each length of time was seen, in buckets about 6 % wide.
///
/// Sixteen buckets for each doubling, as in an HDR histogram; integers only, so every machine
/// agrees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram {
    /// Bucket and count, in order of bucket: a minute's latencies fall into a handful.
    buckets: Vec<(u16, u32)>,
}

impl Histogram {
    /// Counts one.
    pub fn record(&mut self, value: Duration) {
        self.record_many(value, 1);
    }

    /// Counts several of about one length.
    pub fn record_many(&mut self, value: Duration, count: u32) {
        if count > 0 {
            self.put(bucket_of(value.as_millis().unsigned_abs()), count);
        }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            self.put(*bucket, *count);
        }
    }

    fn put(&mut self, bucket: u16, count: u32) {
        match self.buckets.binary_search_by_key(&bucket, |(b, _)| *b) {
            Ok(place) => {
                let slot = &mut self.buckets[place].1;
                *slot = slot.saturating_add(count);
            }
            Err(place) => self.buckets.insert(place, (bucket, count)),
        }
    }

    /// How many were no longer than a bound, to the width of a bucket.
    pub fn within(&self, bound: Duration) -> u64 {
        let last = bucket_of(bound.as_millis().unsigned_abs());
        let short = self
            .buckets
            .iter()
            .take_while(|(bucket, _)| *bucket <= last);
        short.map(|(_, count)| u64::from(*count)).sum()
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets
            .iter()
            .map(|(_, count)| u64::from(*count))
            .sum()
    }

    /// The length that this share (in parts per million) of those counted did not exceed.
    pub fn quantile(&self, ppm: u32) -> Option<Duration> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        let rank = (u128::from(total) * u128::from(ppm))
            .div_ceil(1_000_000)
            .max(1);
        let mut seen: u128 = 0;
        for (bucket, count) in &self.buckets {
            seen += u128::from(*count);
            if seen >= rank {
                return Some(Duration::from_millis(top_of(*bucket)));
            }
        }
        None
    }
}

fn bucket_of(value: u64) -> u16 {
    if value < 16 {
        return value as u16;
    }
    let octave = 63 - value.leading_zeros();
    let within = (value >> (octave - 4)) & 15;
    ((octave - 3) * 16 + within as u32) as u16
}

fn top_of(bucket: u16) -> i64 {
    if bucket < 16 {
        return i64::from(bucket);
    }
    let octave = u32::from(bucket / 16) + 3;
    let within = i64::from(bucket % 16);
    (((16 + within + 1) as i128) << (octave - 4)).min(i64::MAX as i128) as i64 - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Sum for u64 {
        fn add(&mut self, other: &Self) {
            *self += other;
        }
    }

    #[test]
    fn rolling_moves_counts_and_loses_none() {
        let mut series = Series::<u64>::default();
        let start = Time::from_millis(1_800_000_000_000);
        for minute in 0..2000 {
            *series.at(start + Duration::from_mins(minute)) += 1;
        }
        let now = start + Duration::from_mins(1999);
        series.roll(now);
        assert_eq!(series.sum(now, Duration::from_hours(24 * 30)), 2000);
        assert_eq!(series.sum(now, Duration::from_mins(60)), 61);
        assert!(series.tiers[0].len() <= 371 && !series.tiers[1].is_empty());
        let stretches = series.stretches(now, Duration::from_mins(10), 6);
        assert_eq!(stretches.iter().map(|(_, n)| n).sum::<u64>(), 60);
        let windows = [60, 6 * 60, 24 * 60, 30 * 24 * 60].map(Duration::from_mins);
        let one_by_one: Vec<u64> = windows.iter().map(|w| series.sum(now, *w)).collect();
        assert_eq!(series.sums(now, &windows, |n| *n), one_by_one);
        series.roll(now + Duration::from_hours(24 * 100));
        series.roll(now + Duration::from_hours(24 * 100));
        assert!(series.tiers.iter().all(BTreeMap::is_empty));
        assert_eq!(series.ever(|n| *n), 2000);
    }

    #[test]
    fn quantiles_are_within_a_sixteenth() {
        let mut h = Histogram::default();
        for ms in 1..=10_000 {
            h.record(Duration::from_millis(ms));
        }
        for (ppm, exact) in [
            (500_000, 5000),
            (950_000, 9500),
            (990_000, 9900),
            (1_000_000, 10_000),
        ] {
            let got = h.quantile(ppm).unwrap().as_millis();
            assert!(
                got >= exact && got <= exact + exact / 16 + 1,
                "{ppm}: {got}"
            );
        }
        assert_eq!(Histogram::default().quantile(500_000), None);
        h.record(Duration::from_millis(i64::MAX));
    }
}
