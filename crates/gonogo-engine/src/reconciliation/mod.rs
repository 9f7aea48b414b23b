//! Reconciliations: what both sides said, and which differences have stayed.
//!
//! The server asks both sides and compares them; here differences are remembered by key. A
//! difference counts once it was found again after `catch_up`, and goes by itself when a later
//! run over its time no longer finds it. Invariant: a run that could not tell changes no
//! difference; it is neither an alarm nor an all-clear.

mod compare;
mod money;
mod taking;

use std::collections::{BTreeMap, VecDeque};

use gonogo_model::alert::{ReconciliationStale, Unreconciled};
use gonogo_model::reconciliation::{Difference, Reconciliation};
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::alerting::{Holds, Reading};
use crate::engine::Engine;
use crate::reading::{KEYS_NAMED, in_words};
use crate::time::Time;

pub use compare::{
    CURRENCIES_MAX, Comparison, DIFFERENCES_MAX, Found, KEY_BYTES_MAX, Record, SideSum, Stretch,
    compare,
};
pub use money::Money;

/// How many differences of one reconciliation are remembered; past that only their number is.
pub const FINDINGS_MAX: usize = 10_000;
/// How many keys that were written off are remembered; at the limit the oldest is forgotten.
pub const WRITTEN_OFF_MAX: usize = 10_000;
/// How many runs the history shows.
pub const RUNS_KEPT: usize = 288;
/// How far back a run looks at the most, whatever happened meanwhile.
pub const REACH_MAX: Duration = Duration::from_hours(30 * 24);
/// How soon a run that could not tell is tried again for the first time; then ever later, up
/// to the interval of the reconciliation.
pub const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// No two runs of one reconciliation come closer than this.
pub const PAUSE_MIN: Duration = Duration::from_secs(5);
/// After an outage what fell into it is given as long again to arrive, but no longer than this.
pub const CATCH_UP_MAX: Duration = Duration::from_mins(30);
/// Differences that are older than the window are looked at again so often.
const WIDE_EVERY: Duration = Duration::from_hours(1);
/// How many keys are described in a sentence.
const KEYS_DESCRIBED: usize = 3;

/// What a run brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// The reconciliation.
    pub reconciliation: Id,
    /// When it ended.
    pub at: Time,
    /// How long it took.
    pub took: Duration,
    /// The stretch whose records were judged.
    pub stretch: Stretch,
    /// What came of it.
    pub result: RunResult,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// Both sides answered in full.
    Compared(Box<Comparison>),
    /// At least one did not: nobody can say.
    Unknown(Unknown),
}

/// Why nobody can say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// The stable reason: `timeout`, `refused`, `unavailable`, `too_many`, `unreadable`.
    pub code: String,
    /// One sentence.
    pub detail: String,
    /// Before when it makes no sense to ask again, where a side said so.
    #[serde(default)]
    pub not_before: Option<Time>,
}

/// A reconciliation's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReconciliationState {
    /// Since when it is declared.
    pub since: Time,
    /// Differences by key.
    pub findings: BTreeMap<String, Finding>,
    /// Differences beyond those that are named, as of the last run that could tell.
    pub more: u64,
    /// Keys that were looked at and no longer count, with the difference that they had.
    pub written_off: BTreeMap<String, WrittenOff>,
    /// The last run that could tell.
    pub told: Option<Told>,
    /// When the last run of any kind ended.
    pub ran_at: Option<Time>,
    /// Runs that could not tell, in a row, and why the last one could not.
    pub unknown: Option<UnknownRuns>,
    /// What is still arriving after an outage.
    pub catching_up: Option<CatchingUp>,
    /// When differences that are older than the window were last looked at.
    pub wide_at: Option<Time>,
    /// The last runs, oldest first, at most [`RUNS_KEPT`].
    pub runs: VecDeque<RunSummary>,
}

/// What is still arriving after a time in which nobody could tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatchingUp {
    /// Records from this time on are part of it.
    pub from: Time,
    /// Until when none of them counts.
    pub until: Time,
}

/// A difference that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub found: Found,
    /// When it was found first.
    pub first_at: Time,
    /// When it was found last.
    pub last_at: Time,
    /// It was found again after `catch_up`, and counts.
    pub counts: bool,
}

/// A key that was written off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenOff {
    /// The difference that it had; another one is news.
    pub found: Found,
    /// When.
    pub at: Time,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A run that could tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it ended.
    pub at: Time,
    /// How long it took.
    pub took: Duration,
    /// What it judged.
    pub stretch: Stretch,
    /// The left side in sum.
    pub left: SideSum,
    /// The right side in sum.
    pub right: SideSum,
    /// How many keys were alike.
    pub matched: u64,
}

/// Runs that could not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownRuns {
    /// How many in a row.
    pub runs: u32,
    /// Since when.
    pub since: Time,
    /// Why the last one could not.
    pub why: Unknown,
}

/// A run in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// When it ended.
    pub at: Time,
    /// How many keys were alike; none where nobody could tell.
    pub matched: Option<u64>,
    /// How many differences were open after it.
    pub open: u64,
}

