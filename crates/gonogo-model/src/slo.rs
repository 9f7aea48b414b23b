//! Service level objectives, in the words of the SRE workbook.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::check::Check;
use crate::component::{Component, Journey};
use crate::decode::{choice, record, words};
use crate::duration::Duration;
use crate::expression::Where;
use crate::flow::Flow;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::package::Package;
use crate::percent::Percent;
use crate::setting::{SecretRef, Setting};
use crate::source::Source;
use crate::team::Role;
use crate::text::Spanned;
use crate::when::Zone;

record! {
    /// A promise about a ratio of good to all, over a window.
    pub struct Slo as "an SLO" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The journey it is about.
        pub journey: Option<Ref<Journey>>,
        /// Who answers for it.
        pub owner: Option<Ref<Role>>,
        /// What is counted.
        pub sli: Sli,
        /// The share that has to be good.
        pub target: Percent,
        /// The rolling window.
        pub window: Duration = Duration::from_hours(28 * 24),
        /// A window of the calendar instead: the budget is whole again when the next one begins.
        pub calendar: Option<Calendar>,
        /// Below this many counted items in a window there is nothing to say: "too few events".
        pub min_events: u32 = 10,
        /// So many bad items a window are allowed, however many are counted: a budget for what is
        /// rare, which needs no `min_events`. Without it the target says how many.
        pub budget_events: Option<u32>,
        /// Does its journey fail with it? `journey: ID` as an SLI takes these together.
        pub critical: bool = true,
        /// The component that it is about, where what is counted does not say.
        pub component: Option<Ref<Component>>,
    }
}
entity!(Slo, Slo);

choice! {
    /// What an SLO counts.
    pub enum Sli as "an SLI" {
        /// Starts of a flow that ended in time, over all that are due.
        Completion(Ref<Flow>) = "flow_completion",
        /// Ends of a flow that were a success, over all ends.
        Success(Ref<Flow>) = "flow_success",
        /// Ends of a flow that came fast enough, over all ends.
        Latency(LatencySli) = "flow_latency",
        /// Good answers of a check, over all answers.
        Check(Ref<Check>) = "check",
        /// Deliveries of a source that the product acknowledged in time, over all that were received.
        Delivery(DeliverySli) = "delivery",
        /// Good events of a source, over all that match.
        Events(EventsSli) = "events",
        /// The increase of counters that a Prometheus has.
        Promql(PromqlSli) = "promql",
        /// Other SLOs, weighed.
        Composite(CompositeSli) = "composite",
        /// All critical SLOs of a journey: it is good only where every one of them is.
        Journey(Ref<Journey>) = "journey",
    }
}

record! {
    /// A window of the calendar.
    pub struct Calendar as "a calendar window" {
        /// How long one is.
        pub every: CalendarUnit = CalendarUnit::Month,
        /// In whose time zone it begins, at midnight.
        pub zone: Zone = Zone::utc(),
    }
}

words! {
    /// How long a calendar window is.
    pub enum CalendarUnit as "a calendar window" {
        /// From Monday to Sunday.
        Week = "week",
        /// A month.
        Month = "month",
        /// A quarter of a year, from January, April, July and October on.
        Quarter = "quarter",
    }
}

record! {
    /// Events of a source, good and all.
    pub struct EventsSli as "an events SLI" {
        /// The source they come from.
        pub source: Ref<Source>,
        /// The types that are counted, any of them.
        pub event: Vec<String>,
        /// Fields and the values they may have for an event to be counted; all have to match.
        pub only: BTreeMap<String, Vec<String>>,
        /// What else has to hold of an event for it to be counted, in CEL: `data.object.amount > 100000`.
        pub r#where: Option<Box<Where>>,
        /// The types of those that are good; any, where none is written.
        pub good_event: Vec<String>,
        /// Fields and the values they may have for a counted event to be good; all have to match.
        pub good: BTreeMap<String, Vec<String>>,
        /// What else has to hold of a counted event for it to be good, in CEL.
        pub good_where: Option<Box<Where>>,
        /// A number that a good event does not exceed.
        pub at_most: Option<Bound>,
    }
}

