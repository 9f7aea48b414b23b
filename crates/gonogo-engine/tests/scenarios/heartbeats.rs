//! Jobs that report by themselves: missing starts, missing ends, long runs, overlapping ones.

use gonogo_engine::Time;
use gonogo_engine::check::{CheckState, Health};
use gonogo_engine::input::{Beat, BeatKind, CheckVerdict, Input};
use gonogo_model::{Duration, Id, PackageText};

use crate::support::stage::Stage;
use crate::support::{replaced, shop};

const JOBS: &str = "
  - {id: hourly, name: The hourly job, component: database, every: 1h, probe: {heartbeat: {grace: 10m, longest: 20m}}}
  - {id: nightly, name: The nightly backup, component: database, probe: {heartbeat: {cron: '30 2 * * *', time_zone: Europe/Berlin, grace: 30m}}}
  - {id: edge-certificate,";
const ALERT: &str = "
  - {id: hourly-missed, name: The hourly job fails, severity: SEV2, when: {check_failing: {check: hourly}}}
  - {id: region-down,";

fn with_jobs() -> PackageText {
    let text = replaced(shop(), "\n  - {id: edge-certificate,", JOBS);
    replaced(text, "\n  - {id: region-down,", ALERT)
}

fn stage() -> Stage {
    Stage::of(with_jobs())
}

fn report(stage: &mut Stage, check: &str, kind: BeatKind) {
    report_run(stage, check, kind, None);
}

fn report_run(stage: &mut Stage, check: &str, kind: BeatKind, run: Option<&str>) {
    let at = stage.now;
    stage.give(&Input::Beat(Beat {
        check: Id::from_static(check),
        at,
        kind,
        run: run.map(str::to_owned),
        took: None,
        exit: None,
        note: String::new(),
    }));
}

fn state<'s>(stage: &'s Stage, check: &str) -> &'s CheckState {
    &stage.engine.state().checks[&Id::from_static(check)]
}

fn told(stage: &Stage, check: &str) -> (Health, String) {
    let state = state(stage, check);
    let code = state.last.as_ref().map_or("-", |l| l.code.as_str());
    (state.health, code.to_owned())
}

fn is(health: Health, code: &str) -> (Health, String) {
    (health, code.to_owned())
}

#[test]
fn a_job_that_is_not_heard_in_time_is_missed_and_pages_once() {
    let mut stage = stage();
    assert_eq!(told(&stage, "hourly"), is(Health::Unknown, "-"));
    report(&mut stage, "hourly", BeatKind::Success);
    assert_eq!(told(&stage, "hourly"), is(Health::Ok, "ok"));
    stage.mins(69);
    assert_eq!(told(&stage, "hourly"), is(Health::Ok, "ok"));
    stage.mins(2);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_missing")
    );
    assert_eq!(stage.pages().len(), 1, "{:?}", stage.pages());
    let detail = &state(&stage, "hourly").last.as_ref().unwrap().detail;
    assert!(
        detail.contains("expected at 2026-11-25T13:00:00Z"),
        "{detail}"
    );
    let episodes = stage.engine.state().alerts[&Id::from_static("hourly-missed")].episodes;
    stage.mins(5);
    report(&mut stage, "hourly", BeatKind::Success);
    assert_eq!(told(&stage, "hourly"), is(Health::Ok, "ok"));
    assert_eq!(episodes, 1);
}

#[test]
fn one_that_was_never_heard_is_missed_too() {
    let mut stage = stage();
    stage.mins(71);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_missing")
    );
}

#[test]
fn a_start_without_an_end_is_told_from_a_missing_start() {
    let mut stage = stage();
    report(&mut stage, "hourly", BeatKind::Start);
    assert_eq!(told(&stage, "hourly"), is(Health::Ok, "heartbeat_started"));
    stage.mins(19);
    assert_eq!(told(&stage, "hourly"), is(Health::Ok, "heartbeat_started"));
    stage.mins(2);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_unfinished")
    );
    // A start says nothing of how the run before it ended.
    stage.mins(39);
    report(&mut stage, "hourly", BeatKind::Start);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_unfinished")
    );
    stage.mins(1);
    report(&mut stage, "hourly", BeatKind::Success);
    assert_eq!(told(&stage, "hourly"), is(Health::Ok, "ok"));
}

