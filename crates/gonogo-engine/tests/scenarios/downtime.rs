//! Our own absence is nobody else's failure.

use gonogo_engine::history::EntryKind;
use gonogo_engine::input::{Answer, Input};
use gonogo_model::Duration;

use crate::support::stage::Stage;

#[test]
fn two_hours_of_downtime_and_a_backlog_page_nobody() {
    let mut stage = Stage::shop();
    stage.charge("ch_before", 100);
    stage.secs(60);
    stage.down(Duration::from_hours(2));
    // Everything that was sent meanwhile, in any order, and failures that were mended since.
    for n in (0..16_000_u64).rev() {
        let ago = Duration::from_millis(7_200_000 - i64::try_from(n).unwrap() * 400);
        let key = format!("ch_{n}");
        if n % 2 == 0 {
            stage.charge_from(ago, &key, 100, "usd");
            stage.recorded_from(ago, &key, 100, "usd");
        } else {
            stage.recorded_from(ago, &key, 100, "usd");
            stage.charge_from(ago, &key, 100, "usd");
        }
    }
    for n in 0..6_000 {
        let ago = Duration::from_millis(7_000_000 - n * 1000);
        stage.deployment_from(ago, &format!("run_{n}"), "failure");
    }
    for n in 0..3_000 {
        stage.deployment_from(Duration::from_mins(10), &format!("ok_{n}"), "success");
    }
    stage.give(&Input::IntakeProven { at: stage.now });
    stage.recorded("ch_before", 100);
    stage.mins(30);
    assert_eq!(stage.told(), Vec::<String>::new());
    assert_eq!(stage.open(), Vec::<u64>::new());
    let said = stage.said(EntryKind::Blind);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[1].contains("a backlog of 50000 events"), "{said:#?}");
    assert_eq!(
        stage.said(EntryKind::Trouble).len(),
        1,
        "that it did not run"
    );
}

#[test]
fn what_still_fails_after_the_backlog_pages_once() {
    let mut stage = Stage::shop();
    stage.down(Duration::from_hours(2));
    for n in 0..5 {
        stage.deployment_from(Duration::from_mins(30), &format!("run_{n}"), "failure");
    }
    stage.mins(5);
    assert_eq!(stage.pages(), ["2:01:00 cleo page INC-1"]);
}

#[test]
fn a_charge_from_before_the_downtime_has_the_lost_time_back() {
    let mut stage = Stage::shop();
    stage.mins(1);
    stage.charge("ch_1", 100);
    stage.mins(1);
    stage.down(Duration::from_hours(2));
    stage.mins(4);
    assert_eq!(
        stage.confirm(Answer::Missing),
        0,
        "1 min of 5 was used, and 1 more is given"
    );
    stage.secs(70);
    assert_eq!(stage.confirm(Answer::Missing), 1);
    assert_eq!(stage.pages().len(), 1);
}

#[test]
fn a_charge_after_the_downtime_has_its_own_deadline_and_no_more() {
    let mut stage = Stage::shop();
    stage.mins(1);
    stage.down(Duration::from_hours(2));
    stage.charge("ch_1", 100);
    stage.mins(6);
    assert_eq!(stage.pages(), ["2:06:30 ben page INC-1"]);
}

#[test]
fn a_deaf_intake_is_said_and_paged_and_judges_no_absence() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 100);
    stage.secs(10);
    stage.hears(false);
    stage.mins(60);
    assert_eq!(
        stage.new_pages(),
        [
            "02:10 ada page INC-1",
            "07:10 ada page INC-1",
            "12:10 dan page INC-1",
            "22:10 dan page INC-1",
            "32:10 dan page INC-1",
            "42:10 dan page INC-1",
            "52:10 dan page INC-1"
        ]
    );
    assert_eq!(stage.engine.state().flows[0].overdue_count(), 0);
    stage.hears(true);
    stage.secs(5);
    assert!(stage.engine.state().troubles.is_empty());
    stage.mins(10);
    assert_eq!(stage.open(), [2], "the charge, after all");
}

#[test]
fn a_silent_source_is_paged_and_a_deaf_intake_is_not_its_silence() {
    let mut stage = Stage::shop();
    stage.syncs_fall_silent();
    stage.sync();
    stage.mins(59);
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.mins(1);
    assert_eq!(stage.new_pages(), ["1:00:00 cleo page INC-1"]);
    stage.sync();
    assert_eq!(stage.said(EntryKind::AlertResolved).len(), 1);

    let mut stage = Stage::shop();
    stage.syncs_fall_silent();
    stage.sync();
    stage.mins(10);
    stage.down(Duration::from_hours(5));
    stage.mins(59);
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.mins(2);
    assert_eq!(stage.pages().len(), 1);
}

#[test]
fn steps_that_were_due_meanwhile_are_taken_once() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.mins(1);
    stage.down(Duration::from_hours(2));
    stage.secs(10);
    assert_eq!(
        stage.pages(),
        ["00:00 cleo page INC-1", "2:01:00 dan page INC-1"]
    );
}
