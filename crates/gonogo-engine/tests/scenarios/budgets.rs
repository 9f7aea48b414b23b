//! Error budgets: burning, used up, too little to say; absences; policies that freeze.

use gonogo_engine::alerting::{Holds, Stage as AlertStage};
use gonogo_engine::effect::Effect;
use gonogo_engine::freeze::Says;
use gonogo_engine::history::EntryKind;
use gonogo_engine::input::{CheckVerdict, Input, Sampled};
use gonogo_engine::slo::{Figures, Standing};
use gonogo_engine::{Engine, Time};
use gonogo_model::event::Scalar;
use gonogo_model::{Duration, Id, PackageText};

use crate::support::shop;
use crate::support::stage::{NOON, Stage};

#[test]
fn a_burn_needs_both_windows_and_resolves_with_the_short_one() {
    let mut stage = Stage::of(with(&slo("target: 99%, min_events: 10"), &burn("fast")));
    for _ in 0..60 {
        deliveries(&mut stage, 10, 0);
        stage.mins(1);
    }
    assert_eq!(holds(&stage), Holds::No);
    // 28 days: 2 % of the budget in an hour is 13.44 times, 13.44 % bad.
    for _ in 0..8 {
        deliveries(&mut stage, 0, 10);
        stage.mins(1);
    }
    assert_eq!(holds(&stage), Holds::No, "{}", detail(&stage));
    deliveries(&mut stage, 0, 10);
    stage.mins(1);
    assert_eq!(holds(&stage), Holds::Yes, "{}", detail(&stage));
    assert!(detail(&stage).contains("the bound is 13.44 × of a budget of 1% bad over 28d"));
    for _ in 0..7 {
        deliveries(&mut stage, 10, 0);
        stage.mins(1);
    }
    assert_eq!(holds(&stage), Holds::No, "{}", detail(&stage));
}

#[test]
fn too_few_events_are_neither_green_nor_a_page_and_counts_carry_the_alert() {
    let alert = "{slo_failing: {slo: deliveries, consecutive: 3, bad_events: 4, within: 2h}}";
    let mut stage = Stage::of(with(&slo("target: 99%, min_events: 10"), alert));
    assert_eq!(figures(&stage).standing, Standing::TooFew);
    assert_eq!(holds(&stage), Holds::CannotTell);
    deliveries(&mut stage, 0, 2);
    assert_eq!(holds(&stage), Holds::No);
    deliveries(&mut stage, 0, 1);
    assert_eq!(holds(&stage), Holds::Yes, "three in a row fire at once");
    assert!(detail(&stage).contains("3 of 3 bad in 2h, 3 in a row"));
    deliveries(&mut stage, 1, 0);
    assert_eq!(holds(&stage), Holds::No, "a good one ends the row");
    deliveries(&mut stage, 0, 1);
    assert_eq!(holds(&stage), Holds::Yes, "four within two hours");
    stage.mins(1);
    assert_eq!(figures(&stage).standing, Standing::TooFew);
    stage.mins(125);
    assert_eq!(holds(&stage), Holds::No, "{}", detail(&stage));
}

#[test]
fn a_budget_in_counts_is_used_up_by_counts() {
    let alert = "{slo_budget: {slo: deliveries}}";
    let mut stage = Stage::of(with(
        &slo("target: 90%, budget_events: 2, min_events: 1000"),
        alert,
    ));
    deliveries(&mut stage, 3, 1);
    stage.mins(1);
    assert_eq!(
        (figures(&stage).standing, figures(&stage).left_ppm()),
        (Standing::Within, Some(500_000))
    );
    assert_eq!(holds(&stage), Holds::No);
    deliveries(&mut stage, 0, 1);
    stage.mins(1);
    assert_eq!(
        (figures(&stage).standing, figures(&stage).left_ppm()),
        (Standing::UsedUp, Some(0))
    );
    assert_eq!(holds(&stage), Holds::Yes);
    assert_eq!(
        detail(&stage),
        "0 % of the budget is left: 2 bad of 5 over 28d, 2 allowed"
    );
    // It is whole again when they leave the window, not before.
    stage.pass(Duration::from_hours(27 * 24));
    assert_eq!(holds(&stage), Holds::Yes);
    stage.pass(Duration::from_hours(26));
    assert_eq!(holds(&stage), Holds::No, "{}", detail(&stage));
}

