//! Trouble with gonogo itself calls its operators.

use gonogo_engine::history::EntryKind;
use gonogo_engine::input::Verb;

use crate::support::stage::Stage;

#[test]
fn a_lag_pages_the_operators_once() {
    let mut stage = Stage::shop();
    stage.trouble("lag", Some("decisions are 9 s behind"));
    stage.trouble("lag", Some("decisions are 12 s behind"));
    assert_eq!(stage.new_pages(), ["00:00 ada page INC-1"]);
    stage.ack("ada", 1);
    stage.trouble("lag", None);
    stage.mins(5);
    assert_eq!(stage.open(), Vec::<u64>::new());
    stage.mins(5);
    stage.trouble("lag", Some("again"));
    assert_eq!(stage.open(), [1], "it is back");
    assert_eq!(stage.new_pages(), ["10:00 ada page INC-1"]);
}

#[test]
fn troubles_that_come_and_go_are_one_episode() {
    let mut stage = Stage::shop();
    stage.trouble("lag", Some("behind"));
    stage.ack("ada", 1);
    for _ in 0..5 {
        stage.trouble("lag", None);
        stage.secs(30);
        stage.trouble("lag", Some("behind"));
        stage.secs(30);
    }
    assert_eq!(stage.new_pages(), ["00:00 ada page INC-1"]);
    stage.mins(2);
    assert_eq!(stage.new_pages(), ["06:30 ada growth INC-1"]);
}

#[test]
fn a_trouble_that_was_called_over_and_is_not_calls_again() {
    let mut stage = Stage::shop();
    stage.trouble("disk_full", Some("the disk is full"));
    let resolve = Verb::Resolve {
        incident: 1,
        reason: "cannot be".into(),
    };
    stage.command("ada", resolve);
    stage.new_pages();
    stage.mins(31);
    assert_eq!(stage.new_pages(), ["30:00 ada page INC-1"]);
}

#[test]
fn troubles_of_different_kinds_stay_apart_from_outages() {
    let mut stage = Stage::shop();
    stage.fails("region-up");
    stage.trouble("lag", Some("behind"));
    stage.trouble("poison", Some("input 7 was put aside"));
    assert_eq!(stage.open(), [1, 2, 3]);
    stage.fails("edge-up");
    assert_eq!(stage.incident(1).alerts.len(), 2);
}

#[test]
fn a_command_about_an_unknown_incident_is_said_and_nothing_else() {
    let mut stage = Stage::shop();
    stage.ack("ada", 99);
    assert_eq!(
        stage.said(EntryKind::Note),
        ["00:00 ada meant INC-99, which is not known here"]
    );
    assert!(stage.effects.is_empty());
}