record! {
    /// A number of an event and its bound.
    pub struct Bound as "a bound" {
        /// The field that holds the number.
        pub field: String,
        /// The largest that is good, as a whole number: milliseconds, cents, bytes.
        pub value: i64,
    }
}

record! {
    /// Counters of a Prometheus, Mimir or Google Managed Prometheus. They are read once a minute,
    /// and what each series grew by since the minute before is counted.
    pub struct PromqlSli as "a promql SLI" {
        /// Where its API is, up to the `/api/v1`.
        pub url: Setting,
        /// The bearer token it wants.
        pub token: Option<SecretRef>,
        /// The counters of what is good: `http_requests_total{code!~"5.."}`.
        pub good: Option<String>,
        /// The counters of what is bad, where that is easier to say.
        pub bad: Option<String>,
        /// The counters of all.
        pub total: Option<String>,
        /// An expression that is 1 while it is good and 0 while it is not, instead of counters:
        /// each minute is counted as one item.
        pub good_minute: Option<String>,
    }
}

record! {
    /// Other SLOs, weighed.
    pub struct CompositeSli as "a composite SLI" {
        /// Which, and how much each of them weighs.
        pub of: Vec<Weighed>,
    }
}

record! {
    /// A part of a composite.
    pub struct Weighed as "a part of a composite" {
        /// The SLO.
        pub slo: Ref<Slo>,
        /// How much it weighs.
        pub weight: u32 = 1,
    }
}

impl Calendar {
    /// The window that a moment lies in: its first moment, and the first after it.
    pub fn window(&self, at: Timestamp) -> (Timestamp, Timestamp) {
        let today = self.zone.local(at).date();
        let first = match self.every {
            CalendarUnit::Week => {
                let back = i64::from(today.weekday().to_monday_zero_offset());
                today.saturating_sub(back.days())
            }
            CalendarUnit::Month => today.first_of_month(),
            CalendarUnit::Quarter => {
                let month = (today.month() - 1) / 3 * 3 + 1;
                Date::new(today.year(), month, 1).unwrap_or_else(|_| today.first_of_month())
            }
        };
        let next = match self.every {
            CalendarUnit::Week => first.saturating_add(7.days()),
            CalendarUnit::Month => first.saturating_add(1.month()),
            CalendarUnit::Quarter => first.saturating_add(3.months()),
        };
        let midnight = |date: Date| self.zone.instant(date.at(0, 0, 0, 0));
        (midnight(first), midnight(next))
    }

    /// How long a window is, for what is reckoned by its length.
    pub fn length(&self) -> Duration {
        Duration::from_hours(match self.every {
            CalendarUnit::Week => 7 * 24,
            CalendarUnit::Month => 30 * 24,
            CalendarUnit::Quarter => 91 * 24,
        })
    }
}

impl Slo {
    /// How long its window is; of a calendar window the usual length.
    pub fn period(&self) -> Duration {
        self.calendar.as_ref().map_or(self.window, Calendar::length)
    }

    /// The window in words: "28d", "the calendar month (Europe/Berlin)".
    pub fn window_words(&self) -> String {
        match &self.calendar {
            Some(c) => format!("the calendar {} ({})", c.every, c.zone.name()),
            None => self.window.to_string(),
        }
    }

