//! Rehearsals from the text of a package to the timeline and the verdict.

mod support;

use gonogo_engine::rehearsal::{Judged, LineKind, Rehearsal, run, scenarios};
use gonogo_model::PackageText;
use gonogo_model::overlay::Overlay;
use gonogo_model::package::load;
use support::{replaced, shop, with_file, without_line};

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

const MEASURES: &str = r#"
gauges:
  - id: queue-age
    name: Age of the oldest event
    component: ledger
    from: {http_json: {url: "https://ledger.example.com/queue", path: oldest}}
  - id: disk
    name: Disk of the database
    component: database
    limit: 100
    from: {promql: {url: "https://prometheus.example.com", query: "disk"}}
  - id: credit
    name: Credit left
    component: assistant
    floor: 0
    every: 1m
    from: {event: {source: books, event: [usage], field: data.credit, only: {data.plan: [pro]}}}
skews:
  - id: version
    name: The API runs what was deployed
    component: api
    expected: {event: {source: github, event: [deployed], field: sha}}
    actual: {http_json: {url: "https://api.example.com/version", path: sha}}
    agree_within: 10m
  - id: contract
    name: The API speaks the contract of today
    component: api
    expected: {fixed: v3}
    actual: {http_text: {url: "https://api.example.com/contract"}}
    agree_within: 5m
sources:
  - {id: prometheus, name: Prometheus, kind: alertmanager, component: database, quiet_after: 5m, secrets: ["${env:AM_TOKEN}"]}
alerts:
  - {id: queue-old, name: Events wait, severity: SEV2, when: {gauge: {gauge: queue-age, above: 300, clear_below: 60}}}
  - {id: queue-unknown, name: The queue is not seen, severity: SEV3, when: {gauge: {gauge: queue-age, unknown_for: 10m}}}
  - {id: disk-full, name: The disk fills up, severity: SEV2, when: {gauge: {gauge: disk, exhausted_within: 2h, window: 30m}}}
  - {id: credit-low, name: Credit runs out, severity: SEV3, when: {gauge: {gauge: credit, below: 10, clear_above: 20}}}
  - {id: version-skew, name: Not what was deployed, severity: SEV2, when: {skew: {skew: version}}}
  - {id: contract-skew, name: Another contract, severity: SEV2, when: {skew: {skew: contract}}}
  - {id: replicas, name: Replicas lag, severity: SEV2, when: {external_alert: {source: prometheus, labels: {alertname: ReplicaLag}}}}
