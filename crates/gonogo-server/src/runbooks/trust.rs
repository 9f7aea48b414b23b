//! How far a runbook can be trusted tonight, in the words of its page.
//!
//! Invariant: what was never followed by anybody else is unknown, and never green.

use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::evidence::StepOutcome;
use gonogo_readiness::runbook_status::{Freshness, RunbookStatus, StepProof};
use jiff::Timestamp;

use crate::launch::coded;
use crate::readiness::Board;
use crate::shown::capital;
use crate::site::Site;
use crate::web::components::{Markup, State};

/// How far a runbook can be trusted.
pub(super) struct Trust {
    pub state: State,
    pub word: String,
    pub reasons: Vec<Markup>,
    /// Who followed it last, when, and until when that holds.
    pub verified: Option<(String, Timestamp, Timestamp)>,
    /// "3 of 7 steps are proven"; empty without typed steps.
    pub coverage: String,
    pub steps: Vec<Proof>,
}

/// What is known of a step.
pub(super) struct Proof {
    pub step: String,
    pub title: String,
    pub state: State,
    pub word: &'static str,
    pub last: Option<(String, Timestamp)>,
}

impl Trust {
    /// Of a runbook of the board; `None` where it was not judged yet.
    pub fn of(board: Option<&Board>, runbook: &Id) -> Option<Self> {
        let status = board?.runbooks.get(runbook)?;
        let (state, word) = shown(status);
        let written = status.steps.iter().filter(|s| !s.is_missing()).count();
        let proven = status.steps.iter().filter(|s| s.is_proven()).count();
        Some(Self {
            state,
            word: capital(word),
            reasons: status.reasons.iter().map(|r| coded(&capital(r))).collect(),
            verified: status
                .verified
                .as_ref()
                .map(|v| (v.by.clone(), v.at, v.until)),
            coverage: match written {
                0 => String::new(),
                n => format!("{proven} of {n} steps are proven"),
            },
            steps: status.steps.iter().map(proof).collect(),
        })
    }
}

/// The board, where it can be judged; a runbook is shown without it, too.
pub(super) async fn board(site: &Site) -> Option<Arc<Board>> {
    let board = site.readiness.board(site).await;
    board
        .inspect_err(|error| tracing::error!(%error, "runbooks are shown without their proof"))
        .ok()
}

/// The state and the word of a runbook in a list.
pub(super) fn word(board: Option<&Board>, runbook: &Id) -> Option<(State, &'static str)> {
    board?.runbooks.get(runbook).map(shown)
}

fn shown(status: &RunbookStatus) -> (State, &'static str) {
    let state = match status.freshness {
        Freshness::Fresh => State::Ok,
        Freshness::Aging | Freshness::Stale => State::Warn,
        Freshness::Unproven => State::Unknown,
        Freshness::Broken => State::Bad,
    };
    (state, status.freshness.word())
}

fn proof(step: &StepProof) -> Proof {
    let outcome = step.last.as_ref().map(|tried| tried.outcome);
    let (state, word) = match outcome {
        None | Some(StepOutcome::Skipped) => (State::Unknown, "never done"),
        Some(StepOutcome::Ok) => (State::Ok, "worked"),
        Some(StepOutcome::Edited) => (State::Warn, "worked once rewritten"),
        Some(StepOutcome::Failed) => (State::Bad, "failed"),
        Some(StepOutcome::Missing) => (State::Bad, "was missing"),
    };
    Proof {
        step: step.step.clone(),
        title: step.title.clone(),
        state,
        word,
        last: step.last.as_ref().map(|t| (t.by.clone(), t.at)),
    }
}
