//! Numbers that rise, fall and run out, and values that ought to agree.

use gonogo_engine::history::EntryKind;
use gonogo_engine::input::Side;
use gonogo_model::Duration;
use gonogo_model::event::Scalar;
use insta::assert_snapshot;

use crate::support::stage::{Stage, text};
use crate::support::{shop, with_file};

const MEASURES: &str = r#"
gauges:
  - id: queue-age
    name: Age of the oldest event
    component: ledger
    unit: s
    from: {http_json: {url: "https://ledger.example.com/queue", path: oldest}}
  - id: disk
    name: Disk of the database
    component: database
    unit: GiB
    limit: 100
    from: {promql: {url: "https://prometheus.example.com", query: "disk"}}
  - id: credit
    name: Credit left
    component: assistant
    floor: 0
    every: 1h
    from: {event: {source: books, event: [usage], field: data.credit, only: {data.plan: [pro]}}}
skews:
  - id: version
    name: The API runs what was deployed
    component: api
    expected: {event: {source: github, event: [deployed], field: sha}}
    actual: {http_json: {url: "https://api.example.com/version", path: sha}}
    compare: prefix
    agree_within: 10m
alerts:
  - {id: queue-old, name: Events wait, severity: SEV2, when: {gauge: {gauge: queue-age, above: 300, clear_below: 60}}}
  - {id: queue-unknown, name: The queue is not seen, severity: SEV3, when: {gauge: {gauge: queue-age, unknown_for: 10m}}}
  - {id: queue-jump, name: Events pile up, severity: SEV3, when: {gauge: {gauge: queue-age, rising_by: 100, window: 10m, min_samples: 3}}}
  - {id: disk-full, name: The disk fills up, severity: SEV2, when: {gauge: {gauge: disk, exhausted_within: 4h, window: 1h}}}
  - {id: credit-low, name: Credit runs out, severity: SEV3, when: {gauge: {gauge: credit, below: 10, clear_above: 20}}}
  - {id: version-skew, name: Not what was deployed, severity: SEV2, when: {skew: {skew: version}}}
"#;

fn stage() -> Stage {
    Stage::of(with_file(shop(), "measures.yaml", MEASURES))
}

#[test]
fn a_bound_with_hysteresis_begins_high_and_ends_low() {
    let mut stage = stage();
    for (number, fires) in [
        ("300", false),
        ("300.000000001", true),
        ("200", true),
        ("60.5", true),
        ("60", false),
        ("299", false),
        ("1e9", true),
        ("-1", false),
    ] {
        stage.reads("queue-age", number);
        let alert = stage.alert("queue-old");
        assert_eq!(alert.starts_with("firing"), fires, "{number}: {alert}");
        stage.secs(60);
    }
}

#[test]
fn readings_explain_themselves() {
    let mut stage = stage();
    assert_snapshot!(stage.alert("queue-old"), @"idle, CannotTell: unknown: no number yet");
    stage.reads("queue-age", "310");
    assert_snapshot!(stage.alert("queue-old"), @"firing, Yes: 310 s, above 300 s");
    stage.secs(60);
    stage.reads("queue-age", "100");
    assert_snapshot!(stage.alert("queue-old"), @"firing, Yes: 100 s, and well only from 60 s down");
    assert_snapshot!(stage.alert("queue-jump"), @"idle, CannotTell: too few numbers to tell a pace: 2 in 10m, 3 are needed");
    stage.secs(60);
    stage.reads("queue-age", "250.5");
    assert_snapshot!(stage.alert("queue-jump"), @"firing, Yes: rose by 150.5 s in 10m, from 100 s at 12:01 UTC to 250.5 s; the bound is 100 s");
    stage.reads("queue-age", "NaN");
    assert_snapshot!(stage.alert("queue-old"), @"firing, Yes: 250.5 s, and well only from 60 s down");
}