scenarios:
  - id: measured
    name: Numbers, values and other tools
    starts: 2026-03-02T08:00:00Z
    lasts: 3h
    injects:
      - {id: waits, at: 10m, note: Events wait., change: [{gauge_reads: {gauge: queue-age, value: 0, to: 600, over: 10m}}]}
      - {id: fills, at: 20m, note: The disk fills up., change: [{gauge_reads: {gauge: disk, value: 40, to: 70, over: 60m}}]}
      - {id: spends, at: 20m, note: Credit is spent., change: [{gauge_reads: {gauge: credit, value: "9.5"}}]}
      - {id: deploys, at: 30m, note: A deployment., change: [{skew_reads: {skew: version, expected: 2.0.0}}, {skew_reads: {skew: contract, actual: v4}}]}
      - {id: lags, at: 40m, note: Replicas lag., change: [{external_fires: {source: prometheus, labels: {alertname: ReplicaLag, instance: db-1}, summary: 9 s behind}}]}
      - {id: deaf, at: 80m, note: The ledger's page is gone., change: [{gauge_unreadable: {gauge: queue-age}}]}
      - id: well
        at: 2h
        note: All is well again.
        change:
          - {gauge_reads: {gauge: queue-age, value: 3}}
          - {gauge_reads: {gauge: disk, value: 50}}
          - {gauge_reads: {gauge: credit, value: 100}}
          - {skew_reads: {skew: version, actual: 2.0.0}}
          - {skew_reads: {skew: contract, actual: v3}}
          - {external_over: {source: prometheus, labels: {alertname: ReplicaLag, instance: db-1}}}
    expect:
      - {that: {fires: queue-old}, after: waits, within: 7m}
      - {that: {fires: disk-full}, after: fills, within: 40m}
      - {that: {fires: credit-low}, after: spends, within: 3m}
      - {that: {fires: version-skew}, after: deploys, within: 13m}
      - {that: {fires: contract-skew}, after: deploys, within: 8m}
      - {that: {fires: replicas}, after: lags, within: 1m}
      - {that: {fires: queue-unknown}, after: deaf, within: 13m}
      - {that: {resolves: queue-unknown}, after: well, within: 10m}
      - {that: {resolves: version-skew}, after: well, within: 10m}
      - {that: {resolves: contract-skew}, after: well, within: 10m}
      - {that: {resolves: credit-low}, after: well, within: 10m}
      - {that: {resolves: replicas}, after: well, within: 10m}
      - {that: {resolves: disk-full}, after: fills, within: 90m}
      - {that: {all_resolved: true}}
"#;

#[test]
fn numbers_values_and_alerts_of_other_tools_are_played() {
    let text = with_file(shop(), "measures.yaml", MEASURES);
    assert_eq!(load(&text).diagnostics, []);
    let play = |seed| run(&text, &Overlay::default(), "measured", Some(seed)).unwrap();
    for seed in 1..6 {
        let one = play(seed);
        assert_eq!(failed(&one), Vec::<String>::new(), "seed {seed}:\n{one}");
        assert_eq!(what_is_missing(&one), "", "{one}");
        assert_eq!(one.to_string(), play(seed).to_string());
    }
}

/// What an inject says is what comes of it: without it nothing fires.
#[test]
fn without_the_injects_gauges_skews_and_other_tools_are_well() {
    let quiet: String = MEASURES
        .lines()
        .filter(|line| !line.contains("{that:") && !line.contains("change: ["))
        .collect::<Vec<_>>()
        .join("\n");
    let text = with_file(shop(), "measures.yaml", &quiet);
    let rehearsal = run(&text, &Overlay::default(), "measured", None).unwrap();
    let fired: Vec<_> = rehearsal
        .timeline
        .iter()
        .filter(|line| line.kind == LineKind::Detected)
        .map(|line| line.subject.as_str())
        .collect();
    assert_eq!(fired, Vec::<&str>::new(), "{rehearsal}");
}

/// Three places ask, and two have to agree.
const PLACES: &str = r#"
checks:
  - id: far
    name: The API, from afar
    component: api
    every: 30s
    from: {places: [local, east, west]}
    probe: {http: {url: "https://api.example.com/"}}
alerts:
  - {id: far-down, name: The API is down from afar, severity: SEV2, when: {check_failing: {check: far}}}
scenarios:
  - id: places
    name: Places
    starts: 2026-03-02T08:00:00Z
    lasts: 2h
    injects:
      - {id: cut-off, at: 10m, note: The east is cut off., change: [{check_fails: {check: far, from: [east]}}]}
      - {id: mended, at: 30m, note: The east is back., change: [{check_recovers: far}]}
      - {id: quiet, at: 40m, note: Its agent hangs., change: [{agent_silent: {place: east}}]}
      - {id: down, at: 50m, note: The API falls., change: [{check_fails: {check: far}}]}
      - {id: up, at: 70m, note: The API is back., change: [{check_recovers: far}, {agent_speaks: {place: east}}]}
    expect:
      - {that: {fires: far-down}, after: down, within: 3m}
      - {that: {resolves: far-down}, after: up, within: 10m}
      - {that: {incidents: 1}}
"#;

#[test]
fn places_that_disagree_are_played() {
    let text = with_file(shop(), "places.yaml", PLACES);
    assert_eq!(load(&text).diagnostics, []);
    for seed in 1..6 {
        let one = run(&text, &Overlay::default(), "places", Some(seed)).unwrap();
        assert_eq!(failed(&one), Vec::<String>::new(), "seed {seed}:\n{one}");
    }
    // One place alone is enough where nobody has to agree with it.
    let hasty = PLACES.replace("west]}", "west], agree: 1}");
    let text = with_file(shop(), "places.yaml", &hasty);
    let one = run(&text, &Overlay::default(), "places", None).unwrap();
    let fires = one.timeline.iter().find(|l| l.kind == LineKind::Detected);
    assert!(fires.unwrap().after_ms < 15 * 60 * 1000, "{one}");
}
