//! A check that is asked from several places fails when enough of them agree.

use gonogo_engine::Time;
use gonogo_engine::check::{CheckState, Health};
use gonogo_engine::input::{Certificate, CheckResult, CheckVerdict, Input, Report};
use gonogo_engine::places::AGENT_SILENT_AFTER;
use gonogo_model::{Duration, Id, PackageText};

use crate::support::stage::Stage;
use crate::support::{replaced, shop};

use CheckVerdict::{Failing, Ok, Unknown};

/// The API is asked by the server and by two agents, and two of the three have to agree.
fn far(from: &str) -> PackageText {
    let here = "{id: api-up, name: The API answers, component: api,";
    replaced(shop(), here, &format!("{here} from: {from},"))
}

fn three() -> Stage {
    Stage::of(far("{places: [local, east, west]}"))
}

struct Agent {
    place: &'static str,
    next: u64,
}

impl Agent {
    fn at(place: &'static str) -> Self {
        Self { place, next: 0 }
    }

    fn says(&mut self, stage: &mut Stage, verdict: CheckVerdict) {
        let result = answer(verdict, stage.now);
        self.report(stage, "first", vec![result.clone(), result]);
    }

    fn report(&mut self, stage: &mut Stage, boot: &str, results: Vec<CheckResult>) {
        let first = self.next;
        self.next += results.len() as u64;
        stage.give(&report(self.place, boot, first, results));
    }
}

fn report(place: &'static str, boot: &str, first: u64, results: Vec<CheckResult>) -> Input {
    Input::Reported(Box::new(Report {
        place: Id::from_static(place),
        boot: boot.into(),
        first,
        results,
        dropped: 0,
    }))
}

fn answer(verdict: CheckVerdict, at: Time) -> CheckResult {
    CheckResult {
        check: Id::from_static("api-up"),
        at,
        verdict,
        code: "test".into(),
        detail: format!("{verdict:?}").to_lowercase(),
        took: Duration::from_millis(40),
        count: 1,
        seen: Default::default(),
        certificate: None,
        registration: None,
    }
}

fn state(stage: &Stage) -> &CheckState {
    &stage.engine.state().checks["api-up"]
}

fn said(stage: &Stage) -> String {
    let state = state(stage);
    let last = state.last.as_ref().unwrap();
    format!("{:?}, {}: {}", state.health, last.code, last.detail)
}

/// What all three come to when each says what is given.
fn together(local: CheckVerdict, east: CheckVerdict, west: CheckVerdict) -> String {
    let mut stage = three();
    stage.check("api-up", local);
    Agent::at("east").says(&mut stage, east);
    Agent::at("west").says(&mut stage, west);
    said(&stage)
}

