//! Rules for Prometheus, held against the real `promtool` and against the engine.

#[allow(dead_code, reason = "each test binary uses its part")]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use gonogo_engine::alerting::Stage;
use gonogo_engine::input::{Input, PackageInput, Sampled};
use gonogo_engine::{Engine, Time};
use gonogo_model::overlay::Overlay;
use gonogo_model::{Duration, Id};
use support::Sandbox;

/// Every kind of SLI that there are counters of, and every condition about an SLO.
const SLOS: &str = r#"
slos:
  - id: requests
    name: Requests are answered
    component: website
    sli: {promql: {url: "http://prometheus.example.com", good: 'http_requests_total{job="web",code!~"5.."}', total: 'http_requests_total{job="web"}'}}
    target: 99%
    min_events: 50
  - id: jobs
    name: Jobs succeed
    component: website
    sli: {promql: {url: "http://prometheus.example.com", good: jobs_good_total, bad: jobs_bad_total}}
    target: 99.9%
    min_events: 10
    calendar: {every: month}
  - id: deploys
    name: Deployments succeed
    component: website
    sli: {promql: {url: "http://prometheus.example.com", bad: 'deploys_total{result="failed"}', total: deploys_total}}
    target: 90%
    budget_events: 3
  - id: minutes
    name: Minutes without a fault
    component: website
    sli: {promql: {url: "http://prometheus.example.com", good_minute: 'up{job="web"}'}}
    target: 99%
  - id: both
    name: Requests and jobs
    component: website
    sli: {composite: {of: [{slo: requests, weight: 3}, {slo: jobs}]}}
    target: 99%
  - id: lonely
    name: Nothing to count with
    component: website
    sli: {promql: {url: "http://prometheus.example.com", good: x_total}}
    target: 99%
alerts:
  - id: requests-fast
    name: 'Requests fail: {{ $labels.secret }}'
    severity: SEV1
    when: {slo_burn: {slo: requests, speed: fast}}
    hold: 2m
    impact: Pages do not load.
    first_step: Roll back.
    runbook: website-down
  - {id: requests-slow, name: Requests fail now and then, severity: SEV3, urgency: ticket, when: {slo_burn: {slo: requests, speed: slow}}, runbook: website-down}
  - {id: requests-used-up, name: The budget is used up, severity: SEV3, when: {slo_budget: {slo: requests}}, runbook: website-down}
  - {id: requests-silent, name: Nobody asks for anything, severity: SEV2, when: {slo_silent: {slo: requests, within: 20m}}, runbook: website-down}
  - {id: minutes-fast, name: Minutes are bad, severity: SEV2, when: {slo_burn: {slo: minutes, speed: fast}}, runbook: website-down}
  - {id: jobs-used-up, name: The month's budget is used up, severity: SEV3, when: {slo_budget: {slo: jobs}}, runbook: website-down}
  - {id: jobs-daily, name: Jobs fail, severity: SEV3, when: {slo_burn: {slo: jobs, speed: daily}}, runbook: website-down}
  - {id: deploys-failing, name: Deployments fail, severity: SEV2, when: {slo_failing: {slo: deploys, bad_events: 2, consecutive: 3, within: 6h}}, runbook: website-down}
  - {id: deploys-burn, name: Too many deployments failed, severity: SEV2, when: {slo_burn: {slo: deploys, speed: medium}}, runbook: website-down}
"#;

fn promtool(dir: &Path, args: &[&str]) -> Result<String, String> {
    let ran = Command::new("promtool")
        .args(args)
        .current_dir(dir)
        .output();
    let ran = ran.expect("promtool is there: Debian package prometheus");
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    if ran.status.success() {
        Ok(said)
    } else {
        Err(said)
    }
}

fn exported(sandbox: &Sandbox, more: &[&str]) -> (String, String, String) {
    let args = [&["export", "prometheus", "ops", "--out", "rules.yml"], more].concat();
    let said = sandbox.run(&args);
    assert!(said.starts_with("exit 0\n"), "{said}");
    let read = |name: &str| fs::read_to_string(sandbox.path(name)).expect("a file is written");
    (read("rules.yml"), read("rules.test.yml"), said)
}

fn minimal() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.run(&["init", "ops", "--template", "minimal"]);
    sandbox.write("ops/slos.yaml", SLOS);
    sandbox
}

