//! Rehearsals: a scenario of the package, played against the very engine that pages people.
//!
//! A virtual clock jumps from one moment to the next at which something is due, in the world
//! or in the engine. Invariant: the same package, overlay, scenario and seed give the same
//! bytes, on any machine.

mod fleets;
mod luck;
mod measures;
mod people;
mod probes;
mod record;
mod records;
mod report;
mod score;
pub mod timeline;
mod tools;
mod traffic;
mod world;

use gonogo_model::diagnostic::{Severity, did_you_mean};
use gonogo_model::overlay::Overlay;
use gonogo_model::package::load_with;
use gonogo_model::scenario::Scenario;
use gonogo_model::{Id, Package, PackageText};
use serde::{Deserialize, Serialize};

pub use measures::{agreed, well};
pub use score::Judged;
pub use timeline::{Line, LineKind};

use crate::engine::{Engine, Outcome};
use crate::input::{Input, PackageInput};
use crate::time::Time;
use record::Record;
use timeline::Timeline;
use world::{Happening, World};

/// The version of the JSON that a rehearsal is written as.
pub const SCHEMA: u32 = 1;

/// A scenario that was played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The version of this shape: [`SCHEMA`].
    pub schema: u32,
    /// The scenario.
    pub scenario: Id,
    /// What people call it.
    pub name: String,
    /// What really happened, which the responders did not know.
    pub truth: Option<String>,
    /// The digest of the package.
    pub package: String,
    /// What stood in for written values.
    pub overlay: Vec<String>,
    /// How many mistakes the package has; those it could be played with.
    pub mistakes: usize,
    /// What every choice followed from.
    pub seed: u64,
    /// The virtual clock's first reading, in RFC 3339.
    pub starts: String,
    /// How long it played, in milliseconds.
    pub lasts_ms: i64,
    /// Did everything come out as expected?
    pub passed: bool,
    /// Each expectation, in order.
    pub expectations: Vec<Judged>,
    /// What became of each incident, by number.
    pub incidents: Vec<IncidentCourse>,
    /// What happened, line by line.
    pub timeline: Vec<Line>,
    /// How many lines there would have been more.
    pub lines_left_out: usize,
}

/// The course of an incident; times in milliseconds from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentCourse {
    /// Its number.
    pub number: u64,
    /// What happened, as it was called last.
    pub title: String,
    /// The worst severity that it reached.
    pub severity: String,
    /// The cause that it named last.
    pub cause: Option<Id>,
    /// The journeys that it hit.
    pub journeys: Vec<Id>,
    /// When it opened.
    pub opened_ms: i64,
    /// When somebody was first paged.
    pub paged_ms: Option<i64>,
    /// How many pages there were.
    pub pages: u32,
    /// When somebody first acknowledged.
    pub acknowledged_ms: Option<i64>,
    /// When customers were first told.
    pub public_ms: Option<i64>,
    /// When it was over.
    pub resolved_ms: Option<i64>,
    /// The incident that it turned out to be part of.
    pub merged_into: Option<u64>,
}

/// There is no scenario of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownScenario {
    /// What was asked for.
    pub asked: String,
    /// The nearest there is.
    pub near: Option<Id>,
    /// All there are.
    pub known: Vec<Id>,
}

/// The scenarios of a package, by name.
pub fn scenarios(text: &PackageText, overlay: &Overlay) -> Vec<Id> {
    load_with(text, overlay)
        .package
        .scenarios
        .into_keys()
        .collect()
}