#[test]
fn as_many_as_it_takes_decide_and_silence_does_not() {
    let all = [
        (Ok, Ok, Ok),
        (Failing, Ok, Ok),
        (Ok, Failing, Failing),
        (Failing, Failing, Failing),
        (Unknown, Failing, Ok),
        (Unknown, Ok, Ok),
        (Unknown, Failing, Failing),
        (Unknown, Unknown, Ok),
        (Unknown, Unknown, Failing),
    ];
    let all = all.map(|(local, east, west)| together(local, east, west));
    insta::assert_snapshot!(all.join("\n"), @r"
    Ok, test: ok
    Ok, test: only local cannot reach it: failing
    Failing, test: 2 of 3 places cannot reach it (east, west): failing
    Failing, test: 3 of 3 places cannot reach it (east, local, west): failing
    Unknown, too_few_places: 1 of 3 places reach it and 1 do not; 1 say nothing, so that it cannot be told whether 2 agree
    Ok, test: ok
    Failing, test: 2 of 3 places cannot reach it (east, west): failing
    Unknown, too_few_places: 1 of 3 places reach it and 0 do not; 2 say nothing, so that it cannot be told whether 2 agree
    Unknown, too_few_places: 0 of 3 places reach it and 1 do not; 2 say nothing, so that it cannot be told whether 2 agree
    ");
}

#[test]
fn one_place_that_is_cut_off_pages_nobody_and_two_do() {
    let mut stage = three();
    let (mut east, mut west) = (Agent::at("east"), Agent::at("west"));
    for _ in 0..10 {
        stage.works("api-up");
        east.says(&mut stage, Failing);
        west.says(&mut stage, Ok);
        stage.secs(30);
    }
    assert_eq!(stage.pages(), Vec::<String>::new());
    assert_eq!(state(&stage).health, Health::Ok);

    stage.fails("api-up");
    stage.secs(1);
    assert_eq!(stage.pages().len(), 1, "{:?}", stage.pages());

    // It works again from two of them; the third is still cut off.
    stage.works("api-up");
    assert_eq!(state(&stage).health, Health::Ok);
    for _ in 0..20 {
        stage.works("api-up");
        east.says(&mut stage, Failing);
        west.says(&mut stage, Ok);
        stage.secs(30);
    }
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn a_place_that_falls_silent_is_no_recovery() {
    let mut stage = three();
    let (mut east, mut west) = (Agent::at("east"), Agent::at("west"));
    stage.works("api-up");
    east.says(&mut stage, Failing);
    west.says(&mut stage, Failing);
    assert_eq!(state(&stage).health, Health::Failing);
    for _ in 0..20 {
        stage.works("api-up");
        west.says(&mut stage, Failing);
        stage.secs(30);
    }
    assert_eq!(state(&stage).health, Health::Failing, "{}", said(&stage));
    west.says(&mut stage, Ok);
    assert_eq!(state(&stage).health, Health::Ok, "{}", said(&stage));
}

#[test]
fn when_most_fall_silent_nothing_is_known_and_that_is_not_green() {
    let mut stage = three();
    let (mut east, mut west) = (Agent::at("east"), Agent::at("west"));
    stage.works("api-up");
    east.says(&mut stage, Ok);
    west.says(&mut stage, Ok);
    for _ in 0..20 {
        stage.works("api-up");
        stage.secs(30);
    }
    assert_eq!(
        said(&stage),
        "Unknown, too_few_places: 1 of 3 places reach it and 0 do not; 2 say nothing, so that it \
         cannot be told whether 2 agree"
    );
}

#[test]
fn places_that_say_nothing_do_not_hide_what_all_others_see() {
    let mut stage = three();
    stage.fails("api-up");
    assert_eq!(
        state(&stage).health,
        Health::Unknown,
        "the others had no time yet"
    );
    stage.secs(60);
    stage.fails("api-up");
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.secs(60);
    stage.fails("api-up");
    assert_eq!(
        said(&stage),
        "Failing, test: 1 of 3 places cannot reach it (local), and nobody else reports: failing"
    );
    stage.secs(1);
    assert_eq!(stage.pages().len(), 1);
}

#[test]
fn what_is_reported_twice_counts_once_and_a_new_run_counts_anew() {
    let mut stage = three();
    let at = stage.now;
    let counted = |stage: &Stage| {
        let day = Duration::from_hours(24);
        state(stage).series.sum(stage.now, day).good
    };
    let two = || vec![answer(Ok, at), answer(Ok, at)];
    stage.give(&report("east", "first", 0, two()));
    assert_eq!(counted(&stage), 2);
    // The answer to it was lost: it comes again, with one more.
    let mut three = two();
    three.push(answer(Ok, at));
    stage.give(&report("east", "first", 0, three));
    assert_eq!(counted(&stage), 3);
    stage.give(&report("east", "second", 0, two()));
    assert_eq!(counted(&stage), 5);
    // Some were dropped in between.
    stage.give(&report("east", "second", 40, two()));
    assert_eq!(counted(&stage), 7);
    assert_eq!(stage.engine.state().agents["east"].next, 42);
}

#[test]
fn what_comes_too_late_is_counted_and_decides_nothing() {
    let mut stage = three();
    let (mut east, mut west) = (Agent::at("east"), Agent::at("west"));
    stage.works("api-up");
    west.says(&mut stage, Ok);
    // The agent could not reach anybody for an hour, the server included.
    let ago = |mins| stage.now - Duration::from_mins(mins);
    let late: Vec<CheckResult> = (5..60).rev().map(|m| answer(Failing, ago(m))).collect();
    let mut west_late = Agent::at("west");
    west_late.report(&mut stage, "other", late.clone());
    east.report(&mut stage, "first", late);
    assert_eq!(state(&stage).health, Health::Ok, "{}", said(&stage));
    assert_eq!(
        stage.engine.state().checks["api-up"].places["east"].health,
        Health::Unknown
    );
}

#[test]
fn who_is_not_asked_is_not_heard() {
    let mut stage = three();
    for place in ["north", "local"] {
        let lie = vec![answer(Failing, stage.now); 9];
        stage.give(&report(place, "first", 0, lie));
    }
    assert!(!stage.engine.state().agents.contains_key("north"));
    assert!(!state(&stage).places.contains_key("north"));
}

#[test]
fn an_agent_that_falls_silent_and_comes_back_is_on_the_record() {
    let mut stage = three();
    let mut east = Agent::at("east");
    east.says(&mut stage, Ok);
    stage.pass(AGENT_SILENT_AFTER);
    stage.mins(10);
    east.report(&mut stage, "first", Vec::new());
    let told = stage.history.iter().filter(|e| e.subject == "east");
    let told: Vec<&str> = told.map(|e| e.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "the agent at east does not report any more",
            "the agent at east reports again"
        ]
    );
}

#[test]
fn of_several_certificates_the_first_to_expire_counts() {
    let tls = "{id: edge-certificate, name: The edge's certificate, component: edge,";
    let from = format!("{tls} from: {{places: [local, east]}},");
    let mut stage = Stage::of(replaced(shop(), tls, &from));
    let (life, day) = (Duration::from_hours(90 * 24), Duration::from_hours(24));
    stage.serves("edge-certificate", life, Duration::from_hours(80 * 24));
    let not_after = stage.now + day;
    let old = CheckResult {
        check: Id::from_static("edge-certificate"),
        certificate: Some(Certificate {
            not_before: not_after - life,
            not_after,
            issuer: "Another CA".into(),
            serial: "02".into(),
        }),
        ..answer(Ok, stage.now)
    };
    Agent::at("east").report(&mut stage, "first", vec![old]);
    assert_eq!(
        stage.pages().len(),
        1,
        "one of the edges still serves the old one"
    );
    stage.serves("edge-certificate", life, Duration::from_hours(80 * 24));
    let told = stage
        .history
        .iter()
        .any(|e| e.text.contains("is issued by"));
    assert!(!told, "two places that differ are no change of issuer");
}

#[test]
fn a_reload_that_asks_from_elsewhere_starts_from_what_is_known_there() {
    let mut stage = three();
    let mut east = Agent::at("east");
    stage.works("api-up");
    east.says(&mut stage, Ok);
    stage.reload(far("{places: [local, north], agree: 1}"));
    assert_eq!(state(&stage).health, Health::Unknown, "{}", said(&stage));
    assert!(stage.engine.state().agents.is_empty());
    Agent::at("north").says(&mut stage, Ok);
    assert_eq!(state(&stage).health, Health::Ok);
    stage.reload(shop());
    assert!(state(&stage).places.is_empty());
    assert_eq!(state(&stage).health, Health::Ok);
}
