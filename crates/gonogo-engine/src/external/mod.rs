//! Alerts of other tools: which fire, which are over, and of which nobody knows.
//!
//! A tool calls an alert over, or it stops speaking of it. These differ: the second leaves it
//! unknown whether it goes on, so what fires because of it stays, and nothing new is begun.
//! Invariant: what comes in is taken by an alert of the plan, listed where the source says
//! so, or counted and told as too much.

mod quiet;
mod silence;
mod take;
mod told;

use std::collections::BTreeMap;

use gonogo_model::external::{ExternalAlert, WhenQuiet};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::alerting::{Holds, Reading};
use crate::engine::Engine;
use crate::input::Silence;
use crate::reading::KEYS_NAMED;
use crate::time::Time;

pub use silence::{OWN, Pattern, is_pattern};

/// How many alerts of one source are held; what is over goes first.
pub const MAX_HELD: usize = 20_000;
/// How many silences of one source are held; what is over goes first.
pub const MAX_SILENCES: usize = 1_000;
/// How long an alert that is over stays listed.
pub const OVER_KEPT: Duration = Duration::from_mins(15);
/// How long a silence that is over stays listed.
pub const SILENCE_KEPT: Duration = Duration::from_hours(120);
/// How long an alert is believed that says no end, as Alertmanager does.
pub const RESOLVE_TIMEOUT: Duration = Duration::from_mins(5);
/// How soon a room is told again of what came on top.
pub const TOLD_AGAIN_AFTER: Duration = Duration::from_mins(5);
/// How many groups of a source are remembered of which not all alerts came.
pub const MAX_TRUNCATED: usize = 100;
/// How many alerts a reading describes.
const DESCRIBED: usize = 3;
/// How many labels describe an alert, besides its name.
const LABELS_DESCRIBED: usize = 4;

/// What is known of the alerts of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Externals {
    /// The alerts, by fingerprint.
    pub alerts: BTreeMap<String, Held>,
    /// The silences, by id.
    #[serde(default)]
    pub silences: BTreeMap<String, Silence>,
    /// Groups of which not all alerts came, and how many did not.
    #[serde(default)]
    pub truncated: BTreeMap<String, u64>,
    /// How many came that could not be held.
    #[serde(default)]
    pub not_held: u64,
    /// Alerts of the plan that grew and whose room was not told of it yet, and when it is.
    #[serde(default)]
    untold: BTreeMap<Id, Time>,
    /// When something may change by time alone, at the earliest.
    #[serde(default)]
    due: Option<Time>,
}

/// An alert of another tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Its labels: they say what it is.
    pub labels: BTreeMap<String, String>,
    /// What else it says.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Where the tool shows it.
    #[serde(default)]
    pub url: Option<String>,
    /// Since when it fires, by the tool.
    pub starts_at: Time,
    /// Until when it is believed, or when it was over; `None` until it is called over.
    pub ends_at: Option<Time>,
    /// The end is ours, because the tool said none.
    #[serde(default)]
    pub timeout: bool,
    /// When the tool last spoke of it.
    pub updated_at: Time,
    /// Where it stands.
    pub standing: Word,
    /// Somebody has it, by the tool.
    #[serde(default)]
    pub acknowledged: bool,
    /// The alerts of the plan that take it.
    #[serde(default)]
    pub taken_by: Vec<Id>,
    /// The silences that are about it right now.
    #[serde(default)]
    pub silenced_by: Vec<String>,
}

/// Where an alert of another tool stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// It fires.
    #[default]
    Firing,
    /// The tool stopped speaking of it: nobody knows.
    Quiet,
    /// The tool called it over.
    Over,
}

impl Held {
    /// What it is called, with the labels that tell it from others.
    pub fn name(&self) -> String {
        let label = |name: &str| self.labels.get(name).filter(|v| !v.is_empty());
        let name = label("alertname").or_else(|| self.annotations.get("summary"));
        let name = name.map_or("an alert", String::as_str);
        let named = |(label, _): &(&String, &String)| {
            !matches!(
                label.as_str(),
                "alertname" | "severity" | "alertstate" | "grafana_folder"
            )
        };
        let others: Vec<String> = self
            .labels
            .iter()
            .filter(named)
            .take(LABELS_DESCRIBED)
            .map(|(label, value)| format!("{label} {value}"))
            .collect();
        if others.is_empty() {
            name.to_string()
        } else {
            format!("{name} ({})", others.join(", "))
        }
    }

