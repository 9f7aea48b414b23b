//! A package is put in force while an incident runs.

use gonogo_engine::history::EntryKind;
use gonogo_model::Duration;

use crate::support::stage::Stage;
use crate::support::{replaced, shop, without_line};

#[test]
fn a_running_escalation_keeps_the_policy_it_began_with() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.mins(1);
    let text = replaced(
        shop(),
        "name: Web, steps: [{notify: [{role: web-lead}]}, {notify: [{role: director}]}]",
        "name: Web, steps: [{notify: [{role: billing-lead}]}, {notify: [{role: platform-lead}]}]",
    );
    stage.reload(text);
    stage.mins(5);
    assert_eq!(
        stage.new_pages(),
        ["00:00 cleo page INC-1", "05:00 dan page INC-1"]
    );
    // What is called for from now on follows the new one.
    stage.ack("dan", 1);
    stage.mins(30);
    assert_eq!(stage.new_pages(), ["36:00 ben growth INC-1"]);
}

#[test]
fn an_alert_that_is_gone_closes_with_that_reason() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.mins(1);
    let text = without_line(shop(), "- {id: edge-down");
    stage.reload(text);
    assert_eq!(
        stage.said(EntryKind::AlertResolved),
        ["01:00 edge-down is no longer declared in the package in force"]
    );
    stage.mins(6);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn what_goes_on_keeps_its_state() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 100);
    stage.fails("edge-up");
    stage.mins(2);
    stage.reload(replaced(
        shop(),
        "name: The assistant is down",
        "name: The assistant sleeps",
    ));
    stage.mins(4);
    assert_eq!(stage.engine.state().flows[0].overdue_count(), 1);
    assert_eq!(stage.open(), [1, 2]);
    assert_eq!(
        stage.new_pages(),
        [
            "00:00 cleo page INC-1",
            "05:00 dan page INC-1",
            "05:30 ben page INC-2"
        ]
    );
}

#[test]
fn a_promise_without_its_rule_is_dropped_and_said() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    assert!(stage.incident(1).promise.is_some());
    let mut text = shop();
    let ops = text.files.get_mut("ops.yaml").unwrap();
    let (begin, end) = (
        ops.find("\ncomms:").unwrap(),
        ops.find("\nscenarios:").unwrap(),
    );
    ops.replace_range(begin..end, "");
    stage.reload(text);
    stage.mins(60);
    assert!(stage.incident(1).promise.is_none());
    assert!(
        stage
            .said(EntryKind::Promise)
            .last()
            .unwrap()
            .contains("has no rule")
    );
}

#[test]
fn a_person_who_left_is_passed_over_by_what_runs() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    let text = replaced(
        shop(),
        "name: Director, holders: [{person: dan}]",
        "name: Director, holders: [{person: ada}]",
    );
    stage.reload(text);
    stage.mins(5);
    assert_eq!(
        stage.new_pages(),
        ["00:00 cleo page INC-1", "05:00 ada page INC-1"]
    );
}

#[test]
fn a_longer_silence_that_is_allowed_now_is_no_silence() {
    let mut stage = Stage::shop();
    stage.syncs_fall_silent();
    stage.mins(61);
    assert_eq!(stage.open(), [1]);
    stage.reload(replaced(shop(), "silent_after: 1h", "silent_after: 2h"));
    stage.mins(6);
    assert_eq!(stage.open(), [1], "it never spoke, so nobody can tell");
    stage.sync();
    stage.pass(Duration::from_mins(6));
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn what_could_wait_until_a_package_said_that_it_cannot_pages() {
    let mut stage = Stage::shop();
    stage.deployment("run_1", "failure");
    stage.mins(5);
    assert_eq!(stage.new_pages(), Vec::<String>::new());
    stage.reload(replaced(
        shop(),
        "severity: SEV3, urgency: ticket",
        "severity: SEV3",
    ));
    assert_eq!(stage.new_pages(), ["05:00 cleo page INC-1"]);
}

#[test]
fn a_package_that_knows_how_to_reach_somebody_calls_them_at_once() {
    let mut unreachable = shop();
    let ops = unreachable.files.get_mut("ops.yaml").unwrap();
    let people: Vec<&str> = ops.lines().collect();
    let line = |l: &&str| match l.split_once(", contacts:") {
        Some((person, _)) => format!("{person}}}\n"),
        None => format!("{l}\n"),
    };
    *ops = people.iter().map(line).collect();
    let mut stage = Stage::of(unreachable);
    stage.fails("edge-up");
    stage.mins(3);
    assert_eq!(stage.new_pages(), Vec::<String>::new());
    stage.reload(shop());
    stage.secs(0);
    assert_eq!(stage.new_pages(), ["03:00 dan page INC-1"]);
}

#[test]
fn what_may_wait_and_then_may_not_is_called_for_each_time() {
    let pages = || replaced(shop(), "severity: SEV3, urgency: ticket", "severity: SEV3");
    let mut stage = Stage::of(pages());
    stage.deployment("run_1", "failure");
    stage.ack("cleo", 1);
    stage.deployment("run_2", "success");
    stage.secs(10);
    stage.reload(shop());
    stage.deployment("run_3", "failure");
    stage.secs(10);
    stage.reload(pages());
    assert_eq!(stage.incident(1).firing().count(), 1);
    assert_eq!(
        stage.new_pages(),
        ["00:00 cleo page INC-1", "00:20 cleo growth INC-1"]
    );
}
