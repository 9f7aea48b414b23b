//! One cause, many alerts: one incident, in whatever order they come.

use gonogo_engine::history::EntryKind;
use gonogo_engine::incident::Standing;
use gonogo_engine::input::{Answer, Verb};
use gonogo_model::alert::Severity;
use gonogo_model::{Duration, Id, PackageText};

use crate::support::stage::Stage;
use crate::support::{replaced, shop, without_line};

const FIVE: [&str; 5] = ["region-up", "database-up", "ledger-up", "api-up", "edge-up"];
const ALL: [&str; 6] = [
    "region-up",
    "database-up",
    "ledger-up",
    "api-up",
    "edge-up",
    "assistant-up",
];

/// Every order of some things.
fn orders<'a>(things: &[&'a str]) -> Vec<Vec<&'a str>> {
    if things.len() < 2 {
        return vec![things.to_vec()];
    }
    let first_is = |n: usize| {
        let mut rest = things.to_vec();
        let first = rest.remove(n);
        orders(&rest).into_iter().map(move |mut order| {
            order.insert(0, first);
            order
        })
    };
    (0..things.len()).flat_map(first_is).collect()
}

/// The incidents that are part of no other.
fn standing(stage: &Stage) -> Vec<u64> {
    let incidents = stage.engine.state().incidents.values();
    incidents
        .filter(|i| i.merged_into.is_none())
        .map(|i| i.number)
        .collect()
}

fn cause(stage: &Stage, number: u64) -> String {
    match &stage.incident(number).cause {
        None => "unknown".into(),
        Some(cause) => format!("{} {:?}", cause.component, cause.standing).to_lowercase(),
    }
}

/// A package in which nobody watches the region and the database themselves.
fn unwatched_upstream() -> PackageText {
    [
        "- {id: region-up",
        "- {id: database-up",
        "- {id: region-down",
        "- {id: database-down",
    ]
    .iter()
    .fold(shop(), |text, line| {
        let text = without_line(text, line);
        // The scenario in the package speaks of them too.
        text
    })
}

fn without_scenarios(mut text: PackageText) -> PackageText {
    let ops = text.files.get_mut("ops.yaml").unwrap();
    let at = ops.find("\nscenarios:").unwrap();
    ops.truncate(at);
    text
}

#[test]
fn whatever_fails_first_it_is_one_incident_with_one_cause() {
    let apart = Duration::from_millis(15 * 60_000 / 4);
    for healthy_before in [true, false] {
        for order in orders(&FIVE) {
            let mut stage = Stage::shop();
            let mut failed: Vec<&str> = Vec::new();
            for check in &order {
                stage.fails(check);
                failed.push(check);
                let mut left = apart;
                while *check != order[4] && !left.is_zero() {
                    let step = left.min(Duration::from_secs(45));
                    for other in ALL.iter().filter(|c| healthy_before && !failed.contains(c)) {
                        stage.works(other);
                    }
                    stage.pass(step);
                    left = Duration::from_millis(left.as_millis() - step.as_millis());
                }
            }
            assert_eq!(standing(&stage), [1], "{order:?}\n{}", stage.timeline());
            assert_eq!(cause(&stage, 1), "region confirmed", "{order:?}");
            let teams: Vec<String> = stage
                .incident(1)
                .engagements
                .keys()
                .map(ToString::to_string)
                .collect();
            assert_eq!(teams, ["billing", "platform", "web"], "{order:?}");
            for check in FIVE {
                stage.works(check);
            }
            stage.mins(6);
            assert_eq!(stage.open(), Vec::<u64>::new(), "{order:?}");
        }
    }
}

#[test]
fn a_cause_that_nobody_watches_is_suspected() {
    for order in orders(&["ledger-up", "api-up", "edge-up"]) {
        let mut stage = Stage::of(without_scenarios(unwatched_upstream()));
        for check in &order {
            stage.fails(check);
            stage.mins(7);
        }
        assert_eq!(standing(&stage), [1], "{order:?}");
        assert_eq!(cause(&stage, 1), "region suspected", "{order:?}");
        assert_eq!(
            stage.incident(1).title,
            "The region is suspected: 3 components that need it fail"
        );
    }
}

