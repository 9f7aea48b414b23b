//! The records of both sides of a reconciliation: alike, unless an inject changed that.
//!
//! A pair of records comes every few minutes, for any stretch of time that is asked for, so
//! that nothing has to be kept. The comparison is the one that the server makes.

use gonogo_model::reconciliation::{Difference, Reconciliation};
use gonogo_model::{Duration, Id};

use super::luck::Luck;
use crate::engine::Engine;
use crate::reconciliation::{Money, Reconciled, Record, RunResult, Stretch, Unknown, compare};
use crate::time::Time;

/// How often it is looked whether a run is due.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(15);
/// The time between two healthy records.
const PAIR_EVERY_MS: i64 = 10 * 60_000;
/// How long the right side takes to record what the left one has.
const RECORDED_AFTER: Duration = Duration::from_secs(20);
/// Amounts are made between these.
const AMOUNTS: (i64, i64) = (100, 50_000);
/// What an altered record says instead.
const ALTERED_BY: i64 = 100;

/// A reconciliation as the world answers it.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) id: Id,
    declared: Reconciliation,
    luck: Luck,
    broken: Vec<Broken>,
    made_up: u64,
    unreadable: Option<String>,
}

/// A record that the sides do not hold alike.
#[derive(Debug)]
struct Broken {
    key: String,
    at: Time,
    how: Difference,
    money: Money,
}

impl Compared {
    pub(super) fn new(declared: &Reconciliation, seed: u64) -> Self {
        let id = declared.id.value.clone();
        Self {
            luck: Luck::of(seed, id.as_str()),
            id,
            declared: declared.clone(),
            broken: Vec::new(),
            made_up: 0,
            unreadable: None,
        }
    }

    pub(super) fn breaks(&mut self, how: Difference, keys: &[String], money: &Money, now: Time) {
        let mut keys = keys.to_vec();
        if keys.is_empty() {
            self.made_up += 1;
            keys.push(format!("{}-{how}-{}", self.id, self.made_up));
        }
        self.broken.extend(keys.into_iter().map(|key| Broken {
            key,
            at: now,
            how,
            money: money.clone(),
        }));
    }

    pub(super) fn agrees(&mut self) {
        self.broken.clear();
    }

    pub(super) fn unreadable(&mut self, detail: Option<String>) {
        self.unreadable = detail;
    }

    /// Asks both sides, where that is due.
    pub(super) fn run(&self, engine: &Engine, now: Time) -> Option<Reconciled> {
        let state = engine.state().reconciliations.get(&self.id)?;
        let next = state.next_run(&self.declared, now);
        if next.at > now {
            return None;
        }
        let stretch = Stretch {
            from: next.from,
            until: now - self.declared.settle,
        };
        let unknown = |code: &str, detail: String| {
            RunResult::Unknown(Unknown {
                code: code.into(),
                detail,
                not_before: None,
            })
        };
        let result = match &self.unreadable {
            Some(detail) => unknown("unavailable", detail.clone()),
            None => {
                let (left, right) = self.records(stretch, now);
                match compare(&self.declared, stretch, &left, &right) {
                    Ok(comparison) => RunResult::Compared(Box::new(comparison)),
                    Err(why) => unknown("unreadable", why),
                }
            }
        };
        Some(Reconciled {
            reconciliation: self.id.clone(),
            at: now,
            took: Duration::from_secs(1),
            stretch,
            result,
        })
    }

    fn records(&self, stretch: Stretch, now: Time) -> (Vec<Record>, Vec<Record>) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let first = stretch.from.as_millis().div_euclid(PAIR_EVERY_MS) + 1;
        let last = now.as_millis().div_euclid(PAIR_EVERY_MS);
        for n in first..=last {
            let at = Time::from_millis(n.saturating_mul(PAIR_EVERY_MS));
            let amount = self.luck.between(n.unsigned_abs(), AMOUNTS.0, AMOUNTS.1);
            let money = Money {
                amount,
                currency: "usd".into(),
            };
            let key = format!("{}-{n}", self.id);
            left.push(record(&key, at, &money));
            if at + RECORDED_AFTER <= now {
                right.push(record(&key, at + RECORDED_AFTER, &money));
            }
        }
        for broken in &self.broken {
            let here = record(&broken.key, broken.at, &broken.money);
            let mut other = here.clone();
            match broken.how {
                Difference::MissingLeft => right.push(here),
                Difference::MissingRight => left.push(here),
                Difference::Doubled => {
                    left.push(here);
                    right.extend([other.clone(), other]);
                }
                Difference::Differs => {
                    other.money = Some(Money {
                        amount: broken.money.amount.saturating_add(ALTERED_BY),
                        currency: broken.money.currency.clone(),
                    });
                    left.push(here);
                    right.push(other);
                }
            }
        }
        (left, right)
    }
}

fn record(key: &str, at: Time, money: &Money) -> Record {
    Record {
        key: key.to_string(),
        at,
        money: Some(money.clone()),
        note: None,
    }
}
