//! The simulated world: what it sends and answers, and what an inject changes in it.
//!
//! It knows what really happens; the engine sees only inputs. Invariant: everything follows
//! from the package, the scenario and the seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use gonogo_model::event::Event;
use gonogo_model::scenario::{Change, GaugeReads, Scenario, SkewReads, WhichSide};
use gonogo_model::{Duration, Id, Package};

use super::fleets::Fleeted;
use super::luck::Luck;
use super::measures::{Gauged, Skewed, Told};
use super::people::{Intent, People};
use super::probes::Probed;
use super::records::{Compared, LOOK_EVERY};
use super::tools::Tool;
use super::traffic::{Shape, Shapes};
use crate::effect::{Confirm, Effect, EffectId};
use crate::engine::{Engine, Outcome};
use crate::history::EntryKind;
use crate::input::{
    Actor, Answer, Command, Confirmation, Delivery, DeliveryOutcome, Input, Side, Verb,
};
use crate::maintenance::ByHand;
use crate::reconciliation::Money;
use crate::time::Time;

/// How often our own intake proves that it hears.
const PROOF_EVERY: Duration = Duration::from_secs(5);
/// What was held back comes within this time once it is no longer.
const CATCHES_UP_WITHIN_MS: i64 = 60_000;
/// How many events of a silent source are remembered.
const WITHHELD_MAX: usize = 100_000;

/// The simulated world.
#[derive(Debug)]
pub(super) struct World {
    queue: BinaryHeap<Reverse<Due>>,
    scheduled: u64,
    seed: u64,
    checks: Vec<Probed>,
    flows: Vec<FlowWorld>,
    sources: BTreeMap<Id, SourceWorld>,
    traffic: Vec<Traffic>,
    people: People,
    injects: Vec<Vec<Change>>,
    reconciliations: Vec<Compared>,
    fleets: Vec<Fleeted>,
    gauges: Vec<Gauged>,
    skews: Vec<Skewed>,
    tools: Vec<Tool>,
    cancelled: BTreeSet<EffectId>,
}

#[derive(Debug)]
struct Due {
    at: Time,
    number: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Prove,
    Ask(usize),
    Start(usize),
    End { flow: usize, key: String },
    Speak(Id),
    Redeliver(Box<Event>),
    Inject(usize),
    Round(usize),
    Domains(usize),
    HandOver(EffectId),
    Answer(Box<Confirm>),
    Act(Intent),
    Compare(usize),
    Maintain(Box<ByHand>),
    Read(usize),
    Sight(usize),
    Hear(Box<Input>),
    Say(Box<Shape>),
    Alerts { tool: usize, again: bool },
}

/// What came of something that was due.
#[derive(Debug)]
pub(super) enum Happening {
    /// The engine hears of it.
    Input(Input),
    /// An inject was played; these parts of it found nothing to change.
    Injected { inject: usize, notes: Vec<String> },
    /// Nobody hears of it.
    Unheard,
}

#[derive(Debug)]
struct FlowWorld {
    id: Id,
    component: Id,
    shapes: Shapes,
    takes: Duration,
    slowed: Option<Duration>,
    loses_ends: bool,
    fails: bool,
    has_traffic: bool,
    started: u64,
    /// Starts whose end has not happened.
    open: BTreeSet<String>,
    /// Ends that do not happen for now.
    withheld: Vec<String>,
    /// The flows that a start, and an end, of this one opens besides.
    start_opens: Vec<usize>,
    end_opens: Vec<usize>,
}

#[derive(Debug)]
struct SourceWorld {
    luck: Luck,
    sent: u64,
    silent: bool,
    retry_window: Duration,
    withheld: Vec<Event>,
    /// How often it speaks of itself, where no traffic makes it speak.
    speaks_every: Option<Duration>,
}

#[derive(Debug)]
struct Traffic {
    flow: usize,
    every: Duration,
}

