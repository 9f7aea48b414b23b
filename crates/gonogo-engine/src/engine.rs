//! The engine: a deterministic state machine from inputs to effects.
//!
//! `handle(now, input)` is the only way in. The same inputs at the same times give the same
//! effects and the same state, on any machine, from any snapshot: there is no clock, no
//! randomness, no IO and no hash order in here.

use std::collections::BTreeMap;
use std::sync::Arc;

use gonogo_model::check::LOCAL;
use gonogo_model::{Duration, Id, Package, PackageText};
use serde::{Deserialize, Serialize};

use crate::alerting::AlertState;
use crate::change::Happened;
use crate::check::CheckState;
use crate::domains::FleetState;
use crate::doubt::Doubt;
use crate::effect::Effect;
use crate::external::Externals;
use crate::flow::{Deaf, FlowState};
use crate::freeze::FreezeState;
use crate::gauge::GaugeState;
use crate::heartbeat::BeatState;
use crate::history::{Entry, EntryKind};
use crate::incident::Incident;
use crate::input::{Input, PackageInput, Silence};
use crate::maintenance::Windows;
use crate::places::AgentState;
use crate::plan::Plan;
use crate::reconciliation::ReconciliationState;
use crate::signals::{Awaited, Backlog};
use crate::skew::SkewState;
use crate::slo::SloState;
use crate::source::SourceState;
use crate::time::Time;

/// Names the rules that made a step. It changes whenever the same inputs could lead to other
/// effects; the bundled time-zone database is part of it.
pub const ENGINE_VERSION: &str = concat!("3/", env!("CARGO_PKG_VERSION"), "/tzdb-bundled");
/// The version of the snapshots' shape.
pub const SNAPSHOT_SCHEMA: u16 = 1;
/// Without proof for this long that our own intake can hear, we are blind and say so.
pub const BLIND_AFTER: Duration = Duration::from_mins(2);
/// A stretch without such proof that is longer than this does not count against anybody.
pub const HEARING_GAP: Duration = Duration::from_secs(30);
/// What senders are given to catch up after such a stretch.
pub const CATCH_UP: Duration = Duration::from_secs(60);
/// How long an answer is waited for before paging on absence.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// An event that comes in later than this after it happened is part of a backlog.
pub const BACKLOG_AFTER: Duration = Duration::from_mins(5);
/// From how many such events on a backlog is summed up; a few are a sender's ordinary repeats.
pub const BACKLOG_TOLD_FROM: u64 = 10;
/// How soon after a change sums over windows are looked at again.
pub const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// Housekeeping comes every minute; when nothing came for longer, we did not run.
pub const DOWN_AFTER: Duration = Duration::from_mins(3);
/// The latest time that is taken in: past it calendars end.
pub const LATEST: Time = Time::from_millis(253_370_764_800_000);
/// How often everything is looked at and old counts are rolled up.
pub const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(60);

/// The state machine.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) plan: Arc<Plan>,
    pub(crate) state: State,
    pub(crate) out: Vec<Effect>,
    pub(crate) history: Vec<Entry>,
    /// When the next check falls silent; it follows from the state, so it is kept beside it.
    pub(crate) silent_from: Option<Time>,
}

