//! Error budget policies: what may not be changed while a budget is used up.
//!
//! A policy is judged once a minute from figures alone. "Too few events" freezes nothing, for
//! nothing is used up; what cannot be heard leaves the answer unknown, and never "go ahead".

use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::budget_policy::ErrorBudgetPolicy;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::history::EntryKind;
use crate::slo::{Standing, burns};
use crate::time::Time;

/// Where a policy stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FreezeState {
    /// What it says.
    pub says: Says,
    /// Since when.
    pub since: Time,
    /// Why, a sentence for each SLO that has a say in it.
    pub reasons: Vec<String>,
    /// The SLOs that freeze, or that nobody can tell of.
    pub slos: Vec<Id>,
    /// When it is over at the earliest, as far as that is known.
    pub until: Option<Time>,
}

/// What a policy says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Nothing is frozen.
    Open,
    /// Nobody can tell.
    #[default]
    Unknown,
    /// What it names is frozen.
    Frozen,
}

impl Engine {
    pub(crate) fn judge_freezes(&mut self, now: Time) {
        let plan = Arc::clone(&self.plan);
        for (id, policy) in &plan.package.error_budget_policies {
            let before = self.state.freezes.get(id).cloned();
            let mut after = self.judge_freeze(policy, now);
            let said = before.as_ref().map(|b| b.says);
            if let Some(before) = &before {
                let held = before.since + policy.at_least;
                let thaws = before.says == Says::Frozen && after.says != Says::Frozen;
                if thaws && held > now {
                    after = FreezeState {
                        until: Some(held),
                        ..before.clone()
                    };
                }
                if before.says == after.says {
                    after.since = before.since;
                }
            }
            let says = after.says;
            let reasons = after.reasons.join("; ");
            self.state.freezes.insert(id.clone(), after);
            let text = match (said, says) {
                (Some(Says::Frozen), Says::Frozen) => continue,
                (_, Says::Frozen) => format!("{} is frozen: {reasons}", what(policy)),
                (Some(Says::Frozen), _) => format!("{} is no longer frozen", what(policy)),
                _ => continue,
            };
            self.say(now, None, EntryKind::Freeze, id.as_str(), text);
        }
    }

    fn judge_freeze(&self, policy: &ErrorBudgetPolicy, now: Time) -> FreezeState {
        let (mut frozen, mut unknown) = (FreezeState::default(), FreezeState::default());
        for reference in &policy.slos {
            let (Some(slo), Some(state)) = (
                self.plan.package.slos.get(&reference.id),
                self.state.slos.get(&reference.id),
            ) else {
                continue;
            };
            let figures = &state.figures;
            let id = &slo.id.value;
            let fast = policy.on_burn.filter(|speed| {
                let (long, short, _) = speed.windows();
                let (of_long, of_short) = figures.burn(*speed);
                let rate = speed.rate_ppm(slo.period());
                let enough =
                    slo.budget_events.is_some() || of_long.total >= u64::from(slo.min_events);
                enough
                    && of_long.bad_millionths > 0
                    && burns(slo, of_long, long, rate)
                    && burns(slo, of_short, short, rate)
            });
            if policy.on_exhausted && figures.standing == Standing::UsedUp {
                let used = format!(
                    "the error budget of {id} is used up: {} bad of {} over {}",
                    figures.window.bad(),
                    figures.window.total,
                    slo.window_words()
                );
                frozen.reasons.push(used);
                frozen.slos.push(id.clone());
                frozen.until = frozen.until.max(figures.until);
            } else if let Some(speed) = fast {
                let (long, _, _) = speed.windows();
                let (of_long, _) = figures.burn(speed);
                frozen.reasons.push(format!(
                    "the error budget of {id} burns: {} bad of {} in {long}",
                    of_long.bad(),
                    of_long.total
                ));
                frozen.slos.push(id.clone());
            } else if figures.standing == Standing::CannotTell {
                let why = if figures.why.is_empty() {
                    "not looked at yet"
                } else {
                    &figures.why
                };
                unknown
                    .reasons
                    .push(format!("nobody can tell of {id}: {why}"));
                unknown.slos.push(id.clone());
            }
        }
        let says = match (frozen.slos.is_empty(), unknown.slos.is_empty()) {
            (false, _) => Says::Frozen,
            (true, false) => Says::Unknown,
            (true, true) => Says::Open,
        };
        let of = if says == Says::Frozen {
            frozen
        } else {
            unknown
        };
        FreezeState {
            says,
            since: now,
            ..of
        }
    }
}

fn what(policy: &ErrorBudgetPolicy) -> String {
    let named: Vec<&str> = policy.components.iter().map(|c| c.id.as_str()).collect();
    if named.is_empty() {
        "everything".into()
    } else {
        named.join(", ")
    }
}