#[test]
fn a_long_run_a_failed_one_and_overlapping_ones_are_told_apart() {
    let mut stage = stage();
    report(&mut stage, "hourly", BeatKind::Fail);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_failed")
    );
    report(&mut stage, "hourly", BeatKind::Success);
    stage.give(&Input::Beat(Beat {
        check: Id::from_static("hourly"),
        at: stage.now,
        kind: BeatKind::Success,
        run: None,
        took: Some(Duration::from_mins(21)),
        exit: None,
        note: String::new(),
    }));
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_too_long")
    );
    stage.give(&Input::Beat(Beat {
        check: Id::from_static("hourly"),
        at: stage.now,
        kind: BeatKind::Success,
        run: None,
        took: None,
        exit: Some(3),
        note: "disk full".into(),
    }));
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_failed")
    );
    let detail = &state(&stage, "hourly").last.as_ref().unwrap().detail;
    assert_eq!(detail, "the run failed with exit code 3: disk full");
    report(&mut stage, "hourly", BeatKind::Success);

    report_run(&mut stage, "hourly", BeatKind::Start, Some("a"));
    stage.mins(1);
    // The same start again is a sender's second try.
    report_run(&mut stage, "hourly", BeatKind::Start, Some("a"));
    assert_eq!(told(&stage, "hourly"), is(Health::Ok, "heartbeat_started"));
    report_run(&mut stage, "hourly", BeatKind::Start, Some("b"));
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_overlap")
    );
    report_run(&mut stage, "hourly", BeatKind::Success, Some("a"));
    report_run(&mut stage, "hourly", BeatKind::Success, Some("b"));
    assert_eq!(told(&stage, "hourly"), is(Health::Ok, "ok"));
}

#[test]
fn a_crontab_time_is_read_in_its_zone_and_a_fast_clock_is_forgiven() {
    let at = |text: &str| Time::from(text.parse::<jiff::Timestamp>().unwrap());
    // Berlin leaves summer time on 25 October: 02:30 is 00:30Z the day before, 01:30Z after.
    let mut stage = Stage::at(with_jobs(), at("2026-10-25T00:29:30Z"));
    report(&mut stage, "nightly", BeatKind::Success);
    // Half a minute early is that night's run, not the one before.
    stage.pass(Duration::from_hours(24));
    stage.mins(91);
    assert_eq!(
        told(&stage, "nightly"),
        is(Health::Failing, "heartbeat_missing")
    );
    let mut stage = Stage::at(with_jobs(), at("2026-10-25T00:29:30Z"));
    report(&mut stage, "nightly", BeatKind::Success);
    stage.pass(Duration::from_hours(25));
    assert_eq!(told(&stage, "nightly"), is(Health::Ok, "ok"));
}

#[test]
fn what_we_were_deaf_for_is_nobodys_fault() {
    let mut stage = stage();
    report(&mut stage, "hourly", BeatKind::Success);
    stage.mins(50);
    stage.hears(false);
    stage.mins(40);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Ok, "ok"),
        "not judged while deaf"
    );
    stage.hears(true);
    stage.mins(1);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Unknown, "heartbeat_unheard")
    );
    let alert = &stage.engine.state().alerts[&Id::from_static("hourly-missed")];
    assert_eq!(alert.episodes, 0, "only our own deafness is paged");
    // The next one is expected an hour after we hear again.
    stage.mins(68);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Unknown, "heartbeat_unheard")
    );
    stage.mins(3);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_missing")
    );
}

#[test]
fn a_short_deafness_away_from_the_time_excuses_nothing() {
    let mut stage = stage();
    report(&mut stage, "hourly", BeatKind::Success);
    stage.mins(5);
    stage.hears(false);
    stage.mins(5);
    stage.hears(true);
    stage.mins(62);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_missing")
    );
}

#[test]
fn what_is_known_of_a_job_survives_a_restart() {
    let mut stage = stage();
    report(&mut stage, "hourly", BeatKind::Start);
    let bytes = stage.engine.snapshot();
    stage.engine = gonogo_engine::Engine::restore(&bytes).unwrap();
    stage.mins(21);
    assert_eq!(
        told(&stage, "hourly"),
        is(Health::Failing, "heartbeat_unfinished")
    );
}

#[test]
fn no_order_of_reports_upsets_it() {
    let mut stage = stage();
    let mut seed = 7_u64;
    for _ in 0..3000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let kind = [BeatKind::Start, BeatKind::Success, BeatKind::Fail][(seed >> 33) as usize % 3];
        let run = format!("r{}", (seed >> 40) % 50);
        let named = (seed >> 50).is_multiple_of(2);
        report_run(&mut stage, "hourly", kind, named.then_some(run.as_str()));
        stage.secs(i64::try_from((seed >> 20) % 40).unwrap());
        let beats = &stage.engine.state().beats[&Id::from_static("hourly")];
        assert!(beats.running.len() <= gonogo_engine::heartbeat::MAX_RUNNING);
        assert!(beats.runs.len() <= gonogo_engine::heartbeat::MAX_RUNS);
    }
    // An answer of a probe is no report, and changes nothing of the job.
    stage.check("nightly", CheckVerdict::Ok);
}
