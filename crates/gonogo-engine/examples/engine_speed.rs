//! How fast the engine alone is, and how long a snapshot stops it.
//!
//! `cargo run --release -p gonogo-engine --example engine_speed`
//!
//! The targets: a million events a second on one core with 1,000 SLOs declared, a cost per
//! event that SLOs which do not match it do not raise, and no stop over 50 ms at the limits.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this measures the engine from outside, by the machine's clock"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration as Elapsed, Instant};

use gonogo_engine::flow::MAX_OPEN;
use gonogo_engine::input::{Input, PackageInput};
use gonogo_engine::{Engine, Time};
use gonogo_model::event::{Event, Scalar};
use gonogo_model::overlay::Overlay;
use gonogo_model::{Duration, Id, PackageText};

const START: Time = Time::from_millis(1_795_608_000_000);
/// How many flows events are spread over.
const FLOWS: usize = 10;
/// How many events one measurement takes in.
const EVENTS: usize = 1_000_000;
/// How many starts are open before their end comes.
const IN_FLIGHT: usize = 1_000;
/// How many inputs the driver takes in between two looks at the deadline.
const BATCH: usize = 256;
/// How often a measurement is repeated; the fastest counts, the machine has other work.
const ROUNDS: usize = 5;

/// What is asked of each event, where something is.
const CONDITION: &str =
    r#", where: 'data.amount >= 1000 && data.currency in ["eur", "usd"] && !has(data.test)'"#;

fn main() {
    for (slos, condition) in [(1, ""), (1_000, ""), (1_000, CONDITION)] {
        let rates = (0..ROUNDS).map(|_| events_per_second(slos, condition));
        let best = rates.fold(0.0, f64::max);
        let with = if condition.is_empty() {
            ""
        } else {
            ", a condition on each"
        };
        println!("{slos:>5} SLOs{with}: {best:>9.0} events/s");
    }
    for open in [10_000, 100_000, MAX_OPEN] {
        snapshot_of(open);
    }
}

/// Starts and ends of flows, each end a while after its start, ticked as the driver does.
fn events_per_second(slos: usize, condition: &str) -> f64 {
    let inputs = traffic(EVENTS);
    let mut engine = engine(slos, condition);
    let begin = Watch::start();
    for batch in inputs.chunks(BATCH) {
        let now = batch[0].0;
        if engine.next_deadline().is_some_and(|d| d.at <= now) {
            engine.handle(now, &Input::Tick);
        }
        for (now, input) in batch {
            engine.handle(*now, input);
        }
    }
    inputs.len() as f64 / begin.elapsed().as_secs_f64()
}

fn snapshot_of(open: usize) {
    let mut engine = engine(1_000, "");
    for n in 0..open {
        engine.handle(START, &event(START, "start-0", n));
    }
    assert_eq!(engine.state().flows[0].open.len(), open);
    let begin = Watch::start();
    let snapshot = engine.snapshot();
    let whole = begin.elapsed();
    let begin = Watch::start();
    let restored = Engine::restore(&snapshot).expect("what was written can be read");
    let restore = begin.elapsed();
    assert!(restored.state() == engine.state());
    println!(
        "{open:>9} open keys: snapshot {whole:.1?} ({} MB), restore {restore:.1?}",
        snapshot.len() / 1_000_000
    );
}

/// Counts the time that a processor spent on us where the system tells it, because the machine
/// has other work; else the time on the wall.
struct Watch(Option<Elapsed>, Instant);

impl Watch {
    fn start() -> Self {
        Self(on_processor(), Instant::now())
    }

    fn elapsed(&self) -> Elapsed {
        match (self.0, on_processor()) {
            (Some(begin), Some(end)) => end.saturating_sub(begin),
            _ => self.1.elapsed(),
        }
    }
}

fn on_processor() -> Option<Elapsed> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = stat.split_whitespace().next()?.parse().ok()?;
    Some(Elapsed::from_nanos(nanos))
}

