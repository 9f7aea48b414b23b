//! Random things that happen, as numbers that a test can shrink.

use gonogo_engine::Time;
use gonogo_engine::effect::EffectId;
use gonogo_engine::input::{
    Actor, Answer, Certificate, CheckResult, CheckVerdict, Command, Confirmation, Delivery,
    DeliveryOutcome, Input, PackageInput, Report, Trouble, Verb,
};
use gonogo_model::comms::PublicState;
use gonogo_model::event::{Event, Scalar};
use gonogo_model::overlay::Overlay;
use gonogo_model::{Duration, Id, PackageText};
use proptest::prelude::*;

use crate::packages::{CHECKS, FLOWS, PEOPLE};

/// Something that happens some time after the last.
#[derive(Clone, Debug)]
pub struct Act {
    /// How long after, in milliseconds.
    pub after_ms: i64,
    /// Whether the driver was awake in between.
    pub runs: bool,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Check {
        check: usize,
        verdict: u8,
        count: u32,
    },
    Report {
        place: usize,
        verdict: u8,
        first: u64,
        boot: u8,
        ago_ms: i64,
    },
    Certificate {
        left_hours: i64,
    },
    Start {
        flow: usize,
        key: u8,
        ago_ms: i64,
    },
    End {
        flow: usize,
        key: u8,
        ok: bool,
        amount: u8,
        ago_ms: i64,
    },
    Proof {
        ago_ms: i64,
    },
    Delivery {
        which: usize,
        outcome: u8,
    },
    Answer {
        which: usize,
        answer: u8,
    },
    Acknowledge {
        person: usize,
        incident: u64,
    },
    Resolve {
        incident: u64,
    },
    Publish {
        incident: u64,
        state: u8,
    },
    Note {
        incident: u64,
    },
    Lead {
        incident: u64,
    },
    Step {
        incident: u64,
    },
    WriteOff {
        flow: usize,
        key: u8,
    },
    TestPage {
        person: usize,
    },
    Trouble {
        code: u8,
        on: bool,
    },
    ClockStep {
        by: i64,
    },
    Reload {
        other: bool,
    },
    Tick,
    Nonsense {
        what: u8,
        time: i64,
    },
}

pub fn acts(extreme: bool) -> impl Strategy<Value = Vec<Act>> {
    let after = prop_oneof![
        6 => 0..20_000_i64,
        3 => 0..180_000_i64,
        1 => 0..1_800_000_i64,
    ];
    let after = if extreme {
        prop_oneof![3 => after.boxed(), 1 => any::<i64>().boxed()].boxed()
    } else {
        after.boxed()
    };
    let act =
        (after, prop::bool::weighted(0.97), what(extreme)).prop_map(|(after_ms, runs, what)| Act {
            after_ms,
            runs,
            what,
        });
    prop::collection::vec(act, 1..120)
}

fn what(extreme: bool) -> impl Strategy<Value = What> {
    let ago = || prop_oneof![8 => 0..2_000_i64, 1 => 0..1_200_000_i64];
    let key = || 0..6_u8;
    let incident = || 0..6_u64;
    let flow = || 0..FLOWS;
    let world = prop_oneof![
        8 => (0..CHECKS, prop_oneof![3 => Just(0_u8), 3 => Just(1), 1 => Just(2)], 1..3_u32)
            .prop_map(|(check, verdict, count)| What::Check { check, verdict, count }),
        4 => (0..3_usize, 0..3_u8, 0..4_u64, 0..2_u8, ago())
            .prop_map(|(place, verdict, first, boot, ago_ms)| What::Report {
                place, verdict, first, boot, ago_ms,
            }),
        1 => (0..2000_i64).prop_map(|left_hours| What::Certificate { left_hours }),
        4 => (flow(), key(), ago()).prop_map(|(flow, key, ago_ms)| What::Start { flow, key, ago_ms }),
        4 => (flow(), key(), prop::bool::weighted(0.6), 0..2_u8, ago())
            .prop_map(|(flow, key, ok, amount, ago_ms)| What::End { flow, key, ok, amount, ago_ms }),
        6 => ago().prop_map(|ago_ms| What::Proof { ago_ms }),
        1 => (0..3_u8, any::<bool>()).prop_map(|(code, on)| What::Trouble { code, on }),
        1 => any::<i64>().prop_map(|by| What::ClockStep { by }),
        1 => any::<bool>().prop_map(|other| What::Reload { other }),
        2 => Just(What::Tick),
    ];
    let people = prop_oneof![
        4 => (0..8_usize, 0..3_u8).prop_map(|(which, outcome)| What::Delivery { which, outcome }),
        3 => (0..8_usize, 0..3_u8).prop_map(|(which, answer)| What::Answer { which, answer }),
        4 => (0..PEOPLE, incident()).prop_map(|(person, incident)| What::Acknowledge { person, incident }),
        1 => incident().prop_map(|incident| What::Resolve { incident }),
        1 => (incident(), 0..4_u8).prop_map(|(incident, state)| What::Publish { incident, state }),
        1 => incident().prop_map(|incident| What::Note { incident }),
        1 => incident().prop_map(|incident| What::Lead { incident }),
        1 => incident().prop_map(|incident| What::Step { incident }),
        1 => (flow(), key()).prop_map(|(flow, key)| What::WriteOff { flow, key }),
        1 => (0..PEOPLE + 1).prop_map(|person| What::TestPage { person }),
    ];
    let nonsense = (0..6_u8, any::<i64>()).prop_map(|(what, time)| What::Nonsense { what, time });
    prop_oneof![
        30 => world,
        18 => people,
        if extreme { 8 } else { 1 } => nonsense,
    ]
}

