//! A charge and its record: lost, late, doubled, wrong, or none of that.

use gonogo_engine::history::EntryKind;
use gonogo_engine::incident::Phase;
use gonogo_engine::input::{Answer, Verb};
use gonogo_model::event::Scalar;
use gonogo_model::{Duration, Id};

use crate::support::stage::{Stage, text};

#[test]
fn a_charge_that_is_recorded_is_nobodys_business() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 1200);
    stage.secs(3);
    stage.recorded("ch_1", 1200);
    stage.mins(30);
    assert_eq!(stage.told(), Vec::<String>::new());
    let counts = stage.engine.state().flows[0]
        .series
        .sum(stage.now, Duration::from_hours(1));
    assert_eq!((counts.starts, counts.completed, counts.overdue), (1, 1, 0));
}

#[test]
fn a_missing_record_is_asked_for_and_then_pages_on_time() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 1200);
    stage.mins(5);
    assert_eq!(stage.pages(), Vec::<String>::new(), "nobody was asked yet");
    assert_eq!(stage.confirm(Answer::Missing), 1);
    assert_eq!(stage.pages(), ["05:00 ben page INC-1"]);
    let title = &stage.incident(1).title;
    assert_eq!(title, "A charge was not recorded");
    let said = stage.said(EntryKind::AlertFiring);
    assert_eq!(
        said,
        ["05:00 A charge was not recorded: 1 overdue: ch_1 (amount 1200, currency usd)"]
    );
}

#[test]
fn the_deadline_is_ours_and_not_the_ledgers_progress() {
    // The ledger says its last word after one charge. Nothing that it does moves our watermark.
    let mut stage = Stage::shop();
    stage.charge("ch_1", 1200);
    stage.recorded("ch_1", 1200);
    stage.secs(60);
    stage.charge("ch_2", 900);
    stage.mins(6);
    assert_eq!(
        stage.pages(),
        ["06:30 ben page INC-1"],
        "5 min, and 30 s for an answer"
    );
}

#[test]
fn an_answer_tells_a_lost_event_from_a_lost_charge() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 1200);
    stage.mins(5);
    stage.confirm(Answer::Happened);
    stage.mins(10);
    assert_eq!(stage.pages(), Vec::<String>::new());
    let counts = stage.engine.state().flows[0]
        .series
        .sum(stage.now, Duration::from_hours(1));
    assert_eq!(
        (counts.completed, counts.lost_events, counts.overdue),
        (1, 1, 0)
    );
    // Its event was not lost, but slow. That is no second record.
    stage.recorded("ch_1", 1200);
    stage.mins(1);
    assert_eq!(stage.pages(), Vec::<String>::new());
    // This one is.
    stage.recorded("ch_1", 1200);
    assert_eq!(stage.pages(), ["16:00 ben page INC-1"]);
}

#[test]
fn nobody_could_say_is_paged_like_missing() {
    for answered in [true, false] {
        let mut stage = Stage::shop();
        stage.charge("ch_1", 1200);
        stage.mins(5);
        if answered {
            stage.secs(10);
            stage.confirm(Answer::Unknown);
        }
        stage.secs(29);
        let so_far = stage.pages();
        assert_eq!(so_far.len(), usize::from(answered), "{so_far:?}");
        stage.secs(1);
        assert_eq!(stage.pages().len(), 1);
        assert!(stage.said(EntryKind::Confirm)[0].contains("treated as missing"));
    }
}

#[test]
fn test_mode_never_pages() {
    let mut stage = Stage::shop();
    let fields = [
        ("livemode", Scalar::Bool(false)),
        ("data.object.id", text("ch_1")),
    ];
    stage.event("stripe", "charge.succeeded", &fields);
    stage.mins(60);
    assert_eq!(stage.told(), Vec::<String>::new());
    assert!(stage.engine.state().flows[0].open.is_empty());
}

#[test]
fn a_record_after_the_deadline_is_late_and_not_missing() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 1200);
    stage.mins(6);
    assert_eq!(stage.pages().len(), 1);
    stage.recorded("ch_1", 1200);
    assert_eq!(
        stage.said(EntryKind::AlertResolved),
        ["06:00 over: A charge was not recorded (none overdue, 0 open)"]
    );
    let counts = stage.engine.state().flows[0]
        .series
        .sum(stage.now, Duration::from_hours(1));
    assert_eq!((counts.late, counts.overdue, counts.completed), (1, 1, 0));
    stage.mins(5);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn what_contradicts_pages_whatever_the_contradiction() {
    let mut stage = Stage::shop();
    for key in ["ch_1", "ch_2", "ch_3", "ch_4"] {
        stage.charge(key, 1200);
    }
    stage.recorded("ch_1", 1200);
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.recorded("ch_1", 1200);
    assert_eq!(stage.pages(), ["00:00 ben page INC-1"]);
    stage.recorded("ch_2", 1100);
    stage.recorded_from(Duration::ZERO, "ch_3", 1200, "jpy");
    stage.recorded_from(Duration::ZERO, "ch_4", 1200, "USD");
    stage.secs(5);
    let flow = &stage.engine.state().flows[0];
    let wrong: Vec<String> = flow
        .mismatched
        .iter()
        .map(|(k, w)| format!("{k}: {w}"))
        .collect();
    assert_eq!(
        wrong,
        [
            "ch_1: ended twice",
            "ch_2: data.object.amount is 1200, but data.amount is 1100",
            "ch_3: data.object.currency is usd, but data.currency is jpy",
        ]
    );
}