impl World {
    pub(super) fn new(scenario: &Scenario, package: &Package, seed: u64, start: Time) -> Self {
        let checks: Vec<Probed> = package
            .checks
            .values()
            .flat_map(|c| Probed::of(c, seed, start))
            .collect();
        let mut world = Self {
            queue: BinaryHeap::new(),
            scheduled: 0,
            seed,
            flows: flows(scenario, package),
            sources: sources(scenario, package, seed),
            traffic: Vec::new(),
            people: People::of(scenario),
            injects: scenario.injects.iter().map(|i| i.change.clone()).collect(),
            cancelled: BTreeSet::new(),
            checks,
            reconciliations: package
                .reconciliations
                .values()
                .map(|r| Compared::new(r, seed))
                .collect(),
            fleets: package.fleets.values().map(Fleeted::new).collect(),
            gauges: package
                .gauges
                .values()
                .map(|g| Gauged::new(g, package, seed))
                .collect(),
            skews: package
                .skews
                .values()
                .map(|s| Skewed::new(s, seed))
                .collect(),
            tools: package.sources.values().filter_map(Tool::of).collect(),
        };
        world.schedule(start, What::Prove);
        for index in 0..world.checks.len() {
            let first = start + world.checks[index].offset();
            world.schedule(first, What::Ask(index));
        }
        for traffic in &scenario.traffic {
            let Some(flow) = world.flow(&traffic.flow.id) else {
                continue;
            };
            let every = traffic.every.max(Duration::from_millis(1));
            let luck = Luck::of(seed, traffic.flow.id.as_str());
            let first = start + Duration::from_millis(luck.below(0, every.as_millis()));
            world.traffic.push(Traffic { flow, every });
            world.schedule(first, What::Start(world.traffic.len() - 1));
        }
        let speakers: Vec<(Id, Time)> = world
            .sources
            .iter()
            .filter_map(|(id, s)| Some((id.clone(), start + s.speaks_every?)))
            .collect();
        for (id, first) in speakers {
            world.schedule(first, What::Speak(id));
        }
        for index in 0..world.reconciliations.len() {
            world.schedule(start + LOOK_EVERY, What::Compare(index));
        }
        for index in 0..world.fleets.len() {
            world.schedule(start, What::Round(index));
        }
        for index in 0..world.gauges.len() {
            let first = start + world.gauges[index].offset();
            world.schedule(first, What::Read(index));
        }
        for index in 0..world.skews.len() {
            let first = start + world.skews[index].offset();
            world.schedule(first, What::Sight(index));
        }
        for tool in 0..world.tools.len() {
            let first = start + world.tools[tool].every;
            world.schedule(first, What::Alerts { tool, again: true });
        }
        for (index, inject) in scenario.injects.iter().enumerate() {
            world.schedule(start + inject.at, What::Inject(index));
        }
        world
    }

