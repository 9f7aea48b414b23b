//! Taking in what a tool says of its alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gonogo_model::Id;

use super::silence::Silences;
use super::{Externals, Held, MAX_HELD, MAX_TRUNCATED, Word};
use crate::alerting::Stage;
use crate::engine::{Engine, LATEST};
use crate::history::EntryKind;
use crate::input::{External, Raised, Said};
use crate::plan::Plan;
use crate::time::Time;

/// What a message of a tool changed for one alert of the plan.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// What fires that did not, by name.
    pub(super) began: Vec<String>,
    /// What is over that fired, by name.
    pub(super) ended: Vec<String>,
    /// Of how many nothing is heard any more.
    pub(super) quiet: Vec<String>,
    /// What began under a silence.
    pub(super) silenced: Vec<String>,
}

pub(super) type AllTurned = BTreeMap<Id, Turned>;

impl Engine {
    pub(crate) fn take_external(&mut self, external: &External, now: Time) {
        let plan = Arc::clone(&self.plan);
        let source = &external.source;
        let Some(state) = self.state.sources.get_mut(source) else {
            let count = external.alerts.len();
            let text = format!(
                "{count} alerts came in for {source}, which is not declared in the package in force: nobody is told of them"
            );
            self.say(now, None, EntryKind::External, source.as_str(), text);
            return;
        };
        let was_silent = state.silent;
        let word = if external.alerts.is_empty() && !external.changes.is_empty() {
            "change"
        } else {
            "alerts"
        };
        state.spoke(word, external.at.min(now), now);
        if was_silent {
            self.judge_all(plan.alerts_of_source(source), now);
        }
        for change in &external.changes {
            self.change_told(source, change, now);
        }
        let known = self.state.externals.entry(source.clone()).or_default();
        let known = Arc::make_mut(known);
        let silences = Silences::active(known, now);
        let not_held = known.not_held;
        let mut turned = AllTurned::new();
        for raised in &external.alerts {
            known.take(source, raised, &plan, &silences, &mut turned, now);
        }
        let too_many = (known.not_held > not_held).then_some(known.not_held);
        self.act_on_turned(turned, now);
        if let Some(count) = too_many {
            let text = format!(
                "{source} raises more than {MAX_HELD} alerts at once: {count} are not held, and nobody is told of them one by one"
            );
            self.begin_trouble(&format!("alerts-full.{source}"), text, now);
        }
        self.take_truncated(external, now);
    }

    /// A notification that leaves alerts out says how many, and not which.
    fn take_truncated(&mut self, external: &External, now: Time) {
        let Some(group) = &external.group else { return };
        let source = &external.source;
        let Some(known) = self.state.externals.get_mut(source) else {
            return;
        };
        if external.truncated == 0 && !known.truncated.contains_key(group) {
            return;
        }
        let known = Arc::make_mut(known);
        if external.truncated == 0 {
            known.truncated.remove(group);
        } else {
            if known.truncated.len() >= MAX_TRUNCATED {
                known.truncated.pop_first();
            }
            known.truncated.insert(group.clone(), external.truncated);
        }
        let (groups, count) = (known.truncated.len(), known.truncated.values().sum::<u64>());
        let code = format!("alerts-truncated.{source}");
        if groups == 0 {
            self.end_trouble(&code, now);
            return;
        }
        let text = format!(
            "{source} left {count} alerts out of its notifications (max_alerts): which they are is not known here"
        );
        self.begin_trouble(&code, text, now);
    }

    /// Judges the alerts of the plan for which something turned, and tells what judging alone
    /// does not.
    pub(super) fn act_on_turned(&mut self, turned: AllTurned, now: Time) {
        for (id, turned) in turned {
            let fires = |engine: &Self| {
                let state = engine.state.alerts.get(&id);
                state.is_some_and(|s| matches!(s.stage, Stage::Firing { .. }))
            };
            let fired = fires(self);
            self.judge_all(std::slice::from_ref(&id), now);
            if fired && fires(self) {
                self.went_on(&id, &turned, now);
            }
            self.hush(&id, now);
        }
    }

    /// Under another package other alerts take what is held.
    pub(crate) fn externals_under(&mut self, plan: &Plan) {
        let declared = |id: &Id| plan.package.sources.contains_key(id);
        self.state.externals.retain(|id, _| declared(id));
        for (source, known) in &mut self.state.externals {
            for held in Arc::make_mut(known).alerts.values_mut() {
                held.taken_by = plan.takers(source, &held.labels);
            }
        }
    }
}

