//! Maintenance: times at which trouble is expected, so that nobody is woken for it.
//!
//! It hides nothing: what it covers is asked and shown as always. Invariant: every window
//! ends, and between two of a schedule there is time in which people are called.

use jiff::Timestamp;

use crate::alert::Alert;
use crate::check::Check;
use crate::component::Component;
use crate::cron::Cron;
use crate::decode::{choice, record};
use crate::diagnostic::Diagnostic;
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::package::Package;
use crate::text::{Span, Spanned};
use crate::when::{Instant, Zone};

/// The longest window: longer, and it is no maintenance but a thing that nobody watches.
pub const LONGEST: Duration = Duration::from_hours(7 * 24);
/// From when on the windows of a schedule are looked at, 1 January 2026, and how many.
const LOOKED_AT_FROM: i64 = 1_767_225_600;
const LOOKED_AT: u32 = 400;

record! {
    /// A time at which trouble is expected.
    pub struct Maintenance as "a maintenance window" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// What it covers; everything, where it is not written.
        pub what: Option<Covered>,
        /// When.
        pub when: MaintenanceTime,
        /// Why.
        pub reason: String,
        /// Does what is counted meanwhile stay out of SLOs? Customers feel it all the same, so
        /// that it counts unless this is written.
        pub excluded: bool = false,
        /// What customers read on the public status page before and while it goes on; nothing,
        /// where it is not written.
        pub customers: Option<String>,
    }
}
entity!(Maintenance, Maintenance);

record! {
    /// What a maintenance window covers: all that is written.
    pub struct Covered as "what a maintenance window covers" {
        /// The alerts of these components.
        pub components: Vec<Ref<Component>>,
        /// The alerts on these checks.
        pub checks: Vec<Ref<Check>>,
        /// These alerts.
        pub alerts: Vec<Ref<Alert>>,
        /// Also the alerts of what needs these components to work, by the graph.
        pub dependents: bool = false,
    }
}

choice! {
    /// When a maintenance window is.
    pub enum MaintenanceTime as "a time of maintenance" {
        /// Again and again.
        Repeats(Repeats) = "repeats",
        /// Once.
        Once(Once) = "once",
    }
}

record! {
    /// A window that comes again.
    pub struct Repeats as "a window that comes again" {
        /// When it begins, as a crontab writes it.
        pub cron: Cron,
        /// The zone of `cron`.
        pub time_zone: Zone = Zone::utc(),
        /// How long it lasts.
        pub lasts: Spanned<Duration>,
    }
}

record! {
    /// A window that comes once.
    pub struct Once as "a window that comes once" {
        /// From when.
        pub from: Instant,
        /// Until when.
        pub until: Instant,
    }
}

impl MaintenanceTime {
    /// The window that is on at a time, or the next one: from when until when.
    pub fn at_or_after(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Once(once) => (at < once.until.0).then_some((once.from.0, once.until.0)),
            Self::Repeats(repeats) => {
                let ends = |from: Timestamp| {
                    let millis = from.as_millisecond();
                    let end = millis.saturating_add(repeats.lasts.as_millis());
                    Some((from, Timestamp::from_millisecond(end).ok()?))
                };
                let last = repeats.cron.last_at(&repeats.time_zone, at).and_then(ends);
                last.filter(|(_, until)| at < *until)
                    .or_else(|| ends(repeats.cron.next_after(&repeats.time_zone, at)?))
            }
        }
    }

    /// The share of the time that it takes, in hundredths, over the next few hundred windows;
    /// none of one that comes once.
    pub fn percent(&self) -> Option<i64> {
        let Self::Repeats(repeats) = self else {
            return None;
        };
        let (first, last, windows, _) = looked_at(repeats)?;
        let whole = last.as_millisecond() - first.as_millisecond();
        let within = repeats.lasts.as_millis().saturating_mul(windows);
        Some(within.saturating_mul(100) / whole.max(1))
    }
}