    /// When something is due next.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.queue.peek().map(|Reverse(due)| due.at)
    }

    /// Lets the next thing happen.
    pub(super) fn step(&mut self, engine: &Engine) -> Happening {
        let Some(Reverse(Due { at: now, what, .. })) = self.queue.pop() else {
            return Happening::Unheard;
        };
        let input = match what {
            What::Prove => {
                self.schedule(now + PROOF_EVERY, What::Prove);
                Some(Input::IntakeProven { at: now })
            }
            What::Ask(index) => {
                let check = &mut self.checks[index];
                let next = now + check.every;
                let answer = check.ask(now);
                self.schedule(next, What::Ask(index));
                answer
            }
            What::Start(index) => self.traffic_starts(index, now),
            What::End { flow, key } => self.ends(flow, key, now),
            What::Speak(id) => self.speaks(&id, now),
            What::Redeliver(mut event) => {
                event.received_at = now.timestamp();
                Some(Input::Event(*event))
            }
            What::Round(index) => {
                self.schedule(now + self.fleets[index].every, What::Round(index));
                Some(Input::Fleet(Box::new(self.fleets[index].round(now))))
            }
            What::Domains(index) => Some(Input::Fleet(Box::new(self.fleets[index].changed(now)))),
            What::Inject(inject) => {
                let notes = self.inject(inject, now);
                return Happening::Injected { inject, notes };
            }
            What::HandOver(effect) => (!self.cancelled.remove(&effect)).then(|| {
                Input::Delivery(Delivery {
                    effect,
                    outcome: DeliveryOutcome::HandedOver,
                    detail: "taken over".into(),
                })
            }),
            What::Answer(question) => Some(Input::Confirmation(self.answer(&question))),
            What::Compare(index) => {
                self.schedule(now + LOOK_EVERY, What::Compare(index));
                let run = self.reconciliations[index].run(engine, now);
                run.map(|run| Input::Reconciled(Box::new(run)))
            }
            What::Maintain(window) => Some(Input::Command(Command {
                by: Actor {
                    name: "rehearsal".into(),
                    person: None,
                    via: "rehearsal".into(),
                },
                verb: Verb::BeginMaintenance { window: *window },
            })),
            What::Act(intent) => self.people.act(&intent, engine).map(Input::Command),
            What::Read(index) => {
                self.schedule(now + self.gauges[index].every, What::Read(index));
                let told = self.gauges[index].tell(now);
                told.and_then(|told| self.told(told, now))
            }
            What::Sight(index) => {
                self.schedule(now + self.skews[index].every, What::Sight(index));
                self.sighted(index, now);
                None
            }
            What::Hear(input) => Some(*input),
            What::Say(shape) => self.say(&shape, now),
            What::Alerts { tool, again } => self.alerts(tool, again, now),
        };
        input.map_or(Happening::Unheard, Happening::Input)
    }

    /// Sees what the engine wants done, and reacts to it.
    pub(super) fn observe(&mut self, outcome: &Outcome, engine: &Engine, now: Time) {
        for effect in &outcome.effects {
            match effect {
                Effect::Notify(notify) => {
                    let after = self.draw(&notify.id.0, 200, 1500);
                    self.schedule(now + after, What::HandOver(notify.id.clone()));
                    if let Some((at, intent)) = self.people.told(notify, engine, now) {
                        self.schedule(at, What::Act(intent));
                    }
                }
                Effect::Confirm(question) => {
                    let after = self.draw(&question.id.0, 500, 3000);
                    self.schedule(now + after, What::Answer(question.clone()));
                }
                Effect::Cancel(id) => {
                    self.cancelled.insert(id.clone());
                }
                Effect::Publish(_) => {}
            }
        }
        for entry in &outcome.history {
            let incident = entry.incident.unwrap_or_default();
            let intent = match entry.kind {
                EntryKind::Promise => self.people.promised(incident, engine, now),
                EntryKind::Published => {
                    self.people.published(incident);
                    None
                }
                _ => None,
            };
            if let Some((at, intent)) = intent {
                self.schedule(at, What::Act(intent));
            }
        }
    }

    fn schedule(&mut self, at: Time, what: What) {
        let number = self.scheduled;
        self.scheduled += 1;
        self.queue.push(Reverse(Due { at, number, what }));
    }

    /// A length of time in milliseconds from `low` on, below `high`. It follows from what it is
    /// for, so that a change of the package shifts nothing else.
    fn draw(&self, what: &str, low: i64, high: i64) -> Duration {
        Duration::from_millis(Luck::of(self.seed, what).between(0, low, high))
    }

    fn flow(&self, id: &Id) -> Option<usize> {
        self.flows.iter().position(|f| f.id == *id)
    }

    fn traffic_starts(&mut self, index: usize, now: Time) -> Option<Input> {
        let Traffic { flow, every } = self.traffic[index];
        self.schedule(now + every, What::Start(index));
        let state = &mut self.flows[flow];
        state.started += 1;
        let key = format!("{}-{:04}", state.id, state.started);
        let takes = state.slowed.unwrap_or(state.takes);
        self.start(flow, key, Some(takes), now)
    }

    fn start(
        &mut self,
        flow: usize,
        key: String,
        takes: Option<Duration>,
        now: Time,
    ) -> Option<Input> {
        self.opened(flow, &key, takes, now);
        for other in self.flows[flow].start_opens.clone() {
            let takes = self.flows[other].takes;
            self.opened(other, &key, Some(takes), now);
        }
        let shape = self.flows[flow].shapes.start.clone();
        self.send(&shape, &key, now)
    }

    fn opened(&mut self, flow: usize, key: &str, takes: Option<Duration>, now: Time) {
        self.flows[flow].open.insert(key.to_string());
        if let Some(takes) = takes {
            // Nothing takes exactly as long as it should: up to a tenth more or less.
            let tenth = takes.as_millis() / 10;
            let takes = self.draw(
                key,
                takes.as_millis() - tenth,
                takes.as_millis() + tenth + 1,
            );
            let key = key.to_string();
            self.schedule(now + takes, What::End { flow, key });
        }
    }

    fn ends(&mut self, flow: usize, key: String, now: Time) -> Option<Input> {
        let state = &mut self.flows[flow];
        if state.loses_ends {
            state.withheld.push(key);
            return None;
        }
        state.open.remove(&key);
        let shape = match &state.shapes.failure {
            Some(failure) if state.fails => failure.clone(),
            _ => state.shapes.success.clone(),
        };
        for other in state.end_opens.clone() {
            let takes = self.flows[other].takes;
            self.opened(other, &key, Some(takes), now);
        }
        self.send(&shape, &key, now)
    }

    fn speaks(&mut self, id: &Id, now: Time) -> Option<Input> {
        let every = self.sources.get(id)?.speaks_every?;
        self.schedule(now + every, What::Speak(id.clone()));
        self.send(&Shape::of_nothing(id.clone()), "heartbeat", now)
    }

    fn told(&mut self, told: Told, now: Time) -> Option<Input> {
        match told {
            Told::Read(input) => Some(input),
            Told::Event(shape) => self.say(&shape, now),
        }
    }

    /// Both sides of a skew are read at once.
    fn sighted(&mut self, index: usize, now: Time) {
        let told: Vec<Told> = self.skews[index].tell(now).collect();
        for told in told {
            if let Some(input) = self.told(told, now) {
                self.schedule(now, What::Hear(Box::new(input)));
            }
        }
    }

    fn say(&mut self, shape: &Shape, now: Time) -> Option<Input> {
        let key = format!("told-{}", self.scheduled);
        self.send(shape, &key, now)
    }

    fn alerts(&mut self, index: usize, again: bool, now: Time) -> Option<Input> {
        if again {
            let next = now + self.tools[index].every;
            let again = What::Alerts { tool: index, again };
            self.schedule(next, again);
        }
        let tool = &mut self.tools[index];
        // What it could not say it says when it speaks again.
        let silent = self.sources.get(&tool.source).is_some_and(|s| s.silent);
        let told = (!silent).then(|| tool.tell(now)).flatten();
        told.map(|told| Input::External(Box::new(told)))
    }

    fn send(&mut self, shape: &Shape, key: &str, now: Time) -> Option<Input> {
        let source = self.sources.get_mut(&shape.source)?;
        source.sent += 1;
        let event = shape.event(key, source.luck, source.sent, now);
        if !source.silent {
            return Some(Input::Event(event));
        }
        if source.withheld.len() < WITHHELD_MAX {
            source.withheld.push(event);
        }
        None
    }

    /// Answers truthfully, unless whatever could answer is broken itself.
    fn answer(&self, question: &Confirm) -> Confirmation {
        let flow = self.flows.iter().find(|f| f.id == question.flow);
        let broken = flow.and_then(|f| {
            self.checks
                .iter()
                .find(|c| c.component == f.component && c.is_failing())
        });
        let happened = flow.is_some_and(|f| !f.open.contains(&question.key));
        let (answer, detail) = match (broken, happened) {
            (Some(check), _) => (
                Answer::Unknown,
                format!("{} fails, so nobody could be asked", check.id),
            ),
            (None, true) => (Answer::Happened, "it is there".to_string()),
            (None, false) => (Answer::Missing, "it is not there".to_string()),
        };
        Confirmation {
            effect: question.id.clone(),
            answer,
            detail,
        }
    }

    fn inject(&mut self, inject: usize, now: Time) -> Vec<String> {
        let changes = std::mem::take(&mut self.injects[inject]);
        changes
            .iter()
            .filter_map(|change| self.change(change, now).err())
            .collect()
    }

    /// Makes a change, or says why nothing will notice it.
    fn change(&mut self, change: &Change, now: Time) -> Result<(), String> {
        match change {
            Change::CheckFails(c) => {
                let here = |p: &Id| c.from.is_empty() || c.from.iter().any(|f| f.value == *p);
                let asked = self.asked(&c.check.id)?.filter(|a| here(&a.place));
                asked.for_each(|asked| asked.fail(&c.detail));
            }
            Change::CheckRecovers(check) => self.asked(&check.id)?.for_each(Probed::recover),
            Change::CertificateServed(c) => {
                let mut sees = false;
                for asked in self.asked(&c.check.id)? {
                    asked.serve(c.lifetime, c.left, now);
                    sees |= asked.sees_certificate();
                }
                if !sees {
                    return Err(format!(
                        "nothing watches this: the check `{}` sees no certificate",
                        c.check.id
                    ));
                }
            }
            Change::FlowLosesEnds(flow) => {
                self.flow_mut(&flow.id)?.loses_ends = true;
                self.flows_here(&flow.id)?;
            }
            Change::FlowFails(flow) => {
                let state = self.flow_mut(&flow.id)?;
                state.fails = true;
                if state.shapes.failure.is_none() {
                    return Err(format!(
                        "nothing watches this: the flow `{}` declares no `success`, so every end is one",
                        flow.id
                    ));
                }
                self.flows_here(&flow.id)?;
            }
            Change::FlowSlows(c) => {
                self.flow_mut(&c.flow.id)?.slowed = Some(c.takes);
                self.flows_here(&c.flow.id)?;
            }
            Change::FlowRecovers(flow) => self.flow_recovers(&flow.id, now)?,
            Change::FlowStart(c) => {
                self.flow_mut(&c.flow.id)?;
                let index = self.flow(&c.flow.id).unwrap_or_default();
                if let Some(Input::Event(event)) = self.start(index, c.key.clone(), c.takes, now) {
                    self.schedule(now, What::Redeliver(Box::new(event)));
                }
            }
            Change::SourceSilent(source) => self.source_mut(&source.id)?.silent = true,
            Change::SourceSpeaks(source) => self.source_speaks(&source.id, now)?,
            Change::DomainsBreak(c) => {
                let index = self.fleet(&c.fleet.id)?;
                self.fleets[index].breaks(c.count, c.by);
                self.schedule(now, What::Domains(index));
            }
            Change::MaintenanceBegins(c) => {
                let window = ByHand {
                    components: vec![c.component.id.clone()],
                    dependents: c.dependents,
                    until: now + c.lasts,
                    reason: c.reason.clone(),
                    ..ByHand::default()
                };
                self.schedule(now, What::Maintain(Box::new(window)));
            }
            Change::DomainsRecover(fleet) => {
                let index = self.fleet(&fleet.id)?;
                self.fleets[index].recovers();
                self.schedule(now, What::Domains(index));
            }
            Change::RecordsDiffer(c) => {
                let money = Money {
                    amount: i64::from(c.amount),
                    currency: c.currency.to_lowercase(),
                };
                self.compared_mut(&c.reconciliation.id)?
                    .breaks(c.how, &c.keys, &money, now);
            }
            Change::RecordsAgree(r) => self.compared_mut(&r.id)?.agrees(),
            Change::RecordsUnreadable(c) => self
                .compared_mut(&c.reconciliation.id)?
                .unreadable(Some(c.detail.clone())),
            Change::RecordsReadable(r) => self.compared_mut(&r.id)?.unreadable(None),
            Change::GaugeReads(c) => self.gauge_reads(c, now)?,
            Change::GaugeUnreadable(c) => {
                let index = self.gauge(&c.gauge.id)?;
                self.gauges[index].unreadable(&c.detail);
            }
            Change::SkewReads(c) => self.skew_reads(c, now)?,
            Change::SkewUnreadable(c) => {
                let side = match c.side {
                    WhichSide::Expected => Side::Expected,
                    WhichSide::Actual => Side::Actual,
                };
                let index = self.skew(&c.skew.id)?;
                self.skews[index].reads(side, Err(c.detail.clone()));
            }
            Change::ExternalFires(c) => {
                let tool = self.tool(&c.source.id)?;
                self.tools[tool].fires(&c.labels, c.summary.as_deref(), now);
                self.schedule(now, What::Alerts { tool, again: false });
            }
            Change::AgentSilent(c) => self.agent(&c.place.value, true)?,
            Change::AgentSpeaks(c) => self.agent(&c.place.value, false)?,
            Change::ExternalOver(c) => {
                let tool = self.tool(&c.source.id)?;
                let fired = self.tools[tool].over(&c.labels, now);
                self.schedule(now, What::Alerts { tool, again: false });
                if !fired {
                    return Err(format!(
                        "nothing changes: no alert with these labels fires at `{}`",
                        c.source.id
                    ));
                }
            }
        }
        Ok(())
    }

    fn gauge_reads(&mut self, c: &GaugeReads, now: Time) -> Result<(), String> {
        let index = self.gauge(&c.gauge.id)?;
        let to = c.to.as_ref().zip(c.over.as_ref());
        let run = to.map(|(to, over)| (to.value, over.value));
        self.gauges[index].reads(c.value.value, run, now);
        Ok(())
    }

    fn skew_reads(&mut self, c: &SkewReads, now: Time) -> Result<(), String> {
        let index = self.skew(&c.skew.id)?;
        let sides = [(Side::Expected, &c.expected), (Side::Actual, &c.actual)];
        for (side, value) in sides {
            let Some(value) = value else { continue };
            self.skews[index].reads(side, Ok(value.value.clone()));
            if let Some(shape) = self.skews[index].event(side) {
                self.schedule(now, What::Say(Box::new(shape)));
            }
        }
        Ok(())
    }

    fn gauge(&self, id: &Id) -> Result<usize, String> {
        let found = self.gauges.iter().position(|g| g.id == *id);
        found.ok_or_else(|| unwatched("gauge", id))
    }

    fn skew(&self, id: &Id) -> Result<usize, String> {
        let found = self.skews.iter().position(|s| s.id == *id);
        found.ok_or_else(|| unwatched("skew", id))
    }

    fn tool(&self, id: &Id) -> Result<usize, String> {
        let found = self.tools.iter().position(|t| t.source == *id);
        found.ok_or_else(|| {
            if self.sources.contains_key(id) {
                format!("nothing watches this: the source `{id}` raises no alerts")
            } else {
                unwatched("source", id)
            }
        })
    }

    fn flow_recovers(&mut self, id: &Id, now: Time) -> Result<(), String> {
        let state = self.flow_mut(id)?;
        (state.loses_ends, state.fails, state.slowed) = (false, false, None);
        let withheld = std::mem::take(&mut state.withheld);
        let Some(flow) = self.flow(id) else {
            return Ok(());
        };
        // What waited is worked off, not dropped.
        for key in withheld {
            let after = self.draw(&key, 1000, CATCHES_UP_WITHIN_MS);
            self.schedule(now + after, What::End { flow, key });
        }
        Ok(())
    }

    fn source_speaks(&mut self, id: &Id, now: Time) -> Result<(), String> {
        let source = self.source_mut(id)?;
        source.silent = false;
        let oldest = now - source.retry_window;
        let withheld = std::mem::take(&mut source.withheld);
        for event in withheld {
            // The sender repeats what it could not say, for as long as it does that at all.
            if Time::from(event.time) >= oldest {
                let after = self.draw(&event.id, 1000, CATCHES_UP_WITHIN_MS);
                self.schedule(now + after, What::Redeliver(Box::new(event)));
            }
        }
        Ok(())
    }

    /// A check, as it is asked from each of its places.
    fn asked(&mut self, id: &Id) -> Result<impl Iterator<Item = &mut Probed>, String> {
        let mut found = self.checks.iter_mut().filter(|c| c.id == *id).peekable();
        match found.peek() {
            Some(_) => Ok(found),
            None => Err(unwatched("check", id)),
        }
    }

    fn agent(&mut self, place: &Id, silent: bool) -> Result<(), String> {
        let mut known = false;
        for asked in self.checks.iter_mut().filter(|c| c.place == *place) {
            asked.silent = silent;
            known = true;
        }
        known
            .then_some(())
            .ok_or_else(|| format!("nothing changes: nothing is asked from `{place}`"))
    }

    fn flow_mut(&mut self, id: &Id) -> Result<&mut FlowWorld, String> {
        let found = self.flows.iter_mut().find(|f| f.id == *id);
        found.ok_or_else(|| unwatched("flow", id))
    }

    fn source_mut(&mut self, id: &Id) -> Result<&mut SourceWorld, String> {
        self.sources
            .get_mut(id)
            .ok_or_else(|| unwatched("source", id))
    }

    fn fleet(&self, id: &Id) -> Result<usize, String> {
        let found = self.fleets.iter().position(|f| f.id == *id);
        found.ok_or_else(|| unwatched("fleet", id))
    }

    fn compared_mut(&mut self, id: &Id) -> Result<&mut Compared, String> {
        let found = self.reconciliations.iter_mut().find(|c| c.id == *id);
        found.ok_or_else(|| unwatched("reconciliation", id))
    }

    /// A flow in which nothing goes on cannot lose anything.
    fn flows_here(&self, id: &Id) -> Result<(), String> {
        let quiet = self.flows.iter().any(|f| f.id == *id && !f.has_traffic);
        if quiet {
            return Err(format!(
                "the scenario has no traffic in the flow `{id}`, so this changes nothing by itself"
            ));
        }
        Ok(())
    }
}