    /// The SLOs that it is made of; none, where it counts something itself.
    pub fn parts<'p>(&self, package: &'p Package) -> Vec<(&'p Slo, u32)> {
        match &self.sli {
            Sli::Composite(composite) => {
                let parts = composite.of.iter();
                let found = parts.filter_map(|w| Some((package.slos.get(&w.slo.id)?, w.weight)));
                found.collect()
            }
            Sli::Journey(journey) => {
                let of = |slo: &&Slo| {
                    let about = slo.journey.as_ref().is_some_and(|j| j.id == journey.id);
                    about && slo.critical && !slo.sli.is_made_of_slos()
                };
                package.slos.values().filter(of).map(|s| (s, 1)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The component that it is about, in a package that loads.
    pub fn component<'p>(&'p self, package: &'p Package) -> Option<&'p Id> {
        if let Some(written) = &self.component {
            return Some(&written.id);
        }
        let flow = |id: &Id| package.flows.get(id).map(|f| &f.component.id);
        match &self.sli {
            Sli::Completion(f) | Sli::Success(f) => flow(&f.id),
            Sli::Latency(l) => flow(&l.flow.id),
            Sli::Check(c) => package.checks.get(&c.id).map(|c| &c.component.id),
            Sli::Events(e) => {
                let source = package.sources.get(&e.source.id)?;
                source.component.as_ref().map(|c| &c.id)
            }
            Sli::Delivery(d) => {
                let forward = package.sources.get(&d.source.id)?.forward.as_ref()?;
                Some(&forward.to.id)
            }
            Sli::Promql(_) => None,
            Sli::Composite(_) | Sli::Journey(_) => {
                let mut parts = self.parts(package).into_iter();
                parts.find_map(|(part, _)| part.component_of_plain(package))
            }
        }
    }

    /// As [`Self::component`], for what is not made of others.
    fn component_of_plain<'p>(&'p self, package: &'p Package) -> Option<&'p Id> {
        if self.sli.is_made_of_slos() {
            return self.component.as_ref().map(|c| &c.id);
        }
        self.component(package)
    }
}

impl Sli {
    /// Is it made of other SLOs, and counts nothing itself?
    pub fn is_made_of_slos(&self) -> bool {
        matches!(self, Self::Composite(_) | Self::Journey(_))
    }

    /// The flow that is counted.
    pub fn flow(&self) -> Option<&Id> {
        match self {
            Self::Completion(flow) | Self::Success(flow) => Some(&flow.id),
            Self::Latency(latency) => Some(&latency.flow.id),
            _ => None,
        }
    }

    /// The check that is counted.
    pub fn check(&self) -> Option<&Id> {
        match self {
            Self::Check(check) => Some(&check.id),
            _ => None,
        }
    }
}

impl EventsSli {
    /// Does it count events of this source and type?
    pub fn counts(&self, source: &Id, event: &str) -> bool {
        let listed = |types: &[String]| types.iter().any(|t| t == event);
        self.source.id == *source && (listed(&self.event) || listed(&self.good_event))
    }

    /// The fields that have to be kept of the events that are counted.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let named = self.only.keys().chain(self.good.keys());
        named
            .chain(self.at_most.iter().map(|b| &b.field))
            .map(String::as_str)
    }
}

record! {
    /// Deliveries that the product acknowledged.
    pub struct DeliverySli as "a delivery SLI" {
        /// The source; it has to say `forward`.
        pub source: Ref<Source>,
    }
}

record! {
    /// Ends that came fast enough.
    pub struct LatencySli as "a latency SLI" {
        /// The flow.
        pub flow: Ref<Flow>,
        /// How fast is fast enough.
        pub under: Duration,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_windows_begin_at_local_midnight_and_follow_one_another() {
        let window = |every, zone: &str, at: &str| {
            let zone = Zone::parse(zone).unwrap();
            let (from, until) = Calendar { every, zone }.window(at.parse().unwrap());
            format!("{from} {until}")
        };
        assert_eq!(
            window(CalendarUnit::Month, "Europe/Berlin", "2026-03-31T22:30:00Z"),
            "2026-03-31T22:00:00Z 2026-04-30T22:00:00Z"
        );
        assert_eq!(
            window(CalendarUnit::Week, "UTC", "2026-11-29T23:59:59Z"),
            "2026-11-23T00:00:00Z 2026-11-30T00:00:00Z"
        );
        assert_eq!(
            window(
                CalendarUnit::Quarter,
                "America/New_York",
                "2026-12-31T23:00:00Z"
            ),
            "2026-10-01T04:00:00Z 2027-01-01T05:00:00Z"
        );
        // At the end of calendars nothing panics.
        for every in CalendarUnit::ALL {
            let zone = Zone::utc();
            let calendar = Calendar {
                every: *every,
                zone,
            };
            let (from, until) = calendar.window(Timestamp::MAX);
            assert!(from <= until);
        }
    }
}