/// The first and the last of the windows that are looked at, how many lie between them, and
/// the shortest time from one to the next.
fn looked_at(repeats: &Repeats) -> Option<(Timestamp, Timestamp, i64, i64)> {
    let begin = Timestamp::from_second(LOOKED_AT_FROM).ok()?;
    let first = repeats.cron.next_after(&repeats.time_zone, begin)?;
    let (mut last, mut windows, mut shortest) = (first, 0, i64::MAX);
    for _ in 0..LOOKED_AT {
        let Some(next) = repeats.cron.next_after(&repeats.time_zone, last) else {
            break;
        };
        shortest = shortest.min(next.as_millisecond() - last.as_millisecond());
        windows += 1;
        last = next;
    }
    (windows > 0).then_some((first, last, windows, shortest))
}

/// What is wrong with windows that each can be read.
pub(crate) fn mistakes(package: &Package, found: &mut Vec<Diagnostic>) {
    for window in package.maintenance.values() {
        match &window.when {
            MaintenanceTime::Once(once) => {
                let length = once.until.0.as_millisecond() - once.from.0.as_millisecond();
                length_of(Duration::from_millis(length), window.id.span, found);
            }
            MaintenanceTime::Repeats(repeats) => {
                length_of(*repeats.lasts, repeats.lasts.span, found);
                let shortest = looked_at(repeats).map(|(_, _, _, shortest)| shortest);
                if shortest.is_some_and(|s| s <= repeats.lasts.as_millis()) {
                    let wrong = Diagnostic::error(
                        "maintenance-never-ends",
                        repeats.lasts.span,
                        "this maintenance begins again before it has ended",
                    );
                    let wrong = wrong.label("as long as the time between two, or longer");
                    found.push(wrong.help("let it last for less, or come less often: while it goes on, nobody is called"));
                }
            }
        }
        let names_nothing =
            |c: &Covered| c.components.is_empty() && c.checks.is_empty() && c.alerts.is_empty();
        if window.what.as_ref().is_some_and(names_nothing) {
            let wrong = Diagnostic::error(
                "maintenance-covers-nothing",
                window.id.span,
                "this maintenance covers nothing",
            );
            found.push(wrong.help(
                "name components, checks or alerts, or leave `what:` out to cover everything",
            ));
        }
    }
}

fn length_of(length: Duration, span: Span, found: &mut Vec<Diagnostic>) {
    let wrong = if length <= Duration::ZERO {
        "this maintenance ends before it begins".to_string()
    } else if length > LONGEST {
        format!("this maintenance lasts longer than {LONGEST}")
    } else {
        return;
    };
    let help = "a window that does not end is a thing that nobody watches: write a shorter one, or take the alert away";
    found.push(Diagnostic::error("maintenance-length", span, wrong).help(help));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(lasts: i64) -> MaintenanceTime {
        MaintenanceTime::Repeats(Repeats {
            cron: Cron::parse("0 2 * * sun").unwrap(),
            time_zone: Zone::parse("Europe/Berlin").unwrap(),
            lasts: Spanned::of(Duration::from_hours(lasts)),
        })
    }

    fn at(when: &MaintenanceTime, at: &str) -> String {
        let found = when.at_or_after(at.parse().unwrap());
        found.map_or("-".into(), |(from, until)| format!("{from} {until}"))
    }

    #[test]
    fn the_window_that_is_on_or_the_next() {
        let when = weekly(2);
        let first = "2026-11-29T01:00:00Z 2026-11-29T03:00:00Z";
        let next = "2026-12-06T01:00:00Z 2026-12-06T03:00:00Z";
        assert_eq!(at(&when, "2026-11-23T09:00:00Z"), first);
        assert_eq!(at(&when, "2026-11-29T01:00:00Z"), first);
        assert_eq!(at(&when, "2026-11-29T02:59:59Z"), first);
        assert_eq!(at(&when, "2026-11-29T03:00:00Z"), next);
        // A night on which the clocks skip two o'clock: it begins when they have moved on.
        let skipped = "2026-03-29T01:00:00Z 2026-03-29T03:00:00Z";
        assert_eq!(at(&when, "2026-03-28T09:00:00Z"), skipped);
    }

    #[test]
    fn the_share_of_the_week() {
        assert_eq!(weekly(2).percent(), Some(1));
        assert_eq!(weekly(84).percent(), Some(50));
    }
}
