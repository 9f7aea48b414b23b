//! Runs as they come in, and what people decide about a difference.

use std::collections::BTreeSet;
use std::sync::Arc;

use gonogo_model::Id;
use gonogo_model::reconciliation::Reconciliation;

use super::{
    CATCH_UP_MAX, CatchingUp, Comparison, DIFFERENCES_MAX, FINDINGS_MAX, Finding, Found, RUNS_KEPT,
    Reconciled, ReconciliationState, RunResult, RunSummary, Stretch, Told, Unknown, UnknownRuns,
    WRITTEN_OFF_MAX, WrittenOff, describe,
};
use crate::engine::Engine;
use crate::history::EntryKind;
use crate::time::Time;

/// How many keys that came after all are named in a line of history.
const NAMED_MAX: usize = 5;

impl Engine {
    pub(crate) fn take_reconciled(&mut self, run: &Reconciled, now: Time) {
        let plan = Arc::clone(&self.plan);
        let id = &run.reconciliation;
        let (Some(declared), Some(state)) = (
            plan.package.reconciliations.get(id),
            self.state.reconciliations.get_mut(id),
        ) else {
            // A run that was under way while a reload took its declaration away is no news.
            return;
        };
        let text = Arc::make_mut(state).take(declared, run, now);
        if let Some(text) = text {
            self.say(now, None, EntryKind::Reconciled, id.as_str(), text);
        }
        self.judge_all(plan.alerts_of_reconciliation(id), now);
    }

    pub(crate) fn write_off_finding(
        &mut self,
        id: &Id,
        key: &str,
        by: &str,
        reason: &str,
        now: Time,
    ) {
        let plan = Arc::clone(&self.plan);
        let Some(state) = self.state.reconciliations.get_mut(id) else {
            return;
        };
        let written = Arc::make_mut(state).write_off(key, by, reason, now);
        if written == 0 {
            return;
        }
        let what = if key == "*" {
            format!("all {written} differences")
        } else {
            key.to_string()
        };
        let text = format!("{by} wrote {what} off: {reason}");
        self.say(now, None, EntryKind::Note, id.as_str(), text);
        self.judge_all(plan.alerts_of_reconciliation(id), now);
    }
}

impl ReconciliationState {
    /// Takes in a run; what is worth a line of history comes back.
    fn take(&mut self, declared: &Reconciliation, run: &Reconciled, now: Time) -> Option<String> {
        let at = run.at.min(now);
        self.ran_at = Some(now);
        let (text, matched) = match &run.result {
            RunResult::Unknown(why) => (self.take_unknown(why, at), None),
            RunResult::Compared(comparison) => {
                self.catch_up(declared, now);
                let text = self.take_comparison(declared, run.stretch, comparison, now);
                let was_unknown = self.unknown.take();
                let told = Told {
                    at,
                    took: run.took,
                    stretch: run.stretch,
                    left: comparison.left.clone(),
                    right: comparison.right.clone(),
                    matched: comparison.matched,
                };
                self.told = Some(told);
                let again = was_unknown.map(|_| "both sides answer again".to_string());
                (join(again, text), Some(comparison.matched))
            }
        };
        if self.runs.len() >= RUNS_KEPT {
            self.runs.pop_front();
        }
        self.runs.push_back(RunSummary {
            at,
            matched,
            open: self.open(),
        });
        text
    }

    fn take_unknown(&mut self, why: &Unknown, at: Time) -> Option<String> {
        match &mut self.unknown {
            Some(unknown) => {
                unknown.runs = unknown.runs.saturating_add(1);
                unknown.why = why.clone();
                None
            }
            None => {
                self.unknown = Some(UnknownRuns {
                    runs: 1,
                    since: at,
                    why: why.clone(),
                });
                let detail = &why.detail;
                Some(format!("nobody can say whether both sides agree: {detail}"))
            }
        }
    }

    /// What fell into a time without a run that could tell is given as long again to arrive.
    fn catch_up(&mut self, declared: &Reconciliation, now: Time) {
        self.catching_up = self.catching_up.filter(|c| c.until > now);
        let Some(told) = &self.told else { return };
        let gap = now.since(told.at + declared.every);
        if self.unknown.is_none() && gap <= declared.every {
            return;
        }
        self.catching_up = Some(CatchingUp {
            from: told.stretch.until,
            until: now + declared.catch_up + gap.min(CATCH_UP_MAX),
        });
    }