/// When a run is due, and what it has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextRun {
    /// When.
    pub at: Time,
    /// The begin of the stretch it judges.
    pub from: Time,
    /// It looks back to differences that are older than the window.
    pub wide: bool,
}

impl ReconciliationState {
    /// The state of one that never ran.
    pub fn new(now: Time) -> Self {
        Self {
            since: now,
            ..Self::default()
        }
    }

    /// When the next run is due, and from when on it has to look.
    pub fn next_run(&self, declared: &Reconciliation, now: Time) -> NextRun {
        let at = self.due_at(declared);
        let begin = at.max(now);
        let until = begin - declared.settle;
        // After an outage nothing may fall between two runs.
        let told = self.told.as_ref().map(|t| t.stretch.until);
        let window = until - declared.window;
        let covered = told.map_or(window, |t| window.min(t));
        let oldest = self.findings.values().map(|f| f.found.at).min();
        let fresh = self.findings.values().filter(|f| self.is_fresh_finding(f));
        let covered = fresh.map(|f| f.found.at).fold(covered, Time::min);
        let wide = oldest.is_some_and(|o| o < covered)
            && self.wide_at.is_none_or(|at| at + WIDE_EVERY <= begin);
        let from = if wide {
            covered.min(oldest.unwrap_or(covered))
        } else {
            covered
        };
        NextRun {
            at,
            from: from.max(until - REACH_MAX),
            wide,
        }
    }

    fn due_at(&self, declared: &Reconciliation) -> Time {
        let Some(ran_at) = self.ran_at else {
            return self.since;
        };
        if let Some(unknown) = &self.unknown {
            let doubled = TRY_AGAIN_AFTER
                .as_millis()
                .saturating_mul(1_i64 << unknown.runs.saturating_sub(1).min(16));
            let wait = Duration::from_millis(doubled).min(declared.every);
            return (ran_at + wait).max(unknown.why.not_before.unwrap_or_default());
        }
        // One that the last run did not look at is not told by another like it.
        let fresh = self.findings.values().filter(|f| self.is_fresh_finding(f));
        let again = fresh.map(|f| self.counts_at(declared, f)).min();
        let planned = ran_at + declared.every;
        again.map_or(planned, |at| planned.min(at.max(ran_at + PAUSE_MIN)))
    }

    /// Was it seen by the last run, and does it wait to be seen again?
    fn is_fresh_finding(&self, finding: &Finding) -> bool {
        let seen = self.told.as_ref().is_some_and(|t| finding.last_at >= t.at);
        !finding.counts && seen
    }

    /// From when on a difference counts that is still found then.
    fn counts_at(&self, declared: &Reconciliation, finding: &Finding) -> Time {
        let looked_again = finding.first_at + declared.catch_up;
        let arrives = self.catching_up.filter(|c| finding.found.at >= c.from);
        arrives.map_or(looked_again, |c| looked_again.max(c.until))
    }

    /// Is what the last run said still worth something?
    pub fn is_fresh(&self, declared: &Reconciliation, now: Time) -> bool {
        self.told
            .as_ref()
            .is_some_and(|t| t.at + declared.stale_after() > now)
    }

    /// Since when nobody could tell.
    pub fn untold_since(&self) -> Time {
        self.told.as_ref().map_or(self.since, |t| t.at)
    }

    /// The differences that count.
    pub fn counting(&self) -> impl Iterator<Item = (&String, &Finding)> {
        self.findings.iter().filter(|(_, f)| f.counts)
    }

    /// How many differences are open in all, those that do not count yet included.
    pub fn open(&self) -> u64 {
        (self.findings.len() as u64).saturating_add(self.more)
    }
}

impl Engine {
    /// What a reconciliation condition says.
    pub(crate) fn unreconciled(&self, c: &Unreconciled, now: Time) -> Reading {
        let id = &c.reconciliation.id;
        let (Some(state), Some(declared)) = (
            self.state.reconciliations.get(id),
            self.plan.package.reconciliations.get(id),
        ) else {
            return Reading::default();
        };
        let wanted = |kind: Difference| c.kinds.is_empty() || c.kinds.contains(&kind);
        let mut counting: Vec<(&String, &Finding)> = state
            .counting()
            .filter(|(_, f)| wanted(f.found.kind))
            .collect();
        counting.sort_by_key(|(key, f)| (f.found.at, *key));
        // What is not named is of any kind.
        let more = if counting.is_empty() { 0 } else { state.more };
        let count = (counting.len() as u64).saturating_add(more);
        let enough = c.amount.is_none_or(|bound| {
            let sums = amounts(counting.iter().map(|(_, f)| &f.found));
            sums.values().any(|sum| *sum >= bound)
        });
        let holds = if count >= u64::from(c.count.max(1)) && enough {
            Holds::Yes
        } else if state.is_fresh(declared, now) {
            Holds::No
        } else {
            Holds::CannotTell
        };
        let keys = counting.iter().take(KEYS_NAMED).map(|(k, _)| (*k).clone());
        Reading {
            holds,
            count,
            keys: keys.collect(),
            detail: told(state, declared, &counting, count, now),
        }
    }

