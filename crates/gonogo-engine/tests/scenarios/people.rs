//! The primary is asleep, the secondary is the same person, nobody holds the role: each has an
//! answer, and the timeline shows it.

use gonogo_engine::Time;
use gonogo_engine::history::EntryKind;
use gonogo_engine::incident::Phase;
use gonogo_engine::input::{DeliveryOutcome, Verb};
use gonogo_model::PackageText;

use crate::support::stage::Stage;
use crate::support::{replaced, shop};

const WEB_STEPS: &str =
    "name: Web, steps: [{notify: [{role: web-lead}]}, {notify: [{role: director}]}], repeat: 1";

fn web_steps(steps: &str) -> PackageText {
    replaced(
        shop(),
        WEB_STEPS,
        &format!("name: Web, steps: [{steps}], repeat: 1"),
    )
}

#[test]
fn nobody_answers_and_the_calls_never_end() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.mins(60);
    assert_eq!(
        stage.new_pages(),
        [
            "00:00 cleo page INC-1",
            "05:00 dan page INC-1",
            "10:00 cleo page INC-1",
            "15:00 dan page INC-1",
            "20:00 dan page INC-1",
            "30:00 dan page INC-1",
            "40:00 dan page INC-1",
            "50:00 dan page INC-1",
            "1:00:00 dan page INC-1",
        ]
    );
    stage.ack("dan", 1);
    stage.mins(29);
    assert_eq!(stage.new_pages(), Vec::<String>::new());
}

#[test]
fn the_secondary_is_the_same_person_so_the_next_is_called_at_once() {
    let same =
        "{notify: [{role: web-lead}]}, {notify: [{person: cleo}]}, {notify: [{role: director}]}";
    let mut stage = Stage::of(web_steps(same));
    stage.fails("edge-up");
    stage.mins(5);
    assert_eq!(
        stage.new_pages(),
        [
            "00:00 cleo page INC-1",
            "05:00 cleo page INC-1",
            "05:00 dan page INC-1"
        ]
    );
    assert!(
        stage
            .said(EntryKind::Escalated)
            .iter()
            .any(|l| l.contains("nobody who was not called before"))
    );
    // With nobody else on the ladder there is no hurry to ring the same person all the time.
    let only = "{notify: [{role: web-lead}]}, {notify: [{person: cleo}]}";
    let mut stage = Stage::of(web_steps(only));
    stage.fails("edge-up");
    stage.mins(9);
    assert_eq!(
        stage.new_pages(),
        ["00:00 cleo page INC-1", "05:00 cleo page INC-1"]
    );
}

#[test]
fn two_targets_that_are_one_person_are_one_message() {
    let mut stage = Stage::of(web_steps("{notify: [{role: web-lead}, {person: cleo}]}"));
    stage.fails("edge-up");
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
}

#[test]
fn a_role_that_nobody_holds_is_passed_over_at_once() {
    let text = replaced(
        shop(),
        "name: Web lead, holders: [{person: cleo}]",
        "name: Web lead, holders: [{person: cleo, until: 2026-11-01}]",
    );
    let mut stage = Stage::of(text);
    stage.fails("edge-up");
    assert_eq!(stage.new_pages(), ["00:00 dan page INC-1"]);
    assert_eq!(
        stage.said(EntryKind::NobodyFound),
        ["00:00 nobody holds the role Web lead"]
    );
}