    fn take_comparison(
        &mut self,
        declared: &Reconciliation,
        stretch: Stretch,
        comparison: &Comparison,
        now: Time,
    ) -> Option<String> {
        // Where not all differences are named, those up to the last one are.
        let judged = |f: &Finding| {
            let at = f.found.at;
            let named = comparison.named_until.is_none_or(|until| at < until);
            at >= stretch.from && at <= stretch.until && named
        };
        let named: BTreeSet<&str> = comparison.found.iter().map(|f| f.key.as_str()).collect();
        let over: Vec<String> = self
            .findings
            .iter()
            .filter(|(key, f)| judged(f) && !named.contains(key.as_str()))
            .map(|(key, _)| key.clone())
            .collect();
        let oldest = self.findings.values().map(|f| f.found.at).min();
        if oldest.is_some_and(|at| stretch.from <= at) {
            self.wide_at = Some(now);
        }
        let counted = over
            .iter()
            .filter(|key| self.findings.remove(*key).is_some_and(|f| f.counts))
            .count();
        let cleared = (counted > 0).then(|| {
            let keys: Vec<&str> = over.iter().map(String::as_str).collect();
            format!("agree by now: {}", some_of(&keys))
        });
        self.more = comparison.more;
        let mut fresh: Vec<String> = Vec::new();
        for found in &comparison.found {
            if let Some(text) = self.take_found(declared, found, now) {
                fresh.push(text);
            }
        }
        let fresh: Vec<&str> = fresh.iter().map(String::as_str).collect();
        let told = (!fresh.is_empty()).then(|| format!("still differ: {}", some_of(&fresh)));
        join(cleared, told)
    }

    /// Takes in one difference; one that begins to count comes back in words.
    fn take_found(
        &mut self,
        declared: &Reconciliation,
        found: &Found,
        now: Time,
    ) -> Option<String> {
        if self
            .written_off
            .get(&found.key)
            .is_some_and(|w| w.found.says_same(found))
        {
            return None;
        }
        if let Some(finding) = self.findings.get_mut(&found.key) {
            finding.last_at = now;
            // Another difference under the same key is looked at anew only while none counts.
            if !finding.counts && !finding.found.says_same(found) {
                finding.first_at = now;
            }
            finding.found = found.clone();
            let finding = finding.clone();
            let stays = finding.first_at < now && self.counts_at(declared, &finding) <= now;
            if finding.counts || !stays {
                return None;
            }
            let finding = self.findings.get_mut(&found.key)?;
            finding.counts = true;
            return Some(describe(declared, found));
        }
        if self.findings.len() >= FINDINGS_MAX {
            self.more = self.more.saturating_add(1);
            return None;
        }
        let finding = Finding {
            found: found.clone(),
            first_at: now,
            last_at: now,
            counts: false,
        };
        self.findings.insert(found.key.clone(), finding);
        None
    }

    /// Somebody looked at it, and it no longer counts. `*` means all. How many were meant.
    fn write_off(&mut self, key: &str, by: &str, reason: &str, now: Time) -> usize {
        let keys: Vec<String> = if key == "*" {
            self.findings.keys().cloned().collect()
        } else {
            vec![key.to_string()]
        };
        let mut written = 0;
        for key in keys {
            let Some(finding) = self.findings.remove(&key) else {
                continue;
            };
            written += 1;
            if self.written_off.len() >= WRITTEN_OFF_MAX {
                let oldest = self.written_off.iter().min_by_key(|(k, w)| (w.at, *k));
                if let Some(oldest) = oldest.map(|(k, _)| k.clone()) {
                    self.written_off.remove(&oldest);
                }
            }
            let entry = WrittenOff {
                found: finding.found,
                at: now,
                by: by.to_string(),
                reason: reason.to_string(),
            };
            self.written_off.insert(key, entry);
        }
        written
    }
}

impl Found {
    /// Does it say the same as another one of this key?
    fn says_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.left == other.left && self.right == other.right
    }
}

fn some_of(texts: &[&str]) -> String {
    let mut shown = texts[..texts.len().min(NAMED_MAX)].join(", ");
    let rest = texts.len().saturating_sub(NAMED_MAX);
    if rest > 0 {
        shown.push_str(&format!(" and {rest} more"));
    }
    shown
}

fn join(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(format!("{one}; {other}")),
        (one, other) => one.or(other),
    }
}

const _: () = assert!(DIFFERENCES_MAX <= FINDINGS_MAX);
