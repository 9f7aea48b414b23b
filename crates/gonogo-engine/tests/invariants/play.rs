//! Plays a story on the engine as the driver would, with two others that replay it.

use std::collections::BTreeSet;

use gonogo_engine::effect::{Effect, EffectId};
use gonogo_engine::input::Input;
use gonogo_engine::{Engine, Outcome, Time};
use gonogo_model::Duration;
use proptest::prelude::*;

use crate::acts::{Act, What, World};
use crate::holds::Witness;
use crate::packages::Recipe;

/// How often the same moment may have to be looked at before it is done with.
const TICKS_AT_ONCE_MAX: usize = 4;
/// How many deadlines are followed between two acts; a century's are not.
const DEADLINES_MAX: usize = 500;

pub struct Play {
    engine: Engine,
    /// An engine that was restored from the latest snapshot of the first, and follows it.
    restored: Engine,
    /// Everything that was given to it, with what it led to.
    steps: Vec<(Time, Input, Outcome)>,
    world: World,
    now: Time,
    ids: BTreeSet<EffectId>,
    witness: Witness,
}

impl Play {
    pub fn new(recipes: &[Recipe; 2], now: Time) -> Self {
        Self {
            engine: Engine::new(),
            restored: Engine::new(),
            steps: Vec::new(),
            world: World {
                packages: [recipes[0].text(), recipes[1].text()],
                sent: Vec::new(),
                asked: Vec::new(),
                events: 0,
            },
            now,
            ids: BTreeSet::new(),
            witness: Witness::default(),
        }
    }

    /// Plays the acts, taking a snapshot every so many of them.
    pub fn all(&mut self, acts: &[Act], snapshot_every: usize) -> Result<(), TestCaseError> {
        for package in &self.world.packages {
            let found = gonogo_model::load(package);
            prop_assert!(found.is_sound(), "{:?}", found.diagnostics);
        }
        let first = self.world.package(false);
        self.give(&first)?;
        for (n, act) in acts.iter().enumerate() {
            if n.is_multiple_of(snapshot_every) {
                self.go_on_from_a_snapshot()?;
            }
            let until = self.now + Duration::from_millis(act.after_ms);
            if act.runs {
                self.follow_deadlines(until)?;
            }
            self.now = until;
            let input = self.world.input(&act.what, self.now);
            self.give(&input)?;
            if matches!(act.what, What::Reload { .. }) {
                // Whoever can be reached now and could not before is called with the next tick.
                self.follow_deadlines(self.now)?;
            }
            self.nobody_is_forgotten(&input)?;
            if act.runs {
                self.follow_deadlines(self.now)?;
                self.nobody_is_forgotten(&Input::Tick)?;
            }
        }
        self.go_on_from_a_snapshot()?;
        self.replay_from_zero()
    }

    fn nobody_is_forgotten(&self, after: &Input) -> Result<(), TestCaseError> {
        self.witness
            .nobody_is_forgotten(&self.engine)
            .map_err(|why| TestCaseError::fail(format!("{why}\nat {} after {after:?}", self.now)))
    }

    /// Replay from one snapshot leads to the very next one, so by induction from any to the last.
    fn go_on_from_a_snapshot(&mut self) -> Result<(), TestCaseError> {
        let snapshot = self.engine.snapshot();
        if !self.steps.is_empty() && self.restored.state().package.is_some() {
            prop_assert_eq!(self.restored.state(), self.engine.state());
            prop_assert!(
                self.restored.snapshot() == snapshot,
                "equal states with unequal bytes"
            );
        }
        self.restored = Engine::restore(&snapshot).map_err(TestCaseError::fail)?;
        prop_assert_eq!(self.restored.state(), self.engine.state());
        Ok(())
    }

    fn replay_from_zero(&self) -> Result<(), TestCaseError> {
        let mut engine = Engine::new();
        for (now, input, outcome) in &self.steps {
            prop_assert_eq!(&engine.handle(*now, input), outcome, "after {:?}", input);
        }
        prop_assert!(
            engine.snapshot() == self.engine.snapshot(),
            "replay from zero ends with other bytes"
        );
        Ok(())
    }

    /// Ticks at each deadline until a time, as the driver does.
    fn follow_deadlines(&mut self, until: Time) -> Result<(), TestCaseError> {
        // The engine's time never goes back, so what is due by it is due.
        let until = until.max(self.engine.state().now);
        let mut at_once = 0;
        for _ in 0..DEADLINES_MAX {
            let Some(deadline) = self.engine.next_deadline() else {
                return Ok(());
            };
            if deadline.at > until {
                return Ok(());
            }
            at_once = if deadline.at > self.now {
                0
            } else {
                at_once + 1
            };
            prop_assert!(
                at_once <= TICKS_AT_ONCE_MAX,
                "no progress at {}: {}",
                deadline.at,
                deadline.why
            );
            self.now = self.now.max(deadline.at);
            self.give(&Input::Tick)?;
            self.nobody_is_forgotten(&Input::Tick)?;
        }
        Ok(())
    }

    fn give(&mut self, input: &Input) -> Result<(), TestCaseError> {
        let outcome = self.engine.handle(self.now, input);
        let replayed = self.restored.handle(self.now, input);
        prop_assert_eq!(&replayed, &outcome, "replayed {:?}", input);
        prop_assert_eq!(self.restored.next_deadline(), self.engine.next_deadline());
        for effect in &outcome.effects {
            self.remember(effect)?;
        }
        self.witness.sees(input, &outcome);
        self.steps.push((self.now, input.clone(), outcome));
        Ok(())
    }

    fn remember(&mut self, effect: &Effect) -> Result<(), TestCaseError> {
        let id = effect.id().clone();
        match effect {
            Effect::Cancel(_) => {
                prop_assert!(self.ids.contains(&id), "takes back what was never sent");
                return Ok(());
            }
            Effect::Notify(_) => self.world.sent.push(id.clone()),
            Effect::Confirm(_) => self.world.asked.push(id.clone()),
            Effect::Publish(_) => {}
        }
        prop_assert!(self.ids.insert(id), "an id comes twice: {effect:?}");
        Ok(())
    }
}
