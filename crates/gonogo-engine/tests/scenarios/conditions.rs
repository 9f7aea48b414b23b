//! Conditions on events: they match, they do not, or nobody can say.

use gonogo_engine::Engine;
use gonogo_engine::history::EntryKind;
use gonogo_model::event::Scalar;
use insta::assert_snapshot;

use crate::support::stage::{Stage, text};
use crate::support::{shop, with_file};

const CONDITIONS: &str = r#"
sources:
  - id: desk
    name: The help desk
    kind: standard-webhooks
    secrets: ["${env:DESK}"]
    schema:
      "*": {id: string, priority: string, minutes: int, outcome: string, load: number}
flows:
  - id: ticket
    name: An urgent ticket is answered
    component: api
    start: {source: desk, event: [opened], key: id, where: 'priority == "high"'}
    end: {source: desk, event: [closed], key: id}
    deadline: 10m
    success_where: minutes <= 5
slos:
  - id: answers
    name: Tickets are answered
    sli: {events: {source: desk, event: [closed], where: 'priority != "low"', good_where: 'minutes * 60 <= 300'}}
    target: 99%
    min_events: 1
changes:
  - id: flag
    name: A flag
    told_by: {events: {source: desk, event: [flag], where: 'has(fields.outcome) && outcome.startsWith("on")', label: outcome}}
gauges:
  - id: load
    name: Load of the desk
    component: api
    from: {event: {source: desk, event: [load], field: load, where: load < 100.5}}
    every: 1h
alerts:
  - {id: ticket-waits, name: A ticket waits, severity: SEV3, when: {flow_overdue: {flow: ticket}}}
  - {id: tickets-fail, name: Tickets are answered late, severity: SEV3, when: {flow_failing: {flow: ticket, consecutive: 1}}}
  - {id: answers-bad, name: Answers are late, severity: SEV3, when: {slo_failing: {slo: answers, consecutive: 2}}}
  - {id: desk-idle, name: No ticket is closed, severity: SEV3, when: {no_events: {source: desk, event: [closed], where: minutes > 0, within: 2h}}}
  - {id: load-high, name: The desk is busy, severity: SEV3, when: {gauge: {gauge: load, above: 90}}}
"#;

fn stage() -> Stage {
    Stage::of(with_file(shop(), "conditions.yaml", CONDITIONS))
}

fn opened(stage: &mut Stage, id: &str, priority: Scalar) {
    stage.event(
        "desk",
        "opened",
        &[("id", text(id)), ("priority", priority)],
    );
}

fn closed(stage: &mut Stage, id: &str, minutes: Scalar) {
    let fields = [
        ("id", text(id)),
        ("priority", text("high")),
        ("minutes", minutes),
    ];
    stage.event("desk", "closed", &fields);
}

#[test]
fn only_what_matches_opens_a_flow() {
    let mut stage = stage();
    opened(&mut stage, "T-1", text("low"));
    stage.mins(11);
    assert_snapshot!(stage.alert("ticket-waits"), @"idle, No: none overdue, 0 open");
    opened(&mut stage, "T-2", text("high"));
    stage.mins(11);
    assert_snapshot!(stage.alert("ticket-waits"), @"firing, Yes: 1 overdue: T-2");
    closed(&mut stage, "T-2", Scalar::Int(5));
    stage.mins(1);
    assert_snapshot!(stage.alert("ticket-waits"), @"idle, No: none overdue, 0 open");
    assert_snapshot!(stage.alert("tickets-fail"), @"idle, No: 0 of the last 1 in 1h failed, 0 in a row");
}

#[test]
fn what_cannot_be_decided_is_no_match_and_no_all_clear() {
    let mut stage = stage();
    opened(&mut stage, "T-1", Scalar::Int(3));
    stage.event("desk", "opened", &[("id", text("T-2"))]);
    stage.mins(11);
    assert_snapshot!(stage.alert("ticket-waits"), @"idle, CannotTell: none overdue, 0 open, but evt_2 could not be decided: `priority` is missing");
    assert_eq!(stage.engine.state().sources["desk"].undecided, 2);
    assert_snapshot!(stage.said(EntryKind::Blind).join("\n"), @"00:00 evt_1 of desk could not be decided for `priority == \"high\"`: `priority` and what it is compared with are of different kinds; it counts as not matching, and nothing good is concluded from it");
    stage.mins(60);
    assert_snapshot!(stage.alert("ticket-waits"), @"idle, No: none overdue, 0 open");
}

