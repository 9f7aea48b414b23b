//! An engine on a stage: a clock that the test moves, signals that it gives, and everything
//! that the engine wants done, written down.

use std::collections::BTreeMap;

use gonogo_engine::alerting::Stage as Stage_;
use gonogo_engine::effect::{Effect, EffectId, Notify, NotifyKind, Recipient};
use gonogo_engine::history::{Entry, EntryKind};
use gonogo_engine::incident::Incident;
use gonogo_engine::input::{
    Actor, Answer, Certificate, CheckResult, CheckVerdict, Command, Confirmation, Delivery,
    DeliveryOutcome, GaugeRead, Input, PackageInput, Side, Sighting, Trouble, Verb,
};
use gonogo_engine::{Engine, Time};
use gonogo_model::decimal::Decimal;
use gonogo_model::event::{Event, Scalar};
use gonogo_model::overlay::Overlay;
use gonogo_model::{Duration, Id, PackageText};

/// 2026-11-25 12:00 UTC, a Wednesday.
pub const NOON: Time = Time::from_millis(1_795_608_000_000);
/// How often the stage proves that the intake hears.
const PROOF_EVERY: Duration = Duration::from_secs(5);
/// How often the source speaks that should.
const SYNCS_SPEAK_EVERY_SECS: i64 = 30 * 60;

pub struct Stage {
    pub engine: Engine,
    pub now: Time,
    pub start: Time,
    pub effects: Vec<(Time, Effect)>,
    pub history: Vec<Entry>,
    /// Everything that was given to the engine, and when.
    pub given: Vec<(Time, Input)>,
    hears: bool,
    syncs_speak: bool,
    events: u64,
    known: BTreeMap<EffectId, Effect>,
}

impl Stage {
    /// The shop, at noon.
    pub fn shop() -> Self {
        Self::of(super::shop())
    }

    pub fn of(text: PackageText) -> Self {
        Self::at(text, NOON)
    }

    pub fn at(text: PackageText, start: Time) -> Self {
        let mut stage = Self {
            engine: Engine::new(),
            now: start,
            start,
            effects: Vec::new(),
            history: Vec::new(),
            given: Vec::new(),
            hears: true,
            syncs_speak: true,
            events: 0,
            known: BTreeMap::new(),
        };
        stage.reload(text);
        stage.give(&Input::IntakeProven { at: start });
        stage
    }

    /// Puts a package in force; it has to be sound.
    pub fn reload(&mut self, text: PackageText) {
        let loaded = gonogo_model::load(&text);
        assert!(loaded.is_sound(), "{:#?}", loaded.diagnostics);
        self.give(&Input::Package(Box::new(PackageInput {
            text,
            overlay: Overlay::default(),
            seed: 1,
        })));
    }

    /// Hands an input over at the present time.
    pub fn give(&mut self, input: &Input) {
        self.given.push((self.now, input.clone()));
        let outcome = self.engine.handle(self.now, input);
        for effect in outcome.effects {
            if !matches!(effect, Effect::Cancel(_)) {
                let known = self.known.insert(effect.id().clone(), effect.clone());
                assert!(
                    known.is_none(),
                    "an effect id came twice: {known:#?}\n{effect:#?}"
                );
            }
            self.effects.push((self.now, effect));
        }
        self.history.extend(outcome.history);
    }

    /// Lets time pass, with everything that is due in it.
    pub fn pass(&mut self, length: Duration) {
        let end = self.now + length;
        let since = self.now.since(self.start).as_millis();
        let period = PROOF_EVERY.as_millis();
        let mut proof = self.start + Duration::from_millis((since / period + 1) * period);
        loop {
            let due = self.engine.next_deadline().map(|d| d.at.max(self.now));
            let proven = self.hears.then_some(proof);
            let Some(at) = due.into_iter().chain(proven).min().filter(|at| *at <= end) else {
                break;
            };
            self.now = at;
            if due == Some(at) {
                self.give(&Input::Tick);
            } else {
                self.give(&Input::IntakeProven { at });
                proof = proof + PROOF_EVERY;
                if self.syncs_speak && at.since(self.start).as_secs() % SYNCS_SPEAK_EVERY_SECS == 0
                {
                    self.event("syncs", "heartbeat", &[]);
                }
            }
        }
        self.now = end;
    }

    pub fn mins(&mut self, mins: i64) {
        self.pass(Duration::from_mins(mins));
    }

    pub fn secs(&mut self, secs: i64) {
        self.pass(Duration::from_secs(secs));
    }

    /// The process does not run for a while; then it does again.
    pub fn down(&mut self, length: Duration) {
        self.now = self.now + length;
    }

    /// The intake no longer hears, or hears again.
    pub fn hears(&mut self, hears: bool) {
        self.hears = hears;
    }

    /// The source that should speak every hour says nothing of itself.
    pub fn syncs_fall_silent(&mut self) {
        self.syncs_speak = false;
    }