    /// What a reconciliation_stale condition says.
    pub(crate) fn untold(&self, c: &ReconciliationStale, now: Time) -> Reading {
        let id = &c.reconciliation.id;
        let Some(state) = self.state.reconciliations.get(id) else {
            return Reading::default();
        };
        // While we did not run ourselves, nobody else is to blame.
        let since = state
            .untold_since()
            .max(self.state.listening_since.unwrap_or_default());
        let stale = since + c.after <= now;
        let why = state
            .unknown
            .as_ref()
            .map_or_else(|| "no run has ended".to_string(), |u| u.why.detail.clone());
        let detail = if stale {
            format!(
                "for {} nobody can say whether both sides agree: {why}",
                in_words(now.since(since))
            )
        } else {
            "both sides were compared lately".into()
        };
        let holds = match (stale, &state.told) {
            (true, _) => Holds::Yes,
            (false, Some(_)) => Holds::No,
            (false, None) => Holds::CannotTell,
        };
        Reading {
            holds,
            count: u64::from(stale),
            keys: Vec::new(),
            detail,
        }
    }
}

/// "2 are missing in the ledger: ch_1 (12.00 USD), ch_2 (8.00 USD)"
fn told(
    state: &ReconciliationState,
    declared: &Reconciliation,
    counting: &[(&String, &Finding)],
    count: u64,
    now: Time,
) -> String {
    let unknown = match &state.unknown {
        Some(u) => format!("; the last run could not tell: {}", u.why.detail),
        None => String::new(),
    };
    if counting.is_empty() {
        let Some(told) = &state.told else {
            return format!("never compared yet{unknown}");
        };
        let waiting = match state.open() {
            0 => String::new(),
            n => format!(", {n} to be looked at again"),
        };
        return format!("{} alike{waiting}{unknown}", told.matched);
    }
    let named = counting.iter().take(KEYS_DESCRIBED);
    let mut shown: Vec<String> = named.map(|(_, f)| describe(declared, &f.found)).collect();
    let rest = count.saturating_sub(shown.len() as u64);
    if rest > 0 {
        shown.push(format!("and {rest} more"));
    }
    let oldest = counting.iter().map(|(_, f)| f.found.at).min();
    let age = oldest.map_or(String::new(), |at| {
        format!("; the oldest is {} old", in_words(now.since(at)))
    });
    let sums = amounts(counting.iter().map(|(_, f)| &f.found));
    let sums: Vec<String> = sums
        .into_iter()
        .filter(|(currency, _)| !currency.is_empty())
        .map(|(currency, amount)| {
            let amount = i64::try_from(amount).unwrap_or(i64::MAX);
            Money { amount, currency }.to_string()
        })
        .collect();
    let sums = if sums.is_empty() || count == 1 {
        String::new()
    } else {
        format!(" ({})", sums.join(", "))
    };
    format!(
        "{count} {}{sums}: {}{age}{unknown}",
        if count == 1 { "differs" } else { "differ" },
        shown.join(", ")
    )
}

/// "ch_1 (12.00 USD, Stripe has it, the database does not)"
pub fn describe(declared: &Reconciliation, found: &Found) -> String {
    let amount = match found.kind {
        Difference::Differs => None,
        _ => found.left.as_ref().or(found.right.as_ref()),
    };
    let amount = amount.map_or(String::new(), |m| format!("{m}, "));
    format!("{} ({amount}{})", found.key, how(declared, found))
}

/// "Stripe has it, the database does not; refunded since"
pub fn how(declared: &Reconciliation, found: &Found) -> String {
    let (left, right) = (declared.left.word(), declared.right.word());
    let text = match (found.kind, &found.left, &found.right) {
        (Difference::MissingRight, ..) => format!("{left} has it, {right} does not"),
        (Difference::MissingLeft, ..) => format!("{right} has it, {left} does not"),
        (Difference::Doubled, ..) => "more than once".to_string(),
        (Difference::Differs, Some(l), Some(r)) if l != r => {
            format!("{l} at {left}, {r} at {right}")
        }
        (Difference::Differs, ..) => String::new(),
    };
    match (&found.note, text.is_empty()) {
        (Some(note), true) => note.clone(),
        (Some(note), false) => format!("{text}; {note}"),
        (None, _) => text,
    }
}

/// How much differences come to, by currency: the whole amount of what is missing or doubled,
/// the gap between amounts that differ.
pub fn amounts<'f>(found: impl Iterator<Item = &'f Found>) -> BTreeMap<String, u64> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for found in found {
        let (money, amount) = match (&found.left, &found.right) {
            (Some(l), Some(r)) if found.kind == Difference::Differs && l.currency == r.currency => {
                (l, l.amount.abs_diff(r.amount))
            }
            (Some(m), _) | (None, Some(m)) => (m, m.amount.unsigned_abs()),
            (None, None) => continue,
        };
        let sum = sums.entry(money.currency.clone()).or_default();
        *sum = sum.saturating_add(amount);
    }
    sums
}
