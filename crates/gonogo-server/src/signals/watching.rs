//! The alerts that watch a signal, and what each says right now.

use gonogo_engine::alerting::{AlertState, Holds, Stage};
use gonogo_model::Id;
use jiff::Timestamp;

use crate::shown;
use crate::view::View;
use crate::web::components::{Severity, State};

/// Keys that stand beside an alert; the incident has more.
const KEYS_SHOWN: usize = 5;

/// An alert on a signal.
pub struct Watching {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its severity.
    pub severity: Severity,
    /// Where it stands.
    pub state: State,
    /// In a word.
    pub word: &'static str,
    /// Since when, where that means something.
    pub since: Option<Timestamp>,
    /// The numbers.
    pub detail: String,
    /// What it is about, the first few.
    pub keys: Vec<String>,
    /// How many more there are.
    pub more: u64,
    /// Its open incident.
    pub incident: Option<u64>,
    /// What to follow.
    pub runbook: Option<(String, String)>,
}

/// What watches a signal, the worst first.
pub fn watching(view: &View, alerts: &[Id]) -> Vec<Watching> {
    let mut all: Vec<Watching> = alerts.iter().filter_map(|id| one(view, id)).collect();
    all.sort_by_key(|w| {
        (
            w.state != State::Bad && w.state != State::Warn,
            w.severity.level,
        )
    });
    all
}

fn one(view: &View, id: &Id) -> Option<Watching> {
    let package = &view.plan.package;
    let declared = view.plan.alerts.get(id)?;
    let state = view.alerts.get(id);
    let (shape, word, since) = standing(state);
    let firing = matches!(state.map(|s| s.stage), Some(Stage::Firing { .. }));
    let (keys, count) = match state.filter(|_| firing) {
        Some(s) => {
            let shown = s.reading.keys.len().min(KEYS_SHOWN);
            (&s.reading.keys[..shown], s.reading.count)
        }
        None => (&[][..], 0),
    };
    Some(Watching {
        id: id.to_string(),
        name: declared.name.clone(),
        severity: shown::severity(declared.severity),
        state: shape,
        word,
        since,
        detail: state.map(|s| s.reading.detail.clone()).unwrap_or_default(),
        keys: keys.to_vec(),
        more: count.saturating_sub(keys.len() as u64),
        incident: state.filter(|_| firing).and_then(|s| s.incident),
        runbook: declared
            .runbook
            .as_ref()
            .and_then(|r| package.runbooks.get(&r.id))
            .map(shown::runbook_link),
    })
}

/// Where an alert stands: shape, word, since when.
pub fn standing(state: Option<&AlertState>) -> (State, &'static str, Option<Timestamp>) {
    let Some(state) = state else {
        return (State::Unknown, "not read yet", None);
    };
    match (state.stage, state.reading.holds) {
        (Stage::Firing { since }, _) => (State::Bad, "fires", Some(since.timestamp())),
        (Stage::Pending { since }, _) => (State::Warn, "about to fire", Some(since.timestamp())),
        (Stage::Idle, Holds::CannotTell) => (State::Unknown, "cannot tell", None),
        (Stage::Idle, _) => (State::Ok, "quiet", None),
    }
}