#[test]
fn promtool_accepts_the_rules_and_every_alert_fires_and_resolves_in_their_tests() {
    let sandbox = minimal();
    let (rules, tests, said) = exported(&sandbox, &["--url", "https://ops.example.com/"]);
    let dir = sandbox.path("");
    promtool(&dir, &["check", "rules", "rules.yml"]).unwrap();
    promtool(&dir, &["test", "rules", "rules.test.yml"]).unwrap();
    for (alert, tested) in [
        ("requests-fast", true),
        ("requests-slow", true),
        ("requests-used-up", true),
        ("requests-silent", true),
        ("jobs-daily", true),
        ("deploys-failing", true),
        ("deploys-burn", true),
        ("both-burns-fast", true),
        ("website-budget", true),
        ("minutes-fast", false),
        ("gonogo-not-scraped", false),
    ] {
        assert!(
            rules.contains(&format!("alert: {alert}\n")),
            "{alert}: {rules}"
        );
        assert_eq!(
            tests.contains(&format!("alertname: {alert}\n")),
            tested,
            "{alert}"
        );
    }
    assert!(rules.contains("for: 2m\n"));
    assert!(rules.contains("severity: SEV1\n"));
    assert!(rules.contains("runbook_url: https://ops.example.com/runbooks/website-down\n"));
    // The factor follows from the window: 2 % of 28 days in an hour is 13.44 times.
    assert!(rules.contains(">= 0.1344 and"), "{rules}");
    for lost in [
        "SLO lonely: it needs two of",
        "alert jobs-used-up: a budget of the calendar",
        "alert deploys-failing: `consecutive`",
        "tests of SLO minutes: no series can be made up",
        "2 alerts that are not about an SLO",
    ] {
        assert!(said.contains(lost), "{lost}: {said}");
    }
    // A test that could not fail would prove nothing.
    let broken = rules.replace("[1h]", "[2d]");
    sandbox.write("rules.yml", broken);
    promtool(&dir, &["test", "rules", "rules.test.yml"]).unwrap_err();
}

#[test]
fn every_shipped_package_has_rules_that_promtool_accepts() {
    for template in ["integrations-platform", "minimal", "web-service"] {
        let sandbox = Sandbox::empty();
        sandbox.run(&["init", "ops", "--template", template]);
        let (rules, ..) = exported(&sandbox, &[]);
        let dir = sandbox.path("");
        promtool(&dir, &["check", "rules", "rules.yml"]).unwrap();
        promtool(&dir, &["test", "rules", "rules.test.yml"]).unwrap();
        assert!(rules.contains("gonogo_slo_items_total"), "{template}");
    }
}

/// Good and bad items, a minute each.
type Minutes = Vec<(u64, u64)>;

fn minutes(stretches: &[(usize, u64, u64)]) -> Minutes {
    let each = |(n, good, bad): &(usize, u64, u64)| vec![(*good, *bad); *n];
    stretches.iter().flat_map(each).collect()
}

/// The first minutes at which an alert of the engine fires and no longer does, in turn.
fn engine_turns(sandbox: &Sandbox, slo: &str, alert: &str, fed: &Minutes) -> Vec<usize> {
    let text = gonogo_server::package_dir::read(&sandbox.path("ops")).expect("a package");
    let start = Time::from_millis(1_795_608_000_000);
    let mut engine = Engine::new();
    let package = PackageInput {
        text: text.text,
        overlay: Overlay::default(),
        seed: 1,
    };
    engine.handle(start, &Input::Package(Box::new(package)));
    let (slo, alert) = (Id::parse(slo).unwrap(), Id::parse(alert).unwrap());
    let (mut turns, mut fired) = (Vec::new(), false);
    for (minute, (good, bad)) in (1..).zip(fed) {
        let now = start + Duration::from_mins(minute);
        while let Some(due) = engine.next_deadline().filter(|d| d.at < now) {
            engine.handle(due.at.max(start), &Input::Tick);
        }
        engine.handle(now, &Input::IntakeProven { at: now });
        let sampled = Sampled {
            slo: slo.clone(),
            from: now - Duration::from_mins(1),
            until: now,
            good: *good,
            bad: *bad,
            trouble: None,
        };
        engine.handle(now, &Input::Sampled(sampled));
        while engine.next_deadline().is_some_and(|d| d.at <= now) {
            engine.handle(now, &Input::Tick);
        }
        let fires = matches!(engine.state().alerts[&alert].stage, Stage::Firing { .. });
        if fires != fired {
            turns.push(usize::try_from(minute).unwrap());
            fired = fires;
        }
    }
    turns
}

