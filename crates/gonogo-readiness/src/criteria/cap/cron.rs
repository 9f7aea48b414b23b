//! When jobs start: five fields of cron as sets.
//!
//! Two jobs can only meet where each of their fields meets, so no calendar has to be played
//! through. Where both days are restricted cron takes either, and so does this.

/// The starts of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// The day of the month and that of the week are both restricted: either is enough.
    either_day: bool,
}

impl Cron {
    /// Reads `0 2 1 * *`, `*/15 * * * 1-5` or `30 4 * * sun`; `None` where it is no cron.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return None;
        };
        let week = set(weekdays, 0, 7, WEEKDAYS)?;
        Some(Self {
            minutes: set(minutes, 0, 59, &[])?,
            hours: set(hours, 0, 23, &[])?,
            days: set(days, 1, 31, &[])?,
            months: set(months, 1, 12, MONTHS)?,
            // Sunday is 0 and 7.
            weekdays: (week | week >> 7) & 0x7f,
            either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
        })
    }

    /// How often it starts on a day on which it runs.
    pub fn starts_a_day(&self) -> u32 {
        self.minutes.count_ones() * self.hours.count_ones()
    }

    /// The minutes of the day at which it starts, in order.
    pub fn minutes_of_day(&self) -> impl Iterator<Item = u16> + '_ {
        let hours = (0..24u16).filter(|h| self.hours >> h & 1 == 1);
        hours.flat_map(|hour| {
            let minutes = (0..60u16).filter(|m| self.minutes >> m & 1 == 1);
            minutes.map(move |minute| hour * 60 + minute)
        })
    }

    /// Is there a day on which both run?
    pub fn shares_a_day(&self, other: &Self) -> bool {
        if self.months & other.months == 0 {
            return false;
        }
        let month_days = self.days & other.days != 0;
        let week_days = self.weekdays & other.weekdays != 0;
        match (self.either_day, other.either_day) {
            (false, false) => month_days && week_days,
            // One of the two ways of one meets some day of the other, as every date comes to
            // lie on every day of the week.
            _ => true,
        }
    }
}

const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: &[&str] = &[
    "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// A field as a set of numbers from `least` to `most`, at most 63.
fn set(field: &str, least: u32, most: u32, names: &[&str]) -> Option<u64> {
    let number = |text: &str| {
        let named = names
            .iter()
            .position(|n| !n.is_empty() && n.eq_ignore_ascii_case(text));
        let found = match named {
            Some(at) => u32::try_from(at).ok()?,
            None => text.parse().ok()?,
        };
        (least..=most).contains(&found).then_some(found)
    };
    let mut found = 0;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|s| *s > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            // `5/15` goes on from 5.
            None => (
                number(range)?,
                if step.is_some() { most } else { number(range)? },
            ),
        };
        if from > to {
            return None;
        }
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        found |= (from..=to).step_by(step).fold(0, |all, n| all | 1u64 << n);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cron(text: &str) -> Cron {
        Cron::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(cron("*/15 2 * * *").starts_a_day(), 4);
        assert_eq!(cron("5/20 1-3 * * *").starts_a_day(), 9);
        let starts: Vec<u16> = cron("0,30 2 * * *").minutes_of_day().collect();
        assert_eq!(starts, [120, 150]);
        assert_eq!(cron("0 0 * * sun"), cron("0 0 * * 7"));
        for bad in [
            "",
            "0 2 * *",
            "60 2 * * *",
            "0 2 0 * *",
            "x * * * *",
            "*/0 * * * *",
            "5-1 * * * *",
        ] {
            assert_eq!(Cron::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn knows_whether_two_can_run_on_one_day() {
        assert!(cron("0 2 * * *").shares_a_day(&cron("0 2 1 * *")));
        assert!(!cron("0 2 1 * *").shares_a_day(&cron("0 2 2 * *")));
        assert!(!cron("0 2 * 1 *").shares_a_day(&cron("0 2 * 2 *")));
        assert!(!cron("0 2 * * mon").shares_a_day(&cron("0 2 * * tue")));
        assert!(cron("0 2 1 * *").shares_a_day(&cron("0 2 * * tue")));
        assert!(cron("0 2 1 * mon").shares_a_day(&cron("0 2 2 * *")));
    }
}