#[test]
fn failures_far_apart_are_two_incidents() {
    let mut stage = Stage::of(without_scenarios(unwatched_upstream()));
    stage.fails("api-up");
    stage.mins(15);
    stage.fails("ledger-up");
    assert_eq!(standing(&stage), [1], "15 min apart");
    let mut stage = Stage::of(without_scenarios(unwatched_upstream()));
    stage.fails("api-up");
    stage.mins(15);
    stage.secs(1);
    stage.fails("ledger-up");
    assert_eq!(standing(&stage), [1, 2]);
}

#[test]
fn a_check_of_its_own_clears_a_suspect() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.secs(10);
    stage.fails("edge-up");
    assert_eq!(cause(&stage, 1), "region suspected");
    assert_eq!(
        stage.new_pages(),
        ["00:00 cleo page INC-1", "00:10 cleo growth INC-1"],
        "another journey"
    );
    stage.ack("cleo", 1);
    stage.secs(10);
    stage.works("region-up");
    stage.secs(1);
    assert_eq!(cause(&stage, 1), "unknown");
    assert_eq!(stage.incident(1).title, "The API is down");
    // From now on what fails elsewhere under the region is another incident.
    stage.fails("ledger-up");
    assert_eq!(standing(&stage), [1, 2]);
    assert_eq!(stage.new_pages().last().unwrap(), "00:21 ben page INC-2");
}

#[test]
fn an_alert_waits_for_its_suspected_cause_and_then_pages() {
    let no_journeys = || {
        let text = without_line(shop(), "- {id: visit");
        let ops = text.files["ops.yaml"].replace(", journey: visit", "");
        PackageText {
            files: [
                ("ops.yaml".into(), ops),
                (
                    "comms/templates/investigating.md".into(),
                    text.files["comms/templates/investigating.md"].clone(),
                ),
                (
                    "comms/templates/identified.md".into(),
                    text.files["comms/templates/identified.md"].clone(),
                ),
                (
                    "comms/templates/resolved.md".into(),
                    text.files["comms/templates/resolved.md"].clone(),
                ),
            ]
            .into(),
        }
    };
    let mut stage = Stage::of(no_journeys());
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.secs(10);
    stage.fails("edge-up");
    assert_eq!(standing(&stage), [1]);
    stage.secs(119);
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
    stage.secs(1);
    assert_eq!(stage.new_pages(), ["02:10 cleo growth INC-1"]);

    let mut stage = Stage::of(no_journeys());
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.fails("edge-up");
    stage.secs(60);
    stage.fails("region-up");
    stage.mins(4);
    assert_eq!(
        stage.new_pages(),
        ["00:00 cleo page INC-1", "01:00 ada page INC-1"]
    );
}

#[test]
fn an_independent_failure_in_the_middle_pages_its_own_owner() {
    for order in orders(&["region-up", "api-up", "assistant-up", "ledger-up"]) {
        let mut stage = Stage::shop();
        for check in &order {
            stage.fails(check);
            stage.mins(1);
        }
        assert_eq!(standing(&stage).len(), 2, "{order:?}\n{}", stage.timeline());
        let other = stage.engine.state().alerts["assistant-down"]
            .incident
            .unwrap();
        assert_eq!(stage.incident(other).alerts.len(), 1, "{order:?}");
        let pages = stage.pages();
        assert!(
            pages
                .iter()
                .any(|p| p.ends_with(&format!("cleo page INC-{other}"))),
            "{pages:?}"
        );
    }
}

#[test]
fn a_certificate_in_the_middle_stays_apart() {
    let mut stage = Stage::shop();
    stage.fails("region-up");
    stage.fails("edge-up");
    stage.serves(
        "edge-certificate",
        Duration::from_hours(60),
        Duration::from_hours(1),
    );
    assert_eq!(standing(&stage), [1, 2]);
    assert_eq!(stage.incident(2).title, "The edge's certificate runs out");
}

