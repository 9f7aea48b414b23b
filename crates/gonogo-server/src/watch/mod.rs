//! Watching: the package's checks become probes, and their answers become inputs.
//!
//! A changed answer is journalled at once, equal ones as one summary a minute, so that
//! thousands of healthy checks do not fill the journal. Invariant: an answer that differs
//! from the one before is in the journal before the next of its check is taken.

mod answers;
mod specs;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::Input;
use gonogo_engine::input::CheckResult;
use gonogo_model::check::LOCAL;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::courier::append;
use crate::probe::{Options, ProbeResult, Scheduler};
use crate::settings::Outside;
use crate::store::{Lane, Store};
use crate::uplink::Uplink;
use crate::view::View;

pub use answers::{Answers, not_configured};
pub use specs::{Asked, asked_from, challenge_answer};
pub(crate) use specs::{resolver, trust};

/// How often equal answers are summed up.
pub const SUMMARY_EVERY: Duration = Duration::from_secs(60);
/// The pause between the first questions to new checks.
const FIRST_EVERY: Duration = Duration::from_millis(50);
/// Answers that may wait to be written down.
const ANSWERS_WAITING_MAX: usize = 1024;

/// How tokens of our own challenges begin.
pub const CHALLENGE_TOKEN: &str = "gonogo-probe";

/// What watching needs.
pub struct Watch {
    /// Where answers go.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// Where targets and roots are read from.
    pub outside: Outside,
    /// The package in force.
    pub view: watch::Receiver<Arc<View>>,
    /// What the stagger follows from.
    pub seed: u64,
    /// Our own way out.
    pub uplink: Uplink,
}

impl Watch {
    /// Probes what the package in force says until `stop` is told.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let (sink, mut answers) = mpsc::channel(ANSWERS_WAITING_MAX);
        let options = Options {
            seed: self.seed,
            ..Options::default()
        };
        let scheduler = Scheduler::start(Vec::new(), sink, options);
        let mut in_force = None;
        let mut kept = Answers::default();
        let mut summary = tokio::time::interval(SUMMARY_EVERY);
        // A check that is new is asked at once, whatever its interval, one after the other.
        let mut fresh: VecDeque<String> = VecDeque::new();
        let mut asked: BTreeSet<String> = BTreeSet::new();
        let mut first = tokio::time::interval(FIRST_EVERY);
        while !*stop.borrow() {
            let view = self.view.borrow_and_update().clone();
            let key = (view.plan.package.digest.clone(), view.overlay.clone());
            if in_force.as_ref() != Some(&key) {
                in_force = Some(key);
                let package = &view.plan.package;
                let ours = specs::of(package, LOCAL, &self.outside, Some(self.seed));
                kept.settle_after(ours.settles_after);
                let names: BTreeSet<String> = ours.specs.iter().map(|s| s.check.clone()).collect();
                fresh.extend(names.difference(&asked).cloned());
                asked = names;
                scheduler.replace(ours.specs).await;
                for (id, why) in ours.mistakes {
                    let now = self.clock.now();
                    self.write(&[not_configured(id, now, why)]).await;
                }
            }
            tokio::select! {
                Some(answer) = answers.recv() => self.take(answer, &mut kept).await,
                _ = summary.tick() => self.sum_up(&mut kept).await,
                _ = first.tick(), if !fresh.is_empty() => {
                    if let Some(check) = fresh.pop_front() {
                        scheduler.run_now(&check).await;
                    }
                }
                _ = self.view.changed() => {}
                _ = stop.changed() => {}
            }
        }
        scheduler.stop().await;
        self.sum_up(&mut kept).await;
    }

    async fn take(&self, answer: ProbeResult, kept: &mut Answers) {
        let answer = self.uplink.doubted(answer).await;
        self.write(&kept.take(&answer, self.clock.now())).await;
    }

    async fn sum_up(&self, kept: &mut Answers) {
        self.write(&kept.sum_up()).await;
    }

    /// Writes answers down, and keeps trying: an answer that was taken is not lost.
    async fn write(&self, results: &[CheckResult]) {
        if results.is_empty() {
            return;
        }
        let inputs: Vec<Input> = results.iter().cloned().map(Input::Check).collect();
        while let Err(error) = append(&self.store, Lane::World, &inputs, self.clock.now()).await {
            if error == crate::store::StoreError::Closed {
                return;
            }
            tracing::error!(%error, "answers of checks cannot be written down; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