    pub fn check(&mut self, check: &str, verdict: CheckVerdict) {
        self.answer(check, verdict, None);
    }

    /// A check fails for good, or answers well for good.
    pub fn fails(&mut self, check: &str) {
        self.check(check, CheckVerdict::Failing);
    }

    pub fn works(&mut self, check: &str) {
        self.check(check, CheckVerdict::Ok);
    }

    /// A gauge is read.
    pub fn reads(&mut self, gauge: &str, number: &str) {
        self.give(&Input::GaugeRead(Box::new(GaugeRead {
            gauge: Id::from_static(gauge),
            at: self.now,
            number: Decimal::parse(number).ok(),
            detail: String::from("no series"),
        })));
    }

    /// A side of a skew is read.
    pub fn sees(&mut self, skew: &str, side: Side, value: Option<&str>) {
        self.give(&Input::Sighting(Sighting {
            skew: Id::from_static(skew),
            side,
            at: self.now,
            value: value.map(String::from),
            detail: String::from("connection refused"),
        }));
    }

    /// What was last read of an alert, and whether it fires: "firing: 12 above 10".
    pub fn alert(&self, alert: &str) -> String {
        let state = &self.engine.state().alerts[alert];
        let stage = match state.stage {
            Stage_::Idle => "idle",
            Stage_::Pending { .. } => "pending",
            Stage_::Firing { .. } => "firing",
        };
        format!(
            "{stage}, {:?}: {}",
            state.reading.holds, state.reading.detail
        )
    }

    pub fn serves(&mut self, check: &str, lifetime: Duration, left: Duration) {
        let not_after = self.now + left;
        let certificate = Certificate {
            not_before: not_after - lifetime,
            not_after,
            issuer: "Test CA".into(),
            serial: "01".into(),
        };
        self.answer(check, CheckVerdict::Ok, Some(certificate));
    }

    fn answer(&mut self, check: &str, verdict: CheckVerdict, certificate: Option<Certificate>) {
        let result = CheckResult {
            check: Id::from_static(check),
            at: self.now,
            verdict,
            code: "test".into(),
            detail: format!("{verdict:?}").to_lowercase(),
            took: Duration::from_millis(40),
            // Enough answers at once to make a verdict.
            count: 2,
            seen: Default::default(),
            certificate,
            registration: None,
        };
        self.give(&Input::Check(result));
    }

    pub fn event(&mut self, source: &str, kind: &str, fields: &[(&str, Scalar)]) {
        self.event_from(Duration::ZERO, source, kind, fields);
    }

    /// An event that happened a while ago by its sender's clock.
    pub fn event_from(
        &mut self,
        ago: Duration,
        source: &str,
        kind: &str,
        fields: &[(&str, Scalar)],
    ) {
        self.events += 1;
        let event = Event {
            source: Id::from_static(source),
            id: format!("evt_{}", self.events),
            kind: kind.into(),
            subject: None,
            time: (self.now - ago).timestamp(),
            received_at: self.now.timestamp(),
            fields: fields
                .iter()
                .map(|(path, value)| ((*path).to_string(), value.clone()))
                .collect(),
        };
        self.give(&Input::Event(event));
    }

    pub fn charge(&mut self, key: &str, amount: i64) {
        self.charge_from(Duration::ZERO, key, amount, "usd");
    }

    pub fn charge_from(&mut self, ago: Duration, key: &str, amount: i64, currency: &str) {
        let fields = [
            ("livemode", Scalar::Bool(true)),
            ("data.object.id", text(key)),
            ("data.object.amount", Scalar::Int(amount)),
            ("data.object.currency", text(currency)),
        ];
        self.event_from(ago, "stripe", "charge.succeeded", &fields);
    }

    pub fn recorded(&mut self, key: &str, amount: i64) {
        self.recorded_from(Duration::ZERO, key, amount, "usd");
    }

    pub fn recorded_from(&mut self, ago: Duration, key: &str, amount: i64, currency: &str) {
        let fields = [
            ("data.charge", text(key)),
            ("data.amount", Scalar::Int(amount)),
            ("data.currency", text(currency)),
        ];
        self.event_from(ago, "books", "recorded", &fields);
    }

    pub fn deployment(&mut self, key: &str, conclusion: &str) {
        self.deployment_from(Duration::ZERO, key, conclusion);
    }

    pub fn deployment_from(&mut self, ago: Duration, key: &str, conclusion: &str) {
        let id = ("run.id", text(key));
        self.event_from(ago, "github", "requested", std::slice::from_ref(&id));
        let fields = [id, ("run.conclusion", text(conclusion))];
        self.event_from(ago, "github", "completed", &fields);
    }

    pub fn sync(&mut self) {
        let key = format!("sync_{}", self.events);
        self.event("syncs", "sync_start", &[("sync_id", text(&key))]);
        self.event("syncs", "sync_end", &[("sync_id", text(&key))]);
    }