#[test]
fn when_nobody_on_the_ladder_exists_the_fallback_is_called_and_then_everybody() {
    let nobody = |fallback: &str| {
        let text = replaced(
            shop(),
            "name: Web lead, holders: [{person: cleo}]",
            "name: Web lead",
        );
        let text = replaced(
            text,
            WEB_STEPS,
            "name: Web, steps: [{notify: [{role: web-lead}]}], repeat: 1",
        );
        let ops = text.files["ops.yaml"].replace(
            "steps: [{notify: [{role: web-lead}]}], repeat: 1, fallback: {role: director}",
            &format!("steps: [{{notify: [{{role: web-lead}}]}}], repeat: 1, fallback: {{role: {fallback}}}"),
        );
        PackageText {
            files: text
                .files
                .iter()
                .map(|(p, t)| {
                    (
                        p.clone(),
                        if p == "ops.yaml" {
                            ops.clone()
                        } else {
                            t.clone()
                        },
                    )
                })
                .collect(),
        }
    };
    let mut stage = Stage::of(nobody("director"));
    stage.fails("edge-up");
    assert_eq!(stage.new_pages(), ["00:00 dan page INC-1"]);

    let mut stage = Stage::of(nobody("web-lead"));
    stage.fails("edge-up");
    let everybody = ["ada", "ben", "cleo", "dan"].map(|p| format!("00:00 {p} page INC-1"));
    assert_eq!(stage.new_pages(), everybody);
    stage.mins(10);
    assert_eq!(stage.new_pages().len(), 4, "and again");
}

/// A schedule of ada and ben; whoever has it is the only step.
fn on_schedule(zone: &str, starts: &str, turn: &str) -> PackageText {
    let text = web_steps("{notify: [{schedule: web}], wait: 10m}");
    let schedule = format!(
        "schedules:\n  - {{id: web, name: Web, time_zone: {zone}, rotation: {{starts: {starts}, turn: {turn}, members: [platform-lead, billing-lead]}}}}\n\nescalation_policies:"
    );
    replaced(text, "escalation_policies:", &schedule)
}

#[test]
fn a_shift_that_ends_hands_the_calls_over() {
    let mut stage = Stage::of(on_schedule("UTC", "2026-11-24T12:15", "1d"));
    stage.fails("edge-up");
    stage.mins(20);
    assert_eq!(
        stage.new_pages(),
        [
            "00:00 ada page INC-1",
            "10:00 ada page INC-1",
            "20:00 dan page INC-1"
        ]
    );

    let mut stage = Stage::of(on_schedule("UTC", "2026-11-24T12:05", "1d"));
    stage.fails("edge-up");
    stage.mins(1);
    stage.ack("ada", 1);
    stage.mins(30);
    assert_eq!(
        stage.new_pages(),
        ["00:00 ada page INC-1", "31:00 ben growth INC-1"],
        "ada answered and went home: whoever is on call now is called"
    );
}

#[test]
fn the_night_the_clocks_change_has_no_hole_and_no_double() {
    // Berlin leaves summer time on 25 October 2026 at 03:00: the hour from two comes twice.
    let text = || on_schedule("Europe/Berlin", "2026-10-24T02:30", "1d");
    let who_at = |utc: &str| {
        let at: jiff::Timestamp = utc.parse().unwrap();
        let mut stage = Stage::at(text(), Time::from(at));
        stage.fails("edge-up");
        let pages = stage.new_pages();
        assert_eq!(pages.len(), 1, "{utc}: {pages:?}");
        pages[0].split(' ').nth(1).unwrap().to_string()
    };
    assert_eq!(
        who_at("2026-10-25T00:29:59Z"),
        "ada",
        "02:29:59, the first time"
    );
    assert_eq!(who_at("2026-10-25T00:30:00Z"), "ben");
    assert_eq!(
        who_at("2026-10-25T01:00:00Z"),
        "ben",
        "02:00, the second time"
    );
    assert_eq!(who_at("2026-10-25T01:30:00Z"), "ben");
    assert_eq!(who_at("2026-10-26T01:29:59Z"), "ben");
    assert_eq!(who_at("2026-10-26T01:30:00Z"), "ada");
    // In spring the hour from two never comes.
    let spring = || on_schedule("Europe/Berlin", "2026-03-28T02:30", "1d");
    let mut stage = Stage::at(
        spring(),
        Time::from("2026-03-29T00:55:00Z".parse::<jiff::Timestamp>().unwrap()),
    );
    stage.fails("edge-up");
    stage.mins(10);
    assert_eq!(
        stage.new_pages(),
        ["00:00 ada page INC-1", "10:00 ada page INC-1"]
    );
    stage.ack("ada", 1);
    stage.mins(30);
    assert_eq!(
        stage.new_pages(),
        ["40:00 ben growth INC-1"],
        "03:35 by the wall"
    );
}

