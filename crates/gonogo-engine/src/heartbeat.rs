//! Jobs that report by themselves: what was heard of their runs, and what was missed.
//!
//! A report that comes in is judged at once; a missing one only for times at which our own
//! intake was proven to hear. Invariant: a run that we may have been deaf for is never missed,
//! it is "cannot tell" until the job is heard again.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_model::check::{Check, Probe};
use gonogo_model::heartbeat::HeartbeatProbe;
use gonogo_model::{Duration, Id};
use serde::{Deserialize, Serialize};

use crate::check::Health;
use crate::engine::Engine;
use crate::flow::Deaf;
use crate::input::{Beat, BeatKind, CheckResult, CheckVerdict};
use crate::reading::in_words;
use crate::time::Time;

/// Runs of one job that may be open at once; the oldest is given up for one more.
pub const MAX_RUNNING: usize = 32;
/// Runs that are remembered for the page.
pub const MAX_RUNS: usize = 20;
/// How much earlier than its time a report may come and still be that time's: clocks differ.
pub const EARLY: Duration = Duration::from_secs(60);

/// What is known of one job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BeatState {
    /// When it was declared, or could be heard again: nothing is expected from before.
    pub known_since: Time,
    /// When the latest run began: its start, or its end where no start was heard.
    pub last_run: Option<Time>,
    /// When a run last ended well.
    pub last_success: Option<Time>,
    /// Runs that began and have not ended, by the name that the job gives them.
    pub running: BTreeMap<String, Time>,
    /// The latest runs that ended, the newest last.
    pub runs: Vec<Run>,
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When its start was heard.
    pub started: Option<Time>,
    /// When it ended, or was given up.
    pub ended: Time,
    /// How long it took, where that is known.
    pub took: Option<Duration>,
    /// The stable word for how it ended.
    pub code: String,
    /// The exit code.
    #[serde(default)]
    pub exit: Option<i64>,
    /// What the job said.
    #[serde(default)]
    pub note: String,
}

/// What is found, before it is tied to a check.
struct Found {
    verdict: CheckVerdict,
    code: &'static str,
    detail: String,
    took: Duration,
}

impl Found {
    fn new(verdict: CheckVerdict, code: &'static str, detail: String) -> Self {
        Self {
            verdict,
            code,
            detail,
            took: Duration::ZERO,
        }
    }
}

impl BeatState {
    /// The state of a job that was never heard.
    pub fn new(now: Time) -> Self {
        Self {
            known_since: now,
            ..Self::default()
        }
    }

    /// When the next run is expected, without any grace.
    pub fn expected_at(&self, check: &Check, beat: &HeartbeatProbe) -> Option<Time> {
        let last = self.last_run.filter(|at| *at >= self.known_since);
        match &beat.cron {
            None => Some(last.unwrap_or(self.known_since) + check.every),
            Some(cron) => {
                let early = EARLY.min(beat.grace);
                let after = last.map_or(self.known_since, |at| at + early);
                let next = cron.next_after(&beat.zone(), after.timestamp())?;
                Some(Time::from(next))
            }
        }
    }

    /// When the run that has been open for longest has to be over.
    fn has_to_end_at(&self, check: &Check, beat: &HeartbeatProbe) -> Option<Time> {
        let oldest = *self.running.values().min()?;
        Some(match (beat.longest, &beat.cron) {
            (Some(longest), _) => oldest + longest,
            // Without a bound a run has to be over when the next one begins.
            (None, None) => oldest + check.every + beat.grace,
            (None, Some(cron)) => {
                let after = (oldest + EARLY.min(beat.grace)).timestamp();
                let next = cron.next_after(&beat.zone(), after)?;
                Time::from(next) + beat.grace
            }
        })
    }

    fn take(&mut self, beat: &Beat, declared: &HeartbeatProbe, at: Time) -> Found {
        match beat.kind {
            BeatKind::Start => self.start(beat, declared, at),
            BeatKind::Success | BeatKind::Fail => self.end(beat, declared, at),
        }
    }

