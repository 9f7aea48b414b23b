//! Rehearsals from the text of a package to the timeline and the verdict.

mod support;

use gonogo_engine::rehearsal::{Judged, LineKind, Rehearsal, run, scenarios};
use gonogo_model::PackageText;
use gonogo_model::overlay::Overlay;
use gonogo_model::package::load;
use support::{replaced, shop, without_line};

const OUTAGE: &str = "region-lost";

fn play(text: &PackageText) -> Rehearsal {
    run(text, &Overlay::default(), OUTAGE, None).expect("the scenario is there")
}

fn failed(rehearsal: &Rehearsal) -> Vec<String> {
    let failed = rehearsal.expectations.iter().filter(|e| !e.passed);
    failed.map(Judged::to_string).collect()
}

/// What finds nothing in the package, and what then does not come out as expected.
fn what_is_missing(rehearsal: &Rehearsal) -> String {
    let lines = rehearsal.timeline.iter();
    let unwatched = lines.filter(|l| l.kind == LineKind::Unwatched);
    let mut missing: Vec<String> = unwatched.map(ToString::to_string).collect();
    missing.extend(failed(rehearsal));
    missing.join("\n")
}

#[test]
fn the_shop_is_sound() {
    assert_eq!(load(&shop()).diagnostics, []);
}

#[test]
fn an_outage_from_inject_to_all_clear() {
    let rehearsal = play(&shop());
    insta::assert_snapshot!(rehearsal);
    assert!(rehearsal.passed);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_the_same_quality() {
    let one = play(&shop());
    assert_eq!(one.to_string(), play(&shop()).to_string());
    assert_eq!(
        serde_json::to_string(&one).unwrap(),
        serde_json::to_string(&play(&shop())).unwrap()
    );
    for seed in 100..110 {
        let other = run(&shop(), &Overlay::default(), OUTAGE, Some(seed)).unwrap();
        assert_eq!(
            failed(&other),
            Vec::<String>::new(),
            "seed {seed}:\n{other}"
        );
        assert_ne!(other.timeline, one.timeline, "seed {seed}");
    }
}

#[test]
fn without_the_check_its_alert_never_fires() {
    let text = without_line(shop(), "- {id: region-up");
    let rehearsal = play(&text);
    insta::assert_snapshot!(what_is_missing(&rehearsal));
}

#[test]
fn without_the_flow_nobody_misses_the_charge() {
    let ops = &shop().files["ops.yaml"];
    let begin = ops.find("  - id: charge\n").unwrap();
    let end = ops.find("  - id: deployment\n").unwrap();
    let text = replaced(shop(), &ops[begin..end], "");
    let rehearsal = play(&text);
    insta::assert_snapshot!(what_is_missing(&rehearsal));
}

#[test]
fn without_the_second_step_the_director_is_never_paged() {
    let text = replaced(
        shop(),
        "name: Platform, steps: [{notify: [{role: platform-lead}]}, {notify: [{role: director}]}]",
        "name: Platform, steps: [{notify: [{role: platform-lead}]}]",
    );
    let rehearsal = play(&text);
    insta::assert_snapshot!(what_is_missing(&rehearsal));
}

#[test]
fn without_the_dependency_one_cause_is_two_incidents() {
    let text = replaced(
        shop(),
        "kind: service, team: web, depends_on: [{component: region}]",
        "kind: service, team: web",
    );
    let rehearsal = play(&text);
    insta::assert_snapshot!(what_is_missing(&rehearsal));
}

#[test]
fn an_unknown_scenario_names_the_nearest_and_all() {
    let unknown = run(&shop(), &Overlay::default(), "region-los", None).unwrap_err();
    assert_eq!(unknown.near.as_ref().map(|id| id.as_str()), Some(OUTAGE));
    assert_eq!(unknown.known, scenarios(&shop(), &Overlay::default()));
}

#[test]
fn the_json_keeps_its_shape() {
    let text = without_line(shop(), "- {that: {fires: charge-lost}");
    let rehearsal = play(&text);
    let json: serde_json::Value = serde_json::to_value(&rehearsal).unwrap();
    let keys = |v: &serde_json::Value| {
        let keys: Vec<&str> = v.as_object().unwrap().keys().map(String::as_str).collect();
        keys.join(" ")
    };
    let shape = [
        keys(&json),
        keys(&json["expectations"][0]),
        keys(&json["incidents"][0]),
        json["timeline"][0].to_string(),
    ];
    insta::assert_snapshot!(shape.join("\n"));
    let back: Rehearsal = serde_json::from_value(json).unwrap();
    assert_eq!(back, rehearsal);
}

#[test]
fn an_overlay_is_printed_and_holds() {
    let mut overlay = Overlay::default();
    overlay.set("flows", "charge", "deadline", "1m");
    let rehearsal = run(&shop(), &overlay, OUTAGE, None).unwrap();
    assert_eq!(rehearsal.overlay, ["flows/charge deadline = 1m"]);
    let lost = |r: &Rehearsal| r.expectations[1].measured_ms.unwrap();
    assert!(lost(&rehearsal) < lost(&play(&shop())));
}