/// The counters that the minutes add up to, in promtool's words.
fn counter(fed: &Minutes, of: impl Fn(&(u64, u64)) -> u64) -> String {
    let mut value = 0;
    let mut values = vec!["0".to_string()];
    for minute in fed {
        value += of(minute);
        values.push(value.to_string());
    }
    values.join(" ")
}

/// The rules of one SLO: the others would only take time.
fn group_of(sandbox: &Sandbox, slo: &str) -> String {
    let rules = fs::read_to_string(sandbox.path("rules.yml")).expect("rules");
    let begin = format!("  - name: gonogo-slo-{slo}\n");
    let (_, rest) = rules.split_once(&begin).expect("a group");
    let group = rest.split("  - name: gonogo-").next().unwrap_or_default();
    format!("groups:\n{begin}{group}")
}

/// Prometheus' own rule engine over the same series: it stands as the engine does, but for the
/// minute before and after each turn.
fn promtool_agrees(
    sandbox: &Sandbox,
    (slo, alert): (&str, &str),
    series: [(&str, String); 2],
    turns: &[usize],
    end: usize,
) {
    sandbox.write("one.yml", group_of(sandbox, slo));
    let mut test = String::from(
        "rule_files: [one.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n",
    );
    for (name, values) in series {
        test += &format!("      - {{series: '{name}', values: '{values}'}}\n");
    }
    // Labels and annotations are tested elsewhere: here it is only asked whether it fires.
    test += "    promql_expr_test:\n";
    let mut looks = vec![(end, turns.len() % 2 == 1)];
    for (number, turn) in turns.iter().enumerate() {
        let after = number % 2 == 0;
        looks.extend([(turn - 2, !after), (turn + 1, after)]);
    }
    for (at, fires) in looks {
        let samples = if fires {
            "[{labels: '{}', value: 1}]"
        } else {
            "[]"
        };
        test += &format!(
            "      - {{expr: 'sum(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}})', eval_time: {at}m, exp_samples: {samples}}}\n"
        );
    }
    sandbox.write("agree.yml", test);
    if let Err(why) = promtool(&sandbox.path(""), &["test", "rules", "agree.yml"]) {
        panic!("{alert}, which turned at {turns:?}: {why}");
    }
}

#[test]
fn prometheus_and_the_engine_fire_and_resolve_within_a_minute_of_each_other() {
    let sandbox = minimal();
    exported(&sandbox, &[]);
    let requests = |fed: &Minutes| {
        [
            (
                r#"http_requests_total{job="web",code="200"}"#,
                counter(fed, |m| m.0),
            ),
            (
                r#"http_requests_total{job="web",code="500"}"#,
                counter(fed, |m| m.1),
            ),
        ]
    };
    let jobs = |fed: &Minutes| {
        [
            ("jobs_good_total", counter(fed, |m| m.0)),
            ("jobs_bad_total", counter(fed, |m| m.1)),
        ]
    };
    let day = 24 * 60;
    // An hour's window, with a hold of two minutes; twice.
    let fast = minutes(&[
        (120, 100, 0),
        (20, 30, 70),
        (60, 100, 0),
        (30, 0, 100),
        (90, 100, 0),
    ]);
    // Three days' window.
    let slow = minutes(&[(3 * day, 10, 0), (150, 5, 5), (day, 10, 0)]);
    // A day's window, of what is rarer.
    let daily = minutes(&[(day, 2, 0), (60, 1, 1), (day / 2, 2, 0)]);
    for (slo, alert, fed, series, expected) in [
        ("requests", "requests-fast", &fast, requests(&fast), 4),
        ("requests", "requests-slow", &slow, requests(&slow), 2),
        ("jobs", "jobs-daily", &daily, jobs(&daily), 2),
    ] {
        let turns = engine_turns(&sandbox, slo, alert, fed);
        assert_eq!(turns.len(), expected, "{alert} turned at {turns:?}");
        promtool_agrees(&sandbox, (slo, alert), series, &turns, fed.len());
    }
}