    fn start(&mut self, beat: &Beat, declared: &HeartbeatProbe, at: Time) -> Found {
        let name = beat.run.clone().unwrap_or_default();
        let before = self.running.values().max().copied();
        // A start that is repeated is the same run: senders try again.
        let again = beat.run.is_some() && self.running.contains_key(&name);
        if !again {
            if self.running.len() >= MAX_RUNNING
                && let Some(oldest) = oldest(&self.running)
            {
                self.running.remove(&oldest);
            }
            self.running.insert(name, at);
            self.last_run = Some(at);
        }
        match before {
            Some(before) if !again && !declared.overlaps => Found::new(
                CheckVerdict::Failing,
                "heartbeat_overlap",
                format!("a run began at {at} while the one of {before} had not ended"),
            ),
            _ => Found::new(
                CheckVerdict::Ok,
                "heartbeat_started",
                format!("a run began at {at}"),
            ),
        }
    }

    fn end(&mut self, beat: &Beat, declared: &HeartbeatProbe, at: Time) -> Found {
        let name = match &beat.run {
            Some(run) => Some(run.clone()).filter(|r| self.running.contains_key(r)),
            None => oldest(&self.running),
        };
        let started = name.and_then(|name| self.running.remove(&name));
        let took = beat.took.or_else(|| started.map(|s| at.since(s)));
        if started.is_none() {
            self.last_run = Some(at);
        }
        let failed = beat.kind == BeatKind::Fail || beat.exit.is_some_and(|code| code != 0);
        let too_long = match (took, declared.longest) {
            (Some(took), Some(longest)) if took > longest => Some((took, longest)),
            _ => None,
        };
        let lasted = took.map_or(String::new(), |t| format!(" after {}", in_words(t)));
        let mut found = if failed {
            let exit = beat
                .exit
                .map_or(String::new(), |code| format!(" with exit code {code}"));
            let note = match beat.note.is_empty() {
                true => String::new(),
                false => format!(": {}", beat.note),
            };
            let detail = format!("the run failed{lasted}{exit}{note}");
            Found::new(CheckVerdict::Failing, "heartbeat_failed", detail)
        } else if let Some((took, longest)) = too_long {
            let detail = format!(
                "the run ended well and took {}; at most {} is expected",
                in_words(took),
                in_words(longest)
            );
            Found::new(CheckVerdict::Failing, "heartbeat_too_long", detail)
        } else {
            self.last_success = Some(at);
            let detail = format!("the run ended well{lasted}, at {at}");
            Found::new(CheckVerdict::Ok, "ok", detail)
        };
        found.took = took.unwrap_or(Duration::ZERO);
        self.remember(Run {
            started,
            ended: at,
            took,
            code: found.code.into(),
            exit: beat.exit,
            note: beat.note.clone(),
        });
        found
    }

    fn remember(&mut self, run: Run) {
        self.runs.push(run);
        let over = self.runs.len().saturating_sub(MAX_RUNS);
        self.runs.drain(..over);
    }

    /// What is missing by a time until which we heard.
    fn missed(&mut self, check: &Check, beat: &HeartbeatProbe, heard: Time) -> Option<Found> {
        if let Some(due) = self.has_to_end_at(check, beat).filter(|due| *due <= heard) {
            let name = oldest(&self.running)?;
            let started = self.running.remove(&name)?;
            self.remember(Run {
                started: Some(started),
                ended: due,
                took: None,
                code: "heartbeat_unfinished".into(),
                exit: None,
                note: String::new(),
            });
            let detail =
                format!("the run that began at {started} has not ended; it should have by {due}");
            return Some(Found::new(
                CheckVerdict::Failing,
                "heartbeat_unfinished",
                detail,
            ));
        }
        let due = self.expected_at(check, beat)?;
        if due + beat.grace > heard {
            return None;
        }
        let last = match self.last_run {
            Some(at) => format!("the last run was heard at {at}"),
            None => "it was never heard".into(),
        };
        let detail = format!(
            "nothing was heard of the run that was expected at {due}, with {} of grace; {last}",
            in_words(beat.grace)
        );
        Some(Found::new(
            CheckVerdict::Failing,
            "heartbeat_missing",
            detail,
        ))
    }