#[test]
fn two_people_acknowledge_and_the_first_leads() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.mins(5);
    stage.ack("dan", 1);
    stage.ack("cleo", 1);
    assert_eq!(
        stage.said(EntryKind::Acknowledged),
        [
            "05:00 acknowledged for web by dan (test), and leads",
            "05:00 had been acknowledged already by cleo (test)",
        ]
    );
    assert_eq!(stage.incident(1).commander.as_deref(), Some("dan"));
}

#[test]
fn an_answer_wears_off_when_nobody_does_anything() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.ack("cleo", 1);
    stage.mins(20);
    let note = Verb::Note {
        incident: 1,
        text: "looking at the load balancer".into(),
    };
    stage.command("cleo", note);
    stage.mins(29);
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
    stage.mins(1);
    assert_eq!(stage.new_pages(), ["50:00 cleo growth INC-1"]);
    assert_eq!(stage.incident(1).phase, Phase::Open);
}

#[test]
fn a_channel_that_fails_goes_to_the_next_and_then_to_the_next_step() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.secs(10);
    stage.delivered("cleo", DeliveryOutcome::Failed);
    assert_eq!(
        stage.told(),
        ["00:00 cleo ntfy page INC-1", "00:10 cleo email page INC-1"]
    );
    stage.secs(10);
    stage.delivered("cleo", DeliveryOutcome::Failed);
    assert_eq!(stage.told()[2..], ["00:20 dan ntfy page INC-1"]);
}

#[test]
fn a_channel_that_only_hesitates_does_not_end_the_step() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.delivered("cleo", DeliveryOutcome::Retrying);
    stage.delivered("cleo", DeliveryOutcome::Failed);
    stage.mins(1);
    assert_eq!(stage.told().len(), 2, "the first may still get through");
    // And when the first does not either, the next step is taken at once.
    let first = stage.effects.iter().find_map(|(_, e)| match e {
        gonogo_engine::Effect::Notify(n) => Some(n.id.clone()),
        _ => None,
    });
    stage.give(&gonogo_engine::Input::Delivery(
        gonogo_engine::input::Delivery {
            effect: first.unwrap(),
            outcome: DeliveryOutcome::Failed,
            detail: "gone".into(),
        },
    ));
    assert_eq!(stage.told()[2..], ["01:00 dan ntfy page INC-1"]);
}

#[test]
fn a_fallback_that_cannot_be_reached_calls_everybody_once_a_round() {
    let mut stage = Stage::shop();
    stage.fails("edge-up");
    stage.mins(20);
    stage.new_pages();
    stage.mins(10);
    stage.delivered("dan", DeliveryOutcome::Failed);
    stage.delivered("dan", DeliveryOutcome::Failed);
    let mut told = stage.told();
    told.retain(|m| m.contains("page"));
    assert_eq!(
        told[..2],
        ["30:00 dan ntfy page INC-1", "30:00 dan email page INC-1"]
    );
    assert_eq!(
        told[2..],
        [
            "30:00 ada ntfy page INC-1",
            "30:00 ben ntfy page INC-1",
            "30:00 cleo ntfy page INC-1"
        ]
    );
}

/// Ada leads web as well.
fn ada_has_two_hats() -> PackageText {
    replaced(
        shop(),
        "name: Web lead, holders: [{person: cleo}]",
        "name: Web lead, holders: [{person: ada}]",
    )
}