/// What a world of two packages remembers to turn numbers into inputs.
pub struct World {
    pub packages: [PackageText; 2],
    pub sent: Vec<EffectId>,
    pub asked: Vec<EffectId>,
    pub events: u64,
}

impl World {
    pub fn package(&self, other: bool) -> Input {
        Input::Package(Box::new(PackageInput {
            text: self.packages[usize::from(other)].clone(),
            overlay: Overlay::default(),
            seed: 7,
        }))
    }

    pub fn input(&mut self, what: &What, now: Time) -> Input {
        let flow_event = |name: &str, flow: usize| format!("{name}-{flow}");
        match what {
            What::Check {
                check,
                verdict,
                count,
            } => {
                let verdict = VERDICTS[usize::from(*verdict)];
                result(&format!("check-{check}"), verdict, *count, None, now)
            }
            What::Report {
                place,
                verdict,
                first,
                boot,
                ago_ms,
            } => {
                let check = format!("check-{}", CHECKS - 1);
                let at = now - Duration::from_millis(*ago_ms);
                let one = answer(&check, VERDICTS[usize::from(*verdict)], 2, None, at);
                Input::Reported(Box::new(Report {
                    place: Id::from_static(["east", "west", "nowhere"][*place]),
                    boot: boot.to_string(),
                    first: *first,
                    results: vec![one.clone(), one],
                    dropped: *first,
                }))
            }
            What::Certificate { left_hours } => {
                let not_after = now + Duration::from_hours(*left_hours);
                let certificate = Certificate {
                    not_before: not_after - Duration::from_hours(90 * 24),
                    not_after,
                    issuer: "x".into(),
                    serial: "1".into(),
                };
                result("check-0", CheckVerdict::Ok, 1, Some(certificate), now)
            }
            What::Start { flow, key, ago_ms } => self.event(
                &flow_event("start", *flow),
                *key,
                &[("a", Scalar::Int(0))],
                *ago_ms,
                now,
            ),
            What::End {
                flow,
                key,
                ok,
                amount,
                ago_ms,
            } => {
                let fields = [
                    ("a", Scalar::Int(i64::from(*amount))),
                    ("ok", Scalar::Bool(*ok)),
                ];
                self.event(&flow_event("end", *flow), *key, &fields, *ago_ms, now)
            }
            What::Proof { ago_ms } => Input::IntakeProven {
                at: now - Duration::from_millis(*ago_ms),
            },
            What::Delivery { which, outcome } => Input::Delivery(Delivery {
                effect: pick(&self.sent, *which),
                outcome: [
                    DeliveryOutcome::HandedOver,
                    DeliveryOutcome::Retrying,
                    DeliveryOutcome::Failed,
                ][usize::from(*outcome)],
                detail: "x".into(),
            }),
            What::Answer { which, answer } => Input::Confirmation(Confirmation {
                effect: pick(&self.asked, *which),
                answer: [Answer::Happened, Answer::Missing, Answer::Unknown][usize::from(*answer)],
                detail: "x".into(),
            }),
            What::Acknowledge { person, incident } => by(
                *person,
                Verb::Acknowledge {
                    incident: *incident,
                },
            ),
            What::Resolve { incident } => by(
                0,
                Verb::Resolve {
                    incident: *incident,
                    reason: "x".into(),
                },
            ),
            What::Publish { incident, state } => {
                let state = [
                    PublicState::Investigating,
                    PublicState::Identified,
                    PublicState::Monitoring,
                    PublicState::Resolved,
                ][usize::from(*state)];
                by(
                    1,
                    Verb::Publish {
                        incident: *incident,
                        state,
                        text: String::new(),
                    },
                )
            }
            What::Note { incident } => by(
                2,
                Verb::Note {
                    incident: *incident,
                    text: "x".into(),
                },
            ),
            What::Lead { incident } => by(
                2,
                Verb::TakeCommand {
                    incident: *incident,
                },
            ),
            What::Step { incident } => by(
                1,
                Verb::StepDone {
                    incident: *incident,
                    runbook: Id::from_static("r"),
                    step: "s".into(),
                    outcome: "ok".into(),
                },
            ),
            What::WriteOff { flow, key } => by(
                0,
                Verb::WriteOff {
                    flow: Id::from_static(&format!("flow-{flow}")),
                    key: if *key == 0 {
                        "*".into()
                    } else {
                        format!("k{key}")
                    },
                    reason: "x".into(),
                },
            ),
            What::TestPage { person } => by(
                0,
                Verb::TestPage {
                    person: Id::from_static(&format!("person-{person}")),
                },
            ),
            What::Trouble { code, on } => Input::Trouble(Trouble {
                code: ["lag", "blind", "Ünder_strange Code!"][usize::from(*code)].into(),
                detail: on.then(|| "x".into()),
            }),
            What::ClockStep { by } => Input::ClockStep { by_millis: *by },
            What::Reload { other } => self.package(*other),
            What::Tick => Input::Tick,
            What::Nonsense { what, time } => self.nonsense(*what, *time, now),
        }
    }