#[test]
fn silence_is_unknown_and_told_and_never_an_all_clear() {
    let mut stage = stage();
    stage.reads("queue-age", "400");
    stage.secs(60);
    stage.reads("queue-age", "NaN");
    stage.mins(4);
    assert_snapshot!(stage.alert("queue-old"), @"firing, CannotTell: 400 s, above 300 s");
    assert_snapshot!(stage.said(EntryKind::Blind).join("\n"), @r#"
    03:10 Disk of the database: unknown: no number yet
    03:10 Age of the oldest event: unknown: no number for 3 min 10 s (no series)
    "#);
    stage.mins(8);
    assert_snapshot!(stage.alert("queue-unknown"), @"firing, Yes: unknown: no number for 13 min (no series)");
    stage.reads("queue-age", "10");
    assert_snapshot!(stage.alert("queue-old"), @"idle, No: 10 s; the bound is 300 s");
    assert_snapshot!(stage.alert("queue-unknown"), @"idle, No: 10 s");
}

#[test]
fn what_is_our_own_fault_is_not_counted_as_silence() {
    let mut stage = stage();
    stage.reads("queue-age", "10");
    stage.down(Duration::from_hours(5));
    stage.secs(60);
    assert!(stage.alert("queue-unknown").starts_with("idle"));
    assert!(
        stage.alert("queue-old").contains("CannotTell"),
        "{}",
        stage.alert("queue-old")
    );
    stage.reads("queue-age", "10");
    assert!(stage.alert("queue-old").starts_with("idle, No"));
}

#[test]
fn a_disk_that_fills_up_says_when() {
    let mut stage = stage();
    for minute in 0..90 {
        // A gigabyte in five minutes, and nonsense now and then.
        let number = if minute % 7 == 3 { 3 } else { 50 + minute / 5 };
        stage.reads("disk", &number.to_string());
        if minute == 20 {
            assert_snapshot!(stage.alert("disk-full"), @"idle, CannotTell: too soon to tell when it ends: numbers of 20 min so far, half of 1h are needed");
        }
        stage.secs(60);
    }
    assert_snapshot!(stage.alert("disk-full"), @"firing, Yes: 67 GiB, 12 GiB an hour over 1h: 100 GiB is reached in 2h 42 min, about 25 Nov 2026 16:12 UTC");
    for _ in 0..60 {
        stage.reads("disk", "40");
        stage.secs(60);
    }
    assert_snapshot!(stage.alert("disk-full"), @"idle, No: 40 GiB, 0 GiB an hour: not on its way to 100 GiB");
    stage.reads("disk", "100");
    assert_snapshot!(stage.alert("disk-full"), @"firing, Yes: 100 GiB: 100 GiB is reached");
}

#[test]
fn numbers_come_from_events() {
    let mut stage = stage();
    let usage = |stage: &mut Stage, ago, plan: &str, credit: Scalar| {
        let fields = [("data.plan", text(plan)), ("data.credit", credit)];
        stage.event_from(ago, "books", "usage", &fields);
    };
    usage(&mut stage, Duration::ZERO, "pro", Scalar::Int(30));
    assert_snapshot!(stage.alert("credit-low"), @"idle, No: 30; the bound is 10");
    usage(&mut stage, Duration::ZERO, "free", Scalar::Int(0));
    assert_snapshot!(stage.alert("credit-low"), @"idle, No: 30; the bound is 10");
    stage.secs(10);
    usage(&mut stage, Duration::from_secs(30), "pro", Scalar::Int(0));
    assert_snapshot!(stage.alert("credit-low"), @"idle, No: 30; the bound is 10");
    usage(&mut stage, Duration::ZERO, "pro", text("9.99"));
    assert_snapshot!(stage.alert("credit-low"), @"firing, Yes: 9.99, below 10");
    usage(&mut stage, Duration::ZERO, "pro", text("much"));
    assert_eq!(stage.engine.state().gauges["credit"].without, 1);
    assert_eq!(stage.engine.state().gauges["credit"].late, 1);
    usage(&mut stage, Duration::ZERO, "pro", Scalar::Int(20));
    assert_snapshot!(stage.alert("credit-low"), @"idle, No: 20; the bound is 10");
}

#[test]
fn two_values_may_differ_for_a_while() {
    let mut stage = stage();
    assert_snapshot!(stage.alert("version-skew"), @"idle, CannotTell: what is expected is not known; what is actual is not known");
    stage.event("github", "deployed", &[("sha", text("0123abcdef"))]);
    stage.sees("version", Side::Actual, Some("0123abc\n"));
    assert_snapshot!(stage.alert("version-skew"), @"idle, No: both are 0123abc");
    stage.event("github", "deployed", &[("sha", text("4567abcdef"))]);
    for _ in 0..6 {
        stage.mins(1);
        stage.sees("version", Side::Actual, Some("0123abc"));
    }
    assert_snapshot!(stage.alert("version-skew"), @"idle, No: 4567abcdef is expected, and it is 0123abc; they have differed for 6 min, and may for 10m");
    // A third version does not begin the time anew.
    stage.event("github", "deployed", &[("sha", text("89ababcdef"))]);
    stage.mins(3);
    stage.sees("version", Side::Actual, Some("4567abc"));
    stage.secs(59);
    assert!(stage.alert("version-skew").starts_with("idle"));
    stage.secs(1);
    assert_snapshot!(stage.alert("version-skew"), @"firing, Yes: 89ababcdef is expected, and it is 4567abc; they have differed for 10 min, and may for 10m");
    // Unknown is no agreement.
    stage.sees("version", Side::Actual, None);
    stage.mins(5);
    assert_snapshot!(stage.alert("version-skew"), @"firing, CannotTell: 89ababcdef is expected, and it is 4567abc; they have differed for 12 min, and may for 10m");
    stage.sees("version", Side::Actual, Some("89ababc"));
    assert_snapshot!(stage.alert("version-skew"), @"idle, No: both are 89ababc");
}

#[test]
fn a_snapshot_keeps_what_was_measured() {
    let mut stage = stage();
    for minute in 0..30 {
        stage.reads("disk", &(50 + minute).to_string());
        stage.sees("version", Side::Actual, Some("0123abc"));
        stage.secs(60);
    }
    let restored = gonogo_engine::Engine::restore(&stage.engine.snapshot()).unwrap();
    assert_eq!(restored.state(), stage.engine.state());
    assert_eq!(restored.next_deadline(), stage.engine.next_deadline());
}
