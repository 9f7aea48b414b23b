//! Maintenance: nobody is called for what is expected to be in trouble.
//!
//! Everything is measured and shown as always; an alert that would fire waits for the end of
//! the window, and fires then if it still holds. What fired before a window began goes on.
//! Invariant: every window ends by itself, and its end is a deadline of the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_model::maintenance::{Covered, LONGEST, Maintenance};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::history::EntryKind;
use crate::plan::Plan;
use crate::slo::Tally;
use crate::time::Time;

/// How many windows that people began may be on at a time.
pub const MAX_BY_HAND: usize = 100;

/// Where all maintenance stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Windows {
    /// Of each window that is declared, the one that is on or comes next.
    pub declared: BTreeMap<Id, Span>,
    /// The windows that people began, by name, until they end.
    pub by_hand: BTreeMap<String, ByHand>,
    /// How many people began: names follow from it.
    pub begun: u64,
}

/// From when until when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Span {
    /// From when.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// Its beginning was told.
    pub told: bool,
    /// Somebody ended it early.
    pub ended: bool,
}

/// A window that somebody began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ByHand {
    /// The alerts of these components.
    pub components: Vec<Id>,
    /// The alerts on these checks.
    pub checks: Vec<Id>,
    /// These alerts.
    pub alerts: Vec<Id>,
    /// Also what needs the components.
    pub dependents: bool,
    /// From when.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// Who began it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// What is counted meanwhile stays out of SLOs.
    pub excluded: bool,
}

impl Span {
    /// Is it on?
    pub fn is_on(&self, now: Time) -> bool {
        !self.ended && self.from <= now && now < self.until
    }
}

/// What a window covers, as names.
struct Reach<'a> {
    components: Vec<&'a Id>,
    checks: Vec<&'a Id>,
    alerts: Vec<&'a Id>,
    dependents: bool,
    everything: bool,
}

impl<'a> From<&'a Maintenance> for Reach<'a> {
    fn from(window: &'a Maintenance) -> Self {
        let of = |c: &'a Covered| Self {
            components: c.components.iter().map(|r| &r.id).collect(),
            checks: c.checks.iter().map(|r| &r.id).collect(),
            alerts: c.alerts.iter().map(|r| &r.id).collect(),
            dependents: c.dependents,
            everything: false,
        };
        window.what.as_ref().map_or(
            Self {
                components: Vec::new(),
                checks: Vec::new(),
                alerts: Vec::new(),
                dependents: false,
                everything: true,
            },
            of,
        )
    }
}

impl<'a> From<&'a ByHand> for Reach<'a> {
    fn from(window: &'a ByHand) -> Self {
        Self {
            components: window.components.iter().collect(),
            checks: window.checks.iter().collect(),
            alerts: window.alerts.iter().collect(),
            dependents: window.dependents,
            everything: false,
        }
    }
}

impl Reach<'_> {
    fn has_component(&self, plan: &Plan, component: &Id) -> bool {
        self.components.iter().any(|covered| {
            let needs = || self.dependents && plan.distance(component, covered).is_some();
            *covered == component || needs()
        })
    }

    fn has_alert(&self, plan: &Plan, alert: &Id) -> bool {
        self.everything
            || self.alerts.contains(&alert)
            || self
                .checks
                .iter()
                .any(|check| plan.alerts_of_check(check).contains(alert))
            || plan
                .component_of(alert)
                .is_some_and(|component| self.has_component(plan, component))
    }
}

impl Windows {
    /// The windows that are on: name, what people call it, until when, and what it covers.
    fn on<'a>(
        &'a self,
        plan: &'a Plan,
        now: Time,
    ) -> impl Iterator<Item = (&'a str, Time, bool, Reach<'a>)> {
        let declared = self.declared.iter().filter(move |(_, s)| s.is_on(now));
        let declared = declared.filter_map(|(id, span)| {
            let window = plan.package.maintenance.get(id)?;
            Some((id.as_str(), span.until, window.excluded, window.into()))
        });
        let by_hand = self.by_hand.iter();
        let by_hand = by_hand.filter(move |(_, w)| w.from <= now && now < w.until);
        let by_hand = by_hand.map(|(id, w)| (id.as_str(), w.until, w.excluded, w.into()));
        declared.chain(by_hand)
    }

    /// The window that covers an alert for longest, and until when.
    pub fn covering<'a>(
        &'a self,
        plan: &'a Plan,
        alert: &Id,
        now: Time,
    ) -> Option<(&'a str, Time)> {
        self.on(plan, now)
            .filter(|(_, _, _, reach)| reach.has_alert(plan, alert))
            .map(|(id, until, _, _)| (id, until))
            .max_by_key(|(_, until)| *until)
    }
}

impl Engine {
    /// The windows of a package, as they stand now.
    pub(crate) fn keep_maintenance(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        let mut before = std::mem::take(&mut self.state.maintenance.declared);
        for (id, window) in &plan.package.maintenance {
            let Some(mut span) = span_of(window, now) else {
                continue;
            };
            if let Some(known) = before.remove(id)
                && (known.from, known.until) == (span.from, span.until)
            {
                span = known;
            }
            self.state.maintenance.declared.insert(id.clone(), span);
        }
        self.advance_maintenance(now);
    }