impl Externals {
    fn take(
        &mut self,
        source: &Id,
        raised: &Raised,
        plan: &Plan,
        silences: &Silences,
        turned: &mut AllTurned,
        now: Time,
    ) {
        let Some(held) = self.alerts.get_mut(&raised.fingerprint) else {
            // What is over or acknowledged and was never raised concerns nobody.
            if raised.said != Said::Fires {
                return;
            }
            if self.alerts.len() >= MAX_HELD && !self.make_room() {
                self.not_held = self.not_held.saturating_add(1);
                return;
            }
            let mut held = Held {
                labels: raised.labels.clone(),
                annotations: raised.annotations.clone(),
                url: raised.url.clone(),
                starts_at: raised.starts_at.min(now),
                ends_at: end(raised.ends_at),
                timeout: raised.timeout,
                updated_at: now,
                standing: Word::Firing,
                acknowledged: false,
                taken_by: plan.takers(source, &raised.labels),
                silenced_by: Vec::new(),
            };
            held.silenced_by = silences.of(&held.labels);
            began(turned, &held);
            self.due_at(held.ends_at);
            self.alerts.insert(raised.fingerprint.clone(), held);
            return;
        };
        held.updated_at = now;
        match raised.said {
            Said::Acknowledged => held.acknowledged |= held.standing != Word::Over,
            Said::Over => {
                let ended = end(raised.ends_at).unwrap_or(now).min(now);
                if held.standing == Word::Over {
                    held.ends_at = held.ends_at.max(Some(ended));
                    return;
                }
                held.standing = Word::Over;
                held.ends_at = Some(ended);
                held.timeout = false;
                held.annotate(raised);
                for id in &held.taken_by {
                    turned
                        .entry(id.clone())
                        .or_default()
                        .ended
                        .push(held.name());
                }
            }
            Said::Fires => {
                let before = held.standing;
                held.merge(raised, now);
                let due = held.ends_at;
                if held.labels != raised.labels && !raised.labels.is_empty() {
                    held.labels.clone_from(&raised.labels);
                    let takers = plan.takers(source, &held.labels);
                    let silenced = silences.of(&held.labels);
                    if takers != held.taken_by || silenced != held.silenced_by {
                        // Whoever took it has one less, whoever takes it one more.
                        for id in held.taken_by.iter().filter(|id| !takers.contains(*id)) {
                            turned
                                .entry(id.clone())
                                .or_default()
                                .ended
                                .push(held.name());
                        }
                        let fresh: BTreeSet<&Id> = takers
                            .iter()
                            .filter(|id| !held.taken_by.contains(*id))
                            .collect();
                        for id in fresh {
                            let turned = turned.entry(id.clone()).or_default();
                            turned.began.push(held.name());
                        }
                        held.taken_by = takers;
                        held.silenced_by = silenced;
                        for id in &held.taken_by {
                            turned.entry(id.clone()).or_default();
                        }
                    }
                }
                match before {
                    Word::Firing => {}
                    Word::Over => began(turned, held),
                    // It is heard of again: no news for whoever was called for it.
                    Word::Quiet => {
                        for id in &held.taken_by {
                            turned.entry(id.clone()).or_default();
                        }
                    }
                }
                self.due_at(due);
            }
        }
    }

    /// What was over first goes first; what fires never goes.
    fn make_room(&mut self) -> bool {
        let over = self.alerts.iter().filter(|(_, h)| h.standing == Word::Over);
        let first = over.min_by_key(|(_, h)| h.updated_at);
        let Some(key) = first.map(|(key, _)| key.clone()) else {
            return false;
        };
        self.alerts.remove(&key);
        true
    }
}

fn began(turned: &mut AllTurned, held: &Held) {
    for id in &held.taken_by {
        let turned = turned.entry(id.clone()).or_default();
        if held.silenced_by.is_empty() {
            turned.began.push(held.name());
        } else {
            turned.silenced.push(held.name());
        }
    }
}

impl Held {
    /// It fires, and is spoken of again: as Alertmanager merges what overlaps.
    fn merge(&mut self, raised: &Raised, now: Time) {
        let starts_at = raised.starts_at.min(now);
        let ends_at = end(raised.ends_at);
        if self.standing == Word::Over {
            // What is over does not go on: it begins anew.
            let overlaps = self.ends_at.is_some_and(|ended| starts_at < ended);
            self.starts_at = if overlaps {
                self.starts_at.min(starts_at)
            } else {
                starts_at
            };
            self.acknowledged = false;
            (self.ends_at, self.timeout) = (ends_at, raised.timeout);
        } else {
            self.starts_at = self.starts_at.min(starts_at);
            let later = match (self.ends_at, ends_at) {
                (Some(old), Some(new)) => old > new,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            // An end that the tool said itself counts for as long as it is the latest.
            if !(later && !self.timeout && self.standing == Word::Firing) {
                (self.ends_at, self.timeout) = (ends_at, raised.timeout);
            }
        }
        self.standing = Word::Firing;
        self.annotate(raised);
    }

    fn annotate(&mut self, raised: &Raised) {
        if !raised.annotations.is_empty() {
            self.annotations.clone_from(&raised.annotations);
        }
        if raised.url.is_some() {
            self.url.clone_from(&raised.url);
        }
    }
}

/// Past the end of calendars there is no end.
fn end(at: Option<Time>) -> Option<Time> {
    at.filter(|at| *at <= LATEST)
}