#[test]
fn a_lost_charge_on_top_pages_its_team_again() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 100);
    stage.fails("region-up");
    stage.fails("ledger-up");
    stage.ack("ada", 1);
    stage.ack("ben", 1);
    stage.mins(5);
    stage.confirm(Answer::Missing);
    assert_eq!(standing(&stage), [1]);
    assert_eq!(
        stage.new_pages(),
        [
            "00:00 ada page INC-1",
            "00:00 ben page INC-1",
            "05:00 ben growth INC-1",
            "05:00 ada growth INC-1"
        ]
    );
    stage.ack("ben", 1);
    stage.ack("ada", 1);
    // Recorded late, and another is lost: that one nobody has seen.
    stage.recorded("ch_1", 100);
    stage.charge("ch_2", 100);
    stage.mins(5);
    stage.confirm(Answer::Missing);
    assert_eq!(stage.new_pages(), ["10:00 ben growth INC-1"]);
}

#[test]
fn a_lost_charge_is_not_blamed_on_a_guess() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 100);
    stage.fails("api-up");
    stage.fails("edge-up");
    assert_eq!(cause(&stage, 1), "region suspected");
    stage.mins(5);
    stage.confirm(Answer::Missing);
    assert_eq!(standing(&stage), [1, 2]);
}

#[test]
fn a_lost_charge_that_came_first_joins_what_explains_it() {
    let mut stage = Stage::shop();
    stage.charge("ch_1", 100);
    stage.mins(5);
    stage.confirm(Answer::Missing);
    stage.mins(3);
    stage.fails("ledger-up");
    assert_eq!(standing(&stage), [1]);
    assert_eq!(cause(&stage, 1), "ledger confirmed");
    stage.mins(3);
    stage.fails("database-up");
    assert_eq!(standing(&stage), [1]);
    assert_eq!(cause(&stage, 1), "database confirmed");
}

#[test]
fn a_second_journey_raises_the_severity_and_calls_whoever_leads() {
    let mut stage = Stage::shop();
    stage.fails("database-up");
    stage.ack("ada", 1);
    stage.fails("ledger-up");
    assert_eq!(stage.incident(1).severity, Severity::Sev2);
    stage.ack("ben", 1);
    stage.ack("ada", 1);
    stage.secs(5);
    stage.new_pages();
    stage.fails("api-up");
    assert_eq!(stage.incident(1).severity, Severity::Sev1);
    assert_eq!(
        stage.new_pages(),
        ["00:05 cleo page INC-1", "00:05 ada growth INC-1"]
    );
    assert_eq!(
        stage.said(EntryKind::Severity),
        ["00:05 raised from SEV2 to SEV1: 2 critical journeys fail"]
    );
}

#[test]
fn half_a_recovery_is_no_recovery() {
    let mut stage = Stage::shop();
    for check in FIVE {
        stage.fails(check);
    }
    for person in ["ada", "ben", "cleo"] {
        stage.ack(person, 1);
    }
    stage.mins(5);
    stage.new_pages();
    for check in ["region-up", "database-up", "api-up", "edge-up"] {
        stage.works(check);
    }
    stage.mins(9);
    assert_eq!(stage.open(), [1]);
    assert_eq!(stage.new_pages(), Vec::<String>::new());
    stage.mins(1);
    assert_eq!(stage.new_pages(), ["15:00 ben growth INC-1"]);
    assert_eq!(
        stage.said(EntryKind::Straggler),
        ["15:00 ledger-down still fires 10m after the rest began to recover"]
    );
}

#[test]
fn a_symptom_that_recovers_does_not_make_its_cause_a_straggler() {
    let mut stage = Stage::shop();
    stage.fails("region-up");
    stage.fails("edge-up");
    stage.ack("ada", 1);
    stage.ack("cleo", 1);
    stage.works("edge-up");
    stage.mins(20);
    assert_eq!(stage.said(EntryKind::Straggler), Vec::<String>::new());
}