    /// Does it fire, without a silence about it?
    pub fn calls(&self) -> bool {
        self.standing == Word::Firing && self.silenced_by.is_empty()
    }
}

impl Externals {
    /// Something may change at this time.
    fn due_at(&mut self, at: Option<Time>) {
        self.due = match (self.due, at) {
            (Some(due), Some(at)) => Some(due.min(at)),
            (due, at) => due.or(at),
        };
    }

    /// Finds out anew when something may change.
    fn plan_ahead(&mut self, now: Time) {
        let fires = |h: &&Held| h.standing == Word::Firing;
        let ends = self.alerts.values().filter(fires).filter_map(|h| h.ends_at);
        let bounds = self
            .silences
            .values()
            .flat_map(|s| [s.starts_at, s.ends_at])
            .filter(|at| *at > now);
        let untold = self.untold.values().copied();
        self.due = ends.chain(bounds).chain(untold).min();
    }
}

impl Engine {
    /// What another tool says of what a condition is about.
    pub(crate) fn external_alert(&self, id: &Id, c: &ExternalAlert) -> Reading {
        let source = &c.source.id;
        let Some(known) = self.state.externals.get(source) else {
            return self.never_spoke(source);
        };
        let (mut calls, mut silenced, mut quiet) = (0_u64, 0_u64, 0_u64);
        let (mut keys, mut shown) = (Vec::new(), Vec::new());
        for held in known.alerts.values().filter(|h| h.taken_by.contains(id)) {
            match held.standing {
                Word::Over => {}
                Word::Quiet => quiet += 1,
                Word::Firing if !held.silenced_by.is_empty() => silenced += 1,
                Word::Firing => {
                    calls += 1;
                    if keys.len() < KEYS_NAMED {
                        keys.push(held.name());
                    }
                    if shown.len() < DESCRIBED {
                        shown.push(describe(held));
                    }
                }
            }
        }
        let bound = u64::from(c.count.max(1));
        let unknown = if c.quiet == WhenQuiet::Hold { quiet } else { 0 };
        let holds = if calls >= bound {
            Holds::Yes
        } else if calls + silenced + unknown >= bound {
            Holds::CannotTell
        } else {
            Holds::No
        };
        let mut parts = Vec::new();
        match calls {
            0 => {}
            1 => parts.push(shown.concat()),
            n => {
                let more = n - shown.len() as u64;
                let more = if more > 0 {
                    format!("; and {more} more")
                } else {
                    String::new()
                };
                parts.push(format!("{n} fire: {}{more}", shown.join("; ")));
            }
        }
        if silenced > 0 {
            parts.push(format!("{silenced} silenced"));
        }
        if quiet > 0 {
            parts.push(format!(
                "of {quiet} nothing is heard any more, and nobody knows whether they go on"
            ));
        }
        if parts.is_empty() {
            parts.push("none fires".into());
        }
        Reading {
            holds,
            count: calls,
            keys,
            detail: parts.join("; "),
        }
    }

    fn never_spoke(&self, source: &Id) -> Reading {
        let state = self.state.sources.get(source);
        if state.is_some_and(|s| s.last_event_at.is_some()) {
            return Reading {
                holds: Holds::No,
                detail: "none fires".into(),
                ..Reading::default()
            };
        }
        Reading {
            detail: format!("{source} has never spoken"),
            ..Reading::default()
        }
    }
}

/// "HighLatency (job api): p99 is 3 s"
fn describe(held: &Held) -> String {
    let name = held.name();
    let said = ["summary", "description", "message"]
        .iter()
        .find_map(|key| held.annotations.get(*key))
        .map(|text| text.trim())
        .filter(|text| !text.is_empty() && !name.starts_with(text));
    match said {
        Some(said) => {
            let mut short: String = said.chars().take(DESCRIBED_CHARS).collect();
            if short.len() < said.len() {
                short.push('…');
            }
            format!("{name}: {short}")
        }
        None => name,
    }
}

/// How much of what an alert says of itself a reading repeats.
const DESCRIBED_CHARS: usize = 200;
