//! Times that come again and again, as a crontab writes them: `30 3 * * mon-fri`.
//!
//! The five fields of POSIX crontab with lists, ranges, steps and names, read in a zone.
//! A time that the clocks skip happens when they have moved on, one that they repeat happens
//! once. Invariant: an expression that no calendar meets gives `None` and never loops.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan as _};

use crate::decode::{Cx, Decode, Definitions, scalar};
use crate::when::Zone;
use crate::yaml::Node;

/// How far ahead or back an occurrence is looked for: 29 February is at most eight years away.
const DAYS_SEARCHED: u32 = 8 * 366 + 2;

/// From when on gaps are measured, 1 January 2026, and how many.
const GAPS_FROM: i64 = 1_767_225_600;
const GAPS_LOOKED_AT: u32 = 400;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A crontab expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Crontab joins two restricted day fields with "or".
    either_day: bool,
}

impl Cron {
    /// Parses five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let spelled = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            other => other,
        };
        let fields: Vec<&str> = spelled.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!(
                "`{text}` is not a crontab time: write five fields, such as `30 3 * * mon-fri`"
            ));
        };
        let weekdays = field(weekday, 0, 7, &DAYS, 0)?;
        Ok(Self {
            text: text.trim().to_string(),
            minutes: field(minute, 0, 59, &[], 0)?,
            hours: field(hour, 0, 23, &[], 0)?,
            days: field(day, 1, 31, &[], 0)?,
            months: field(month, 1, 12, &MONTHS, 1)?,
            // Sunday is 0 and 7.
            weekdays: (weekdays | (weekdays >> 7)) & 0x7f,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        })
    }

    /// The first occurrence after an instant.
    pub fn next_after(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        // A day earlier, because a skipped time happens later than its wall time says.
        let mut day = zone.local(at).date().yesterday().ok()?;
        for _ in 0..DAYS_SEARCHED {
            let found = self.on(day, zone).filter(|t| *t > at).min();
            if found.is_some() {
                return found;
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// The last occurrence at or before an instant.
    pub fn last_at(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        let mut day = zone.local(at).date();
        for _ in 0..DAYS_SEARCHED {
            let found = self.on(day, zone).filter(|t| *t <= at).max();
            if found.is_some() {
                return found;
            }
            day = day.yesterday().ok()?;
        }
        None
    }

    /// The longest time between two occurrences, over the next few hundred of them.
    pub fn longest_gap(&self, zone: &Zone) -> Option<crate::Duration> {
        let mut at = Timestamp::from_second(GAPS_FROM).ok()?;
        let mut longest = None;
        at = self.next_after(zone, at)?;
        for _ in 0..GAPS_LOOKED_AT {
            let next = self.next_after(zone, at)?;
            longest = longest.max(Some(next.as_millisecond() - at.as_millisecond()));
            at = next;
        }
        longest.map(crate::Duration::from_millis)
    }

    fn on<'a>(&'a self, day: Date, zone: &'a Zone) -> impl Iterator<Item = Timestamp> + 'a {
        let begin: DateTime = day.at(0, 0, 0, 0);
        let (hours, minutes) = match self.falls_on(day) {
            true => (self.hours, self.minutes),
            false => (0, 0),
        };
        bits(hours).flat_map(move |hour| {
            bits(minutes).filter_map(move |minute| {
                let step = hour.hours().minutes(minute);
                let at = zone.instant(begin.checked_add(step).ok()?);
                (at < Timestamp::MAX).then_some(at)
            })
        })
    }

    fn falls_on(&self, day: Date) -> bool {
        let has = |set: u64, at: i8| set & (1 << at) != 0;
        let by_day = has(self.days, day.day());
        let by_weekday = has(self.weekdays, day.weekday().to_sunday_zero_offset());
        let on_day = match self.either_day {
            true => by_day || by_weekday,
            false => by_day && by_weekday,
        };
        has(self.months, day.month()) && on_day
    }
}

fn bits(set: u64) -> impl Iterator<Item = i64> {
    (0..64).filter(move |at| set & (1 << at) != 0)
}

/// Reads one field: lists of numbers, names, ranges and steps.
fn field(text: &str, low: u32, high: u32, names: &[&str], first: u32) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a field of a crontab time: {low} to {high}");
    let number = |part: &str| -> Result<u32, String> {
        let lower = part.to_ascii_lowercase();
        if let Some(place) = names.iter().position(|name| *name == lower) {
            return u32::try_from(place).map(|p| p + first).map_err(|_| wrong());
        }
        let plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let value: u32 = part.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
        (low..=high)
            .contains(&value)
            .then_some(value)
            .ok_or_else(wrong)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u32>().map_err(|_| wrong())?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if step == 0 || from > to {
            return Err(wrong());
        }
        let mut at = from;
        while at <= to {
            set |= 1 << at;
            at = at.saturating_add(step);
        }
    }
    Ok(set)
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Decode for Cron {
    fn decode(node: &Node, cx: &mut Cx) -> Option<Self> {
        scalar(node, cx, "a crontab time", Self::parse)
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({
            "type": "string",
            "pattern": "^(@[a-z]+|([0-9A-Za-z*,/-]+ +){4}[0-9A-Za-z*,/-]+)$",
        })
    }

    fn written(&self) -> Option<serde_json::Value> {
        Some(self.text.clone().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, zone: &str, at: &str) -> String {
        let zone = Zone::parse(zone).unwrap();
        let cron = Cron::parse(cron).unwrap();
        cron.next_after(&zone, at.parse().unwrap())
            .map_or("-".into(), |t| t.to_string())
    }

    fn last(cron: &str, zone: &str, at: &str) -> String {
        let zone = Zone::parse(zone).unwrap();
        let cron = Cron::parse(cron).unwrap();
        cron.last_at(&zone, at.parse().unwrap())
            .map_or("-".into(), |t| t.to_string())
    }

    #[test]
    fn lists_ranges_steps_and_names() {
        let at = "2026-11-23T09:00:00Z";
        assert_eq!(next("*/15 * * * *", "UTC", at), "2026-11-23T09:15:00Z");
        assert_eq!(next("5,35 8-10 * * *", "UTC", at), "2026-11-23T09:05:00Z");
        assert_eq!(next("0 3 * * sat,sun", "UTC", at), "2026-11-28T03:00:00Z");
        assert_eq!(next("0 3 * * 7", "UTC", at), "2026-11-29T03:00:00Z");
        assert_eq!(next("0 0 29 feb *", "UTC", at), "2028-02-29T00:00:00Z");
        assert_eq!(next("@monthly", "UTC", at), "2026-12-01T00:00:00Z");
        assert_eq!(next("10/20 * * * *", "UTC", at), "2026-11-23T09:10:00Z");
        assert_eq!(last("0 3 * * *", "UTC", at), "2026-11-23T03:00:00Z");
        assert_eq!(last("0 9 * * *", "UTC", at), at);
    }

    #[test]
    fn two_restricted_day_fields_are_joined_with_or() {
        let at = "2026-11-23T09:00:00Z";
        assert_eq!(next("0 0 1 * fri", "UTC", at), "2026-11-27T00:00:00Z");
        assert_eq!(next("0 0 25 * fri", "UTC", at), "2026-11-25T00:00:00Z");
    }

    #[test]
    fn a_day_that_no_calendar_has_ends() {
        assert_eq!(next("0 0 31 2 *", "UTC", "2026-11-23T09:00:00Z"), "-");
        assert_eq!(last("0 0 30 2 *", "UTC", "2026-11-23T09:00:00Z"), "-");
        assert_eq!(next("* * * * *", "UTC", "9999-12-30T22:00:00Z"), "-");
    }

    #[test]
    fn times_that_the_clocks_skip_or_repeat_happen_once() {
        // Berlin skips 02:00 to 03:00 on 29 March 2026 and repeats it on 25 October.
        let berlin = "Europe/Berlin";
        let before = "2026-03-28T12:00:00Z";
        assert_eq!(next("30 2 * * *", berlin, before), "2026-03-29T01:30:00Z");
        assert_eq!(
            next("30 2 * * *", berlin, "2026-03-29T01:30:00Z"),
            "2026-03-30T00:30:00Z"
        );
        let before = "2026-10-24T12:00:00Z";
        assert_eq!(next("30 2 * * *", berlin, before), "2026-10-25T00:30:00Z");
        assert_eq!(
            next("30 2 * * *", berlin, "2026-10-25T00:30:00Z"),
            "2026-10-26T01:30:00Z"
        );
    }

    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "5-3 * * * *",
            "a * * * *",
            "+5 * * * *",
            "99999999999 * * * *",
            "1,,2 * * * *",
        ] {
            assert!(Cron::parse(bad).is_err(), "{bad}");
        }
    }
}