#[test]
fn a_second_wave_reopens_the_same_incident_and_pages() {
    let mut stage = Stage::shop();
    stage.fails("region-up");
    stage.fails("edge-up");
    stage.ack("ada", 1);
    stage.ack("cleo", 1);
    for check in ["region-up", "edge-up"] {
        stage.works(check);
    }
    stage.mins(10);
    assert_eq!(stage.open(), Vec::<u64>::new());
    stage.new_pages();
    stage.mins(10);
    stage.fails("edge-up");
    assert_eq!(stage.open(), [1]);
    assert_eq!(stage.incident(1).reopened, 1);
    assert_eq!(stage.new_pages(), ["20:00 cleo page INC-1"]);
    stage.fails("region-up");
    assert_eq!(stage.new_pages(), ["20:00 ada page INC-1"]);
    stage.ack("cleo", 1);
    stage.ack("ada", 1);
    assert_eq!(
        stage.incident(1).phase,
        gonogo_engine::incident::Phase::Acknowledged
    );
}

#[test]
fn long_after_its_end_it_is_another_incident() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.works("edge-up");
    stage.mins(5);
    assert_eq!(stage.open(), Vec::<u64>::new());
    stage.mins(30);
    stage.fails("edge-up");
    assert_eq!(stage.open(), [1], "30 min after its end");
    stage.works("edge-up");
    stage.mins(5);
    stage.mins(31);
    stage.fails("edge-up");
    assert_eq!(stage.open(), [2]);
}

#[test]
fn flapping_is_one_episode_until_it_stays() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.ack("cleo", 1);
    for _ in 0..10 {
        stage.works("edge-up");
        stage.secs(60);
        stage.fails("edge-up");
        stage.secs(60);
    }
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
    assert_eq!(stage.incident(1).alerts.values().next().unwrap().times, 11);
    stage.secs(60);
    assert_eq!(stage.new_pages(), ["21:00 cleo growth INC-1"]);
    assert_eq!(standing(&stage), [1]);
}

#[test]
fn three_incidents_become_one_when_their_cause_shows() {
    let mut stage = Stage::shop();
    for check in ["region-up", "database-up"] {
        stage.works(check);
    }
    for check in ["ledger-up", "edge-up", "api-up"] {
        stage.secs(20);
        stage.fails(check);
        for upstream in ["region-up", "database-up"] {
            stage.works(upstream);
        }
    }
    assert_eq!(standing(&stage), [1, 2, 3]);
    stage.ack("cleo", 2);
    stage.secs(20);
    stage.fails("region-up");
    assert_eq!(standing(&stage), [1]);
    assert_eq!(stage.incident(3).merged_into, Some(1));
    let mut teams = stage.incident(1).engagements.iter();
    let ringing: Vec<String> = teams
        .by_ref()
        .filter(|(_, e)| e.escalation.is_some())
        .map(|(t, _)| t.to_string())
        .collect();
    assert_eq!(
        ringing,
        ["billing", "platform", "web"],
        "cleo had not seen the third"
    );
    // An old link means what is really going on.
    stage.ack("cleo", 3);
    assert_eq!(
        stage.said(EntryKind::Acknowledged).last().unwrap(),
        "01:20 acknowledged for web by cleo (test)"
    );
    stage.ack("ben", 1);
    stage.ack("ada", 1);
    assert_eq!(
        stage.incident(1).phase,
        gonogo_engine::incident::Phase::Acknowledged
    );
}

#[test]
fn an_alert_joins_what_is_confirmed_rather_than_what_is_guessed() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.secs(5);
    stage.works("region-up");
    stage.fails("database-up");
    assert_eq!(standing(&stage), [1, 2]);
    stage.fails("api-up");
    let of = stage.engine.state().alerts["api-down"].incident;
    assert_eq!(of, Some(2));
    assert_eq!(cause(&stage, 2), "database confirmed");
    assert!(
        stage
            .incident(1)
            .cause
            .as_ref()
            .is_none_or(|c| c.standing == Standing::Suspected)
    );
}

