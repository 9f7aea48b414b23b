//! Maintenance: shown as always, nobody is woken, and what is still bad at the end wakes somebody.

use gonogo_engine::Engine;
use gonogo_engine::history::EntryKind;
use gonogo_engine::input::{CheckVerdict, Verb};
use gonogo_engine::maintenance::{ByHand, MAX_BY_HAND};
use gonogo_model::maintenance::LONGEST;
use gonogo_model::{Duration, Id, PackageText};

use crate::support::shop;
use crate::support::stage::Stage;

/// From 12:10 to 12:40 every Wednesday.
const WEEKLY: &str = "repeats: {cron: '10 12 * * wed', lasts: 30m}";

fn with(sections: &str) -> PackageText {
    let mut text = shop();
    text.files
        .insert("maintenance.yaml".into(), sections.into());
    text
}

fn window(what: &str, when: &str) -> String {
    format!(
        "maintenance:\n  - {{id: weekly, name: The weekly restart, what: {what}, when: {{{when}}}, reason: the vendor patches}}\n"
    )
}

fn begin(stage: &mut Stage, component: &'static str, dependents: bool, lasts: Duration) {
    let window = ByHand {
        components: vec![Id::from_static(component)],
        dependents,
        until: stage.now + lasts,
        reason: "a new disk".into(),
        ..ByHand::default()
    };
    stage.command("ada", Verb::BeginMaintenance { window });
}

/// A check fails for as long as told, asked as it is.
fn fails_for(stage: &mut Stage, check: &str, mins: i64) {
    for _ in 0..mins * 2 {
        stage.fails(check);
        stage.secs(30);
    }
}

#[test]
fn what_is_still_bad_when_a_window_ends_pages_then() {
    let mut stage = Stage::of(with(&window("{components: [edge]}", WEEKLY)));
    stage.mins(15);
    fails_for(&mut stage, "edge-up", 20);
    assert!(stage.alert("edge-down").starts_with("pending, Yes"));
    let waits = &stage.engine.state().alerts["edge-down"].maintenance;
    assert_eq!(waits.as_deref(), Some("weekly"));
    assert_eq!(stage.pages(), Vec::<String>::new());
    fails_for(&mut stage, "edge-up", 10);
    assert_eq!(stage.pages()[0], "40:00 cleo page INC-1");
    assert_eq!(stage.engine.state().alerts["edge-down"].maintenance, None);
}

#[test]
fn what_is_well_again_never_pages_and_what_is_not_covered_does() {
    let mut stage = Stage::of(with(&window("{checks: [edge-up]}", WEEKLY)));
    stage.mins(15);
    fails_for(&mut stage, "edge-up", 5);
    fails_for(&mut stage, "assistant-up", 2);
    assert_eq!(stage.new_pages().len(), 1, "the assistant is not covered");
    stage.works("edge-up");
    stage.works("edge-up");
    stage.mins(60);
    assert!(stage.pages().iter().all(|p| p.contains("INC-1")));
    let told = stage.said(EntryKind::Maintenance);
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].contains("has begun and lasts until 2026-11-25T12:40:00Z: the vendor patches"));
    assert!(told[1].contains("waits for the end of the maintenance weekly"));
    assert!(told[2].contains("is over"));
    // A week later it comes again.
    stage.pass(Duration::from_hours(7 * 24 - 2));
    stage.mins(90);
    assert_eq!(stage.said(EntryKind::Maintenance).len(), 5);
}

#[test]
fn somebody_begins_one_ends_it_early_and_is_called_at_once() {
    let mut stage = Stage::shop();
    begin(&mut stage, "database", false, Duration::from_mins(30));
    fails_for(&mut stage, "database-up", 3);
    assert_eq!(stage.pages(), Vec::<String>::new());
    let end = || Verb::EndMaintenance {
        id: "by-hand-1".into(),
        reason: "done sooner".into(),
    };
    stage.command("ada", end());
    assert_eq!(stage.pages(), ["03:00 ada page INC-1"]);
    let told = stage.said(EntryKind::Maintenance).len();
    stage.command("ada", end());
    assert_eq!(stage.said(EntryKind::Maintenance).len(), told, "once");
}

#[test]
fn a_declared_window_can_be_ended_for_this_time() {
    let mut stage = Stage::of(with(&window("{alerts: [edge-down]}", WEEKLY)));
    stage.mins(12);
    fails_for(&mut stage, "edge-up", 3);
    assert_eq!(stage.pages(), Vec::<String>::new());
    stage.command(
        "ada",
        Verb::EndMaintenance {
            id: "weekly".into(),
            reason: String::new(),
        },
    );
    assert_eq!(stage.pages(), ["15:00 cleo page INC-1"]);
    // It is not on again because a package is put in force meanwhile.
    stage.reload(with(&window("{alerts: [edge-down]}", WEEKLY)));
    let declared = &stage.engine.state().maintenance.declared["weekly"];
    assert!(!declared.is_on(stage.now));
}

