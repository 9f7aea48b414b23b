//! A certificate runs out by the share of its life that is left, not by days.

use gonogo_model::Duration;

use crate::support::stage::Stage;

const DAY: i64 = 24;

fn pages_with(lifetime_hours: i64, left_hours: i64) -> usize {
    let mut stage = Stage::shop();
    let (lifetime, left) = (
        Duration::from_hours(lifetime_hours),
        Duration::from_hours(left_hours),
    );
    stage.serves("edge-certificate", lifetime, left);
    stage.pages().len()
}

#[test]
fn the_share_of_its_life_decides() {
    // The bound is a sixth.
    assert_eq!(
        pages_with(6 * DAY, 2 * DAY),
        0,
        "a third is left of a short life"
    );
    assert_eq!(pages_with(6 * DAY, DAY), 0, "exactly a sixth");
    assert_eq!(pages_with(6 * DAY, DAY - 1), 1);
    assert_eq!(pages_with(90 * DAY, 16 * DAY), 0);
    assert_eq!(pages_with(90 * DAY, 14 * DAY), 1);
    assert_eq!(
        pages_with(365 * DAY, 59 * DAY),
        1,
        "two months are little of a year"
    );
    assert_eq!(pages_with(90 * DAY, 0), 1);
    assert_eq!(pages_with(0, 0), 1, "a life of no length");
}

#[test]
fn it_runs_out_between_answers_and_is_well_when_renewed() {
    let mut stage = Stage::shop();
    stage.serves(
        "edge-certificate",
        Duration::from_hours(60),
        Duration::from_hours(11),
    );
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.pass(Duration::from_mins(61));
    assert_eq!(stage.pages(), ["1:01:00 cleo page INC-1"]);
    stage.serves(
        "edge-certificate",
        Duration::from_hours(60),
        Duration::from_hours(60),
    );
    stage.mins(5);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn an_answer_that_cannot_tell_is_not_bad_news() {
    let mut stage = Stage::shop();
    stage.works("edge-up");
    for _ in 0..100 {
        stage.secs(30);
        stage.check("edge-up", gonogo_engine::input::CheckVerdict::Unknown);
    }
    assert_eq!(stage.pages(), Vec::<String>::new());
    let health = stage.engine.state().checks["edge-up"].health;
    assert_eq!(health, gonogo_engine::check::Health::Unknown);
}
