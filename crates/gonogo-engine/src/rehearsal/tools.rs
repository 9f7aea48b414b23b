//! Alerts of other tools as the world raises them.
//!
//! A tool speaks of what fires again and again, so that its silence means something. Invariant:
//! nothing fires until an inject says so.

use std::collections::BTreeMap;

use gonogo_model::source::Source;
use gonogo_model::{Duration, Id};

use crate::input::{External, Raised, Said};
use crate::time::Time;

/// How often a tool repeats itself, where its source does not say how long it is believed.
const REPEATED_EVERY: Duration = Duration::from_mins(4);
/// A tool that spoke all the time would stop the clock.
const EVERY_MIN: Duration = Duration::from_secs(10);

/// A tool behind a source.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) source: Id,
    pub(super) every: Duration,
    quiet_after: Option<Duration>,
    firing: BTreeMap<String, Firing>,
    over: Vec<(String, Time)>,
}

#[derive(Debug)]
struct Firing {
    labels: BTreeMap<String, String>,
    summary: Option<String>,
    since: Time,
}

impl Tool {
    pub(super) fn of(source: &Source) -> Option<Self> {
        let third = |d: Duration| Duration::from_millis(d.as_millis() / 3);
        source.kind.raises_alerts().then(|| Self {
            source: source.id.value.clone(),
            every: source
                .quiet_after
                .map_or(REPEATED_EVERY, third)
                .max(EVERY_MIN),
            quiet_after: source.quiet_after,
            firing: BTreeMap::new(),
            over: Vec::new(),
        })
    }

    pub(super) fn fires(
        &mut self,
        labels: &BTreeMap<String, String>,
        summary: Option<&str>,
        now: Time,
    ) {
        let mut labels = labels.clone();
        labels.retain(|_, value| !value.is_empty());
        let summary = summary.map(str::to_string);
        let firing = Firing {
            labels: labels.clone(),
            summary,
            since: now,
        };
        self.firing.insert(named(&labels), firing);
    }

    /// Whether there was such an alert.
    pub(super) fn over(&mut self, labels: &BTreeMap<String, String>, now: Time) -> bool {
        let mut labels = labels.clone();
        labels.retain(|_, value| !value.is_empty());
        let name = named(&labels);
        let fired = self.firing.remove(&name).is_some();
        if fired {
            self.over.push((name, now));
        }
        fired
    }

    /// What the tool says now; nothing while nothing fires.
    pub(super) fn tell(&mut self, now: Time) -> Option<External> {
        let over = std::mem::take(&mut self.over).into_iter();
        let over = over.map(|(fingerprint, at)| Raised {
            fingerprint,
            said: Said::Over,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            url: None,
            starts_at: at,
            ends_at: Some(at),
            timeout: false,
        });
        let firing = self.firing.iter().map(|(name, held)| {
            let summary = held
                .summary
                .iter()
                .map(|text| ("summary".into(), text.clone()));
            Raised {
                fingerprint: name.clone(),
                said: Said::Fires,
                labels: held.labels.clone(),
                annotations: summary.collect(),
                url: None,
                starts_at: held.since,
                ends_at: self.quiet_after.map(|length| now + length),
                timeout: true,
            }
        });
        let alerts: Vec<Raised> = over.chain(firing).collect();
        (!alerts.is_empty()).then(|| External {
            source: self.source.clone(),
            at: now,
            alerts,
            changes: Vec::new(),
            group: None,
            truncated: 0,
        })
    }
}

/// What tells an alert from the others of its tool.
fn named(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(n, v)| format!("{n}={v:?}")).collect();
    pairs.join(",")
}
