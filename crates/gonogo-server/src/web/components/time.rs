//! Times as people read them: "4 min ago", "in 12 min", "14:02 UTC".
//!
//! `now` is always an argument: a page shows one moment, and a test can choose it. The script
//! (`assets/live.js`, `words` and `relative`) keeps such texts current with the same words, so
//! a change here is a change there.

use std::borrow::Borrow;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Markup;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// From here on hours say nothing any more.
const LONG_DAYS: u64 = 14;
/// A moment this close is simply "now".
const NOW_SECS: u64 = 5;

/// A moment, or a reference to one: templates hold either, depending on where a value stands.
pub trait At {
    /// The moment.
    fn at(&self) -> Timestamp;
}

impl At for Timestamp {
    fn at(&self) -> Timestamp {
        *self
    }
}

impl<T: At + ?Sized> At for &T {
    fn at(&self) -> Timestamp {
        (**self).at()
    }
}

/// "45 s", "4 min", "2 h 05 min", "3 d 4 h", "21 d". The sign is dropped.
pub fn duration(length: impl Borrow<SignedDuration>) -> String {
    let s = length.borrow().unsigned_abs().as_secs();
    let (m, h, d) = (s / MINUTE, s / HOUR, s / DAY);
    match () {
        () if s < MINUTE => format!("{s} s"),
        () if s < HOUR => format!("{m} min"),
        () if s < DAY && m % 60 > 0 => format!("{h} h {:02} min", m % 60),
        () if s < DAY => format!("{h} h"),
        () if d < LONG_DAYS && h % 24 > 0 => format!("{d} d {} h", h % 24),
        () => format!("{d} d"),
    }
}

/// "4 min ago", "in 12 min", "now".
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let gap = at.duration_since(now);
    match gap.unsigned_abs().as_secs() {
        secs if secs < NOW_SECS => "now".to_owned(),
        _ if gap.is_negative() => format!("{} ago", duration(gap)),
        _ => format!("in {}", duration(gap)),
    }
}

/// What a promise has left: "in 12:04", "3:10 overdue", "in 2 h 05 min".
pub fn due(at: Timestamp, now: Timestamp) -> String {
    let gap = at.duration_since(now);
    let secs = gap.unsigned_abs().as_secs();
    let left = if secs >= HOUR {
        duration(gap)
    } else {
        format!("{}:{:02}", secs / MINUTE, secs % MINUTE)
    };
    if gap.is_positive() {
        format!("in {left}")
    } else {
        format!("{left} overdue")
    }
}

/// "14:02 UTC" today, "2 Nov 14:02 UTC" on another day, with the year in another year.
pub fn clock(at: impl At, now: impl At) -> String {
    let (at, now) = (
        at.at().to_zoned(TimeZone::UTC),
        now.at().to_zoned(TimeZone::UTC),
    );
    let shape = if at.date() == now.date() {
        "%H:%M UTC"
    } else if at.year() == now.year() {
        "%-d %b %H:%M UTC"
    } else {
        "%-d %b %Y %H:%M UTC"
    };
    at.strftime(shape).to_string()
}

/// "3 Nov 2026".
pub fn day(at: impl At) -> String {
    at.at()
        .to_zoned(TimeZone::UTC)
        .strftime("%-d %b %Y")
        .to_string()
}

/// "14:02": for places whose unit is said once, such as an axis or a timeline.
pub fn hour_minute(at: impl At) -> String {
    at.at()
        .to_zoned(TimeZone::UTC)
        .strftime("%H:%M")
        .to_string()
}

/// "2026-11-03 14:02:05 UTC": exact, for a title.
pub fn exact(at: impl At) -> String {
    at.at()
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// RFC 3339 without a fraction, for a `datetime` attribute.
pub fn rfc3339(at: impl At) -> String {
    at.at()
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// `<time>` with "4 min ago" or "in 12 min"; the script keeps it current.
pub fn ago(at: impl At, now: impl At) -> Markup {
    let (at, now) = (at.at(), now.at());
    element(at, "ago", &relative(at, now))
}

/// `<time>` with "4 min": how long something has lasted.
pub fn lasting(since: impl At, now: impl At) -> Markup {
    let (since, now) = (since.at(), now.at());
    element(since, "for", &duration(now.duration_since(since)))
}

/// `<time>` with "in 12:04": a countdown that turns into "3:10 overdue".
pub fn countdown(at: impl At, now: impl At) -> Markup {
    let (at, now) = (at.at(), now.at());
    element(at, "due", &due(at, now))
}

/// `<time>` with "14:02 UTC".
pub fn stamp(at: impl At, now: impl At) -> Markup {
    element(at.at(), "", &clock(at, now))
}

fn element(at: Timestamp, tick: &str, text: &str) -> Markup {
    let tick = match tick {
        "" => String::new(),
        kind => format!(" data-tick=\"{kind}\""),
    };
    Markup::trusted(format!(
        "<time datetime=\"{}\" title=\"{}\"{tick}>{text}</time>",
        rfc3339(at),
        exact(at),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn durations_read_like_speech() {
        let said = |secs| duration(SignedDuration::from_secs(secs));
        assert_eq!(said(0), "0 s");
        assert_eq!(said(59), "59 s");
        assert_eq!(said(-60), "1 min");
        assert_eq!(said(3599), "59 min");
        assert_eq!(said(3600), "1 h");
        assert_eq!(said(7500), "2 h 05 min");
        assert_eq!(said(86_400), "1 d");
        assert_eq!(said(3 * 86_400 + 4 * 3600 + 59), "3 d 4 h");
        assert_eq!(said(21 * 86_400 + 5 * 3600), "21 d");
        assert_eq!(said(i64::MIN + 1), "106751991167300 d");
    }

    #[test]
    fn relative_times_know_both_directions() {
        let now = at("2026-11-03T14:02:05Z");
        assert_eq!(relative(at("2026-11-03T14:02:01Z"), now), "now");
        assert_eq!(relative(at("2026-11-03T13:58:00Z"), now), "4 min ago");
        assert_eq!(relative(at("2026-11-03T14:14:05Z"), now), "in 12 min");
        assert_eq!(due(at("2026-11-03T14:14:09Z"), now), "in 12:04");
        assert_eq!(due(at("2026-11-03T13:58:55Z"), now), "3:10 overdue");
        assert_eq!(due(now, now), "0:00 overdue");
        assert_eq!(due(at("2026-11-03T16:07:05Z"), now), "in 2 h 05 min");
    }

    #[test]
    fn clocks_say_the_day_only_when_it_is_another() {
        let now = at("2026-11-03T14:02:05Z");
        assert_eq!(clock(at("2026-11-03T00:00:00Z"), now), "00:00 UTC");
        assert_eq!(clock(at("2026-11-02T23:59:59Z"), now), "2 Nov 23:59 UTC");
        assert_eq!(
            clock(at("2025-11-03T14:02:05Z"), now),
            "3 Nov 2025 14:02 UTC"
        );
    }

    #[test]
    fn the_element_carries_the_exact_time() {
        let now = at("2026-11-03T14:02:05Z");
        insta::assert_snapshot!(
            ago(at("2026-11-03T13:58:00.250Z"), now),
            @r#"<time datetime="2026-11-03T13:58:00Z" title="2026-11-03 13:58:00 UTC" data-tick="ago">4 min ago</time>"#
        );
    }
}