    /// Windows begin and end. This comes before anything else at a time, so that no answer is
    /// judged by a window that is over.
    pub(crate) fn advance_maintenance(&mut self, now: Time) {
        if self.maintenance_due().is_none_or(|at| at > now) {
            return;
        }
        self.note_excluded(now);
        let plan = Arc::clone(&self.plan);
        let mut told: Vec<(String, String)> = Vec::new();
        let mut declared = std::mem::take(&mut self.state.maintenance.declared);
        declared.retain(|id, span| {
            let Some(window) = plan.package.maintenance.get(id) else {
                return false;
            };
            if span.until <= now {
                if span.told && !span.ended {
                    let text = format!(
                        "{} is over; what is still bad calls from now on",
                        window.name
                    );
                    told.push((id.to_string(), text));
                }
                match span_of(window, now) {
                    Some(next) => *span = next,
                    None => return false,
                }
            }
            if span.is_on(now) && !span.told {
                span.told = true;
                let text = format!(
                    "{} has begun and lasts until {}: {}",
                    window.name, span.until, window.reason
                );
                told.push((id.to_string(), text));
            }
            true
        });
        self.state.maintenance.declared = declared;
        self.state.maintenance.by_hand.retain(|id, window| {
            let goes_on = now < window.until;
            if !goes_on {
                let text = format!(
                    "the maintenance of {} is over; what is still bad calls from now on",
                    window.by
                );
                told.push((id.clone(), text));
            }
            goes_on
        });
        for (id, text) in told {
            self.say(now, None, EntryKind::Maintenance, id, text);
        }
        self.note_excluded(now);
    }

    /// When a window begins or ends next.
    pub(crate) fn maintenance_due(&self) -> Option<Time> {
        let next = |s: &Span| if s.told || s.ended { s.until } else { s.from };
        let declared = self.state.maintenance.declared.values().map(next);
        let by_hand = self.state.maintenance.by_hand.values().map(|w| w.until);
        declared.chain(by_hand).min()
    }

    pub(crate) fn begin_maintenance(&mut self, window: &ByHand, by: &str, now: Time) {
        let length = window.until.since(now);
        let refused = if length <= Duration::ZERO {
            Some("it would be over already".to_string())
        } else if length > LONGEST {
            Some(format!("it would last longer than {LONGEST}"))
        } else if self.state.maintenance.by_hand.len() >= MAX_BY_HAND {
            Some(format!("{MAX_BY_HAND} are on already"))
        } else {
            None
        };
        if let Some(why) = refused {
            let text = format!("{by} asked for maintenance, but {why}: nothing is held back");
            return self.say(now, None, EntryKind::Maintenance, by, text);
        }
        self.note_excluded(now);
        let windows = &mut self.state.maintenance;
        windows.begun = windows.begun.saturating_add(1);
        let id = format!("by-hand-{}", windows.begun);
        let begun = ByHand {
            from: now,
            by: by.to_string(),
            ..window.clone()
        };
        windows.by_hand.insert(id.clone(), begun);
        let of = [&window.components, &window.checks, &window.alerts];
        let of: Vec<&str> = of.into_iter().flatten().map(Id::as_str).collect();
        let text = format!(
            "{by} began maintenance of {} until {}: {}",
            of.join(", "),
            window.until,
            window.reason
        );
        self.say(now, None, EntryKind::Maintenance, id, text);
        self.note_excluded(now);
    }

    pub(crate) fn end_maintenance(&mut self, id: &str, by: &str, reason: &str, now: Time) {
        self.note_excluded(now);
        let windows = &mut self.state.maintenance;
        let ended = match windows.by_hand.remove(id) {
            Some(_) => true,
            None => match windows.declared.get_mut(id) {
                Some(span) if span.is_on(now) => {
                    span.ended = true;
                    true
                }
                _ => false,
            },
        };
        if !ended {
            return;
        }
        let why = match reason {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        let text =
            format!("{by} ended the maintenance {id}{why}; what is still bad calls from now on");
        self.say(now, None, EntryKind::Maintenance, id, text);
        self.note_excluded(now);
        self.advance_alerts(now);
    }

    /// Until when an alert that would fire waits, and the window that it waits for.
    pub(crate) fn held_by_maintenance(&self, alert: &Id, now: Time) -> Option<(String, Time)> {
        let held = self.state.maintenance.covering(&self.plan, alert, now);
        held.map(|(id, until)| (id.to_string(), until))
    }

    /// Counts what SLOs leave out, since it was last counted.
    pub(crate) fn note_excluded(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        let windows = std::mem::take(&mut self.state.maintenance);
        let excluding: Vec<Reach> = windows
            .on(&plan, now)
            .filter(|(_, _, excluded, _)| *excluded)
            .map(|(_, _, _, reach)| reach)
            .collect();
        for (id, slo) in &plan.package.slos {
            let counting = self
                .state
                .slos
                .get(id)
                .is_some_and(|s| s.excluding.is_some());
            if excluding.is_empty() && !counting {
                continue;
            }
            let covered = excluding.iter().any(|reach| {
                let component = slo.component(&plan.package);
                let check = slo.sli.check();
                reach.everything
                    || check.is_some_and(|c| reach.checks.contains(&c))
                    || component.is_some_and(|c| reach.has_component(&plan, c))
            });
            let ever = self.ever(slo);
            let Some(state) = self.state.slos.get_mut(id) else {
                continue;
            };
            if let Some(before) = state.excluding {
                let left_out = Tally {
                    good: ever.good.saturating_sub(before.good),
                    bad: ever.bad.saturating_sub(before.bad),
                };
                if left_out != Tally::default() {
                    let tally = state.excluded.at(now);
                    tally.good = tally.good.saturating_add(left_out.good);
                    tally.bad = tally.bad.saturating_add(left_out.bad);
                }
            }
            state.excluding = covered.then_some(ever);
        }
        drop(excluding);
        self.state.maintenance = windows;
    }
}

fn span_of(window: &Maintenance, now: Time) -> Option<Span> {
    let (from, until) = window.when.at_or_after(now.timestamp())?;
    Some(Span {
        from: from.into(),
        until: until.into(),
        ..Span::default()
    })
}