#[test]
fn a_calendar_window_begins_anew_at_local_midnight() {
    let spec = "target: 50%, min_events: 1, calendar: {every: month, zone: Europe/Berlin}";
    let mut stage = Stage::of(with(&slo(spec), "{slo_budget: {slo: deliveries}}"));
    deliveries(&mut stage, 1, 1);
    stage.mins(1);
    assert_eq!(figures(&stage).standing, Standing::UsedUp);
    assert_eq!(figures(&stage).from.to_string(), "2026-10-31T23:00:00Z");
    assert_eq!(
        figures(&stage).until.unwrap().to_string(),
        "2026-11-30T23:00:00Z"
    );
    let until = figures(&stage).until.unwrap();
    stage.pass((until - Duration::from_mins(2)).since(stage.now));
    assert_eq!(figures(&stage).standing, Standing::UsedUp);
    stage.mins(4);
    assert_eq!(
        (figures(&stage).standing, figures(&stage).window.total),
        (Standing::TooFew, 0)
    );
}

#[test]
fn parts_are_weighed_and_a_journey_needs_all_of_them() {
    let slos = format!(
        "{}{}{}",
        slo("journey: pay, target: 99%, min_events: 1"),
        "  - {id: api, name: API, journey: pay, sli: {check: region-up}, target: 99%, min_events: 1}\n",
        "  - {id: both, name: Both, sli: {composite: {of: [{slo: deliveries, weight: 3}, {slo: api}]}}, target: 90%, min_events: 1}\n\
  \x20 - {id: paying, name: Paying, sli: {journey: pay}, target: 90%, min_events: 1}\n",
    );
    let mut stage = Stage::of(with(&slos, "{slo_budget: {slo: both}}"));
    deliveries(&mut stage, 90, 10);
    for _ in 0..25 {
        stage.check("region-up", CheckVerdict::Ok);
    }
    stage.check("region-up", CheckVerdict::Failing);
    stage.check("region-up", CheckVerdict::Ok);
    stage.mins(1);
    let of = |id| {
        stage.engine.state().slos[&Id::from_static(id)]
            .figures
            .window
            .bad_ppm()
            .unwrap()
    };
    // 2 bad of 54 answers: 3.7 %.
    assert_eq!(of("both"), (3 * 100_000 + 37_037) / 4);
    assert_eq!(of("paying"), 133_333);
}

#[test]
fn counters_are_counted_once_and_are_unknown_when_nobody_answers() {
    let slos = "  - {id: deliveries, name: Requests, component: api, sli: {promql: {url: \"http://prometheus.example.com\", good: g, total: t}}, target: 99%, min_events: 10}\n";
    let mut stage = Stage::of(with(slos, &burn("fast")));
    assert_eq!(holds(&stage), Holds::CannotTell);
    let sample = |stage: &mut Stage, good, bad| {
        stage.mins(1);
        let until = stage.now;
        let sampled = Sampled {
            slo: Id::from_static("deliveries"),
            from: until - Duration::from_mins(1),
            until,
            good,
            bad,
            trouble: None,
        };
        stage.give(&Input::Sampled(sampled.clone()));
        stage.give(&Input::Sampled(sampled));
    };
    for _ in 0..10 {
        sample(&mut stage, 50, 50);
    }
    stage.mins(1);
    assert_eq!(
        figures(&stage).window.total,
        1000,
        "a stretch told twice counts once"
    );
    assert_eq!(holds(&stage), Holds::Yes);
    for _ in 0..8 {
        stage.mins(1);
        let at = stage.now;
        stage.give(&Input::Sampled(Sampled {
            slo: Id::from_static("deliveries"),
            from: at,
            until: at,
            good: 0,
            bad: 0,
            trouble: Some("connection refused".into()),
        }));
    }
    // It fires on, since nobody says that it is over.
    assert_eq!((holds(&stage), firing(&stage)), (Holds::CannotTell, true));
    assert!(figures(&stage).why.contains("connection refused"));
    assert_eq!(figures(&stage).standing, Standing::UsedUp);
}