/// What to say of something that the package does not declare.
pub(super) fn unwatched(kind: &str, id: &Id) -> String {
    format!("nothing watches this: there is no {kind} `{id}`")
}

fn flows(scenario: &Scenario, package: &Package) -> Vec<FlowWorld> {
    let traffic_of = |id: &Id| scenario.traffic.iter().find(|t| t.flow.id == *id);
    let mut flows: Vec<FlowWorld> = package
        .flows
        .values()
        .map(|flow| {
            let traffic = traffic_of(&flow.id);
            let quarter = Duration::from_millis(flow.deadline.as_millis() / 4);
            FlowWorld {
                id: flow.id.value.clone(),
                component: flow.component.id.clone(),
                shapes: Shapes::of(flow),
                takes: traffic.map_or(quarter, |t| t.takes),
                slowed: None,
                loses_ends: false,
                fails: false,
                has_traffic: traffic.is_some(),
                started: 0,
                open: BTreeSet::new(),
                withheld: Vec::new(),
                start_opens: Vec::new(),
                end_opens: Vec::new(),
            }
        })
        .collect();
    // One event may open more than one flow, and each of them wants its end.
    for (index, flow) in flows.iter_mut().enumerate() {
        let opened_by = |shape: &Shape| -> Vec<usize> {
            package
                .flows
                .values()
                .enumerate()
                .filter(|(other, f)| *other != index && shape.matches(&f.start))
                .map(|(other, _)| other)
                .collect()
        };
        flow.start_opens = opened_by(&flow.shapes.start);
        flow.end_opens = opened_by(&flow.shapes.success);
    }
    flows
}

fn sources(scenario: &Scenario, package: &Package, seed: u64) -> BTreeMap<Id, SourceWorld> {
    let speaks = |id: &Id, silent_after: Duration| {
        scenario.traffic.iter().any(|t| {
            let flow = package.flows.get(&t.flow.id);
            let of = flow.is_some_and(|f| f.start.source.id == *id || f.end.source.id == *id);
            of && t.every.as_millis() < silent_after.as_millis() / 2
        })
    };
    package
        .sources
        .iter()
        .map(|(id, source)| {
            let third = source
                .silent_after
                .filter(|bound| !speaks(id, *bound))
                .map(|bound| Duration::from_millis((bound.as_millis() / 3).max(1000)));
            let state = SourceWorld {
                luck: Luck::of(seed, id.as_str()),
                sent: 0,
                silent: false,
                retry_window: source.retry_window,
                withheld: Vec::new(),
                speaks_every: third,
            };
            (id.clone(), state)
        })
        .collect()
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