/// Everything that the engine remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The latest time that was seen; it never goes back.
    pub now: Time,
    /// The package in force.
    pub package: Option<PackageInput>,
    /// States of the flows, in the plan's order.
    pub flows: Vec<FlowState>,
    /// States of the checks.
    pub checks: BTreeMap<Id, CheckState>,
    /// States of the sources.
    pub sources: BTreeMap<Id, SourceState>,
    /// States of the gauges.
    #[serde(default)]
    pub gauges: BTreeMap<Id, GaugeState>,
    /// States of the skews.
    #[serde(default)]
    pub skews: BTreeMap<Id, SkewState>,
    /// States of the alerts.
    pub alerts: BTreeMap<Id, AlertState>,
    /// All incidents that are remembered, by number.
    pub incidents: BTreeMap<u64, Incident>,
    /// The number of the latest incident.
    pub last_incident: u64,
    /// Until when our intake was proven to hear.
    pub heard: Option<Time>,
    /// Since when it counts that nothing was heard.
    pub listening_since: Option<Time>,
    /// The last stretch in which nothing was heard.
    pub deaf: Option<Deaf>,
    /// Events that come in long after they happened.
    pub backlog: Option<Backlog>,
    /// Troubles of gonogo itself, by code.
    pub troubles: BTreeMap<String, String>,
    /// When windows are looked at again, because something changed.
    pub look_again_at: Option<Time>,
    /// When everything is looked at again.
    pub housekeeping_at: Option<Time>,
    /// How many test pages were sent.
    pub test_pages: u64,
    /// States of the reconciliations; pages share them instead of copying thousands of keys.
    #[serde(default)]
    pub reconciliations: BTreeMap<Id, Arc<ReconciliationState>>,
    /// States of the SLOs.
    #[serde(default)]
    pub slos: BTreeMap<Id, SloState>,
    /// When events that alerts wait for last came, by alert.
    #[serde(default)]
    pub awaited: BTreeMap<Id, Awaited>,
    /// What changed, in order of time.
    #[serde(default)]
    pub changes: Vec<Happened>,
    /// Where the error budget policies stand.
    #[serde(default)]
    pub freezes: BTreeMap<Id, FreezeState>,
    /// What is known of jobs that report by themselves, by check.
    #[serde(default)]
    pub beats: BTreeMap<Id, BeatState>,
    /// States of the fleets of domains.
    #[serde(default)]
    pub fleets: BTreeMap<Id, FleetState>,
    /// What is known of the alerts of other tools, by source.
    #[serde(default)]
    pub externals: BTreeMap<Id, Arc<Externals>>,
    /// Who could not decide about events: `flow/charge-recorded`.
    #[serde(default)]
    pub doubts: BTreeMap<String, Doubt>,
    /// What is known of the agents, by place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<Id, AgentState>,
    /// Where maintenance stands.
    #[serde(default)]
    pub maintenance: Windows,
    /// The silences of gonogo's own alerts, by id.
    #[serde(default)]
    pub silences: BTreeMap<String, Silence>,
    /// Those of them that alerts were last held against.
    #[serde(default)]
    pub silences_in_force: Vec<String>,
}

/// What handling an input led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What has to be done.
    pub effects: Vec<Effect>,
    /// What happened, in words.
    pub history: Vec<Entry>,
}