#[test]
fn an_end_of_which_nobody_can_say_whether_it_is_a_success_is_neither() {
    let mut stage = stage();
    opened(&mut stage, "T-1", text("high"));
    closed(&mut stage, "T-1", text("soon"));
    stage.mins(2);
    let flow = stage.engine.state().flows.iter();
    let flow = flow
        .clone()
        .find(|f| f.id.as_ref().is_some_and(|id| id.as_str() == "ticket"));
    assert!(flow.expect("the flow").open.is_empty());
    assert_snapshot!(stage.alert("ticket-waits"), @"idle, CannotTell: none overdue, 0 open, but evt_2 could not be decided: `minutes` and what it is compared with are of different kinds");
    assert_snapshot!(stage.alert("tickets-fail"), @"idle, CannotTell: 0 of the last 0 in 1h failed, 0 in a row, but evt_2 could not be decided: `minutes` and what it is compared with are of different kinds");
    opened(&mut stage, "T-2", text("high"));
    closed(&mut stage, "T-2", Scalar::Int(6));
    stage.mins(2);
    assert_snapshot!(stage.alert("tickets-fail"), @"firing, Yes: 1 of the last 1 in 1h failed, 1 in a row");
}

#[test]
fn an_slo_counts_what_can_be_decided() {
    let mut stage = stage();
    for minutes in [
        Scalar::Int(5),
        Scalar::Int(6),
        text("?"),
        Scalar::Int(i64::MAX),
    ] {
        closed(&mut stage, "T", minutes);
    }
    stage.mins(2);
    assert_snapshot!(stage.alert("answers-bad"), @"idle, CannotTell: 1 of 2 bad in 1h, 1 in a row, but evt_4 could not be decided: `minutes` is too large a number");
    closed(&mut stage, "T", Scalar::Int(7));
    assert_snapshot!(stage.alert("answers-bad"), @"firing, Yes: 2 of 3 bad in 1h, 2 in a row");
    assert_eq!(stage.engine.state().doubts["slo/answers"].events, 2);
}

#[test]
fn an_event_that_cannot_be_decided_did_not_come() {
    let mut stage = stage();
    closed(&mut stage, "T", Scalar::Int(1));
    stage.mins(90);
    closed(&mut stage, "T", Scalar::Null);
    assert_snapshot!(stage.alert("desk-idle"), @"idle, No: nothing heard of closed from desk for 1h 30 min; 2h is the longest that is normal");
    stage.mins(31);
    assert_snapshot!(stage.alert("desk-idle"), @"firing, Yes: nothing heard of closed from desk for 2h 1 min; 2h is the longest that is normal");
    closed(&mut stage, "T", Scalar::Int(1));
    assert_snapshot!(stage.alert("desk-idle"), @"firing, CannotTell: nothing heard of closed from desk for 2h 1 min; 2h is the longest that is normal");
    stage.mins(61);
    assert_snapshot!(stage.alert("desk-idle"), @"idle, No: nothing heard of closed from desk for 1h 1 min; 2h is the longest that is normal");
}

#[test]
fn gauges_and_changes_ask_too() {
    let mut stage = stage();
    for load in ["95.5", "100.5", "many"] {
        stage.event("desk", "load", &[("load", text(load))]);
    }
    assert_snapshot!(stage.alert("load-high"), @"firing, Yes: 95.5, above 90");
    for outcome in ["on: search", "off: search"] {
        stage.event("desk", "flag", &[("outcome", text(outcome))]);
    }
    stage.event("desk", "flag", &[]);
    let changes = &stage.engine.state().changes;
    let labels: Vec<&str> = changes.iter().map(|c| c.label.as_str()).collect();
    assert_eq!(labels.last(), Some(&"on: search"));
    assert_eq!(stage.engine.state().sources["desk"].undecided, 1);
}

#[test]
fn a_replay_and_a_restart_doubt_the_same() {
    let mut stage = stage();
    for n in 0..20 {
        opened(
            &mut stage,
            &format!("T-{n}"),
            if n % 3 == 0 {
                Scalar::Null
            } else {
                text("high")
            },
        );
        closed(
            &mut stage,
            &format!("T-{n}"),
            if n % 4 == 0 {
                text("?")
            } else {
                Scalar::Int(n)
            },
        );
        stage.mins(3);
    }
    let mut again = Engine::new();
    for (at, input) in &stage.given {
        again.handle(*at, input);
    }
    assert_eq!(again.state(), stage.engine.state());
    let restored = Engine::restore(&stage.engine.snapshot()).expect("a snapshot");
    assert_eq!(restored.state().doubts, stage.engine.state().doubts);
    assert!(!restored.state().doubts.is_empty());
}

#[test]
fn a_package_without_conditions_doubts_nothing() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 100);
    stage.event("stripe", "charge.succeeded", &[]);
    stage.mins(10);
    assert!(stage.engine.state().doubts.is_empty());
}
