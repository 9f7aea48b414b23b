//! Gauges and skews as people write them, and what they are told where that cannot be meant.

use gonogo_model::alert::Condition;
use gonogo_model::{PackageText, load};
use insta::assert_snapshot;

const BASE: &str = r#"
package: {format: 1, id: p, name: P, operators: ops}
people: [{id: ada, name: Ada}]
roles: [{id: lead, name: Lead, holders: [{person: ada}]}]
teams: [{id: web, name: Web, accountable: lead, escalation_policy: ops}]
escalation_policies: [{id: ops, name: Ops, steps: [{notify: [{role: lead}]}], fallback: {role: lead}}]
components: [{id: api, name: API, kind: service, team: web}]
"#;

/// The findings about a gauge `g` with these fields and an alert on it with these.
fn found(gauge: &str, condition: &str) -> String {
    let measures = format!(
        "gauges:\n  - {{id: g, name: G, component: api, from: {{promql: {{url: \"https://p.example.com\", query: up}}}}{gauge}}}\nalerts:\n  - {{id: a, name: A, severity: SEV3, when: {{gauge: {{gauge: g{condition}}}}}}}\n"
    );
    findings(&measures)
}

fn findings(measures: &str) -> String {
    let text = PackageText {
        files: [("gonogo.yaml", BASE), ("measures.yaml", measures)]
            .into_iter()
            .map(|(path, text)| (path.to_string(), text.to_string()))
            .collect(),
    };
    let loaded = load(&text);
    let lines = loaded.diagnostics.iter().map(|d| {
        let at = d
            .span
            .map_or(String::new(), |s| format!("{}:{}", s.line, s.column));
        let help = d.help.join(" / ");
        format!("{at} {}: {} [{}] {help}", d.code, d.message, d.label)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_can_be_meant_is_taken() {
    for (gauge, condition) in [
        ("", ", above: 3"),
        (
            ", unit: GiB, limit: 100",
            ", above: 90, clear_below: 80, exhausted_within: 4h, window: 6h",
        ),
        (", floor: -1.5", ", below: 0.5, clear_above: 0.5"),
        (", every: 5m, stale_after: 5m", ", unknown_for: 10m"),
        ("", ", rising_by: 1e3, window: 10m"),
    ] {
        assert_eq!(found(gauge, condition), "", "{gauge} {condition}");
    }
}

#[test]
fn what_cannot_be_meant_is_said_with_the_way_out() {
    let cases = [
        ("", ""),
        ("", ", above: 3, clear_below: 4"),
        ("", ", below: 3, clear_above: 2"),
        ("", ", below: 3, clear_below: 4"),
        ("", ", above: 3, below: 4"),
        ("", ", rising_by: -5"),
        ("", ", exhausted_within: 4h"),
        (", every: 5m", ", falling_by: 1, window: 9m"),
        (", every: 5m", ", falling_by: 1, window: 15m"),
        ("", ", falling_by: 1, window: 36d"),
        (", limit: 3, floor: 3", ", above: 1"),
        (", every: 1s", ", above: 1"),
        (", every: 5m, stale_after: 4m", ", above: 1"),
        ("", ", above: 5m"),
        ("", ", above: 1e19"),
        ("", ", abuve: 1"),
    ];
    let said: Vec<String> = cases.iter().map(|(g, c)| found(g, c)).collect();
    assert_snapshot!(said.join("\n"), @r#"
    4:60 no-bound: the alert `a` says no number at which it holds [no bound for this] write `above`, `below`, `rising_by`, `falling_by`, `exhausted_within` or `unknown_for`
    4:86 hysteresis: it begins above 3 and would be over 4 already [on the wrong side of the bound] write 3 or less
    4:86 hysteresis: it begins below 3 and would be over 2 already [on the wrong side of the bound] write 3 or more
    4:86 hysteresis: `clear_below` is written without `above` [ends what never begins] write `above`, or take `clear_below` away
    4:70 gauge-bounds: every number is above 3 or below 4, so this always holds [below the lower bound] 
    4:74 gauge-bounds: `-5` is no change at all [not more than nothing] write by how much, without a sign: `falling_by` says the direction
    4:81 no-limit: the gauge `g` has nothing to run out of [towards which number?] give the gauge a `limit`, or a `floor`
    4:86 window-too-short: a window of 9m holds fewer than two numbers, one every 5m [no pace can be read from one number] write at least 10m
    4:86 window-too-short: a window of 15m never holds 5 numbers, one every 5m [too short for `min_samples`] make the window longer, or `min_samples` smaller
    4:86 window-too-long: a window of 36d is longer than numbers are remembered [too long] write 35d or less
    2:10 gauge-bounds: the limit 3 is not above the floor 3 [no number can be between the two] 
    2:104 too-often: every 1s is oftener than anything is asked [too often] write 5s or more
    2:121 stale-too-soon: it is read every 5m and would be unknown after 4m already [shorter than `every`] write at least 15m10s
    4:70 bad-value: `5m` is not a number: write `42` or `0.5`, without a unit [expected a number] 
    4:70 bad-value: `1e19` is further from zero than 10^18 [expected a number] 
    4:60 no-bound: the alert `a` says no number at which it holds [no bound for this] write `above`, `below`, `rising_by`, `falling_by`, `exhausted_within` or `unknown_for`
    4:63 unknown-field: a gauge condition has no field `abuve` [not known here] did you mean `above`?
    "#);
}

#[test]
fn a_skew_reads_two_sides() {
    let skew = |expected: &str, actual: &str| {
        findings(&format!(
            "skews:\n  - {{id: s, name: S, component: api, agree_within: 5m, expected: {expected}, actual: {actual}}}\nalerts:\n  - {{id: a, name: A, severity: SEV3, when: {{skew: {{skew: s}}}}}}\n"
        ))
    };
    let served = "{http_text: {url: \"https://api.example.com/version\"}}";
    assert_eq!(skew("{fixed: v3}", served), "");
    assert_snapshot!(skew("{fixed: v3}", "{fixed: v4}"), @"2:10 skew-fixed: both sides of this are written here [nothing of it can change] read at least one side from where it really is");
    assert_snapshot!(skew("{event: {source: hub, event: [x], field: y}}", served), @"2:83 unknown-reference: there is no source `hub` [no such source] the package declares no source yet");
    assert_snapshot!(skew("{dnss: x}", served), @r#"
    2:67 one-of: a side of a skew cannot be `dnss` [not known here] it is one of `event`, `http_json`, `http_text` and `fixed`
    4:58 unknown-reference: there is no skew `s` [no such skew] the package declares no skew yet
    "#);
}

#[test]
fn the_class_of_an_alert_follows_from_what_it_watches() {
    let text = PackageText {
        files: [(
            "a.yaml".to_string(),
            format!("{BASE}gauges: [{{id: g, name: G, component: api, limit: 5, from: {{promql: {{url: x, query: y}}}}}}]\nalerts:\n  - {{id: a, name: A, severity: SEV3, when: {{gauge: {{gauge: g, exhausted_within: 4h}}}}}}\n"),
        )]
        .into(),
    };
    let package = load(&text).package;
    let alert = &package.alerts["a"];
    assert!(matches!(alert.when, Condition::Gauge(_)));
    assert_eq!(alert.class().word(), "expiry");
    let component = alert.component(&package).map(|c| c.id.as_str());
    assert_eq!(component, Some("api"));
}