/// When the engine wants to be called again at the latest, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// When.
    pub at: Time,
    /// For what.
    pub why: &'static str,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An engine that has not been given a package yet. Until then it remembers nothing.
    pub fn new() -> Self {
        Self {
            plan: Arc::new(Plan::new(Package::default(), PackageText::default())),
            state: State::default(),
            out: Vec::new(),
            history: Vec::new(),
            silent_from: None,
        }
    }

    /// Takes in what happened and says what has to be done.
    ///
    /// A `now` before an earlier one counts as that: time never goes back in here.
    pub fn handle(&mut self, now: Time, input: &Input) -> Outcome {
        let before = self.state.now;
        let now = now.min(LATEST).max(before);
        self.state.now = now;
        if self.state.package.is_some() && now.since(before) > DOWN_AFTER {
            self.was_down(before, now);
        }
        self.advance_maintenance(now);
        match input {
            Input::Package(package) => self.reload(package, now),
            Input::Event(event) => self.take_event(event, now),
            Input::Forwarded(report) => self.take_forwarded(report, now),
            Input::Check(result) => self.take_check(LOCAL, result, now),
            Input::IntakeProven { at } => self.intake_proven((*at).min(now), now),
            Input::Delivery(delivery) => self.take_delivery(delivery, now),
            Input::Confirmation(confirmation) => self.take_confirmation(confirmation, now),
            Input::Command(command) => self.take_command(command, now),
            Input::Trouble(trouble) => self.take_trouble(trouble, now),
            Input::ClockStep { by_millis } => {
                let text = format!(
                    "the wall clock was off by {} s and was taken over",
                    by_millis / 1000
                );
                self.say(now, None, EntryKind::Clock, "clock", text);
            }
            Input::Tick => self.advance(now),
            Input::Reconciled(run) => self.take_reconciled(run, now),
            Input::Sampled(sampled) => self.take_sample(sampled, now),
            Input::Beat(beat) => self.take_beat(beat, now),
            Input::Fleet(input) => self.take_fleet(input, now),
            Input::GaugeRead(read) => self.take_gauge_read(read, now),
            Input::Sighting(seen) => self.take_sighting(seen, now),
            Input::Reported(report) => self.take_report(report, now),
            Input::External(external) => self.take_external(external, now),
        }
        Outcome {
            effects: std::mem::take(&mut self.out),
            history: std::mem::take(&mut self.history),
        }
    }

    /// When [`Input::Tick`] has to come at the latest.
    pub fn next_deadline(&self) -> Option<Deadline> {
        self.state.package.as_ref()?;
        let mut next: Option<Deadline> = None;
        let mut offer = |at: Option<Time>, why| {
            // Past the end of calendars nothing can be waited for.
            if let Some(at) = at.filter(|at| *at <= LATEST) {
                let offered = Deadline { at, why };
                next = Some(next.map_or(offered, |n| n.min(offered)));
            }
        };
        offer(self.state.housekeeping_at, "housekeeping");
        offer(self.state.look_again_at, "windows changed");
        offer(self.maintenance_due(), "maintenance begins or ends");
        self.signal_deadlines(&mut offer);
        self.measure_deadlines(&mut offer);
        self.external_deadlines(&mut offer);
        self.alert_deadlines(&mut offer);
        for incident in self
            .state
            .incidents
            .values()
            .filter(|i| i.merged_into.is_none())
        {
            self.incident_deadlines(incident, &mut offer);
        }
        next
    }

    /// The whole state as bytes, to be restored later by the same or the next version.
    pub fn snapshot(&self) -> Vec<u8> {
        // Writing to memory cannot fail, and no type here refuses to be written.
        rmp_serde::to_vec_named(&self.state).unwrap_or_default()
    }

    /// The engine that a snapshot was taken of.
    pub fn restore(snapshot: &[u8]) -> Result<Self, String> {
        let mut state: State = rmp_serde::from_slice(snapshot)
            .map_err(|error| format!("the snapshot cannot be read: {error}"))?;
        let plan = match &state.package {
            Some(PackageInput { text, overlay, .. }) => {
                let package = gonogo_model::package::load_with(text, overlay).package;
                Plan::new(package, text.clone())
            }
            None => Plan::new(Package::default(), PackageText::default()),
        };
        let plan = Arc::new(plan);
        if state.package.is_some() {
            let now = state.now;
            state.keep_watching(&plan, now);
        }
        let mut engine = Self {
            plan,
            state,
            out: Vec::new(),
            history: Vec::new(),
            silent_from: None,
        };
        engine.find_silent_from();
        Ok(engine)
    }

    /// What is remembered, for pages and tests.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The package in force, indexed.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Nobody gave us anything to do for a while, not even the time: we did not run.
    fn was_down(&mut self, since: Time, now: Time) {
        self.state.listening_since = Some(now);
        let text = format!(
            "gonogo did not run from {since} to {now}: what was due meanwhile is done now, once"
        );
        self.say(now, None, EntryKind::Trouble, "down", text);
    }

    /// Everything that is due by now.
    fn advance(&mut self, now: Time) {
        self.advance_signals(now);
        self.advance_measures(now);
        self.advance_externals(now);
        if self.state.look_again_at.is_some_and(|at| at <= now) {
            self.state.look_again_at = None;
            self.look_at_windows(now);
            self.look_at_gauges(now);
        }
        if self.state.housekeeping_at.is_some_and(|at| at <= now) {
            self.housekeeping(now);
        }
        self.advance_alerts(now);
        let numbers: Vec<u64> = self.state.incidents.keys().copied().collect();
        for number in numbers {
            self.advance_incident(number, now);
        }
    }

    fn housekeeping(&mut self, now: Time) {
        self.state.housekeeping_at = Some(now + HOUSEKEEPING_EVERY);
        for flow in &mut self.state.flows {
            flow.roll(now);
        }
        for check in self.state.checks.values_mut() {
            check.series.roll(now);
        }
        for source in self.state.sources.values_mut() {
            source.series.roll(now);
            if let Some(forward) = &mut source.forward {
                forward.series.roll(now);
            }
        }
        for slo in self.state.slos.values_mut() {
            slo.series.roll(now);
            slo.excluded.roll(now);
        }
        self.note_excluded(now);
        self.advance_fleets(now);
        self.look_at_everything(now);
        self.troubles_go_on(now);
        self.forget_old_incidents(now);
        self.forget_externals(now);
    }

    /// Writes a line of history.
    pub(crate) fn say(
        &mut self,
        at: Time,
        incident: Option<u64>,
        kind: EntryKind,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) {
        let (subject, text) = (subject.into(), text.into());
        self.history.push(Entry {
            at,
            incident,
            kind,
            subject,
            text,
        });
    }
}