#[test]
fn an_absence_is_only_judged_while_we_hear() {
    let alert = "{no_events: {source: books, event: [delivered], only: {ok: [true]}, within: 30m}}";
    let mut stage = Stage::of(with(&slo("target: 99%"), alert));
    stage.mins(29);
    assert_eq!(holds(&stage), Holds::CannotTell);
    stage.mins(3);
    assert_eq!(holds(&stage), Holds::Yes, "{}", detail(&stage));
    deliveries(&mut stage, 0, 1);
    assert_eq!(
        holds(&stage),
        Holds::Yes,
        "a bad one is not what is waited for"
    );
    deliveries(&mut stage, 1, 0);
    assert_eq!(holds(&stage), Holds::No);
    stage.hears(false);
    stage.mins(60);
    assert_ne!(
        holds(&stage),
        Holds::Yes,
        "our own deafness is not their silence"
    );
    stage.hears(true);
    stage.mins(20);
    assert_ne!(holds(&stage), Holds::Yes);
    stage.mins(12);
    assert_eq!(holds(&stage), Holds::Yes);
}

#[test]
fn an_slo_that_falls_silent_is_told() {
    let mut stage = Stage::of(with(
        &slo("target: 99%"),
        "{slo_silent: {slo: deliveries, within: 1h}}",
    ));
    deliveries(&mut stage, 1, 0);
    stage.mins(58);
    assert_eq!(holds(&stage), Holds::No);
    stage.mins(4);
    assert_eq!(holds(&stage), Holds::Yes, "{}", detail(&stage));
    deliveries(&mut stage, 0, 1);
    assert_eq!(holds(&stage), Holds::No, "a bad one is a sign of life too");
}

#[test]
fn a_policy_freezes_while_the_budget_is_used_up_and_says_when_nobody_can_tell() {
    let policy = "error_budget_policies:\n  - {id: stop, name: Stop, slos: [deliveries], components: [api], on_burn: fast, at_least: 1h}\n";
    let slos = slo("target: 50%, min_events: 4, calendar: {every: week}");
    let mut stage = Stage::of(with(
        &format!("{slos}{policy}"),
        "{slo_budget: {slo: deliveries}}",
    ));
    let says = |s: &Stage| s.engine.state().freezes[&Id::from_static("stop")].clone();
    assert_eq!(
        says(&stage).says,
        Says::Open,
        "too few events use nothing up"
    );
    deliveries(&mut stage, 2, 2);
    stage.mins(1);
    let frozen = says(&stage);
    assert_eq!(frozen.says, Says::Frozen);
    assert_eq!(frozen.until.unwrap().to_string(), "2026-11-30T00:00:00Z");
    assert!(frozen.reasons[0].contains("2 bad of 4"), "{frozen:?}");
    assert!(stage.said(EntryKind::Freeze)[0].contains("api is frozen"));
    deliveries(&mut stage, 20, 0);
    stage.mins(2);
    assert_eq!(says(&stage).says, Says::Frozen, "it does not flicker");
    stage.mins(60);
    assert_eq!(says(&stage).says, Says::Open);
    stage.hears(false);
    stage.mins(5);
    assert_eq!(says(&stage).says, Says::Unknown);
}

