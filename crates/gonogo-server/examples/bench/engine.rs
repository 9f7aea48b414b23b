//! The engine alone, on one thread: events per second, and whether SLOs that do not match an
//! event cost anything.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gonogo_engine::input::PackageInput;
use gonogo_engine::{Engine, Input, Time};
use gonogo_model::Id;
use gonogo_model::event::{Event, Scalar};
use gonogo_model::overlay::Overlay;

use super::Scale;
use super::package::{Extra, flows};
use super::table::{Row, count};

/// How many SLOs are declared, each with a flow and an alert of its own.
const SLOS: usize = 1_000;
/// Events between two looks at the clock, as the driver has it.
const BATCH: usize = 1_024;
/// Events in a millisecond of the engine's own time.
const EVENTS_PER_MS: usize = 100;
/// What is asked for.
const TARGET: f64 = 1_000_000.0;
/// How much dearer an event may be beside SLOs that do not match it, as noise.
const NOISE: f64 = 1.15;

/// Measures it.
pub fn measure(scale: Scale) -> Vec<Row> {
    let events = scale.pick(1_000_000, 200_000);
    let many = rate(SLOS, SLOS, events);
    let one_of_many = rate(SLOS, 1, events);
    let one = rate(1, 1, events);
    let dearer = one / one_of_many;
    vec![
        Row::at_least(
            "engine alone, 1,000 SLOs declared, events for all of them",
            format!("{} events/s on one core", count(many)),
            format!("at least {}", count(TARGET)),
            many / TARGET,
        ),
        Row::at_most(
            "cost per event beside 999 SLOs that do not match it",
            format!(
                "{dearer:.2} x ({} : {} events/s)",
                count(one_of_many),
                count(one)
            ),
            format!("independent (at most {NOISE} x)"),
            dearer / NOISE,
        ),
    ]
}

/// Events per second with so many SLOs declared and events for so many of their flows.
fn rate(slos: usize, matched: usize, events: usize) -> f64 {
    let mut now = Time::from_millis(1_795_500_000_000);
    let mut engine = Engine::new();
    let package = PackageInput {
        text: flows(slos, "https://push.example.com", Extra::budget),
        overlay: Overlay::default(),
        seed: 1,
    };
    engine.handle(now, &Input::Package(Box::new(package)));
    let mut took = Duration::ZERO;
    for first in (0..events).step_by(BATCH) {
        now = Time::from_millis(1_795_500_000_000 + (first / EVENTS_PER_MS) as i64);
        // Made as the driver has them, and not counted.
        let batch: Vec<Input> = (first..first + BATCH)
            .map(|n| event(n, matched, now))
            .chain([Input::IntakeProven { at: now }])
            .collect();
        let begin = Instant::now();
        for input in &batch {
            engine.handle(now, input);
        }
        if engine.next_deadline().is_some_and(|d| d.at <= now) {
            engine.handle(now, &Input::Tick);
        }
        took += begin.elapsed();
    }
    events.next_multiple_of(BATCH) as f64 / took.as_secs_f64()
}

/// A start of a flow, then its end, then the next flow's.
fn event(n: usize, flows: usize, now: Time) -> Input {
    let (item, is_end) = (n / 2, n % 2 == 1);
    let flow = item % flows;
    let key = format!("ch_{item}");
    let kind = if is_end { "ended" } else { "begun" };
    Input::Event(Event {
        source: Id::from_static("stripe"),
        id: format!("evt_{n}"),
        kind: format!("{kind}.{flow}"),
        subject: Some(key.clone()),
        time: now.timestamp(),
        received_at: now.timestamp(),
        fields: BTreeMap::from([
            ("data.object.id".to_string(), Scalar::Text(key)),
            (
                "data.object.status".to_string(),
                Scalar::Text("succeeded".into()),
            ),
        ]),
    })
}