#[test]
fn dependents_are_covered_where_that_is_asked_for() {
    for (dependents, pages) in [(false, 1), (true, 0)] {
        let mut stage = Stage::shop();
        begin(&mut stage, "database", dependents, Duration::from_hours(1));
        for _ in 0..20 {
            stage.fails("database-up");
            stage.fails("api-up");
            stage.secs(30);
        }
        assert_eq!(
            stage.pages().len().min(1),
            pages,
            "dependents: {dependents}"
        );
    }
}

#[test]
fn what_fired_before_goes_on() {
    let mut stage = Stage::shop();
    fails_for(&mut stage, "database-up", 2);
    assert_eq!(stage.new_pages().len(), 1);
    begin(&mut stage, "database", false, Duration::from_hours(1));
    fails_for(&mut stage, "database-up", 10);
    assert!(stage.alert("database-down").starts_with("firing"));
    assert!(
        !stage.new_pages().is_empty(),
        "whoever does not answer is called on"
    );
}

#[test]
fn no_window_is_without_an_end() {
    let mut stage = Stage::shop();
    begin(
        &mut stage,
        "edge",
        false,
        Duration::from_millis(LONGEST.as_millis() + 1),
    );
    begin(&mut stage, "edge", false, Duration::ZERO);
    assert_eq!(stage.engine.state().maintenance.by_hand.len(), 0);
    begin(&mut stage, "edge", false, LONGEST);
    for _ in 1..=MAX_BY_HAND {
        begin(&mut stage, "edge", false, Duration::from_hours(1));
    }
    assert_eq!(stage.engine.state().maintenance.by_hand.len(), MAX_BY_HAND);
    stage.mins(61);
    assert_eq!(stage.engine.state().maintenance.by_hand.len(), 1);
    for (what, when, code) in [
        (
            "{components: [edge]}",
            "repeats: {cron: '@hourly', lasts: 1h}",
            "maintenance-never-ends",
        ),
        (
            "{components: [edge]}",
            "repeats: {cron: '@monthly', lasts: 8d}",
            "maintenance-length",
        ),
        (
            "{components: [edge]}",
            "repeats: {cron: '@weekly', lasts: 0s}",
            "maintenance-length",
        ),
        (
            "{components: [edge]}",
            "once: {from: 2026-11-25T12:00:00Z, until: 2026-12-25T12:00:00Z}",
            "maintenance-length",
        ),
        (
            "{components: [edge]}",
            "once: {from: 2026-11-25T12:00:00Z, until: 2026-11-25T11:00:00Z}",
            "maintenance-length",
        ),
        ("{dependents: true}", WEEKLY, "maintenance-covers-nothing"),
    ] {
        let loaded = gonogo_model::load(&with(&window(what, when)));
        let codes: Vec<&str> = loaded.diagnostics.iter().map(|d| d.code).collect();
        assert_eq!(codes, [code], "{when}");
    }
}

#[test]
fn customers_felt_it_unless_it_is_excluded() {
    let slo = "slos:\n  - {id: edge-slo, name: The edge answers, sli: {check: edge-up}, target: 90%, min_events: 1}\n";
    for (excluded, counted) in [(false, (72, 36)), (true, (12, 6))] {
        let window = window("{components: [edge]}", WEEKLY);
        let window = window.replace("reason:", &format!("excluded: {excluded}, reason:"));
        let mut stage = Stage::of(with(&format!("{slo}{window}")));
        stage.mins(8);
        // Two minutes before, half an hour within, and four minutes after.
        for _ in 0..18 {
            stage.check("edge-up", CheckVerdict::Failing);
            stage.secs(60);
            stage.check("edge-up", CheckVerdict::Ok);
            stage.secs(60);
        }
        stage.mins(10);
        let figures = &stage.engine.state().slos["edge-slo"].figures;
        let window = figures.window;
        assert_eq!(
            (window.total, window.bad()),
            counted,
            "excluded: {excluded}"
        );
    }
}

#[test]
fn a_snapshot_keeps_it() {
    let mut stage = Stage::of(with(&window("{components: [edge]}", WEEKLY)));
    stage.mins(15);
    begin(&mut stage, "database", false, Duration::from_mins(30));
    let restored = Engine::restore(&stage.engine.snapshot()).unwrap();
    assert_eq!(restored.state(), stage.engine.state());
    assert_eq!(restored.next_deadline(), stage.engine.next_deadline());
}