    pub fn command(&mut self, person: &str, verb: Verb) {
        self.give(&Input::Command(Command {
            by: Actor {
                name: person.into(),
                person: Some(Id::from_static(person)),
                via: "test".into(),
            },
            verb,
        }));
    }

    pub fn ack(&mut self, person: &str, incident: u64) {
        self.command(person, Verb::Acknowledge { incident });
    }

    pub fn trouble(&mut self, code: &str, detail: Option<&str>) {
        self.give(&Input::Trouble(Trouble {
            code: code.into(),
            detail: detail.map(String::from),
        }));
    }

    /// Answers every open question.
    pub fn confirm(&mut self, answer: Answer) -> usize {
        let asked: Vec<EffectId> = self
            .engine
            .state()
            .flows
            .iter()
            .flat_map(|f| f.confirming.values().map(|a| a.effect.clone()))
            .collect();
        for effect in &asked {
            self.give(&Input::Confirmation(Confirmation {
                effect: effect.clone(),
                answer,
                detail: "test".into(),
            }));
        }
        asked.len()
    }

    /// Says what became of the last message to a person.
    pub fn delivered(&mut self, person: &str, outcome: DeliveryOutcome) {
        let to = Recipient::Person(Id::from_static(person));
        let last = self.messages().filter(|(_, n)| n.to == to).last();
        let effect = last.map(|(_, n)| n.id.clone()).expect("a message was sent");
        self.give(&Input::Delivery(Delivery {
            effect,
            outcome,
            detail: "test".into(),
        }));
    }

    fn messages(&self) -> impl Iterator<Item = (Time, &Notify)> {
        self.effects.iter().filter_map(|(at, effect)| match effect {
            Effect::Notify(notify) => Some((*at, notify.as_ref())),
            _ => None,
        })
    }

    /// Every message to a person so far: "00:31 ada ntfy page INC-1".
    pub fn told(&self) -> Vec<String> {
        let messages = self.messages().filter_map(|(at, n)| {
            let Recipient::Person(person) = &n.to else {
                return None;
            };
            let incident = n.incident.map_or(String::new(), |i| format!(" INC-{i}"));
            let (at, kind) = (self.clock(at), n.kind.word());
            Some(format!(
                "{at} {person} {} {kind}{incident}",
                n.channel.word()
            ))
        });
        messages.collect()
    }

    /// Those of them that wake somebody because of an incident: "00:31 ada page INC-1".
    pub fn pages(&self) -> Vec<String> {
        let messages = self.messages().filter_map(|(at, n)| {
            let wakes = matches!(n.kind, NotifyKind::Page | NotifyKind::Growth);
            let (Recipient::Person(person), true, Some(incident)) = (&n.to, wakes, n.incident)
            else {
                return None;
            };
            let (at, kind) = (self.clock(at), n.kind.word());
            Some(format!("{at} {person} {kind} INC-{incident}"))
        });
        messages.collect()
    }

    /// The pages since the last call of this function.
    pub fn new_pages(&mut self) -> Vec<String> {
        let pages = self.pages();
        self.effects.clear();
        pages
    }

    pub fn published(&self) -> Vec<String> {
        let published = self.effects.iter().filter_map(|(at, effect)| match effect {
            Effect::Publish(p) => Some(format!(
                "{} INC-{} {}",
                self.clock(*at),
                p.incident,
                p.state
            )),
            _ => None,
        });
        published.collect()
    }

    pub fn incident(&self, number: u64) -> &Incident {
        &self.engine.state().incidents[&number]
    }

    /// The numbers of the open incidents.
    pub fn open(&self) -> Vec<u64> {
        let incidents = self.engine.state().incidents.values();
        incidents
            .filter(|i| i.is_open())
            .map(|i| i.number)
            .collect()
    }

    /// What the history says of a kind: "00:31 the text".
    pub fn said(&self, kind: EntryKind) -> Vec<String> {
        let entries = self.history.iter().filter(|e| e.kind == kind);
        entries
            .map(|e| format!("{} {}", self.clock(e.at), e.text))
            .collect()
    }

    /// The whole history, a line each.
    pub fn timeline(&self) -> String {
        let lines = self.history.iter().map(|e| {
            let incident = e.incident.map_or(String::new(), |n| format!("INC-{n}"));
            format!(
                "{} {:<14} {:<5} {}",
                self.clock(e.at),
                e.kind.word(),
                incident,
                e.text
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn clock(&self, at: Time) -> String {
        let secs = at.since(self.start).as_secs();
        match secs / 3600 {
            0 => format!("{:02}:{:02}", secs / 60, secs % 60),
            hours => format!("{hours}:{:02}:{:02}", secs / 60 % 60, secs % 60),
        }
    }
}

pub fn text(value: &str) -> Scalar {
    Scalar::Text(value.into())
}