#[test]
fn closing_by_hand_is_no_cure() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    let resolve = Verb::Resolve {
        incident: 1,
        reason: "wishful thinking".into(),
    };
    stage.command("cleo", resolve);
    assert_eq!(stage.open(), Vec::<u64>::new());
    stage.new_pages();
    stage.mins(29);
    assert_eq!(stage.new_pages(), Vec::<String>::new());
    stage.mins(2);
    assert_eq!(stage.new_pages(), ["30:00 cleo page INC-1"]);
    assert_eq!(stage.open(), [1]);
}

#[test]
fn the_timeline_of_an_outage_with_its_cause_last() {
    let mut stage = Stage::shop();
    stage.fails("api-up");
    stage.ack("cleo", 1);
    stage.mins(4);
    stage.fails("ledger-up");
    stage.mins(1);
    stage.ack("ben", 1);
    stage.mins(3);
    stage.fails("region-up");
    stage.ack("ada", 1);
    stage.mins(10);
    for check in ["region-up", "api-up", "ledger-up"] {
        stage.works(check);
    }
    stage.mins(6);
    insta::assert_snapshot!(stage.timeline());
}

#[test]
fn what_was_called_over_and_still_fires_calls_every_team_again() {
    let mut stage = Stage::shop();
    stage.fails("region-up");
    stage.fails("edge-up");
    let resolve = Verb::Resolve {
        incident: 1,
        reason: "enough".into(),
    };
    stage.command("ada", resolve);
    assert_eq!(stage.open(), Vec::<u64>::new());
    stage.new_pages();
    stage.mins(30);
    assert_eq!(stage.open(), [1]);
    assert_eq!(
        stage.new_pages(),
        ["30:00 ada page INC-1", "30:00 cleo page INC-1"]
    );
}

#[test]
fn what_recovers_after_it_was_called_over_is_not_waited_for_when_the_rest_is_back() {
    let mut stage = Stage::shop();
    stage.fails("region-up");
    stage.fails("edge-up");
    let resolve = Verb::Resolve {
        incident: 1,
        reason: "enough".into(),
    };
    stage.command("ada", resolve);
    stage.works("edge-up");
    stage.new_pages();
    stage.mins(30);
    assert_eq!(stage.new_pages(), ["30:00 ada page INC-1"]);
    stage.works("region-up");
    stage.mins(10);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

/// The edge goes over the API or the ledger, and so does whoever visits it.
fn edge_with_two_paths() -> PackageText {
    let paths = "[{component: api, group: paths}, {component: ledger, group: paths}]";
    let text = replaced(
        shop(),
        "name: The edge, kind: service, team: web, depends_on: [{component: region}]",
        &format!("name: The edge, kind: service, team: web, depends_on: {paths}"),
    );
    let text = replaced(
        text,
        "name: Visit under an own name, depends_on: [{component: edge}]",
        &format!("name: Visit under an own name, depends_on: {paths}"),
    );
    without_scenarios(text)
}

#[test]
fn a_group_that_falls_to_one_cause_is_explained_by_it() {
    let mut stage = Stage::of(edge_with_two_paths());
    stage.fails("edge-up");
    stage.secs(30);
    stage.fails("database-up");
    assert_eq!(standing(&stage), [1]);
    assert_eq!(cause(&stage, 1), "database confirmed");
    let hit = stage
        .engine
        .plan()
        .journeys_hit(&Id::from_static("database"));
    assert!(hit.contains("visit"), "{hit:?}");
}

#[test]
fn one_lost_member_of_a_group_explains_nothing_and_the_last_one_ends_the_journey() {
    let mut stage = Stage::of(edge_with_two_paths());
    for check in ["region-up", "database-up"] {
        stage.works(check);
    }
    stage.fails("api-up");
    stage.works("database-up");
    stage.works("region-up");
    stage.fails("edge-up");
    assert_eq!(standing(&stage).len(), 2);
    let visit = |stage: &Stage, number| stage.incident(number).journeys.contains("visit");
    assert!(!visit(&stage, 1));

    let mut stage = Stage::of(edge_with_two_paths());
    stage.fails("api-up");
    assert!(!visit(&stage, 1));
    stage.fails("ledger-up");
    assert_eq!(standing(&stage), [1]);
    assert!(visit(&stage, 1), "no path is left");
}
