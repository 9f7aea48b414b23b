//! What customers were promised, and what happens when it is late.

use gonogo_engine::history::EntryKind;
use gonogo_engine::input::{DeliveryOutcome, Verb};
use gonogo_model::Duration;
use gonogo_model::comms::PublicState;

use crate::support::stage::Stage;
use crate::support::{replaced, shop};

fn publish(stage: &mut Stage, state: PublicState) {
    let incident = 1;
    let text = String::new();
    stage.command(
        "dan",
        Verb::Publish {
            incident,
            state,
            text,
        },
    );
}

/// Messages about updates only.
fn reminders(stage: &Stage) -> Vec<String> {
    stage
        .told()
        .into_iter()
        .filter(|m| m.contains("update"))
        .collect()
}

#[test]
fn whoever_writes_is_told_and_a_second_person_when_it_is_late() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.mins(60);
    assert_eq!(
        reminders(&stage),
        [
            "25:00 dan email update_due INC-1",
            "33:00 ada ntfy update_overdue INC-1",
            "36:00 ada ntfy update_overdue INC-1",
            "39:00 ada ntfy update_overdue INC-1",
        ]
    );
}

#[test]
fn an_update_in_time_promises_the_next() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.mins(20);
    publish(&mut stage, PublicState::Investigating);
    stage.mins(54);
    assert_eq!(reminders(&stage), Vec::<String>::new());
    stage.mins(1);
    assert_eq!(reminders(&stage), ["1:15:00 dan email update_due INC-1"]);
    assert_eq!(stage.published(), ["20:00 INC-1 investigating"]);
}

#[test]
fn the_rule_may_approve_the_first_word_and_never_twice() {
    let text = replaced(
        shop(),
        "{severity: SEV2, first_update: 30m, cadence: 60m,",
        "{severity: SEV2, first_update: 30m, cadence: 60m, approval: automatic,",
    );
    let mut stage = Stage::of(text);
    for check in ["region-up", "database-up"] {
        stage.works(check);
    }
    for check in ["api-up", "ledger-up"] {
        stage.secs(20);
        stage.fails(check);
        for upstream in ["region-up", "database-up"] {
            stage.works(upstream);
        }
    }
    stage.secs(20);
    stage.fails("region-up");
    assert_eq!(
        stage.published(),
        ["00:20 INC-1 investigating", "00:40 INC-2 investigating"]
    );
    let promise = stage.incident(1).promise.as_ref().unwrap();
    assert_eq!(
        promise.due,
        stage.start + Duration::from_secs(20 + 3600),
        "the earlier of the two"
    );
    assert!(stage.incident(2).promise.is_none());
    stage.mins(10);
    assert_eq!(stage.published().len(), 2);
}

#[test]
fn it_is_over_and_customers_are_owed_a_last_word() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.mins(10);
    publish(&mut stage, PublicState::Identified);
    stage.works("api-up");
    stage.mins(5);
    assert_eq!(stage.open(), Vec::<u64>::new());
    let promise = stage.incident(1).promise.as_ref().unwrap();
    assert_eq!(
        (promise.state, promise.due),
        (PublicState::Resolved, stage.now + Duration::from_mins(15))
    );
    stage.mins(11);
    assert_eq!(reminders(&stage), ["25:00 dan email update_due INC-1"]);
    publish(&mut stage, PublicState::Resolved);
    stage.mins(60);
    assert_eq!(reminders(&stage).len(), 1);
    assert!(stage.incident(1).promise.is_none());
}

#[test]
fn nobody_is_owed_anything_where_nothing_was_said() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.works("api-up");
    stage.mins(60);
    assert_eq!(reminders(&stage), Vec::<String>::new());
}

#[test]
fn a_second_wave_takes_the_all_clear_back() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    publish(&mut stage, PublicState::Identified);
    stage.works("api-up");
    stage.mins(6);
    stage.fails("api-up");
    let promise = stage.incident(1).promise.as_ref().unwrap();
    assert_eq!(promise.state, PublicState::Identified);
}

#[test]
fn after_our_own_downtime_there_is_one_call_and_not_all_that_were_missed() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.mins(1);
    stage.down(Duration::from_hours(3));
    stage.secs(1);
    assert_eq!(reminders(&stage), ["3:01:00 ada ntfy update_overdue INC-1"]);
    stage.mins(3);
    assert_eq!(reminders(&stage).len(), 2);
}

#[test]
fn a_reminder_that_fails_goes_the_next_way() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.mins(25);
    stage.delivered("dan", DeliveryOutcome::Failed);
    stage.delivered("dan", DeliveryOutcome::Failed);
    assert_eq!(
        reminders(&stage),
        [
            "25:00 dan email update_due INC-1",
            "25:00 dan ntfy update_due INC-1"
        ]
    );
    assert!(
        stage
            .said(EntryKind::NobodyFound)
            .last()
            .unwrap()
            .contains("no way to Dan is left")
    );
}

#[test]
fn where_the_backup_is_unfilled_the_owner_is_called() {
    let text = replaced(
        shop(),
        "name: Platform lead, holders: [{person: ada}]",
        "name: Platform lead",
    );
    let mut stage = Stage::of(text);
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.mins(34);
    assert_eq!(
        reminders(&stage),
        [
            "25:00 dan email update_due INC-1",
            "33:00 dan ntfy update_overdue INC-1"
        ]
    );
}

#[test]
fn a_severity_without_a_rule_takes_the_next_milder_one() {
    let text = replaced(
        shop(),
        "    - {severity: SEV1, first_update: 15m, cadence: 30m, owner: director, backup: platform-lead, templates: [investigating, identified, resolved]}\n",
        "",
    );
    let mut stage = Stage::of(text);
    stage.fails("api-up");
    stage.fails("ledger-up");
    let promise = stage.incident(1).promise.as_ref().unwrap();
    assert_eq!(promise.due, stage.start + Duration::from_mins(30));
}