    /// We were deaf for a while. What may have been said meanwhile is nobody's fault.
    fn excuse(&mut self, check: &Check, beat: &HeartbeatProbe, deaf: Deaf) -> Option<Found> {
        let early = EARLY.min(beat.grace);
        let expected = self.expected_at(check, beat);
        let start =
            expected.is_some_and(|due| due - early < deaf.until && due + beat.grace > deaf.from);
        let end = self.running.values().any(|at| *at < deaf.until);
        if !start && !end {
            return None;
        }
        if start {
            self.known_since = deaf.until;
        }
        if end {
            self.running.retain(|_, at| *at >= deaf.until);
        }
        let detail = format!(
            "our own intake could not hear from {} to {}: what the job said then is lost, and whether it ran cannot be told",
            deaf.from, deaf.until
        );
        Some(Found::new(
            CheckVerdict::Unknown,
            "heartbeat_unheard",
            detail,
        ))
    }
}

fn oldest(running: &BTreeMap<String, Time>) -> Option<String> {
    let first = running.iter().min_by_key(|(_, at)| **at);
    first.map(|(name, _)| name.clone())
}

impl Engine {
    /// A job reported.
    pub(crate) fn take_beat(&mut self, beat: &Beat, now: Time) {
        let plan = Arc::clone(&self.plan);
        let Some((check, declared)) = heartbeat(plan.package.checks.get(&beat.check)) else {
            return;
        };
        let Some(state) = self.state.beats.get_mut(&beat.check) else {
            return;
        };
        let found = state.take(beat, declared, beat.at.min(now));
        self.beat_found(check, found, now);
    }

    /// Judges what is missing of all jobs by a time until which we heard.
    pub(crate) fn judge_beats(&mut self, heard: Time, now: Time) {
        let plan = Arc::clone(&self.plan);
        let mut missed = Vec::new();
        for (id, state) in &mut self.state.beats {
            let Some((check, declared)) = heartbeat(plan.package.checks.get(id)) else {
                continue;
            };
            missed.extend(state.missed(check, declared, heard).map(|f| (check, f)));
        }
        for (check, found) in missed {
            let state = self.state.checks.get(&check.id.value);
            let last = state.and_then(|s| s.last.as_ref());
            let known = state.is_some_and(|s| s.health == Health::Failing)
                && last.is_some_and(|l| l.code == found.code && l.detail == found.detail);
            // It is still missing: that was said.
            if !known {
                self.beat_found(check, found, now);
            }
        }
    }

    /// We were deaf for a while, and nobody's silence counts.
    pub(crate) fn excuse_beats(&mut self, deaf: Deaf, now: Time) {
        let plan = Arc::clone(&self.plan);
        let mut excused = Vec::new();
        for (id, state) in &mut self.state.beats {
            let Some((check, declared)) = heartbeat(plan.package.checks.get(id)) else {
                continue;
            };
            excused.extend(state.excuse(check, declared, deaf).map(|f| (check, f)));
        }
        for (check, found) in excused {
            self.beat_found(check, found, now);
        }
    }

    fn beat_found(&mut self, check: &Check, found: Found, now: Time) {
        let plan = Arc::clone(&self.plan);
        let id: &Id = &check.id.value;
        let Some(state) = self.state.checks.get_mut(id) else {
            return;
        };
        // That a run began says nothing of how the one before it ended.
        let began = found.code == "heartbeat_started" && state.health == Health::Failing;
        let ended_badly = |code: &str| code != "heartbeat_missing";
        if began && state.last.as_ref().is_some_and(|l| ended_badly(&l.code)) {
            return;
        }
        let works = found.verdict == CheckVerdict::Ok && found.code == "ok";
        let result = CheckResult {
            check: id.clone(),
            at: now,
            verdict: found.verdict,
            code: found.code.into(),
            detail: found.detail,
            took: found.took,
            count: 1,
            certificate: None,
            registration: None,
            seen: Box::default(),
        };
        state.settle(result, now);
        self.judge_all(plan.alerts_of_check(id), now);
        if works {
            self.clear_of_suspicion(&check.component.id, now);
        }
    }
}

fn heartbeat(check: Option<&Check>) -> Option<(&Check, &HeartbeatProbe)> {
    let check = check?;
    match &check.probe {
        Probe::Heartbeat(declared) => Some((check, declared)),
        _ => None,
    }
}