fn engine(slos: usize, condition: &str) -> Engine {
    let package = PackageInput {
        text: package(slos, condition),
        overlay: Overlay::default(),
        seed: 1,
    };
    let loaded = gonogo_model::load(&package.text);
    assert!(loaded.is_sound(), "{:#?}", loaded.diagnostics);
    let mut engine = Engine::new();
    engine.handle(START, &Input::Package(Box::new(package)));
    engine.handle(START, &Input::IntakeProven { at: START });
    engine
}

fn traffic(events: usize) -> Vec<(Time, Input)> {
    let mut inputs = Vec::with_capacity(events);
    for n in 0..events / 2 {
        let now = START + Duration::from_millis(n as i64 / 2);
        inputs.push((now, event(now, &format!("start-{}", n % FLOWS), n)));
        if let Some(n) = n.checked_sub(IN_FLIGHT) {
            inputs.push((now, event(now, &format!("end-{}", n % FLOWS), n)));
        }
        if n.is_multiple_of(10_000) {
            inputs.push((now, Input::IntakeProven { at: now }));
        }
    }
    inputs
}

fn event(now: Time, kind: &str, n: usize) -> Input {
    let fields = [
        ("data.id", Scalar::Text(format!("ch_{n:024}"))),
        ("data.amount", Scalar::Int(1200)),
        ("data.currency", Scalar::Text("usd".into())),
    ];
    Input::Event(Event {
        source: Id::from_static("source"),
        id: format!("{kind}_{n}"),
        kind: kind.into(),
        subject: None,
        time: now.timestamp(),
        received_at: now.timestamp(),
        fields: BTreeMap::from(fields.map(|(path, value)| (path.to_string(), value))),
    })
}

/// Flows that events are for, and as many SLOs over flows that none is for.
fn package(slos: usize, condition: &str) -> PackageText {
    let mut yaml = String::from(
        "package: {format: 1, id: speed, name: Speed, operators: policy}
people:
  - {id: ada, name: Ada, contacts: [{channel: ntfy, to: 'https://push.example.com/ada'}]}
roles:
  - {id: lead, name: Lead, holders: [{person: ada}]}
teams:
  - {id: team, name: Team, accountable: lead, escalation_policy: policy}
escalation_policies:
  - {id: policy, name: Policy, steps: [{notify: [{role: lead}]}], fallback: {role: lead}}
components:
  - {id: shop, name: Shop, kind: service, team: team}
sources:
  - {id: source, name: Source, kind: cloudevents, secrets: ['${env:S}']}
flows:
",
    );
    for n in 0..FLOWS + slos {
        let _ = writeln!(
            yaml,
            "  - {{id: flow-{n}, name: Flow {n}, component: shop, start: {{source: source, event: [start-{n}], key: data.id{condition}}}, end: {{source: source, event: [end-{n}], key: data.id{condition}}}, deadline: 1h, agree: [{{start: data.amount, end: data.amount}}], show: [data.amount, data.currency]}}"
        );
    }
    yaml += "slos:\n";
    for n in 0..slos {
        let _ = writeln!(
            yaml,
            "  - {{id: slo-{n}, name: SLO {n}, sli: {{flow_completion: flow-{}}}, target: 99.9%}}",
            n + FLOWS
        );
    }
    yaml += "alerts:\n";
    for n in 0..FLOWS {
        let _ = writeln!(
            yaml,
            "  - {{id: lost-{n}, name: Lost {n}, severity: SEV1, when: {{flow_overdue: {{flow: flow-{n}}}}}}}
  - {{id: fails-{n}, name: Fails {n}, severity: SEV2, when: {{flow_failing: {{flow: flow-{n}, consecutive: 3, below: 95%, window: 30m, min_events: 20}}}}}}"
        );
    }
    for n in 0..slos {
        let _ = writeln!(
            yaml,
            "  - {{id: burn-{n}, name: Burn {n}, severity: SEV2, when: {{slo_burn: {{slo: slo-{n}}}}}}}"
        );
    }
    PackageText {
        files: [("ops.yaml".to_string(), yaml)].into(),
    }
}