#[test]
fn a_record_before_its_charge_matches_when_that_comes() {
    let mut stage = Stage::shop();
    stage.recorded("ch_1", 1200);
    stage.secs(30);
    stage.charge("ch_1", 1200);
    stage.mins(30);
    assert_eq!(stage.told(), Vec::<String>::new());

    // Twice before its charge is twice.
    stage.recorded("ch_2", 1200);
    stage.recorded("ch_2", 1200);
    assert_eq!(stage.pages(), ["30:30 ben page INC-1"]);
}

#[test]
fn a_record_whose_charge_never_comes_is_a_contradiction_in_the_end() {
    let mut stage = Stage::shop();
    stage.recorded("ch_1", 1200);
    // Stripe repeats for three days; the deadline of five minutes comes on top.
    stage.pass(Duration::from_hours(72));
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.mins(7);
    assert_eq!(stage.pages().len(), 1);
    let flow = &stage.engine.state().flows[0];
    assert_eq!(flow.mismatched["ch_1"], "ended without a start");
}

#[test]
fn other_events_of_the_same_source_are_none_of_its_business() {
    let mut stage = Stage::shop();
    let fields = [
        ("livemode", Scalar::Bool(true)),
        ("data.object.id", text("ch_1")),
    ];
    for kind in [
        "charge.refunded",
        "charge.dispute.created",
        "charge.updated",
    ] {
        stage.event("stripe", kind, &fields);
    }
    stage.event(
        "stripe",
        "charge.succeeded",
        &[("livemode", Scalar::Bool(true))],
    );
    stage.mins(60);
    assert_eq!(stage.told(), Vec::<String>::new());
}

#[test]
fn the_same_start_twice_is_one_start() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 1200);
    stage.charge("ch_1", 1200);
    stage.recorded("ch_1", 1200);
    stage.charge("ch_1", 1200);
    stage.mins(30);
    assert_eq!(stage.told(), Vec::<String>::new());
}

#[test]
fn more_and_more_missing_charges_page_again_as_they_double() {
    let mut stage = Stage::shop();
    for n in 0..8 {
        stage.charge(&format!("ch_{n}"), 100);
        stage.secs(60);
    }
    // Three are overdue by now.
    while stage.engine.state().flows[0].overdue_count() < 8 {
        if stage.open() == [1] && stage.incident(1).phase == Phase::Open {
            stage.ack("ben", 1);
        }
        stage.secs(5);
    }
    stage.secs(5);
    let pages = stage.pages();
    assert_eq!(pages, ["05:30 ben page INC-1", "10:32 ben growth INC-1"]);
}

#[test]
fn a_written_off_charge_no_longer_counts() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 1200);
    stage.charge("ch_2", 1200);
    stage.mins(6);
    let write_off = |key: &str| Verb::WriteOff {
        flow: Id::from_static("charge"),
        key: key.into(),
        reason: "refunded by hand".into(),
    };
    stage.command("ben", write_off("ch_1"));
    assert_eq!(stage.engine.state().flows[0].overdue_count(), 1);
    stage.command("ben", write_off("*"));
    assert_eq!(stage.said(EntryKind::AlertResolved).len(), 1);
    stage.recorded("ch_1", 1200);
    stage.mins(10);
    assert_eq!(stage.open(), Vec::<u64>::new());
    assert_eq!(stage.pages(), ["05:30 ben page INC-1"]);
}

#[test]
fn a_thousand_missing_at_once_are_one_page_and_a_bounded_number_of_questions() {
    let mut stage = Stage::shop();
    for n in 0..1000 {
        stage.charge(&format!("ch_{n:04}"), 100);
    }
    stage.mins(5);
    assert_eq!(
        stage.confirm(Answer::Missing),
        gonogo_engine::flow::MAX_QUESTIONS
    );
    stage.mins(1);
    assert_eq!(stage.engine.state().flows[0].overdue_count(), 1000);
    assert_eq!(stage.pages(), ["05:00 ben page INC-1"]);
    let reading = &stage.engine.state().alerts["charge-lost"].reading;
    assert_eq!(reading.keys.len(), gonogo_engine::reading::KEYS_NAMED);
    assert!(
        reading.detail.ends_with("and 997 more"),
        "{}",
        reading.detail
    );
}
