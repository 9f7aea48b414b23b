//! What counters grew by, minute by minute.
//!
//! Each minute is read back from Prometheus, so a restart, or an hour in which it did not
//! answer, loses nothing that it still knows. A counter that fell has begun anew, and one that
//! appears beside others counts from zero: a first error is an error. Invariant: minutes are
//! whole, in order, and none is told twice.

use gonogo_engine::Time;
use gonogo_model::slo::PromqlSli;

use super::prometheus::{Points, seconds};
use crate::ask::Trouble;

/// The length of a step, in seconds.
pub(super) const STEP_SECS: i64 = 60;
/// The most minutes that are made up for.
pub const CATCH_UP_MINUTES: i64 = 60;
/// How long before the first minute is looked for the value that a counter had before.
const LOOK_BACK_SECS: i64 = 15 * 60;
/// How long a scrape may take to be there to be asked for.
const SETTLE_SECS: i64 = 15;

/// The minutes to count, as seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    from: i64,
    until: i64,
}

/// What a minute came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Minute {
    pub from: Time,
    pub until: Time,
    pub good: u64,
    pub bad: u64,
}

/// What is asked for.
pub(super) enum Wanted<'p> {
    GoodOfTotal(&'p str, &'p str),
    BadOfTotal(&'p str, &'p str),
    GoodAndBad(&'p str, &'p str),
    GoodMinute(&'p str),
}

impl Stretch {
    pub fn is_empty(self) -> bool {
        self.from >= self.until
    }

    pub fn read_from(self) -> Time {
        moment(self.from - LOOK_BACK_SECS)
    }

    pub fn until(self) -> Time {
        moment(self.until)
    }
}

/// The minutes that were not counted yet.
pub(super) fn stretch(counted_until: Option<Time>, now: Time) -> Stretch {
    let whole = |secs: i64| secs - secs.rem_euclid(STEP_SECS);
    let until = whole(seconds(now) - SETTLE_SECS);
    let earliest = until - CATCH_UP_MINUTES * STEP_SECS;
    let from = counted_until.map_or(until - STEP_SECS, |at| whole(seconds(at)));
    Stretch {
        from: from.max(earliest),
        until,
    }
}

impl<'p> Wanted<'p> {
    pub fn of(sli: &'p PromqlSli) -> Option<Self> {
        let (good, bad) = (sli.good.as_deref(), sli.bad.as_deref());
        let (total, minute) = (sli.total.as_deref(), sli.good_minute.as_deref());
        match (minute, good, bad, total) {
            (Some(minute), ..) => Some(Self::GoodMinute(minute)),
            (None, Some(good), Some(bad), _) => Some(Self::GoodAndBad(good, bad)),
            (None, Some(good), None, Some(total)) => Some(Self::GoodOfTotal(good, total)),
            (None, None, Some(bad), Some(total)) => Some(Self::BadOfTotal(bad, total)),
            _ => None,
        }
    }

    pub fn queries(&self) -> Vec<&'p str> {
        match self {
            Self::GoodOfTotal(one, other)
            | Self::BadOfTotal(one, other)
            | Self::GoodAndBad(one, other) => vec![one, other],
            Self::GoodMinute(minute) => vec![minute],
        }
    }
}

/// Counts the minutes of a stretch from the answers to the queries.
pub(super) fn count(
    wanted: &Wanted<'_>,
    answers: &[Vec<Points>],
    stretch: Stretch,
) -> Result<Vec<Minute>, Trouble> {
    let minutes = (stretch.from..stretch.until).step_by(60);
    let [first, rest @ ..] = answers else {
        return Ok(Vec::new());
    };
    let second = rest.first().map_or(&[][..], Vec::as_slice);
    let speaks = |series: &[Points]| series.iter().any(|s| s.contains_key(&stretch.until));
    // What counts all has to be there now; what counts bad ones may not exist before the first.
    let spoken = match wanted {
        Wanted::GoodOfTotal(..) | Wanted::BadOfTotal(..) => speaks(second),
        Wanted::GoodAndBad(..) => speaks(first) || speaks(second),
        Wanted::GoodMinute(_) => speaks(first),
    };
    if !spoken {
        return Err(Trouble::unreadable("the query gives no series now"));
    }
    let mut counted = Vec::new();
    for from in minutes {
        let until = from + STEP_SECS;
        let begins = answers.iter().flatten().filter_map(|s| s.keys().next());
        let heard = begins.copied().any(|at| at <= from);
        let grown = |series: &[Points]| grown(series, from, heard);
        let (good, bad) = match wanted {
            Wanted::GoodMinute(_) => {
                let mut values = first.iter().filter_map(|s| s.get(&until)).peekable();
                if values.peek().is_none() {
                    continue;
                }
                let good = values.all(|v| *v == 1.0);
                (u64::from(good), u64::from(!good))
            }
            Wanted::GoodAndBad(..) => (grown(first)?, grown(second)?),
            Wanted::GoodOfTotal(..) => {
                let total = grown(second)?;
                let good = grown(first)?.min(total);
                (good, total - good)
            }
            Wanted::BadOfTotal(..) => {
                let total = grown(second)?;
                let bad = grown(first)?.min(total);
                (total - bad, bad)
            }
        };
        counted.push(Minute {
            from: moment(from),
            until: moment(until),
            good,
            bad,
        });
    }
    Ok(counted)
}

