//! Four deployments a week: one failure is seen, three in a row page, a ratio needs numbers.

use gonogo_engine::alerting::Holds;
use gonogo_model::Duration;

use crate::support::stage::Stage;
use crate::support::{replaced, shop};

#[test]
fn one_failure_is_seen_at_once_and_three_in_a_row_page() {
    let mut stage = Stage::shop();
    stage.deployment("1", "failure");
    assert_eq!(stage.told(), ["00:00 cleo email ticket"]);
    stage.pass(Duration::from_hours(42));
    stage.deployment("2", "failure");
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.pass(Duration::from_hours(42));
    stage.deployment("3", "failure");
    assert_eq!(stage.pages(), ["84:00:00 cleo page INC-1"]);
    let detail = &stage.engine.state().alerts["deployments-failing"]
        .reading
        .detail;
    assert!(detail.contains("3 in a row"), "{detail}");
    stage.deployment("4", "success");
    stage.mins(6);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn a_success_between_breaks_the_row() {
    let mut stage = Stage::shop();
    for (n, conclusion) in ["failure", "failure", "success", "failure", "failure"]
        .iter()
        .enumerate()
    {
        stage.deployment(&n.to_string(), conclusion);
    }
    stage.mins(10);
    assert_eq!(stage.pages(), Vec::<String>::new());
}

#[test]
fn a_ratio_needs_enough_events_and_no_traffic_is_not_well() {
    let text = replaced(
        shop(),
        "{flow_failing: {flow: deployment, consecutive: 3}}",
        "{flow_failing: {flow: deployment, below: 80%, window: 1h, min_events: 5}}",
    );
    let mut stage = Stage::of(text);
    let holds = |s: &Stage| s.engine.state().alerts["deployments-failing"].reading.holds;
    stage.mins(2);
    assert_eq!(holds(&stage), Holds::CannotTell);
    for n in 0..4 {
        stage.deployment(&n.to_string(), "failure");
    }
    stage.mins(1);
    assert_eq!(
        holds(&stage),
        Holds::CannotTell,
        "four of four failed, and five are needed"
    );
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.deployment("4", "failure");
    stage.secs(2);
    assert_eq!(stage.pages(), ["03:02 cleo page INC-1"]);
    // Nothing more is deployed: nobody can tell, so nothing is over.
    stage.ack("cleo", 1);
    stage.pass(Duration::from_hours(3));
    assert_eq!(stage.open(), [1]);
    assert_eq!(holds(&stage), Holds::CannotTell);
}

#[test]
fn a_held_alert_whose_answer_is_lost_meanwhile_does_not_fire() {
    let text = replaced(
        shop(),
        "severity: SEV2, when: {flow_failing: {flow: deployment, consecutive: 3}}}",
        "severity: SEV2, hold: 90m, when: {flow_failing: {flow: deployment, below: 80%, window: 1h, min_events: 5}}}",
    );
    let mut stage = Stage::of(text);
    for n in 0..5 {
        stage.deployment(&n.to_string(), "failure");
    }
    stage.pass(Duration::from_hours(4));
    assert_eq!(stage.pages(), Vec::<String>::new());
}

#[test]
fn slow_ends_page_by_their_quantile() {
    let text = replaced(
        shop(),
        "{flow_failing: {flow: deployment, consecutive: 3}}",
        "{flow_slow: {flow: charge, quantile: 90%, above: 30s, window: 15m, min_events: 10}}",
    );
    let mut stage = Stage::of(text);
    for n in 0..20 {
        let (key, took) = (format!("ch_{n}"), if n % 5 == 0 { 60 } else { 3 });
        stage.charge(&key, 100);
        stage.secs(took);
        stage.recorded(&key, 100);
    }
    stage.secs(2);
    assert_eq!(stage.pages().len(), 1);
    let detail = &stage.engine.state().alerts["deployments-failing"]
        .reading
        .detail;
    assert!(detail.starts_with("90% took up to 1 min"), "{detail}");
}