#[test]
fn an_alert_tells_what_changed_just_before() {
    let changes = "changes:\n  - {id: flags, name: A flag is switched, kind: flag, component: ledger, told_by: {events: {source: books, event: [flag], label: flag.name}}}\n  - {id: deploys, name: A deployment, told_by: {flow: deployment}}\n";
    let slos = slo("target: 99%");
    let alert = "{slo_failing: {slo: deliveries, consecutive: 1}}";
    let mut stage = Stage::of(with(&format!("{slos}{changes}"), alert));
    stage.event(
        "books",
        "flag",
        &[("flag.name", Scalar::Text("new-checkout".into()))],
    );
    stage.pass(Duration::from_hours(7));
    stage.deployment("41", "success");
    stage.mins(5);
    deliveries(&mut stage, 0, 1);
    let before = &stage.engine.state().alerts["deliveries-alert"].before;
    let labels: Vec<&str> = before.iter().map(|c| c.label.as_str()).collect();
    assert_eq!(labels, ["41 succeeded", "41 began"]);
    let said = stage.said(EntryKind::Changed);
    assert_eq!(
        said,
        [
            "7:05:00 changed just before: A deployment: 41 succeeded (5 min before); A deployment: 41 began (5 min before)"
        ]
    );
    assert_eq!(stage.engine.state().changes.len(), 3);
    let told = stage.effects.iter().filter_map(|(_, effect)| match effect {
        Effect::Notify(message) => Some(message.summary.as_str()),
        _ => None,
    });
    let told: Vec<&str> = told.collect();
    let said = "changed 5 min before: deploy 41 succeeded (The API), and 1 more";
    assert!(told.iter().any(|t| t.contains(said)), "{told:#?}");
}

#[test]
fn a_short_window_without_items_burns_nothing() {
    let mut stage = Stage::of(with(&slo("target: 99%, min_events: 10"), &burn("fast")));
    for _ in 0..3 {
        deliveries(&mut stage, 0, 10);
        stage.mins(1);
    }
    assert_eq!(holds(&stage), Holds::Yes, "{}", detail(&stage));
    stage.mins(10);
    assert_eq!(holds(&stage), Holds::No, "{}", detail(&stage));
}

#[test]
fn a_snapshot_keeps_all_of_it() {
    let mut stage = Stage::of(with(&slo("target: 99%, min_events: 3"), &burn("slow")));
    deliveries(&mut stage, 5, 5);
    stage.mins(3);
    let restored = Engine::restore(&stage.engine.snapshot()).unwrap();
    assert_eq!(restored.state(), stage.engine.state());
}

/// The shop with an SLO on deliveries and one alert about it.
fn with(sections: &str, when: &str) -> PackageText {
    let mut text = shop();
    let alert = format!(
        "alerts:\n  - {{id: deliveries-alert, name: Deliveries fail, severity: SEV2, team: {TEAM}, when: {when}}}\n"
    );
    text.files
        .insert("budgets.yaml".into(), format!("slos:\n{sections}{alert}"));
    text
}

const TEAM: &str = "billing";

fn slo(rest: &str) -> String {
    format!(
        "  - {{id: deliveries, name: Deliveries, sli: {{events: {{source: books, event: [delivered], good: {{ok: [true]}}}}}}, {rest}}}\n"
    )
}

fn burn(speed: &str) -> String {
    format!("{{slo_burn: {{slo: deliveries, speed: {speed}}}}}")
}

fn deliveries(stage: &mut Stage, good: u32, bad: u32) {
    for n in 0..good + bad {
        stage.event("books", "delivered", &[("ok", Scalar::Bool(n < good))]);
    }
}

fn holds(stage: &Stage) -> Holds {
    stage.engine.state().alerts["deliveries-alert"]
        .reading
        .holds
}

fn firing(stage: &Stage) -> bool {
    let stage = stage.engine.state().alerts["deliveries-alert"].stage;
    matches!(stage, AlertStage::Firing { .. })
}

fn detail(stage: &Stage) -> &str {
    &stage.engine.state().alerts["deliveries-alert"]
        .reading
        .detail
}

fn figures(stage: &Stage) -> &Figures {
    &stage.engine.state().slos["deliveries"].figures
}

#[test]
fn noon_is_a_wednesday_of_november() {
    assert_eq!(NOON.to_string(), "2026-11-25T12:00:00Z");
    assert!(Time::default() < NOON);
}