/// What all series grew by in the minute from `from` on. `heard`: was anything there before?
fn grown(series: &[Points], from: i64, heard: bool) -> Result<u64, Trouble> {
    let until = from + STEP_SECS;
    let mut sum = 0.0;
    for points in series {
        let Some(now) = points.get(&until) else {
            continue;
        };
        let before = points.range(..=from).next_back().map(|(_, v)| *v);
        sum += match before {
            Some(before) if *now >= before => now - before,
            // It began anew, so all that it shows came since.
            Some(_) => *now,
            None if heard => *now,
            // Nothing was there before: how much of it is new cannot be told.
            None => 0.0,
        };
    }
    if !sum.is_finite() || !(0.0..9.0e15).contains(&sum) {
        return Err(Trouble::unreadable("the counters are not finite"));
    }
    // Within the range where every whole number has an exact value.
    Ok(sum.round() as u64)
}

fn moment(secs: i64) -> Time {
    Time::from_millis(secs.saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_795_424_400;

    fn series(points: &[(i64, f64)]) -> Points {
        points.iter().map(|(n, v)| (T + n * 60, *v)).collect()
    }

    fn counts(wanted: &Wanted<'_>, answers: &[Vec<Points>], minutes: i64) -> Vec<(u64, u64)> {
        let stretch = Stretch {
            from: T,
            until: T + minutes * 60,
        };
        let counted = count(wanted, answers, stretch).unwrap();
        counted.into_iter().map(|m| (m.good, m.bad)).collect()
    }

    #[test]
    fn counters_grow_begin_anew_and_appear() {
        let total = vec![
            series(&[(0, 100.0), (1, 110.0), (2, 4.0), (3, 9.0)]),
            series(&[(0, 7.0), (1, 7.0), (2, 7.0), (3, 7.0)]),
        ];
        // The first error makes its counter appear.
        let bad = vec![series(&[(2, 1.0), (3, 3.0)])];
        let wanted = Wanted::BadOfTotal("bad", "total");
        let counted = counts(&wanted, &[bad, total.clone()], 3);
        assert_eq!(counted, [(10, 0), (3, 1), (3, 2)]);
        let kinds = vec![
            series(&[(0, 50.0), (1, 60.0), (2, 60.0)]),
            series(&[(2, 3.0)]),
        ];
        let wanted = Wanted::GoodAndBad("good", "bad");
        assert_eq!(counts(&wanted, &[total, kinds], 2), [(10, 10), (4, 3)]);
    }

    #[test]
    fn a_gap_is_bridged_and_silence_is_no_zero() {
        let total = vec![series(&[(0, 10.0), (3, 16.0)])];
        let wanted = Wanted::GoodOfTotal("good", "total");
        let good = vec![series(&[(0, 5.0), (3, 10.0)])];
        let counted = counts(&wanted, &[good.clone(), total.clone()], 3);
        assert_eq!(counted, [(0, 0), (0, 0), (5, 1)]);
        let stretch = Stretch {
            from: T,
            until: T + 4 * 60,
        };
        let silent = count(&wanted, &[good, total], stretch).unwrap_err();
        assert_eq!(silent.detail, "the query gives no series now");
    }

    #[test]
    fn a_minute_is_good_when_all_say_so_and_unknown_without_a_word() {
        let says = vec![
            series(&[(1, 1.0), (2, 1.0), (4, 1.0)]),
            series(&[(1, 1.0), (2, 0.0), (4, 1.0)]),
        ];
        let counted = counts(&Wanted::GoodMinute("up"), &[says], 4);
        assert_eq!(counted, [(1, 0), (0, 1), (1, 0)]);
    }

    #[test]
    fn minutes_are_whole_and_made_up_for_within_reason() {
        let at = |secs: i64| Time::from_millis((T + secs) * 1000);
        let first = stretch(None, at(80));
        assert_eq!((first.from, first.until), (T, T + 60));
        assert!(stretch(Some(at(60)), at(134)).is_empty());
        let next = stretch(Some(at(60)), at(135));
        assert_eq!((next.from, next.until), (T + 60, T + 120));
        let late = stretch(Some(at(0)), at(86_400 + 15));
        assert_eq!(late.until - late.from, CATCH_UP_MINUTES * 60);
        let nan = vec![series(&[(0, 1.0), (1, f64::NAN)])];
        let one = Stretch {
            from: T,
            until: T + 60,
        };
        assert!(count(&Wanted::GoodAndBad("a", "b"), &[nan, vec![]], one).is_err());
    }
}