#[test]
fn one_call_covers_both_hats_and_so_does_the_answer() {
    let mut stage = Stage::of(ada_has_two_hats());
    stage.fails("region-up");
    stage.secs(30);
    stage.fails("edge-up");
    assert_eq!(stage.new_pages(), ["00:00 ada page INC-1"]);
    stage.ack("ada", 1);
    stage.mins(20);
    assert_eq!(stage.new_pages(), Vec::<String>::new());
    assert_eq!(stage.incident(1).phase, Phase::Acknowledged);
}

#[test]
fn a_covering_call_that_fails_covers_nothing() {
    let mut stage = Stage::of(ada_has_two_hats());
    stage.fails("region-up");
    stage.secs(30);
    stage.fails("edge-up");
    stage.delivered("ada", DeliveryOutcome::Failed);
    stage.delivered("ada", DeliveryOutcome::Failed);
    let teams: Vec<String> = stage
        .incident(1)
        .engagements
        .iter()
        .map(|(team, e)| format!("{team} step {}", e.escalation.as_ref().unwrap().step))
        .collect();
    assert_eq!(teams, ["platform step 2", "web step 2"]);
    assert_eq!(stage.told().last().unwrap(), "00:30 dan ntfy page INC-1");
}

#[test]
fn somebody_whom_no_page_reached_answers_for_all() {
    let mut stage = Stage::shop();
    stage.fails("region-up");
    stage.fails("edge-up");
    stage.ack("ben", 1);
    assert_eq!(
        stage.said(EntryKind::Acknowledged),
        ["00:00 acknowledged for platform, web by ben (test), and leads"]
    );
}

#[test]
fn a_test_page_goes_out_on_every_way() {
    let mut stage = Stage::shop();
    let test = || Verb::TestPage {
        person: gonogo_model::Id::from_static("ada"),
    };
    stage.command("dan", test());
    stage.command("dan", test());
    assert_eq!(
        stage.told(),
        [
            "00:00 ada ntfy test",
            "00:00 ada email test",
            "00:00 ada ntfy test",
            "00:00 ada email test"
        ]
    );
}

#[test]
fn a_covering_call_that_is_taken_back_covers_nothing() {
    let text = replaced(
        ada_has_two_hats(),
        "name: Platform, steps: [{notify: [{role: platform-lead}]}",
        "name: Platform, steps: [{notify: [{role: platform-lead}, {person: ben}]}",
    );
    let mut stage = Stage::of(text);
    stage.fails("region-up");
    stage.secs(30);
    stage.fails("edge-up");
    assert_eq!(
        stage.new_pages(),
        ["00:00 ada page INC-1", "00:00 ben page INC-1"]
    );
    // It concerns the platform alone, and nobody needs to call ada for that any more.
    stage.ack("ben", 1);
    assert_eq!(stage.new_pages(), ["00:30 ada page INC-1"]);
}

#[test]
fn whoever_was_covered_and_cannot_be_called_is_passed_over_at_once() {
    let text = replaced(
        ada_has_two_hats(),
        "name: Platform, steps: [{notify: [{role: platform-lead}]}",
        "name: Platform, steps: [{notify: [{role: platform-lead}, {person: ben}]}",
    );
    let ada_left = replaced(
        text.clone(),
        r#"name: Ada, contacts: [{channel: ntfy, to: "https://push.example.com/ada"}, {channel: email, to: ada@example.com}]"#,
        "name: Ada",
    );
    let mut stage = Stage::of(text);
    stage.fails("region-up");
    stage.secs(30);
    stage.fails("edge-up");
    stage.reload(ada_left);
    stage.new_pages();
    stage.ack("ben", 1);
    assert_eq!(stage.new_pages(), ["00:30 dan page INC-1"]);
}

#[test]
fn past_the_end_of_calendars_nothing_is_waited_for() {
    let mut stage = Stage::at(shop(), gonogo_engine::engine::LATEST);
    stage.fails("edge-up");
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
    assert_eq!(stage.engine.next_deadline(), None);
}