    fn event(
        &mut self,
        kind: &str,
        key: u8,
        fields: &[(&str, Scalar)],
        ago_ms: i64,
        now: Time,
    ) -> Input {
        self.events += 1;
        let mut fields: std::collections::BTreeMap<String, Scalar> = fields
            .iter()
            .map(|(k, v)| ((*k).to_string(), v.clone()))
            .collect();
        fields.insert("k".into(), Scalar::Text(format!("k{key}")));
        Input::Event(Event {
            source: Id::from_static("source"),
            id: format!("e{}", self.events),
            kind: kind.into(),
            subject: None,
            time: (now - Duration::from_millis(ago_ms)).timestamp(),
            received_at: now.timestamp(),
            fields,
        })
    }

    /// Names that nothing has, and times that nobody lives in.
    fn nonsense(&mut self, what: u8, time: i64, now: Time) -> Input {
        let at = Time::from_millis(time);
        match what {
            0 => result("no-such-check", CheckVerdict::Failing, u32::MAX, None, at),
            1 => result(
                "check-1",
                CheckVerdict::Ok,
                u32::MAX,
                Some(Certificate {
                    not_before: at,
                    not_after: Time::from_millis(time.wrapping_neg()),
                    issuer: String::new(),
                    serial: String::new(),
                }),
                now,
            ),
            2 => Input::IntakeProven { at },
            3 => {
                let mut event = self.event("start-0", 1, &[], 0, now);
                if let Input::Event(event) = &mut event {
                    event.time = at.timestamp();
                    event.received_at = Time::from_millis(time.wrapping_mul(3)).timestamp();
                }
                event
            }
            4 => {
                let mut event = self.event("end-1", 2, &[("ok", Scalar::Null)], 0, now);
                if let Input::Event(event) = &mut event {
                    event.time = at.timestamp();
                }
                event
            }
            _ => by(
                9,
                Verb::Acknowledge {
                    incident: time.unsigned_abs(),
                },
            ),
        }
    }
}

fn result(
    check: &str,
    verdict: CheckVerdict,
    count: u32,
    certificate: Option<Certificate>,
    at: Time,
) -> Input {
    Input::Check(answer(check, verdict, count, certificate, at))
}

const VERDICTS: [CheckVerdict; 3] = [
    CheckVerdict::Ok,
    CheckVerdict::Failing,
    CheckVerdict::Unknown,
];

fn answer(
    check: &str,
    verdict: CheckVerdict,
    count: u32,
    certificate: Option<Certificate>,
    at: Time,
) -> CheckResult {
    CheckResult {
        check: Id::from_static(check),
        at,
        verdict,
        code: "x".into(),
        detail: "x".into(),
        took: Duration::from_millis(if count == u32::MAX { i64::MAX } else { 9 }),
        count,
        seen: Default::default(),
        certificate,
        registration: None,
    }
}

fn by(person: usize, verb: Verb) -> Input {
    Input::Command(Command {
        by: Actor {
            name: format!("Person {person}"),
            person: (person < PEOPLE).then(|| Id::from_static(&format!("person-{person}"))),
            via: "test".into(),
        },
        verb,
    })
}

/// One of the latest.
fn pick(list: &[EffectId], which: usize) -> EffectId {
    let place = list.len().checked_sub(which + 1);
    place.map_or_else(|| EffectId("no such effect".into()), |p| list[p].clone())
}