/// Plays a scenario of a package. `seed` stands in for the scenario's own.
///
/// A package with mistakes is played as far as it can be read: what a scenario names and the
/// package does not declare is said on the timeline, and fails what was expected of it.
pub fn run(
    text: &PackageText,
    overlay: &Overlay,
    scenario: &str,
    seed: Option<u64>,
) -> Result<Rehearsal, UnknownScenario> {
    let loaded = load_with(text, overlay);
    let Some(found) = loaded.package.scenarios.get(scenario) else {
        return Err(unknown(scenario, &loaded.package));
    };
    let mistakes = loaded.diagnostics.iter();
    let mistakes = mistakes.filter(|d| d.severity == Severity::Error).count();
    let seed = seed.unwrap_or(found.seed);
    let start = Time::from(found.starts.0);
    let end = start + found.lasts;
    let package = PackageInput {
        text: text.clone(),
        overlay: overlay.clone(),
        seed,
    };
    let mut play = Play {
        engine: Engine::new(),
        world: World::new(found, &loaded.package, seed, start),
        timeline: Timeline::new(start),
        record: Record::new(start),
        scenario: found,
        package: &loaded.package,
    };
    play.missing();
    play.handle(start, &Input::Package(Box::new(package)));
    play.until(end);
    let Play {
        timeline, record, ..
    } = play;
    let expectations = score::judge(found, &loaded.package, &record, start, end);
    Ok(Rehearsal {
        schema: SCHEMA,
        scenario: found.id.value.clone(),
        name: found.name.clone(),
        truth: found.truth.clone(),
        package: text.digest().0,
        overlay: overlay.set.iter().map(ToString::to_string).collect(),
        mistakes,
        seed,
        starts: start.to_string(),
        lasts_ms: found.lasts.as_millis(),
        passed: expectations.iter().all(|e| e.passed),
        expectations,
        incidents: courses(&record, start),
        timeline: timeline.lines,
        lines_left_out: timeline.left_out,
    })
}

struct Play<'a> {
    engine: Engine,
    world: World,
    timeline: Timeline,
    record: Record,
    scenario: &'a Scenario,
    package: &'a Package,
}

impl Play<'_> {
    /// Says which traffic and which responders the package knows nothing of.
    fn missing(&mut self) {
        for traffic in &self.scenario.traffic {
            if !self.package.flows.contains_key(&traffic.flow.id) {
                let text = world::unwatched("flow", &traffic.flow.id);
                self.timeline.unwatched(&self.scenario.id.value, text);
            }
        }
        for responder in &self.scenario.responders {
            if !self.package.roles.contains_key(&responder.role.id) {
                let text = format!(
                    "nobody answers as this: there is no role `{}`",
                    responder.role.id
                );
                self.timeline.unwatched(&self.scenario.id.value, text);
            }
        }
    }

    /// Lets the clock run: whatever is due first happens first, the engine's own before the
    /// world's.
    fn until(&mut self, end: Time) {
        loop {
            let due = self.engine.next_deadline().map(|d| d.at);
            let world = self.world.next_at();
            let Some(at) = due.into_iter().chain(world).min().filter(|at| *at <= end) else {
                return;
            };
            if due == Some(at) {
                self.handle(at, &Input::Tick);
                continue;
            }
            match self.world.step(&self.engine) {
                Happening::Input(input) => self.handle(at, &input),
                Happening::Injected { inject, notes } => {
                    self.timeline.injected(self.scenario, inject, &notes, at);
                }
                Happening::Unheard => {}
            }
        }
    }

    fn handle(&mut self, now: Time, input: &Input) {
        let outcome = self.engine.handle(now, input);
        if outcome == Outcome::default() {
            return;
        }
        for entry in &outcome.history {
            self.timeline.entry(entry, self.package);
        }
        self.world.observe(&outcome, &self.engine, now);
        self.record.note(&outcome, &self.engine, now);
    }
}

fn unknown(asked: &str, package: &Package) -> UnknownScenario {
    let known: Vec<Id> = package.scenarios.keys().cloned().collect();
    let near = did_you_mean(asked, known.iter().map(Id::as_str)).map(Id::from_static);
    UnknownScenario {
        asked: asked.to_string(),
        near,
        known,
    }
}

fn courses(record: &Record, start: Time) -> Vec<IncidentCourse> {
    let after = |at: Option<Time>| at.map(|at| at.since(start).as_millis());
    record
        .incidents
        .iter()
        .map(|(number, c)| IncidentCourse {
            number: *number,
            title: c.title.clone(),
            severity: c
                .severities
                .iter()
                .map(|(s, _)| *s)
                .min()
                .map_or(String::new(), |s| s.to_string()),
            cause: c.causes.last().and_then(|(cause, _)| cause.clone()),
            journeys: c.journeys.iter().map(|(j, _)| j.clone()).collect(),
            opened_ms: c.opened_at.since(start).as_millis(),
            paged_ms: after(c.paged_at),
            pages: c.pages,
            acknowledged_ms: after(c.acknowledged_at),
            public_ms: after(c.public_at),
            resolved_ms: after(c.resolved_at),
            merged_into: c.merged_into,
        })
        .collect()
}
